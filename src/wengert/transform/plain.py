"""Elementwise work on mapped values as NumPy's, where no other level needs to see it.

A batched tensor's contents are an ordinary tensor with the mapped axis in front. If that has no
history and no tangents, an elementwise operation on slices is the same operation on the arrays,
aligned; nothing needs to be wrapped, recorded or dispatched on the way.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.core.view import View
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
