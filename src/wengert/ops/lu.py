"""The factors of Gaussian elimination, with rows exchanged."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError, LinAlgError, ShapeError
from wengert.ops.arguments import array_of, flag
from wengert.ops.batching import behind_first
from wengert.ops.define import public
from wengert.ops.kinds import discrete, general
from wengert.ops.matrices import (
    adjoint,
    check_floats,
    check_matrix,
    check_square,
    each,
    lapack,
    numpy_dtype,
    refuse,
)
from wengert.ops.named_parts import LuFactorExResult, LuFactorResult, LuResult, LuUnpackResult
from wengert.ops.samples import Call, Sampler
from wengert.ops.svd import matrix_samples
from wengert.ops.triangular import triangular_op

_I32 = np.dtype(np.int32)


def _lu(x: Any, *, check: bool) -> tuple[Any, Any, Any]:
    """check: raise LinAlgError where U has a zero on its diagonal."""
    _check(x)
    *batch, rows, columns = x.shape
    k = min(rows, columns)
    if x.size == 0:
        pivots = np.broadcast_to(np.arange(1, k + 1, dtype=_I32), (*batch, k)).copy()
        return x.copy(), pivots, np.zeros(batch, _I32)
    getrf = lapack("getrf", x)
    lu, pivots, info = each(lambda m: _counted(*getrf(m)), x)
    if check and np.any(info):
        raise _zero_pivot(info)
    return lu, pivots, info


def _check(x: Any) -> None:
    if len(x.shape) < 2:
        raise ShapeError(
            "torch.lu_factor: Expected tensor with 2 or more dimensions. Got size: "
            f"{list(x.shape)} instead"
        )
    check_floats("torch.lu_factor", x)


def _counted(lu: Any, pivots: Any, info: int) -> tuple[Any, Any, Any]:
    """LAPACK counts rows from 1, scipy from 0."""
    return lu, (pivots + 1).astype(_I32), np.int32(info)


def _aval(x: Aval, check: bool) -> tuple[Aval, Aval, Aval]:
    _check(x)
    *batch, rows, columns = x.shape
    return x, Aval((*batch, min(rows, columns)), _I32), Aval(tuple(batch), _I32)


def _permutation(pivots: Any, *, rows: int, dtype: Any) -> Any:
    """P with A = P @ L @ U: the identity, its rows exchanged as the pivots say."""
    order = np.broadcast_to(np.arange(rows), (*pivots.shape[:-1], rows)).copy()
    for at in np.ndindex(pivots.shape[:-1]):
        one = order[at]
        for i, j in enumerate(pivots[at] - 1):
            one[i], one[j] = one[j], one[i]
    return np.swapaxes(np.eye(rows, dtype=dtype)[order], -1, -2)


permutation_op = discrete(
    "permutation", _permutation, no_torch="a part of lu_unpack", batch=behind_first,
    aval=lambda pivots, rows, dtype: Aval((*pivots.shape[:-1], rows, rows), np.dtype(dtype)),
)  # fmt: skip


def _lower(lu: Any) -> Any:
    """L: (..., m, k), ones on the diagonal."""
    rows, columns = lu.shape[-2:]
    k = min(rows, columns)
    part = lu[..., :k]
    return np.tril(part, -1) + np.eye(rows, k, dtype=numpy_dtype(lu))


def _upper(lu: Any) -> Any:
    """U: (..., k, n)."""
    k = min(lu.shape[-2:])
    return np.triu(lu[..., :k, :])


def _pullback(ct: Any, out: Any) -> Any:
    """The square part by its triangles; what is below or beside it by the other factor's inverse.

    For A = P L U: L^H P^T A_bar U^H has the strict lower triangle of L^H L_bar and the upper one
    of U_bar U^H.
    """
    lu, by = out[0], ct[0]
    rows, columns = lu.shape[-2:]
    k = min(rows, columns)
    lower, upper = _lower(lu)[..., :k, :], _upper(lu)[..., :k]
    by_lower, by_upper = np.tril(by[..., :k, :k], -1), np.triu(by[..., :k, :k])
    beside = below = None
    if columns > k:
        beside = _by_lower(lower, by[..., k:])
        by_lower = by_lower - beside @ adjoint(lu[..., :k, k:])
    if rows > k:
        below = _by_upper(upper, by[..., k:, :])
        by_upper = by_upper - adjoint(lu[..., k:, :]) @ below
    middle = np.tril(adjoint(lower) @ by_lower, -1) + np.triu(by_upper @ adjoint(upper))
    found = _by_upper(upper, _by_lower(lower, middle))
    if beside is not None:
        found = np.concatenate([found, beside], axis=-1)
    if below is not None:
        found = np.concatenate([found, below], axis=-2)
    dtype = numpy_dtype(lu)
    return permutation_op(out[1], rows=rows, dtype=dtype) @ found


def _by_lower(lower: Any, x: Any) -> Any:
    """L^-H x."""
    return triangular_op(adjoint(lower), x, upper=True, unitriangular=True)


def _by_upper(upper: Any, x: Any) -> Any:
    """x U^-H."""
    return adjoint(triangular_op(upper, adjoint(x), upper=True, unitriangular=False))


lu_op: Op = general(
    "linalg_lu_factor", _lu, pullbacks=[_pullback], outputs=3, holomorphic=False,
    torch="linalg.lu_factor_ex", grad_name="LinalgLuFactorExBackward0", aval=_aval,
    explain="the factors move by the triangles of L^-1 P^T dA U^-1; which rows are exchanged is "
    "constant",
    source="dL = L tril(L^-1 P^T dA U^-1, -1), dU = triu(L^-1 P^T dA U^-1) U",
    batch=behind_first,
)  # fmt: skip


# Public ------------------------------------------------------------------------------------------


def _samples(s: Sampler) -> Call:
    return (matrix_samples(s),), {}


def _refuse_no_pivots(name: str, pivot: bool) -> None:
    if not pivot:
        raise ArgumentValueError(f"{name}: LU without pivoting is not implemented on the CPU")


@public(torch="linalg.lu_factor_ex", room="linalg", samples=_samples)
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """(LU, pivots, info): lu_factor, and per matrix 0 or the first pivot that is zero."""
    _refuse_no_pivots("linalg.lu_factor_ex", pivot)
    array_of(A)
    return LuFactorExResult(*lu_op(A, check=check_errors))


def _zero_pivot(info: Any) -> LinAlgError:
    return refuse(
        "torch.linalg.lu_factor",
        "U[{0},{0}] is zero and using it on lu_solve would result in a division by zero. If you "
        "still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
        "linalg.lu_factor_ex(A, pivot)",
        info,
    )


@public(torch="linalg.lu_factor", room="linalg", samples=_samples)
def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """(LU, pivots): L without its diagonal of ones and U in one matrix, and the rows exchanged.

    A: (..., m, n) -> (..., m, n), (..., min(m, n)), int32: at step i, row i and row pivots[i] were
    exchanged, counted from 1. Raises LinAlgError where U has a zero on its diagonal.
    """
    _refuse_no_pivots("linalg.lu_factor", pivot)
    array_of(A)
    return LuFactorResult(*lu_op(A, check=True)[:2])


def _unpacked(lu: Any, pivots: Any) -> tuple[Any, Any, Any]:
    data = array_of(lu)
    p = permutation_op(pivots, rows=data.shape[-2], dtype=data.dtype)
    return p, _lower(lu), _upper(lu)


@public(torch="linalg.lu", room="linalg", samples=_samples)
def lu(A: Tensor, *, pivot: bool = True) -> Any:
    """(P, L, U) with A = P @ L @ U: a permutation, a lower and an upper triangle.

    A: (..., m, n) -> (..., m, m), (..., m, k), (..., k, n), k = min(m, n).

    >>> import wengert as wg
    >>> wg.linalg.lu(wg.tensor([[1.0, 2.0], [2.0, 2.0]])).U
    tensor([[2., 2.],
            [0., 1.]])
    """
    _refuse_no_pivots("linalg.lu", pivot)
    array_of(A)
    packed, pivots, _ = lu_op(A, check=False)
    return LuResult(*_unpacked(packed, pivots))


def _packed(s: Sampler) -> tuple[Any, Any]:
    n = s.integer(1, 3)
    batch = s.shape(0, 1, 1, 2)
    packed = s.array((*batch, n, n), -1, 1) + 4 * np.eye(n)
    steps = [s.integers((*batch, 1), i + 1, n + 1) for i in range(n)]
    return packed, np.concatenate(steps, -1).astype(_I32)


@public(torch="lu_unpack", method=False, samples=lambda s: (_packed(s), {}))
def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> Any:
    """(P, L, U) from what lu_factor returns; what is not asked for is empty."""
    flag("unpack_data", unpack_data)
    flag("unpack_pivots", unpack_pivots)
    p, lower, upper = _unpacked(LU_data, LU_pivots)
    empty = LU_data.new_empty(0)
    parts = (lower, upper) if unpack_data else (empty, empty)
    return LuUnpackResult(p if unpack_pivots else empty, *parts)


def _solve_samples(s: Sampler) -> Call:
    packed, pivots = _packed(s)
    b = s.array((*packed.shape[:-1], s.integer(1, 2)))
    left = s.choice([True, True, False])
    how = {"left": left, "adjoint": s.choice([False, True])}
    return (packed, pivots, b if left else np.swapaxes(b, -1, -2)), how


@public(torch="linalg.lu_solve", room="linalg", samples=_solve_samples)
def lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False
) -> Any:
    """X with A @ X = B, from the factors of A; with left=False, X @ A = B; of A^H with adjoint.

    LU: (..., n, n), B: (..., n, k) -> the same as B, batch dimensions broadcast.
    """
    check_square("linalg.lu_solve", array_of(LU))
    check_matrix("linalg.lu_solve", array_of(B), "B")
    flag("adjoint", adjoint)
    if not flag("left", left):  # X A = B is A^H X^H = B^H
        return _adjoint(_with_factors(LU, pivots, _adjoint(B), not adjoint))
    return _with_factors(LU, pivots, B, adjoint)


_adjoint = adjoint


def _with_factors(lu: Any, pivots: Any, b: Any, of_adjoint: bool) -> Any:
    data = array_of(lu)
    p = permutation_op(pivots, rows=data.shape[-2], dtype=data.dtype)
    if of_adjoint:
        half = triangular_op(_adjoint(lu), b, upper=False, unitriangular=False)
        return p @ triangular_op(_adjoint(lu), half, upper=True, unitriangular=True)
    half = triangular_op(lu, p.mT @ b, upper=False, unitriangular=True)
    return triangular_op(lu, half, upper=True, unitriangular=False)


def _older_samples(s: Sampler) -> Call:
    packed, pivots = _packed(s)
    return (s.array((*packed.shape[:-1], s.integer(1, 2))), packed, pivots), {}


@public(torch="lu_solve", samples=_older_samples)
def lu_solve_(b: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Any:
    """torch.lu_solve, the older form of linalg.lu_solve."""
    check_matrix("lu_solve", array_of(b), "B")
    check_square("lu_solve", array_of(LU_data))
    return _with_factors(LU_data, LU_pivots, b, False)
