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
from wengert.ops.slices import drawn


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
    return new_numbers("rand", uniform, shape, wanted, generator, device, requires_grad)


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
    return new_numbers("randn", standard_normal, shape, wanted, generator, device, requires_grad)


def new_numbers(
    name: str, draw: Any, shape: tuple[int, ...], dtype: NumpyDType, generator: Generator | None,
    device: Any, requires_grad: bool,
) -> Tensor:  # fmt: skip
    """draw(shape, dtype, key, offset) as a new tensor, as often as the maps around it want."""
    marks = next_draw(generator)

    def make(lengths: tuple[int, ...]) -> Tensor:
        data = allocated(lambda s: np.asarray(draw(s, dtype, **marks)), (*lengths, *shape))
        return finished(data, device, False)

    made = drawn(make, name)
    return made.requires_grad_() if requires_grad else made


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
    draw = _integers(first, last, wanted)
    return new_numbers("randint", draw, shape, wanted, generator, device, requires_grad)


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


def _integers(low: int, high: int, dtype: NumpyDType) -> Any:
    check_range(low, high, dtype)
    return lambda shape, dtype, **marks: integers(shape, low, high, dtype, **marks)


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
    length = (int(n),)
    return new_numbers("randperm", _orders, length, wanted, generator, device, requires_grad)


def _orders(shape: tuple[int, ...], dtype: NumpyDType, **marks: int) -> Any:
    """0 to n - 1 in random order, along the last dimension."""
    rows = np.broadcast_to(np.arange(shape[-1], dtype=dtype), shape)
    return stream(**marks).permuted(rows, axis=-1)


@public(torch="rand_like", method=False, differentiable=False)
def rand_like(
    input: Tensor, *, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """Random numbers in [0, 1), of the shape and dtype of another tensor."""
    check_rest("rand_like", rest)
    data = expect_tensor("rand_like", input)._data
    wanted = numpy_dtype(dtype) or data.dtype
    return new_numbers("rand_like", uniform, data.shape, wanted, generator, device, requires_grad)


@public(torch="randn_like", method=False, differentiable=False)
def randn_like(
    input: Tensor, *, generator: Generator | None = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """Normally distributed random numbers of the shape and dtype of another tensor."""
    check_rest("randn_like", rest)
    data = expect_tensor("randn_like", input)._data
    wanted = numpy_dtype(dtype) or data.dtype
    draw = standard_normal
    return new_numbers("randn_like", draw, data.shape, wanted, generator, device, requires_grad)


@public(torch="randint_like", method=False, differentiable=False)
def randint_like(
    input: Tensor, low: int, high: int | None = None, *, generator: Generator | None = None,
    dtype: Any = None, device: Any = None, requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """Random whole numbers, from 0 to low - 1 or from low to high - 1, as another tensor."""
    check_rest("randint_like", rest)
    data = expect_tensor("randint_like", input)._data
    first, last = (0, low) if high is None else (low, high)
    wanted = numpy_dtype(dtype) or data.dtype
    draw = _integers(first, last, wanted)
    return new_numbers("randint_like", draw, data.shape, wanted, generator, device, requires_grad)
