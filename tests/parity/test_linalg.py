"""torch.linalg beside ours: gradients of what does not depend on signs and phases, and errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wengert as wg

RNG = np.random.default_rng(11)
REAL = {
    "square": RNG.normal(size=(3, 3)) + np.diag([1.0, 4.0, 8.0]),
    "tall": RNG.normal(size=(4, 2)),
    "wide": RNG.normal(size=(2, 4)),
    "batch": RNG.normal(size=(2, 3, 3)) + np.diag([1.0, 4.0, 8.0]),
}
MATRICES = REAL | {f"complex {k}": x + 1j * RNG.normal(size=x.shape) for k, x in REAL.items()}


def definite(lib, x):
    return x @ x.mH + lib.eye(x.shape[-1], dtype=x.dtype)


def loss(result):
    """A number that no sign or phase of a vector changes."""
    return (result.abs() ** 3).sum()


def nearest(factors):
    return loss(factors.U @ factors.Vh)


ANY = {
    "svd": lambda lib, x: sum(loss(part) for part in lib.linalg.svd(x, full_matrices=False)),
    "svd, full": lambda lib, x: loss(lib.linalg.svd(x).S),
    "svd, nearest orthonormal": lambda lib, x: nearest(lib.linalg.svd(x, full_matrices=False)),
    "qr": lambda lib, x: sum(loss(part) for part in lib.linalg.qr(x)),
    "lu": lambda lib, x: sum(loss(part) for part in lib.linalg.lu(x)[1:]),
    "lu_factor": lambda lib, x: loss(lib.linalg.lu_factor(x).LU),
    "pinv": lambda lib, x: loss(lib.linalg.pinv(x)),
    "lstsq": lambda lib, x: loss(lib.linalg.lstsq(x, x * x, driver="gelsd").solution),
    "norm, nuc": lambda lib, x: lib.linalg.matrix_norm(x, "nuc").sum(),
    "norm, 2": lambda lib, x: lib.linalg.matrix_norm(x, 2).sum(),
    "norm, -2": lambda lib, x: lib.linalg.matrix_norm(x, -2).sum(),
    "norm, 1": lambda lib, x: lib.linalg.matrix_norm(x, 1).sum(),
    "norm, -inf": lambda lib, x: lib.linalg.matrix_norm(x, -float("inf")).sum(),
    "norm": lambda lib, x: lib.linalg.norm(x, dim=(-2, -1)).sum(),
    "cond": lambda lib, x: lib.linalg.cond(x).sum(),
    "vecdot": lambda lib, x: loss(lib.linalg.vecdot(x, x * x)),
}
SQUARE = {
    "inv": lambda lib, x: loss(lib.linalg.inv(x)),
    "det": lambda lib, x: loss(lib.linalg.det(x)),
    "slogdet": lambda lib, x: lib.linalg.slogdet(x).logabsdet.sum(),
    "slogdet, sign": lambda lib, x: (lib.linalg.slogdet(x).sign * (1 + 2j)).real.sum(),
    "logdet": lambda lib, x: loss(lib.logdet(definite(lib, x))),
    "solve": lambda lib, x: loss(lib.linalg.solve(x, x * x)),
    "solve, left": lambda lib, x: loss(lib.linalg.solve(x, x * x, left=False)),
    "cholesky": lambda lib, x: loss(lib.linalg.cholesky(definite(lib, x))),
    "cholesky, upper": lambda lib, x: loss(lib.linalg.cholesky(definite(lib, x), upper=True)),
    "cholesky_solve": lambda lib, x: loss(
        lib.cholesky_solve(x, lib.linalg.cholesky(definite(lib, x)))
    ),
    "eigh": lambda lib, x: sum(loss(part) for part in lib.linalg.eigh(definite(lib, x))),
    "eigvalsh": lambda lib, x: loss(lib.linalg.eigvalsh(definite(lib, x))),
    "eig": lambda lib, x: sum(loss(part) for part in lib.linalg.eig(x)),
    "eigvals": lambda lib, x: loss(lib.linalg.eigvals(x)),
    "matrix_exp": lambda lib, x: loss(lib.linalg.matrix_exp(x / 4)),
    "matrix_power": lambda lib, x: loss(lib.linalg.matrix_power(x, -3)),
    "lu_solve": lambda lib, x: loss(lib.linalg.lu_solve(*lib.linalg.lu_factor(x), x * x)),
    "triangular": lambda lib, x: loss(lib.linalg.solve_triangular(x, x * x, upper=True)),
}
CASES = [
    (name, matrix)
    for name in ANY | SQUARE
    for matrix in MATRICES
    if name in ANY or not matrix.endswith(("tall", "wide"))
]


@pytest.mark.parametrize(("name", "matrix"), CASES)
def test_values_and_gradients(name, matrix):
    call, x = (ANY | SQUARE)[name], MATRICES[matrix]
    mine = wg.tensor(x, requires_grad=True)
    other = torch.tensor(x, requires_grad=True)

    found, expected = call(wg, mine), call(torch, other)
    np.testing.assert_allclose(found.item(), expected.item(), rtol=1e-9)
    if not expected.requires_grad:
        assert not found.requires_grad
        return
    found.backward()
    expected.backward()

    wanted = np.zeros(x.shape) if other.grad is None else other.grad.numpy()
    np.testing.assert_allclose(mine.grad.numpy(), wanted, rtol=1e-7, atol=1e-9)


ERRORS = {
    "singular": lambda lib: lib.linalg.inv(lib.zeros(2, 2)),
    "singular, solve": lambda lib: lib.linalg.solve(lib.zeros(2, 2), lib.ones(2)),
    "indefinite": lambda lib: lib.linalg.cholesky(-lib.eye(2)),
    "wide": lambda lib: lib.linalg.det(lib.ones(2, 3)),
    "vector": lambda lib: lib.linalg.svd(lib.ones(2)),
    "integers": lambda lib: lib.linalg.inv(lib.ones(2, 2, dtype=lib.int64)),
    "dtypes": lambda lib: lib.linalg.solve(lib.eye(2), lib.ones(2, dtype=lib.float64)),
    "lengths": lambda lib: lib.linalg.solve(lib.eye(2), lib.ones(3)),
    "order": lambda lib: lib.linalg.matrix_norm(lib.ones(2, 2), 3),
    "power": lambda lib: lib.linalg.matrix_power(lib.eye(2), 1.5),
    "mode": lambda lib: lib.linalg.qr(lib.eye(2), mode="x"),
    "ind": lambda lib: lib.linalg.tensorinv(lib.ones(2, 2), ind=0),
    "pivot": lambda lib: lib.linalg.lu(lib.eye(2), pivot=False),
    "phase": lambda lib: (
        lib.linalg.eigh(lib.tensor([[2.0, 1j], [-1j, 1.0]], requires_grad=True))
        .eigenvectors.imag.sum()
        .backward()
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    with pytest.raises((RuntimeError, TypeError, ValueError)) as expected:
        ERRORS[name](torch)

    kind = TypeError if isinstance(expected.value, TypeError) else RuntimeError
    with pytest.raises(kind) as found:
        ERRORS[name](wg)
    is_linalg = isinstance(expected.value, torch.linalg.LinAlgError)
    assert isinstance(found.value, wg.linalg.LinAlgError) == is_linalg
