"""Determinants, and the matrix of cofactors, which is their slope."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.ops.arguments import array_of
from wengert.ops.batching import behind_first
from wengert.ops.batching_products import rows_rule
from wengert.ops.define import public
from wengert.ops.inverse import inv_op, well_conditioned
from wengert.ops.kinds import general
from wengert.ops.matrices import (
    check_square,
    is_complex,
    real_dtype,
)
from wengert.ops.named_parts import SlogdetResult


def _det(x: Any) -> Any:
    check_square("linalg.det", x)
    return np.linalg.det(x)


def _number_per_matrix(x: Aval) -> Aval:
    check_square("linalg.det", x)
    return Aval(x.shape[:-2], x.dtype)


det_op = general(
    "linalg_det", _det, pullbacks=[lambda ct, x: ct[..., None, None] * cofactor_op(x)],
    saved_as=("A",),
    pushforward=lambda x_dot, x: np.sum(cofactor_op(x) * x_dot, axis=(-2, -1)),
    torch="linalg.det", grad_name="LinalgDetBackward0", aval=_number_per_matrix,
    latex=r"\det {}",
    explain="the slope in one element is its cofactor: the determinant without its row and column",
    source="d det(A) = tr(adj(A) dA)",
    batch=behind_first,
)  # fmt: skip


# Cofactors ---------------------------------------------------------------------------------------
#
# det(A) A^-T where A is regular. Everywhere, and as exactly for a singular matrix, it is made of
# the singular values: for A = U S V^H, what all but one of them have for their product.


class _Factored:
    """A = U S V^H, and det(U) det(V^H), a number of absolute value 1."""

    def __init__(self, x: Any) -> None:
        self.u, self.s, self.vh = np.linalg.svd(x)
        self.turn = np.linalg.det(self.u) * np.linalg.det(self.vh)

    def back(self, middle: Any) -> Any:
        """conj(U) M conj(V^H), times that number."""
        return np.conj(self.u) @ (self.turn[..., None, None] * middle) @ np.conj(self.vh)


def _products(s: Any) -> tuple[Any, Any]:
    """Of the values of each vector, the products of all up to each, and of all from each on."""
    ones = np.ones_like(s[..., :1])
    before = np.concatenate([ones, np.cumprod(s, -1)], -1)
    after = np.concatenate([np.cumprod(s[..., ::-1], -1)[..., ::-1], ones], -1)
    return before, after


def _without_one(s: Any) -> Any:
    """Per value, the product of the others."""
    before, after = _products(s)
    return before[..., :-1] * after[..., 1:]


def _without_two(s: Any) -> Any:
    """Per pair of values, the product of the others: (..., n) -> (..., n, n). s is descending."""
    n = s.shape[-1]
    before, after = _products(s)
    low, high = np.indices((n, n))
    low, high = np.minimum(low, high), np.maximum(low, high)
    start = before[..., low + 1]
    # Values between the two are zero only if all from the first zero on are.
    between = np.where(start == 0, 0, before[..., high] / np.where(start == 0, 1, start))
    between = np.where(high == low + 1, 1, between)
    return before[..., low] * between * after[..., high + 1]


def _cofactor(x: Any) -> Any:
    check_square("linalg.det", x)
    if x.size == 0:
        return np.zeros_like(x)
    found = _Factored(x)
    return found.back(_without_one(found.s)[..., None] * np.eye(x.shape[-1], dtype=x.dtype))


cofactor_op: Op = general(
    "cofactor", _cofactor, pullbacks=[lambda ct, x: cofactor_step(ct, x)],
    pushforward=lambda x_dot, x: cofactor_step(x_dot, x), aval=lambda x: x,
    no_torch="the slope of the determinant",
    explain="each cofactor moves with the elements outside of its row and column",
    source="dC = tr(A^-1 dA) C - C dA^T A^-T for C = det(A) A^-T",
    batch=behind_first,
)  # fmt: skip


def _cofactor_step(step: Any, x: Any) -> Any:
    """The second derivative of det along a step, which is symmetric in its two directions."""
    check_square("linalg.det", x)
    if x.size == 0:
        return np.zeros_like(x)
    found = _Factored(x)
    turned = np.conj(found.u).mT @ step @ np.conj(found.vh).mT
    n = x.shape[-1]
    others = _without_two(found.s) * (1 - np.eye(n, dtype=found.s.dtype))
    sums = others @ np.diagonal(turned, axis1=-2, axis2=-1)[..., None]
    return found.back(sums * np.eye(n, dtype=x.dtype) - others * turned.mT)


def _to_matrix(ct: Any, step: Any, x: Any) -> Any:
    """The third derivative, from det(A) (<B, S> <B, T> - <T, B S^T B>) with B = A^-T.

    It needs a regular matrix.
    """
    b = inv_op(x, check=False).mT
    first, second = b @ step.mT @ b, b @ ct.mT @ b
    by_step, by_ct = _inner(b, step), _inner(b, ct)
    both = (by_step * by_ct - _inner(ct, first)) * b - by_ct * first - by_step * second
    return det_op(x)[..., None, None] * (both + first @ ct.mT @ b + second @ step.mT @ b)


def _inner(x: Any, y: Any) -> Any:
    return np.sum(x * y, axis=(-2, -1))[..., None, None]


cofactor_step: Op = general(
    "cofactor_step", _cofactor_step,
    pullbacks=[lambda ct, x: cofactor_step(ct, x), _to_matrix],
    aval=lambda step, x: x, no_torch="the second derivative of the determinant",
    explain="linear in the step; in the matrix, cofactors of cofactors",
    source="d^2 det(A) = tr(A^-1 S) C - C S^T A^-T",
    batch=rows_rule,
)  # fmt: skip


# Logarithms --------------------------------------------------------------------------------------


def _slogdet(x: Any) -> tuple[Any, Any]:
    check_square("linalg.slogdet", x)
    sign, logarithm = np.linalg.slogdet(x)
    return sign, logarithm


def _slogdet_pullback(ct: Any, x: Any, out: Any) -> Any:
    slope: Any = ct[1][..., None, None]
    if is_complex(x):
        turned = np.imag(np.conj(ct[0]) * out[0])
        slope = slope - 1j * turned[..., None, None]
    inverse = inv_op(x, check=False).mT
    return slope * (np.conj(inverse) if is_complex(x) else inverse)


def _slogdet_aval(x: Aval) -> tuple[Aval, Aval]:
    check_square("linalg.slogdet", x)
    return Aval(x.shape[:-2], x.dtype), Aval(x.shape[:-2], real_dtype(x.dtype))


slogdet_op = general(
    "linalg_slogdet", _slogdet, pullbacks=[_slogdet_pullback], outputs=2, holomorphic=False,
    saved_as=("A",), results_as=("sign", "logabsdet"),
    torch="linalg.slogdet", aval=_slogdet_aval,
    explain="the slope of the logarithm is the inverse, transposed; the sign is constant",
    source="d log|det A| = Re tr(A^-1 dA), d sign = i Im tr(A^-1 dA) sign",
    batch=behind_first,
)  # fmt: skip


# Public ------------------------------------------------------------------------------------------


@public(torch="linalg.det", room="linalg", names=("det",), samples=well_conditioned)
def det(A: Tensor) -> Any:
    """The determinant of square matrices: (..., n, n) -> (...).

    Its first and second derivatives are exact for singular matrices, too.

    >>> import wengert as wg
    >>> wg.linalg.det(wg.tensor([[2.0, 1.0], [1.0, 2.0]]))
    tensor(3.)
    """
    array_of(A)
    return det_op(A)


@public(torch="linalg.slogdet", room="linalg", names=("slogdet",), samples=well_conditioned)
def slogdet(A: Tensor) -> Any:
    """(sign, logabsdet) of the determinant: det = sign exp(logabsdet), which does not overflow.

    (..., n, n) -> (...), (...). A singular matrix has sign 0 and logarithm -inf.
    """
    array_of(A)
    return SlogdetResult(*slogdet_op(A))


@public(torch="logdet", samples=well_conditioned)
def logdet(input: Tensor) -> Any:
    """The logarithm of the determinant: (..., n, n) -> (...). NaN where that is negative."""
    sign, logarithm = slogdet_op(input)
    if is_complex(sign):
        return logarithm + np.log(sign)
    return np.where(sign == -1, np.nan, logarithm)
