"""Work on mapped values as NumPy's, where no other level needs to see it.

A batched tensor's contents are an ordinary tensor with the mapped axis in front. If that has no
history and no tangents, an elementwise operation on slices is the same operation on the arrays,
aligned, and another's batching rule takes the arrays; nothing needs to be wrapped, recorded or
dispatched on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from wengert.core.computing import _scalar, cast, compute
from wengert.core.half import is_half
from wengert.core.handles import _new
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.core.view import View
from wengert.modes import State
from wengert.ops.batching import broadcast_rule

SEEN: Final = object()
"""What stands for a value that another level has to see."""

_ORDINARY: Final = (Tensor, View)
_NUMBERS: Final = (int, float, bool, complex)


def is_elementwise(op: Op) -> bool:
    """Whether slices are computed like the whole, once their dimensions are aligned."""
    return op.batch is broadcast_rule and op.kind in ("elementwise", "discrete")


def plain(level: Any, value: Any) -> Any:
    """An argument at a map's level as an array, the mapped axis first if there is one, or SEEN."""
    kind = type(value)
    if kind in _ORDINARY:
        return value._data if value._node is None else SEEN
    if level is not None and getattr(value, "_at", None) is level:
        inner = value._value
        return inner._data if type(inner) in _ORDINARY and inner._node is None else SEEN
    if value is None or kind in _NUMBERS or kind is np.ndarray or isinstance(value, np.generic):
        return value
    return SEEN


def leading(data: Any, rank: int) -> Any:
    """An array with its first axis in front of `rank` others."""
    missing = rank + 1 - data.ndim
    if missing <= 0:
        return data
    shape = data.shape
    return data.reshape((shape[0], *(1,) * missing, *shape[1:]))


def rank_of(args: Any) -> int:
    """The highest number of dimensions among tensors and arrays."""
    rank = 0
    for a in args:
        if isinstance(a, Tensor):
            ndim = a._data.ndim
        elif isinstance(a, np.ndarray):
            ndim = a.ndim
        else:
            continue
        if ndim > rank:
            rank = ndim
    return rank


def on_arrays(
    op: Op, args: Sequence[Any], attrs: dict[str, Any] | None, level: Any, state: State
) -> Any:
    """What an operation makes of plain arrays of one dtype, if that is what the arguments are."""
    found = None if state.fresh is not None else _arrays_in(op, args, level)
    if found is None:  # or a function is being compiled, whose trace has to see everything
        return None
    arrays, mapped = found
    try:
        if not any(mapped):
            result = compute(op, arrays, attrs, state)
        elif is_elementwise(op):
            rank = rank_of(args)
            aligned = [leading(x, rank) if m else x for x, m in zip(arrays, mapped, strict=True)]
            result = compute(op, aligned, attrs, state)
        elif op.batch is not None:
            result = state.run(op.batch, op, arrays, mapped, attrs or {}, level.size)
        else:
            return None
    except (ValueError, IndexError, TypeError, RuntimeError):
        return None  # it fails again on tensors, and is explained
    is_mapped = any(mapped)
    if isinstance(result, tuple):
        return tuple(level.lift(_new(_scalar(r), None), is_mapped) for r in result)
    return level.lift(_new(_scalar(result), None), is_mapped)


def _arrays_in(op: Op, args: Sequence[Any], level: Any) -> tuple[list[Any], list[bool]] | None:
    """The arguments as arrays, and which are mapped; None where other levels have to see them."""
    arrays: list[Any] = []
    mapped: list[bool] = []
    dtype: Any = None
    for a in args:
        data = plain(level, a)
        if data is SEEN:
            return None
        arrays.append(data)
        mapped.append(getattr(a, "_mapped", False))
        if isinstance(a, Tensor):
            if data.dtype.itemsize == 2 and is_half(data.dtype):
                return None  # rules on arrays would round after each step: see core/half.py
            if op.promotion != "none" and data.dtype is not dtype:
                if dtype is not None or data.dtype.kind != "f":
                    return None
                dtype = data.dtype
        elif type(a) is complex or isinstance(a, (np.ndarray, np.generic)):
            return None
    if op.promotion != "none":
        arrays = [cast(d, dtype) for d in arrays]
    return arrays, mapped
