"""Orthonormal columns: the QR factors, and products of Householder's reflections."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, GradientError, ShapeError
from wengert.ops.arguments import array_of
from wengert.ops.batching import behind_first
from wengert.ops.define import public
from wengert.ops.kinds import discrete, general
from wengert.ops.matrices import (
    adjoint,
    check_matrix,
    each,
    eye_like,
    lapack,
    numpy_dtype,
)
from wengert.ops.named_parts import GeqrfResult, LinalgQrResult, QrResult
from wengert.ops.samples import Call, Sampler
from wengert.ops.svd import matrix_samples
from wengert.ops.triangular import triangular_op


def _qr(x: Any, *, complete: bool) -> tuple[Any, Any]:
    check_matrix("linalg.qr", x)
    q, r = np.linalg.qr(x, "complete" if complete else "reduced")
    return q, r


def _aval(x: Aval, complete: bool) -> tuple[Aval, Aval]:
    check_matrix("linalg.qr", x)
    *batch, rows, columns = x.shape
    k = rows if complete else min(rows, columns)
    return Aval((*batch, rows, k), x.dtype), Aval((*batch, k, columns), x.dtype)


def _pullback(ct: Any, x: Any, out: Any) -> Any:
    """For wide matrices, that of the square part in front; the rest is Q^H times the rest of A."""
    (by_q, by_r), (q, r) = ct, out
    rows, columns = x.shape[-2:]
    if q.shape[-1] > columns:
        raise GradientError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols: "
            "the columns that it adds are arbitrary",
            "Use mode='reduced'.",
        )
    if rows >= columns:
        return _of_tall(by_q, by_r, q, r)
    square = _of_tall(
        by_q + x[..., rows:] @ adjoint(by_r[..., rows:]), by_r[..., :rows], q, r[..., :rows]
    )
    return np.concatenate([square, q @ by_r[..., rows:]], axis=-1)


def _of_tall(by_q: Any, by_r: Any, q: Any, r: Any) -> Any:
    middle = r @ adjoint(by_r) - adjoint(by_q) @ q
    right = by_q + q @ _mirrored(middle)
    return adjoint(triangular_op(r, adjoint(right), upper=True, unitriangular=False))


def _mirrored(x: Any) -> Any:
    """The Hermitian matrix with the lower triangle of x, and the real part of its diagonal."""
    lower = np.tril(x, -1)
    return lower + adjoint(lower) + np.real(x) * eye_like(x)


qr_op: Op = general(
    "linalg_qr", _qr, pullbacks=[_pullback], outputs=2, holomorphic=False, torch="linalg.qr",
    results_as=("Q", "R"),
    aval=_aval,
    explain="the columns turn so that they stay orthonormal, and R takes up the rest of the step",
    source="S. Walter, L. Lehmann, Algorithmic differentiation of linear algebra functions, 2018; "
    "wide matrices: H.-J. Liao et al., Differentiable programming tensor networks, 2019",
    batch=behind_first,
)  # fmt: skip

_MODES = ("reduced", "complete", "r")


def _samples(s: Sampler) -> Call:
    x = matrix_samples(s)
    rows, columns = x.shape[-2:]
    modes = ["reduced", "r", "complete"] if rows <= columns else ["reduced", "r"]
    return (x,), {"mode": s.choice(modes)}


@public(torch="linalg.qr", room="linalg", samples=_samples)
def qr(A: Tensor, mode: str = "reduced") -> Any:
    """(Q, R) with A = Q @ R, the columns of Q orthonormal, R upper triangular.

    A: (..., m, n) -> (..., m, k), (..., k, n) with k = min(m, n), or m for mode "complete". With
    "r" Q is empty; R has the derivative of "reduced", which torch lacks. Backward raises
    GradientError for "complete" with m > n, where columns are arbitrary.

    >>> import wengert as wg
    >>> wg.linalg.qr(wg.tensor([[0.0, 2.0], [1.0, 0.0]])).R.abs()
    tensor([[1., 0.],
            [0., 2.]])
    """
    if not isinstance(mode, str):
        raise ArgumentError(f"mode must be a str, not {type(mode).__name__}")
    if mode not in _MODES:
        raise ArgumentValueError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), "
            "'r', or 'complete'"
        )
    array_of(A)
    q, r = qr_op(A, complete=mode == "complete")
    return LinalgQrResult(A.reshape(-1)[:0] if mode == "r" else q, r)


@public(torch="qr")
def qr_(input: Tensor, some: bool = True) -> Any:
    """torch.qr, the older form of linalg.qr: with some=False in the mode "complete"."""
    array_of(input)
    return QrResult(*qr_op(input, complete=not some))


# Reflections -------------------------------------------------------------------------------------


def _reflections(x: Any) -> tuple[Any, Any]:
    check_matrix("geqrf", x)
    rows, columns = x.shape[-2:]
    if x.size == 0:
        return x.copy(), np.zeros((*x.shape[:-2], min(rows, columns)), x.dtype)
    geqrf = lapack("geqrf", x)
    a, tau = each(lambda m: geqrf(m)[:2], x)
    return a, tau


def _reflections_aval(x: Aval) -> tuple[Aval, Aval]:
    check_matrix("geqrf", x)
    return x, Aval((*x.shape[:-2], min(x.shape[-2:])), x.dtype)


geqrf_op = discrete(
    "geqrf", _reflections, outputs=2, aval=_reflections_aval, torch="geqrf", batch=behind_first
)


@public(torch="geqrf", samples=lambda s: ((matrix_samples(s),), {}), differentiable=False)
def geqrf(input: Tensor) -> Any:
    """(a, tau): LAPACK's form of QR. R is the upper triangle of a; below stand reflections.

    Has no derivative, as in torch; use linalg.qr.
    """
    array_of(input)
    return GeqrfResult(*geqrf_op(input))


def _reflected(x: Any, a: Any, tau: Any, i: int) -> Any:
    """(I - tau v v^H) x for reflection i: v is 0 above i, 1 at i, and a's column below."""
    one = np.zeros(array_of(a).shape[-2], numpy_dtype(a))
    one[i] = 1
    below = np.arange(one.size) > i
    v = np.where(below, a[..., :, i], one)[..., None]
    return x - tau[..., i, None, None] * v @ (adjoint(v) @ x)


