"""Linear equations with triangular matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ShapeError
from wengert.ops.arguments import array_of, flag
from wengert.ops.batching_products import rows_rule
from wengert.ops.define import public
from wengert.ops.kinds import general
from wengert.ops.matrices import (
    batch_aval,
    broadcast_batch,
    check_matrix,
    check_square,
    each,
    same_dtype,
)
from wengert.ops.named_parts import TriangularSolveResult
from wengert.ops.samples import Call, Sampler


def _triangular(a: Any, b: Any, *, upper: bool, unitriangular: bool) -> Any:
    """x with a @ x = b, where only one triangle of a is read."""
    from scipy.linalg import get_blas_funcs

    _check(a, b)
    a, b = broadcast_batch(a, b)
    if b.size == 0:
        return np.zeros_like(b)
    trsm = get_blas_funcs(("trsm",), (a, b))[0]
    how = {"lower": int(not upper), "diag": int(unitriangular)}
    return each(lambda m, c: (trsm(1.0, m, c, **how),), a, b)[0]


def _check(a: Any, b: Any) -> None:
    check_square("linalg.solve_triangular", a)
    check_matrix("linalg.solve_triangular", b, "B")
    same_dtype("linalg.solve_triangular", a, b)
    if a.shape[-1] != b.shape[-2]:
        (n, m), (rows, columns) = a.shape[-2:], b.shape[-2:]
        raise ShapeError(
            "linalg.solve_triangular: Incompatible shapes of A and B for the equation AX = B "
            f"({n}x{m} and {rows}x{columns})"
        )


def _aval(a: Aval, b: Aval, upper: bool, unitriangular: bool) -> Aval:
    _check(a, b)
    return Aval(batch_aval(a, b) + b.shape[-2:], a.dtype)


def _to_right_side(ct: Any, a: Any, upper: bool, unitriangular: bool) -> Any:
    return triangular_op(a.mT, ct, upper=not upper, unitriangular=unitriangular)


def _triangle(x: Any, upper: bool, unitriangular: bool) -> Any:
    """The part of a matrix that is read."""
    return np.triu(x, int(unitriangular)) if upper else np.tril(x, -int(unitriangular))


def _to_matrix(ct: Any, a: Any, out: Any, upper: bool, unitriangular: bool) -> Any:
    moved = _to_right_side(ct, a, upper, unitriangular)
    return -_triangle(moved @ out.mT, upper, unitriangular)


def _pushed(
    a_dot: Any, b_dot: Any, a: Any, b: Any, out: Any, upper: bool, unitriangular: bool
) -> Any:
    right = b_dot
    if a_dot is not None:
        moved = _triangle(a_dot, upper, unitriangular) @ out
        right = -moved if b_dot is None else b_dot - moved
    return triangular_op(a, right, upper=upper, unitriangular=unitriangular)


triangular_op: Op = general(
    "linalg_solve_triangular", _triangular, pullbacks=[_to_matrix, _to_right_side],
    saved_as=("self", "B"),
    pushforward=_pushed, torch="linalg.solve_triangular", aval=_aval, latex=r"{}^{{-1}} {}",
    explain="as for any linear equations; the other triangle is not read and has slope 0",
    source="for A X = B: B_bar = A^-T X_bar, and A_bar the triangle of -B_bar X^T",
    batch=rows_rule,
)  # fmt: skip


def triangle_samples(s: Sampler) -> tuple[Any, Any, Any]:
    """A matrix with a large diagonal, a right side, and whether the upper triangle is meant."""
    n = s.integer(1, 3)
    batch = s.shape(0, 1, 1, 2)
    a = s.array((*batch, n, n)) + 6 * np.eye(n)
    return a, s.array((*s.choice([(), batch]), n, s.integer(1, 2))), s.choice([False, True])


def _samples(s: Sampler) -> Call:
    a, b, upper = triangle_samples(s)
    left = s.choice([True, False])
    attributes = {"upper": upper, "left": left, "unitriangular": s.choice([False, True])}
    return (a, b if left else np.swapaxes(b, -1, -2)), attributes


@public(torch="linalg.solve_triangular", room="linalg", samples=_samples)
def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    """X with A @ X = B for a triangular A; with left=False, X @ A = B.

    A: (..., n, n), of which only the upper or the lower triangle is read; unitriangular: its
    diagonal is taken for ones. B: (..., n, k) -> the same, batch dimensions broadcast. A zero on
    the diagonal gives infinities and NaN, as in torch.

    >>> import wengert as wg
    >>> A = wg.tensor([[2.0, 0.0], [2.0, 1.0]])
    >>> wg.linalg.solve_triangular(A, wg.tensor([[2.0], [4.0]]), upper=False)
    tensor([[1.],
            [2.]])
    """
    array_of(A)
    array_of(B)
    how = {"upper": flag("upper", upper), "unitriangular": flag("unitriangular", unitriangular)}
    if flag("left", left):
        return triangular_op(A, B, **how)
    check_matrix("linalg.solve_triangular", array_of(B), "B")
    how["upper"] = not upper
    return triangular_op(A.mT, B.mT, **how).mT


def _older_samples(s: Sampler) -> Call:
    a, b, upper = triangle_samples(s)
    return (b, a), {"upper": upper, "transpose": s.choice([False, True])}


@public(torch="triangular_solve", samples=_older_samples)
def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """(solution, cloned_coefficient): torch's older form of linalg.solve_triangular."""
    array_of(b)
    check_square("triangular_solve", array_of(A))
    matrix = A.mT if flag("transpose", transpose) else A
    solution = triangular_op(
        matrix, b, upper=flag("upper", upper) != transpose, unitriangular=unitriangular
    )
    batch = array_of(solution).shape[:-2]
    return TriangularSolveResult(solution, A.expand((*batch, *A.shape[-2:])).clone())
