"""Cholesky's factor of positive definite matrices, and equations solved with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.ops.arguments import array_of, flag
from wengert.ops.batching import behind_first
from wengert.ops.define import public
from wengert.ops.kinds import discrete, general
from wengert.ops.matrices import (
    adjoint,
    check_matrix,
    check_square,
    each,
    eye_like,
    from_triangle,
    hermitian_part,
    lapack,
    lower_part,
    refuse,
)
from wengert.ops.named_parts import CholeskyExResult
from wengert.ops.samples import Call, Sampler
from wengert.ops.triangular import triangle_samples, triangular_op

_INDEFINITE = (
    "The factorization could not be completed because the input is not positive-definite (the "
    "leading minor of order {} is not positive-definite)."
)
_REMEDY = "A small multiple of the identity, added, makes up for rounding; eigh takes any."


def _factor(x: Any, *, check: bool) -> Any:
    """The lower factor of the Hermitian part. check: raise LinAlgError if there is none."""
    check_square("linalg.cholesky", x)
    x = hermitian_part(x)
    try:
        return np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        if check:
            raise refuse("linalg.cholesky", _INDEFINITE, _minor(x), _REMEDY) from None
    return each(lambda m: (_factor_or_nan(m),), x)[0]


def _factor_or_nan(x: Any) -> Any:
    try:
        return np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        return np.full_like(x, np.nan)


def _minor(x: Any) -> Any:
    """Per matrix, the first leading minor that is not positive; 0 for none. int32."""
    check_square("linalg.cholesky", x)
    if x.size == 0:
        return np.zeros(x.shape[:-2], np.int32)
    x = hermitian_part(x)
    potrf = lapack("potrf", x)
    return each(lambda m: (np.int32(potrf(m, lower=1)[1]),), x)[0]


def _pullback(ct: Any, out: Any) -> Any:
    middle = lower_part(adjoint(out) @ ct)
    left = _transposed_solve(out, middle)
    return hermitian_part(adjoint(_transposed_solve(out, adjoint(left))))


def _transposed_solve(factor: Any, b: Any) -> Any:
    """L^-H b."""
    return triangular_op(adjoint(factor), b, upper=True, unitriangular=False)


def _pushed(x_dot: Any, out: Any) -> Any:
    half = triangular_op(out, hermitian_part(x_dot), upper=False, unitriangular=False)
    both = triangular_op(out, adjoint(half), upper=False, unitriangular=False)
    return out @ lower_part(adjoint(both))


def _square_aval(x: Aval, check: bool) -> Aval:
    check_square("linalg.cholesky", x)
    return x


cholesky_op: Op = general(
    "linalg_cholesky", _factor, pullbacks=[_pullback], pushforward=_pushed, holomorphic=False,
    torch="linalg.cholesky", grad_name="LinalgCholeskyExBackward0", aval=_square_aval,
    explain="the factor moves by itself times the lower half of L^-1 dA L^-H",
    source="I. Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527, (8), (10)",
    batch=behind_first,
)  # fmt: skip

first_bad_minor = discrete(
    "first_bad_minor", lambda x: _minor(x), aval=lambda x: Aval(x.shape[:-2], np.dtype("i4")),
    no_torch="the info that torch returns beside the factor", batch=behind_first,
)  # fmt: skip


def _from(A: Any, upper: bool, check: bool) -> Any:
    found = cholesky_op(from_triangle(A, upper), check=check)
    return adjoint(found) if upper else found


@public(torch="linalg.cholesky", room="linalg")
def cholesky(A: Tensor, *, upper: bool = False) -> Any:
    """L with A = L L^H, lower triangular with a positive diagonal; with `upper` its adjoint.

    A: (..., n, n), Hermitian and positive definite, of which one triangle is read -> the same.
    The gradient is Hermitian. Raises LinAlgError where a matrix is not positive definite.

    >>> import wengert as wg
    >>> wg.linalg.cholesky(wg.tensor([[4.0, 2.0], [2.0, 2.0]]))
    tensor([[2., 0.],
            [1., 1.]])
    """
    check_matrix("linalg.cholesky", array_of(A))
    return _from(A, upper, check=True)


@public(torch="linalg.cholesky_ex", room="linalg")
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """(L, info): the factor, and per matrix 0 or the first minor that is not positive.

    A matrix without one does not raise, unless check_errors is given; its factor is NaN.
    """
    check_matrix("linalg.cholesky", array_of(A))
    return CholeskyExResult(_from(A, upper, check_errors), first_bad_minor(from_triangle(A, upper)))


@public(torch="cholesky")
def cholesky_(input: Tensor, upper: bool = False) -> Any:
    """torch.cholesky, the older name of linalg.cholesky."""
    check_matrix("cholesky", array_of(input))
    return _from(input, upper, check=True)


# Equations ---------------------------------------------------------------------------------------


def _solve_samples(s: Sampler) -> Call:
    a, b, upper = triangle_samples(s)
    return (b, a), {"upper": upper}


@public(torch="cholesky_solve", samples=_solve_samples)
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Any:
    """X with L L^H X = B, from the factor L; with `upper`, U^H U X = B.

    B: (..., n, k), L: (..., n, n) -> (..., n, k).

    >>> import wengert as wg
    >>> L = wg.tensor([[2.0, 0.0], [0.0, 1.0]])
    >>> wg.cholesky_solve(wg.tensor([[4.0], [3.0]]), L)
    tensor([[1.],
            [3.]])
    """
    check_matrix("cholesky_solve", array_of(B), "B")
    check_square("cholesky_solve", array_of(L))
    lower = adjoint(L) if flag("upper", upper) else L
    half = triangular_op(lower, B, upper=False, unitriangular=False)
    return triangular_op(adjoint(lower), half, upper=True, unitriangular=False)


def _inverse_samples(s: Sampler) -> Call:
    a, _, upper = triangle_samples(s)
    return (a,), {"upper": upper}


@public(torch="cholesky_inverse", samples=_inverse_samples)
def cholesky_inverse(L: Tensor, upper: bool = False) -> Any:
    """The inverse of L L^H, from the factor L; with `upper`, of U^H U. (..., n, n) -> the same."""
    check_square("cholesky_inverse", array_of(L))
    one = np.broadcast_to(eye_like(L), tuple(array_of(L).shape))
    identity: Any = one
    return cholesky_solve(identity, L, upper)
