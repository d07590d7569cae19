"""Batching rules: how operations apply to values that carry a mapped axis, at its first place.

A rule is (op, values, mapped, attrs, size) -> the value, or the tuple of values, of all slices, the
mapped axis first. `values` are tensors one level lower, numbers and None; `mapped` says which carry
the axis; `size` is its length. Rules are written with operations, so that outer maps and gradients
see what happens. Elementwise operations need none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.op import OPS, Op
from wengert.core.record import apply
from wengert.core.tensor import Tensor

BatchRule = Callable[[Op, Sequence[Any], Sequence[bool], dict[str, Any], int], Any]


def pointwise(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """The operation itself, on values whose slices broadcast against each other as they would."""
    return apply(op, aligned(values, mapped), attrs or None)


def along(*names: str, several: bool = False) -> BatchRule:
    """For operations on one tensor along the dimensions that an attribute names: one further.

    names: attributes that hold a dimension, a tuple of them, or None for all.
    """

    def rule(
        op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
    ) -> Any:
        rank = values[0]._data.ndim - 1
        moved = {name: _further(attrs[name], rank) for name in names}
        return apply(op, list(values), attrs | moved)

    return rule


def _further(dims: Any, rank: int) -> Any:
    """Dimensions of a slice as dimensions of the whole."""
    if dims is None:
        return tuple(range(1, rank + 1))
    if isinstance(dims, (tuple, list)):
        return tuple(_further(dim, rank) for dim in dims)
    return dims + 1 if dims >= 0 else dims + rank + 1


def aligned(values: Sequence[Any], mapped: Sequence[bool]) -> list[Any]:
    """Mapped values with ones behind their first axis, up to the highest rank of all slices."""
    ranks = [rank_of(v) - m for v, m in zip(values, mapped, strict=True) if v is not None]
    rank = max(ranks)
    return [with_rank(v, rank) if m else v for v, m in zip(values, mapped, strict=True)]


def rank_of(value: Any) -> int:
    """The number of dimensions of a tensor or a number."""
    return int(np.ndim(value._data if isinstance(value, Tensor) else value))


def with_rank(value: Tensor, rank: int) -> Any:
    """A mapped value whose slices have `rank` dimensions, new ones in front."""
    shape = value._data.shape
    missing = rank - (len(shape) - 1)
    if missing <= 0:
        return value
    return value[(slice(None), *(None,) * missing)]


def with_axis(value: Any, mapped: bool, size: int) -> Any:
    """The value with the mapped axis: one that has none is repeated, without copying."""
    if mapped:
        return value
    shape = (size, *value._data.shape)
    return OPS["expand"](value, shape=shape)
