"""The inverse of matrices, and the solution of linear equations."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ShapeError
from wengert.ops.arguments import array_of, flag
from wengert.ops.batching import behind_first
from wengert.ops.batching_products import rows_rule
from wengert.ops.define import public
from wengert.ops.kinds import discrete, general
from wengert.ops.matrices import (
    batch_aval,
    broadcast_batch,
    check_matrix,
    check_square,
    each,
    pivot_info,
    refuse,
    same_dtype,
)
from wengert.ops.named_parts import InvExResult, SolveExResult
from wengert.ops.samples import Call, Sampler

_SINGULAR = (
    "The diagonal element {} is zero, the inversion could not be completed because the input "
    "matrix is singular."
)
_REMEDY = "linalg.pinv and linalg.lstsq take singular matrices, too."


def _inverse(x: Any, *, check: bool) -> Any:
    """check: raise LinAlgError for a singular matrix; else its inverse is NaN."""
    check_square("linalg.inv", x)
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        if check:
            raise refuse("linalg.inv", _SINGULAR, pivot_info(x), _REMEDY) from None
    return each(lambda m: (_inverse_or_nan(m),), x)[0]


def _inverse_or_nan(x: Any) -> Any:
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        return np.full_like(x, np.nan)


def _square_aval(x: Aval, check: bool) -> Aval:
    check_square("linalg.inv", x)
    return x


inv_op: Op = general(
    "linalg_inv", _inverse,
    results_as=("inverse",),
    pullbacks=[lambda ct, out: -(out.mT @ ct @ out.mT)],
    pushforward=lambda x_dot, out: -(out @ x_dot @ out),
    torch="linalg.inv", grad_name="LinalgInvExBackward0", aval=_square_aval, latex=r"{}^{{-1}}",
    explain="the inverse moves by minus itself times the step times itself",
    source="d(A^-1) = -A^-1 dA A^-1",
    batch=behind_first,
)  # fmt: skip

first_zero_pivot = discrete(
    "first_zero_pivot", lambda x: pivot_info(x), aval=lambda x: Aval(x.shape[:-2], np.dtype("i4")),
    no_torch="the info that torch returns beside factors", batch=behind_first,
)  # fmt: skip


# Equations ---------------------------------------------------------------------------------------

_NO_SOLUTION = "The solver failed because the input matrix is singular."


def _solved(a: Any, b: Any, *, check: bool) -> Any:
    """x with a @ x = b, for matrices b."""
    _check_equations(a, b)
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        if check:
            raise refuse("torch.linalg.solve", _NO_SOLUTION, pivot_info(a), _REMEDY) from None
    a, b = broadcast_batch(a, b)
    return each(lambda m, c: (_solved_or_nan(m, c),), a, b)[0]


def _solved_or_nan(a: Any, b: Any) -> Any:
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        return np.full_like(b, np.nan)


def _check_equations(a: Any, b: Any) -> None:
    check_square("linalg.solve", a)
    check_matrix("linalg.solve", b, "B")
    same_dtype("linalg.solve", a, b)
    if a.shape[-1] != b.shape[-2]:
        (n, m), (rows, columns) = a.shape[-2:], b.shape[-2:]
        raise ShapeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation AX = B ({n}x{m} and "
            f"{rows}x{columns})"
        )


def _solution_aval(a: Aval, b: Aval, check: bool) -> Aval:
    _check_equations(a, b)
    return Aval(batch_aval(a, b) + b.shape[-2:], a.dtype)


def _to_right_side(ct: Any, a: Any) -> Any:
    return solve_op(a.mT, ct, check=False)


solve_op: Op = general(
    "linalg_solve", _solved,
    saved_as=("A", "B"),
    pullbacks=[
        lambda ct, a, out: -(_to_right_side(ct, a) @ out.mT),
        _to_right_side,
    ],
    pushforward=lambda a_dot, b_dot, a, b, out: solve_op(
        a, _right_side(a_dot, b_dot, b, out), check=False
    ),
    torch="linalg.solve", grad_name="LinalgSolveExBackward0", aval=_solution_aval,
    latex=r"{}^{{-1}} {}",
    explain="the solution moves by the inverse times what the step leaves unbalanced",
    source="for A X = B: dX = A^-1 (dB - dA X), so B_bar = A^-T X_bar and A_bar = -B_bar X^T",
    batch=rows_rule,
)  # fmt: skip


def _right_side(a_dot: Any, b_dot: Any, b: Any, out: Any) -> Any:
    if a_dot is None:
        return b_dot
    moved = a_dot @ out
    return -moved if b_dot is None else b_dot - moved


# Public ------------------------------------------------------------------------------------------


def _one_matrix(s: Sampler) -> Any:
    """A matrix that is far from singular, or a batch of them."""
    n = s.integer(1, 3)
    x = s.array((*s.shape(0, 1, 1, 2), n, n))
    return x + 10 * np.eye(n)


def well_conditioned(s: Sampler) -> Call:
    """One matrix as the only argument."""
    return (_one_matrix(s),), {}


@public(torch="linalg.inv", room="linalg", names=("inverse",), samples=well_conditioned)
def inv(A: Tensor) -> Any:
    """The inverse of square matrices. x: (..., n, n) -> the same.

    Raises LinAlgError if one is singular, ShapeError where they are not square, DTypeError for
    dtypes other than float32, float64 and the complex ones.

    >>> import wengert as wg
    >>> wg.linalg.inv(wg.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    array_of(A)
    return inv_op(A, check=True)


@public(torch="linalg.inv_ex", room="linalg", samples=well_conditioned)
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """(inverse, info): the inverse, and per matrix 0 or the first pivot that is zero.

    A singular matrix does not raise, unless check_errors is given; its inverse is NaN.
    """
    array_of(A)
    return InvExResult(inv_op(A, check=check_errors), first_zero_pivot(A))


def _solve_samples(s: Sampler) -> Call:
    a = _one_matrix(s)
    batch, n = a.shape[:-2], a.shape[-1]
    columns = s.integer(1, 3)
    shape = s.choice([(n,), (*batch, n), (*batch, n, columns), (n, columns)])
    left = s.choice([True, True, False])
    if not left and len(shape) > 1:
        shape = (*batch, columns, n)
    return (a, s.array(shape)), {"left": left}


def is_vector(a: Any, b: Any) -> bool:
    """Whether b is one vector, or a batch of them, as long as a's is; torch's rule."""
    b_shape, a_shape = array_of(b).shape, array_of(a).shape
    return len(b_shape) == 1 or (len(a_shape) - 1 == len(b_shape) and b_shape == a_shape[:-1])


@public(torch="linalg.solve", room="linalg", samples=_solve_samples)
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Any:
    """X with A @ X = B; with left=False, X @ A = B. Batch dimensions are broadcast.

    A: (..., n, n), B: (..., n, k), or (..., n) for a vector each -> the shape of B. Raises
    LinAlgError for a singular A, ShapeError where the lengths do not fit.

    >>> import wengert as wg
    >>> wg.linalg.solve(wg.tensor([[2.0, 0.0], [0.0, 4.0]]), wg.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    return _solution(A, B, left, check=True)


def _solution(A: Any, B: Any, left: bool, check: bool) -> Any:
    flag("left", left)
    if is_vector(A, B):
        return solve_op(A, B[..., None], check=check)[..., 0]
    if left:
        return solve_op(A, B, check=check)
    return solve_op(A.mT, B.mT, check=check).mT


@public(torch="linalg.solve_ex", room="linalg", samples=_solve_samples)
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """(result, info): `solve`, and per matrix 0 or the first pivot that is zero."""
    return SolveExResult(_solution(A, B, left, check_errors), first_zero_pivot(A))