def _householder_samples(s: Sampler) -> Call:
    rows = s.integer(1, 3)
    columns = s.integer(1, rows)
    batch = s.shape(0, 1, 1, 2)
    count = s.integer(1, columns)
    return (s.array((*batch, rows, columns), -1, 1), s.array((*batch, count), -1, 1)), {}


@public(
    torch="linalg.householder_product", room="linalg", names=("orgqr",),
    samples=_householder_samples,
)  # fmt: skip
def householder_product(A: Tensor, tau: Tensor) -> Any:
    """The first n columns of H1 @ H2 @ ..., the reflections H = I - tau v v^H that A and tau hold.

    A: (..., m, n) with m >= n, tau: (..., k) with k <= n -> (..., m, n). Column i of A below the
    diagonal is v, above it and on it v is 0 and 1.
    """
    a, t = array_of(A), array_of(tau)
    check_matrix("torch.linalg.householder_product", a)
    rows, columns = a.shape[-2:]
    if rows < columns or t.shape[-1] > columns:
        first = "input.shape[-2] must be greater than or equal to input.shape[-1]"
        second = "input.shape[-1] must be greater than or equal to tau.shape[-1]"
        raise ShapeError(f"torch.linalg.householder_product: {first if rows < columns else second}")
    if a.shape[:-2] != t.shape[:-1]:
        raise ShapeError(
            "torch.linalg.householder_product: Expected batch dimensions of tau to be equal to "
            f"input.shape[:-2], but got {list(t.shape[:-1])}"
        )
    if a.size == 0:
        return A.new_zeros(a.shape)
    x: Any = np.zeros_like(A) + np.eye(rows, columns, dtype=a.dtype)
    for i in reversed(range(t.shape[-1])):
        x = _reflected(x, A, tau, i)
    return x
