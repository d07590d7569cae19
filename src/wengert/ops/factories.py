"""Tensors of a given shape: zeros, ones, empty, full, eye.

These are no operations: what they make has no history. `layout`, `pin_memory` and `memory_format`
are accepted everywhere and mean nothing here.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from wengert.core.dtype import NumpyDType, as_dtype, default_float, weak_dtype
from wengert.core.handles import fresh
from wengert.core.marks import mark_inference
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, DTypeError, ShapeError, TraceError
from wengert.modes import current
from wengert.ops.canonical import check_device, numpy_dtype
from wengert.ops.create import tensor
from wengert.ops.define import public
from wengert.ops.samples import Call, Sampler

_WITHOUT_MEANING: Final = {"layout", "memory_format", "pin_memory", "non_blocking"}


def check_rest(name: str, rest: dict[str, Any]) -> None:
    """Raise ArgumentError for keyword arguments that mean something elsewhere, or nowhere."""
    unknown = [key for key in rest if key not in _WITHOUT_MEANING]
    if unknown:
        raise ArgumentError(f"{name}() got an unexpected keyword argument {unknown[0]!r}")


def shape_from(name: str, size: tuple[Any, ...], rest: dict[str, Any]) -> tuple[int, ...]:
    """A shape given as f(2, 3), f((2, 3)) or f(size=(2, 3)); checks the other keywords, too."""
    given = (rest.pop("size"),) if not size and "size" in rest else size
    check_rest(name, rest)
    if not given:
        raise ArgumentError(f"{name}() needs a size", f"For example {name}(2, 3), or {name}(()).")
    if len(given) == 1 and not hasattr(given[0], "__index__") and hasattr(given[0], "__len__"):
        given = tuple(given[0])
    try:
        shape = tuple(operator.index(length) for length in given)
    except TraceError:
        raise  # it says what to do about a size that is traced
    except TypeError:
        raise ArgumentError(
            f"{name}(): a size is made of integers, not {given}",
            f"{name}(2, 3) or {name}((2, 3)); anything else is given by keyword, as dtype=...",
        ) from None
    if min(shape, default=0) < 0:
        raise ShapeError(
            f"{name}: a length must not be negative, as in {shape}",
            "A length of 0 makes an empty tensor; only reshape takes -1, for what is left.",
        )
    return shape


def allocated(make: Callable[..., Any], shape: tuple[int, ...], *rest: Any) -> Any:
    """make(shape, ...), a NumPy scalar for no dimensions. Raises ShapeError if it is too large."""
    try:
        return make(shape, *rest)[()]
    except ValueError as error:
        raise ShapeError(f"no array can have the shape {shape}: {error}") from None


def finished(array: Any, device: Any, requires_grad: bool) -> Tensor:
    """A tensor on a new array."""
    check_device(device)
    made = fresh(array)
    if current().inference:
        mark_inference(made)
    return made.requires_grad_() if requires_grad else made


def number_from(name: str, value: Any) -> Any:
    """A Python number from a number or a 0-d tensor without history."""
    if isinstance(value, Tensor) and (value.shape or value.requires_grad):
        raise ArgumentError(
            f"{name}(): a value must be a number, not a tensor of shape {tuple(value.shape)}"
            + (" that requires grad" if value.requires_grad else ""),
            "Use value.expand(shape): gradients go through it.",
        )
    if isinstance(value, (Tensor, np.generic)):
        value = value.item()
    if not isinstance(value, (int, float, complex)):
        raise ArgumentError(f"{name}(): a value must be a number, not {type(value).__name__}")
    return value


def number_in(name: str, value: Any, dtype: NumpyDType) -> Any:
    """A Python number as a NumPy scalar of some dtype. Raises DTypeError where it does not fit."""
    if isinstance(value, complex) and dtype.kind not in "cb":
        raise DTypeError(f"{name}(): {value} cannot be converted to {as_dtype(dtype).name}")
    return tensor(value, dtype=dtype)._data


# Of a shape --------------------------------------------------------------------------------------


def _shape_samples(s: Sampler) -> Call:
    shape = s.shape(min_side=0)
    return s.choice([shape, (shape,)]) or ((),), {}


@public(torch="zeros", method=False, differentiable=False, samples=_shape_samples)
def zeros(
    *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **rest: Any
) -> Tensor:
    """A tensor of zeros, in the default dtype unless one is given.

    The size is given as separate integers or as a tuple. Raises ShapeError for negative ones.

    >>> import wengert as wg
    >>> wg.zeros(2, dtype=wg.int64)
    tensor([0, 0])
    """
    shape = shape_from("zeros", size, rest)
    data = allocated(np.zeros, shape, numpy_dtype(dtype) or default_float())
    return finished(data, device, requires_grad)


@public(torch="ones", method=False, differentiable=False, samples=_shape_samples)
def ones(
    *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **rest: Any
) -> Tensor:
    """A tensor of ones."""
    shape = shape_from("ones", size, rest)
    data = allocated(np.ones, shape, numpy_dtype(dtype) or default_float())
    return finished(data, device, requires_grad)


@public(torch="empty", method=False, differentiable=False)
def empty(
    *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **rest: Any
) -> Tensor:
    """A tensor of whatever was in its memory: to be written before it is read."""
    shape = shape_from("empty", size, rest)
    data = allocated(np.empty, shape, numpy_dtype(dtype) or default_float())
    return finished(data, device, requires_grad)


def _full_samples(s: Sampler) -> Call:
    return (s.shape(min_side=0), s.choice([s.number(-3, 3), s.integer(-3, 3), True])), {}


@public(torch="full", method=False, differentiable=False, samples=_full_samples)
def full(
    size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """A tensor of one value, in the dtype that the value would have as a tensor.

    Raises DTypeError where the value does not fit the dtype.

    >>> import wengert as wg
    >>> wg.full((2,), 3)
    tensor([3, 3])
    """
    if not hasattr(size, "__len__"):
        raise ArgumentError(f"full(): size is a tuple of ints, not {type(size).__name__}")
    shape = shape_from("full", (tuple(size),), rest)
    value = number_from("full", fill_value)
    wanted = numpy_dtype(dtype) or weak_dtype(value)
    data = allocated(np.full, shape, number_in("full", value, wanted), wanted)
    return finished(data, device, requires_grad)


def _eye_samples(s: Sampler) -> Call:
    return s.choice([(s.integer(0, 4),), (s.integer(0, 4), s.integer(0, 4))]), {}


@public(torch="eye", method=False, differentiable=False, samples=_eye_samples)
def eye(
    n: int, m: int | None = None, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """Ones on the diagonal of an n x m matrix (n x n if m is not given), zeros elsewhere."""
    rows, columns = shape_from("eye", (n, n if m is None else m), rest)
    data = np.eye(rows, columns, dtype=numpy_dtype(dtype) or default_float())
    return finished(data, device, requires_grad)
