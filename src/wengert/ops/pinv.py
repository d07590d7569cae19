"""Pseudo-inverses and least squares, rank and condition: what is read off singular values."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import limits_of
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, ShapeError
from wengert.ops.arguments import array_of, one_of
from wengert.ops.batching import behind_first
from wengert.ops.batching_products import rows_rule
from wengert.ops.define import public
from wengert.ops.eigen import eigh_op
from wengert.ops.inverse import is_vector
from wengert.ops.kinds import general
from wengert.ops.matrices import (
    adjoint,
    batch_aval,
    broadcast_batch,
    check_matrix,
    check_square,
    each,
    from_triangle,
    numpy_dtype,
    real_dtype,
    same_dtype,
)
from wengert.ops.named_parts import LstsqResult
from wengert.ops.samples import Call, Sampler
from wengert.ops.svd import matrix_samples, svd_op


def _cutoff(s: Any, atol: float, rtol: float) -> Any:
    """What singular values must exceed to count: (..., k) -> (..., 1)."""
    if s.shape[-1] == 0:
        return np.zeros((*s.shape[:-1], 1), s.dtype)
    return np.maximum(atol, rtol * np.max(s, axis=-1, keepdims=True))


def _pinv(x: Any, *, atol: float, rtol: float, hermitian: bool) -> Any:
    check_matrix("linalg.pinv", x)
    if x.size == 0:
        return np.zeros(x.mT.shape, x.dtype)
    if hermitian:
        s, u = np.linalg.eigh(x)
        vh = adjoint(u)
    else:
        u, s, vh = np.linalg.svd(x, full_matrices=False)
    keeps = abs(s) > _cutoff(abs(s), atol, rtol)
    inverse = np.where(keeps, 1 / np.where(keeps, s, 1), 0).astype(s.dtype)
    return (adjoint(vh) * inverse[..., None, :]) @ adjoint(u)


def _pinv_aval(x: Aval, atol: float, rtol: float, hermitian: bool) -> Aval:
    check_matrix("linalg.pinv", x)
    return Aval((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)


def _pinv_pullback(ct: Any, x: Any, out: Any) -> Any:
    """Source: Golub and Pereyra, 1973, (4.12); here as products in the smaller dimension."""
    by, inverse = adjoint(ct), adjoint(out)
    if x.shape[-2] <= x.shape[-1]:
        k = by @ out
        right = k @ inverse
        found = -adjoint(out @ k) + right - (x @ out) @ right
        return found + (inverse @ out) @ (by - k @ x)
    k = out @ by
    left = inverse @ k
    found = -adjoint(k @ out) + (by - x @ k) @ out @ inverse
    return found + left - (left @ out) @ x


pinv_op: Op = general(
    "linalg_pinv", _pinv, pullbacks=[_pinv_pullback], holomorphic=False, torch="linalg.pinv",
    aval=_pinv_aval, latex="{}^{{+}}",
    explain="as an inverse on the range of the matrix; its null space turns with the step",
    source="Golub and Pereyra, 1973, (4.12): dP = -P dA P + P P^H dA^H (I - A P) + (I - P A) "
    "dA^H P^H P, for constant rank",
    batch=behind_first,
)  # fmt: skip


def tolerances(x: Any, atol: Any, rtol: Any) -> tuple[float, float]:
    """(atol, rtol) as torch completes them: rtol is max(m, n) eps unless atol is given."""
    data = array_of(x)
    if rtol is None:
        eps = limits_of(real_dtype(data.dtype)).eps
        rtol = 0.0 if atol is not None and _number("atol", atol) > 0 else max(data.shape[-2:]) * eps
    return _number("atol", atol or 0), _number("rtol", rtol)


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} must be a number, not {type(value).__name__}") from None


def _pinv_samples(s: Sampler) -> Call:
    return (matrix_samples(s),), {"rtol": s.choice([None, 1e-3])}


@public(torch="linalg.pinv", room="linalg", samples=_pinv_samples)
def pinv(A: Tensor, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Any:
    """The pseudo-inverse, after Moore and Penrose: (..., m, n) -> (..., n, m).

    Singular values up to max(atol, rtol * largest) count as zero; rtol is max(m, n) times the
    precision of the dtype, or 0 if atol is given. The derivative holds where the rank is constant.

    >>> import wengert as wg
    >>> wg.linalg.pinv(wg.tensor([[2.0], [0.0]]))
    tensor([[0.5000, 0.0000]])
    """
    check_matrix("linalg.pinv", array_of(A))
    if hermitian:
        check_square("linalg.pinv", array_of(A))
    absolute, relative = tolerances(A, atol, rtol)
    return pinv_op(A, atol=absolute, rtol=relative, hermitian=hermitian)


@public(torch="pinverse", samples=lambda s: ((matrix_samples(s),), {}))
def pinverse(input: Tensor, rcond: float = 1e-15) -> Any:
    """torch.pinverse, the older form of linalg.pinv: `rcond` is its rtol."""
    check_matrix("pinverse", array_of(input))
    return pinv_op(input, atol=0.0, rtol=float(rcond), hermitian=False)


# Least squares -----------------------------------------------------------------------------------


def _least_squares(a: Any, b: Any, *, rcond: float) -> Any:
    """The shortest x that minimises |a @ x - b|, for matrices b."""
    _check_sides(a, b)
    shape = (*batch_aval(a, b), a.shape[-1], b.shape[-1])
    if 0 in shape or 0 in a.shape:
        return np.zeros(shape, a.dtype)
    a, b = broadcast_batch(a, b)
    return each(lambda m, c: (np.linalg.lstsq(m, c, rcond)[0],), a, b)[0]


def _check_sides(a: Any, b: Any) -> None:
    check_matrix("linalg.lstsq", a)
    check_matrix("linalg.lstsq", b, "B")
    same_dtype("linalg.lstsq", a, b)
    if a.shape[-2] != b.shape[-2]:
        raise ShapeError(
            "linalg.lstsq: input.size(-2) should match other.size(-2); A has shape "
            f"{tuple(a.shape)}, B {tuple(b.shape)}"
        )


def _least_squares_aval(a: Aval, b: Aval, rcond: float) -> Aval:
    _check_sides(a, b)
    return Aval((*batch_aval(a, b), a.shape[-1], b.shape[-1]), a.dtype)


def _inverse_of(a: Any, rcond: float) -> Any:
    return pinv_op(a, atol=0.0, rtol=rcond, hermitian=False)


lstsq_op: Op = general(
    "linalg_lstsq", _least_squares,
    saved_as=("self", "b"),
    pullbacks=[
        lambda ct, a, b, rcond: _pinv_pullback(ct @ adjoint(b), a, _inverse_of(a, rcond)),
        lambda ct, a, rcond: adjoint(_inverse_of(a, rcond)) @ ct,
    ],
    holomorphic=False, torch="linalg.lstsq", aval=_least_squares_aval, latex="{}^{{+}} {}",
    explain="the slope in the right side is the pseudo-inverse",
    source="X = A^+ B",
    batch=rows_rule,
)  # fmt: skip

_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def lstsq_samples(s: Sampler) -> Call:
    """A matrix of full rank, and right sides."""
    a = matrix_samples(s)
    columns = s.integer(1, 2)
    return (a, s.array((*a.shape[:-1], columns))), {}


@public(torch="linalg.lstsq", room="linalg")
def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: str | None = None) -> Any:
    """(solution, residuals, rank, singular_values) of min |A @ X - B|; the shortest X of several.

    A: (..., m, n), B: (..., m, k) or a vector each -> (..., n, k). residuals: the squared lengths
    of A @ X - B, for m > n and full rank, else empty. rank: empty for the driver "gels", which
    assumes a full one. singular_values: of "gelsd" and "gelss". rcond: singular values up to
    rcond times the largest count as zero. Gradients go through the solution.
    """
    name = "gelsy" if driver is None else one_of("driver", driver, _DRIVERS)
    vector = is_vector(A, B)
    b = B[..., None] if vector else B
    _check_sides(array_of(A), array_of(b))
    eps = float(limits_of(real_dtype(numpy_dtype(A))).eps)
    cut = max(array_of(A).shape[-2:]) * eps if rcond is None else float(rcond)
    x = lstsq_op(A, b, rcond=cut)
    rank = _rank(svd_op(A, full_matrices=False)[1], 0.0, cut)
    empty = A.new_empty(0).detach()
    values = svdvals_of(A) if name in ("gelsd", "gelss") else empty
    residuals = _residuals(A, x, b, rank, vector)
    return LstsqResult(
        x[..., 0] if vector else x, empty if residuals is None else residuals,
        A.new_empty(0, dtype="int64") if name == "gels" else rank, values,
    )  # fmt: skip


def svdvals_of(A: Any) -> Any:
    """Singular values without history."""
    return svd_op(A, full_matrices=False)[1].detach()


def _residuals(a: Any, x: Any, b: Any, rank: Any, vector: bool) -> Any:
    """The squared lengths per column; None where torch gives none. Without history, as in torch."""
    rows, columns = array_of(a).shape[-2:]
    if rows <= columns or rank._level or not np.all(rank._data == columns):
        return None
    found = np.sum(np.abs(a @ x - b) ** 2, axis=-2).detach()
    return found[..., 0] if vector else found


# Rank and condition ------------------------------------------------------------------------------


def _rank(s: Any, atol: float, rtol: float) -> Any:
    if array_of(s).shape[-1] == 0:
        return np.sum(s != s, axis=-1)
    largest = np.max(s, axis=-1, keepdims=True)
    return np.sum(s > np.maximum(rtol * largest, atol), axis=-1)


def _rank_samples(s: Sampler) -> Call:
    return (matrix_samples(s),), {"rtol": s.choice([None, 0.5]), "atol": s.choice([None, 0.5])}


@public(torch="linalg.matrix_rank", room="linalg", samples=_rank_samples, differentiable=False)
def matrix_rank(
    A: Tensor, tol: Any = None, *, atol: Any = None, rtol: Any = None, hermitian: bool = False
) -> Any:
    """How many singular values exceed max(atol, rtol * largest): (..., m, n) -> (...), int64.

    `tol` is the older name of atol. The defaults are those of pinv.
    """
    check_matrix("linalg.matrix_rank", array_of(A))
    absolute, relative = tolerances(A, atol if tol is None else tol, rtol)
    if hermitian:
        check_square("linalg.matrix_rank", array_of(A))
        return _rank(np.abs(eigh_op(from_triangle(A))[0]), absolute, relative)
    return _rank(svd_op(A, full_matrices=False)[1], absolute, relative)


def refuse_order(name: str, p: Any) -> ArgumentValueError:
    """The error for a matrix norm that does not exist."""
    return ArgumentValueError(
        f"{name}: Order {p} not supported.",
        'The orders of matrix norms are "fro", "nuc", 1, -1, 2, -2, inf and -inf.',
    )
