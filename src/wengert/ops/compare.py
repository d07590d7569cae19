"""Whether tensors are equal, or nearly so."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.dtype import dtype_of, float64
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError, DTypeError
from wengert.ops.about import expect_tensor
from wengert.ops.batching import broadcast_rule
from wengert.ops.define import public
from wengert.ops.kinds import discrete
from wengert.ops.samples import Call, Sampler


def _isclose(x: Any, y: Any, *, rtol: float, atol: float, equal_nan: bool) -> Any:
    if rtol == 0 and atol == 0:  # exactly: float64 does not hold every int64
        return (x == y) | (np.isnan(x) & np.isnan(y)) if equal_nan else x == y
    # |x - y| in float64 (complex128): integers far apart must not wrap around.
    wide = np.complex128 if np.result_type(x, y).kind == "c" else np.float64
    a, b = np.asarray(x).astype(wide), np.asarray(y).astype(wide)
    distance = np.abs(a - b)
    close = (x == y) | (np.isfinite(distance) & (distance <= atol + np.abs(rtol * b)))
    if equal_nan:
        close = close | (np.isnan(x) & np.isnan(y))
    return close


def _isclose_written(x: Any, y: Any, *, rtol: float, atol: float, equal_nan: bool) -> Any:
    close = x == y
    if rtol or atol:
        a, b = x.to(float64), y.to(float64)
        distance = np.abs(a - b)
        close = close | (np.isfinite(distance) & (distance <= np.abs(rtol * b) + atol))
    return close | (np.isnan(x) & np.isnan(y)) if equal_nan else close


isclose_op = discrete(
    "isclose", _isclose, torch="isclose", batch=broadcast_rule, written=_isclose_written
)


def _pair_samples(s: Sampler) -> Call:
    shapes = s.broadcastable(2)
    tolerances = {"rtol": s.choice([0.0, 0.1]), "atol": s.choice([0.0, 0.5])}
    return (s.array(shapes[0]), s.array(shapes[1])), tolerances


@public(torch="isclose", differentiable=False, samples=_pair_samples, numpy=(np.isclose,))
def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Any:
    """Where |input - other| <= atol + rtol |other|; equal infinities are close.

    equal_nan: NaN is close to NaN. Raises DTypeError where the dtypes differ.
    """
    _check_pair("isclose", input, other)
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if tolerance < 0:
            raise ArgumentValueError(
                f"{name} must be greater than or equal to zero, but got {tolerance}"
            )
    return isclose_op(input, other, rtol=float(rtol), atol=float(atol), equal_nan=bool(equal_nan))


@public(torch="allclose", differentiable=False, samples=_pair_samples, numpy=(np.allclose,))
def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether all elements are close: see `isclose`."""
    return bool(np.all(isclose(input, other, rtol, atol, equal_nan)._concrete("allclose()")))


def _equal_samples(s: Sampler) -> Call:
    x = s.array(s.shape(min_side=0))
    return (x, s.choice([x.copy(), s.array(s.shape())])), {}


@public(torch="equal", differentiable=False, samples=_equal_samples)
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether shapes and all elements are equal; NaN equals nothing."""
    x = expect_tensor("equal", input)._concrete("equal()")
    y = expect_tensor("equal", other)._concrete("equal()")
    return bool(x.shape == y.shape and np.all(x == y))


def _check_pair(name: str, x: Any, y: Any) -> None:
    first, second = expect_tensor(name, x)._data.dtype, expect_tensor(name, y)._data.dtype
    if first != second:
        raise DTypeError(
            f"{name}: {dtype_of(first).name} did not match {dtype_of(second).name}",
            "Compare in one dtype: x.to(y.dtype).",
        )
