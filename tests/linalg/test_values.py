"""Factors multiply to what was factored; older names are the newer functions."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert import linalg

RNG = np.random.default_rng(3)


def real(*shape):
    return wg.tensor(RNG.normal(size=shape))


def complex_(*shape):
    return wg.tensor(RNG.normal(size=shape) + 1j * RNG.normal(size=shape))


def definite(x):
    return x @ x.mH + wg.eye(x.shape[-1], dtype=x.dtype)


def close(a, b):
    np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-10)


@pytest.mark.parametrize("make", [real, complex_])
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 3), (2, 4, 2), (2, 0, 3)])
def test_factors_multiply_to_the_matrix(make, shape):
    x = make(*shape)

    u, s, vh = linalg.svd(x, full_matrices=False)
    close((u * s[..., None, :]) @ vh, x)
    close(linalg.svd(x).S, s)
    for mode in ("reduced", "complete"):
        q, r = linalg.qr(x, mode)
        close(q @ r, x)
    p, lower, upper = linalg.lu(x)
    close(p.to(x.dtype) @ lower @ upper, x)
    close(x @ linalg.pinv(x) @ x, x)


@pytest.mark.parametrize("make", [real, complex_])
@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3), (0, 0), (2, 1, 1)])
def test_square_matrices(make, shape):
    x = make(*shape)
    a = definite(x)

    close(linalg.cholesky(a) @ linalg.cholesky(a).mH, a)
    close(linalg.cholesky(a, upper=True).mH, linalg.cholesky(a))
    w, v = linalg.eigh(a)
    close((v * w[..., None, :].to(v.dtype)) @ v.mH, a)
    w, v = linalg.eig(x)
    close(x.to(v.dtype) @ v, v * w[..., None, :])
    close(x @ linalg.inv(x), wg.eye(shape[-1], dtype=x.dtype).expand(shape))
    close(linalg.matrix_power(x, 5), x @ x @ x @ x @ x)
    sign, logarithm = linalg.slogdet(x)
    close(sign * wg.exp(logarithm), linalg.det(x))


def test_solutions():
    a, b = real(2, 3, 3), real(2, 3, 2)
    lower = a.tril() + 4 * wg.eye(3, dtype=a.dtype)

    close(a @ linalg.solve(a, b), b)
    close(linalg.solve(a, b.mT, left=False) @ a, b.mT)
    close(linalg.solve_triangular(lower, b, upper=False), linalg.solve(lower, b))
    close(linalg.lu_solve(*linalg.lu_factor(a), b), linalg.solve(a, b))
    close(linalg.lu_solve(*linalg.lu_factor(a), b, adjoint=True), linalg.solve(a.mT, b))
    close(wg.cholesky_solve(b, linalg.cholesky(definite(a))), linalg.solve(definite(a), b))
    close(wg.cholesky_inverse(linalg.cholesky(definite(a))), linalg.inv(definite(a)))
    close(linalg.lstsq(a, b).solution, linalg.solve(a, b))
    close(linalg.tensorsolve(a[0].reshape(3, 1, 3), b[0, :, :1]), linalg.solve(a[0], b[0, :, 0]))


def test_only_one_triangle_is_read():
    x = wg.tensor([[4.0, 9.0], [2.0, 5.0]])
    lower, upper = wg.tensor([[4.0, 2.0], [2.0, 5.0]]), wg.tensor([[4.0, 9.0], [9.0, 5.0]])

    close(linalg.cholesky(x), linalg.cholesky(lower))
    close(linalg.eigvalsh(x), linalg.eigvalsh(lower))
    close(linalg.eigvalsh(x, "U"), linalg.eigvalsh(upper))
    close(wg.func.vmap(linalg.eigvalsh)(x[None])[0], linalg.eigvalsh(lower))
    assert linalg.cholesky_ex(x, upper=True).info.item() == 2


def test_the_gradient_of_a_hermitian_matrix_is_hermitian():
    x = definite(complex_(3, 3)).requires_grad_()

    (linalg.cholesky(x).abs().sum() + linalg.eigh(x).eigenvectors.abs().sum()).backward()

    close(x.grad, x.grad.mH)


def test_older_names():
    x = real(3, 3)

    for older, newer in (
        (wg.inverse, linalg.inv), (wg.det, linalg.det), (wg.pinverse, linalg.pinv),
        (wg.matrix_exp, linalg.matrix_exp), (wg.slogdet, linalg.slogdet),
    ):  # fmt: skip
        for mine, other in zip(np.atleast_1d(older(x)), np.atleast_1d(newer(x)), strict=True):
            np.testing.assert_array_equal(mine, other)
    close(wg.svd(x).V, linalg.svd(x).Vh.mT)
    close(wg.cholesky(definite(x)), linalg.cholesky(definite(x)))


def test_results_are_printed_as_torch_prints_its_own():
    text = repr(linalg.slogdet(wg.eye(2)))

    assert text == "wengert.return_types.linalg_slogdet(\nsign=tensor(1.),\nlogabsdet=tensor(0.))"
