"""Random tensors: rand, randn, randint, randperm, normal, and their forms after another tensor.

torch's distributions, but not torch's numbers. What is made here has no history.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from wengert.core.dtype import NumpyDType, default_float
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ShapeError
from wengert.ops.about import expect_tensor
from wengert.ops.canonical import numpy_dtype
from wengert.ops.define import public
from wengert.ops.distributions import check_range, integers, standard_normal, uniform
from wengert.ops.factories import allocated, check_rest, finished, shape_from
from wengert.ops.generator import Generator, next_draw, stream


@public(torch="rand", method=False, differentiable=False)
def rand(
    *size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """Random numbers, evenly distributed in [0, 1). Raises DTypeError for integer dtypes.

    >>> import wengert as wg
    >>> wg.rand(2, 3).shape
    wengert.Size([2, 3])
    """
    shape = shape_from("rand", size, rest)
    wanted = numpy_dtype(dtype) or default_float()
    return finished(_drawn(uniform, shape, wanted, generator), device, requires_grad)


@public(torch="randn", method=False, differentiable=False)
def randn(
    *size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """Normally distributed random numbers of mean 0 and variance 1.

    Raises DTypeError for integer dtypes.
    """
    shape = shape_from("randn", size, rest)
    wanted = numpy_dtype(dtype) or default_float()
    return finished(_drawn(standard_normal, shape, wanted, generator), device, requires_grad)


def _drawn(
    draw: Any, shape: tuple[int, ...], dtype: NumpyDType, generator: Generator | None
) -> Any:
    marks = next_draw(generator)
    return allocated(lambda s: np.asarray(draw(s, dtype, **marks)), shape)


@public(torch="randint", method=False, differentiable=False)
def randint(
    *bounds: Any, low: Any = None, high: Any = None, size: Any = None,
    generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """Random whole numbers from low to high - 1, all equally likely.

    Called with high and size, or with low, high and size. int64 unless a dtype is given. Raises
    ShapeError for an empty range, DTypeError where the dtype cannot hold it.
    """
    first, last, shape = _randint_arguments(bounds, low, high, size)
    shape = shape_from("randint", (tuple(shape),), rest)
    wanted = numpy_dtype(dtype) or np.dtype(np.int64)
    data = _integers(shape, first, last, wanted, generator)
    return finished(data, device, requires_grad)


def _randint_arguments(
    bounds: tuple[Any, ...], low: Any, high: Any, size: Any
) -> tuple[int, int, Any]:
    given = list(bounds)
    if size is None and given:
        size = given.pop()
    if len(given) == 2 and low is None:
        low = given.pop(0)
    if given and high is None:
        high = given.pop(0)
    if given or high is None or not hasattr(size, "__len__"):
        raise ArgumentError(
            "randint() takes high and size, or low, high and size, where size is a tuple",
            "randint(0, 10, (2, 3)).",
        )
    try:
        return operator.index(0 if low is None else low), operator.index(high), size
    except TypeError:
        raise ArgumentError("randint(): low and high must be integers") from None


def _integers(
    shape: tuple[int, ...], low: int, high: int, dtype: NumpyDType, generator: Generator | None
) -> Any:
    check_range(low, high, dtype)
    marks = next_draw(generator)
    return allocated(lambda s: np.asarray(integers(s, low, high, dtype, **marks)), shape)


@public(torch="randperm", method=False, differentiable=False)
def randperm(
    n: int, *, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """The numbers from 0 to n - 1 in random order."""
    check_rest("randperm", rest)
    if not hasattr(n, "__index__"):
        raise ArgumentError(f"randperm(): n must be an int, not {type(n).__name__}")
    if n < 0:
        raise ShapeError(f"randperm(): n must not be negative, as is {n}")
    wanted = numpy_dtype(dtype) or np.dtype(np.int64)
    check_range(0, max(int(n), 1), wanted)
    order = stream(**next_draw(generator)).permutation(int(n))
    return finished(order.astype(wanted), device, requires_grad)


@public(torch="rand_like", method=False, differentiable=False)
def rand_like(
    input: Tensor, *, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """Random numbers in [0, 1), of the shape and dtype of another tensor."""
    check_rest("rand_like", rest)
    data = expect_tensor("rand_like", input)._data
    drawn = _drawn(uniform, data.shape, numpy_dtype(dtype) or data.dtype, generator)
    return finished(drawn, device, requires_grad)


@public(torch="randn_like", method=False, differentiable=False)
def randn_like(
    input: Tensor, *, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """Normally distributed random numbers of the shape and dtype of another tensor."""
    check_rest("randn_like", rest)
    data = expect_tensor("randn_like", input)._data
    drawn = _drawn(standard_normal, data.shape, numpy_dtype(dtype) or data.dtype, generator)
    return finished(drawn, device, requires_grad)


@public(torch="randint_like", method=False, differentiable=False)
def randint_like(
    input: Tensor, low: int, high: int | None = None, *, generator: Generator | None = None,
    dtype: Any = None, device: Any = None, requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """Random whole numbers, from 0 to low - 1 or from low to high - 1, as another tensor."""
    check_rest("randint_like", rest)
    data = expect_tensor("randint_like", input)._data
    first, last = (0, low) if high is None else (low, high)
    drawn = _integers(data.shape, first, last, numpy_dtype(dtype) or data.dtype, generator)
    return finished(drawn, device, requires_grad)
