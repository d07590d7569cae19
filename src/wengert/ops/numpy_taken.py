"""What NumPy's functions take, as tensors: arrays, numbers, lists with tensors in them; `out=`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.advice import no_history_in_array
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.ops.join import stack


def taken(value: Any) -> Any:
    """A tensor as it is; arrays and numbers as one, on their memory; lists of tensors stacked."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str) and has_tensor(value):
        return stack([taken(part) for part in value])
    return _new(np.asarray(value), None)


def has_tensor(value: Any) -> bool:
    """Whether there is a tensor in nested lists."""
    if isinstance(value, (list, tuple)):
        return any(map(has_tensor, value))
    return isinstance(value, Tensor)


def plain(value: Any) -> Any:
    """Indices, edges and the like as an array: a tensor's own, if it has values."""
    return value._concrete("this argument") if isinstance(value, Tensor) else np.asarray(value)


def concrete(value: Any, name: str) -> Any:
    """The array of a tensor, whose values decide the shape of the result."""
    array: Any = value._concrete(f"np.{name}") if isinstance(value, Tensor) else value
    return np.asarray(array)


def flat_or(a: Any, axis: Any) -> tuple[Any, Any]:
    """NumPy's axis=None: the flattened tensor, along its only axis."""
    return (a.reshape(-1), 0) if axis is None else (a, axis)


def into(name: str, out: Any, result: Any) -> Any:
    """The result, written into `out` if that is given. Raises ArgumentError for an array."""
    if isinstance(out, tuple):
        out = out[0] if len(out) == 1 else out
    if out is None:
        return result
    if not isinstance(out, Tensor):
        raise no_history_in_array(name)
    return out.copy_(result)


def as_float(x: Any) -> Any:
    """Integers and masks as float64, as NumPy takes means of them."""
    return x if x.dtype.is_floating_point or x.dtype.is_complex else x.double()


def is_given(where: Any) -> bool:
    """Whether a mask `where=` is given; NumPy's default is True, or no value at all."""
    return where is not True and where is not np._NoValue
