"""Batching rules: how operations apply to values that carry a mapped axis, at its first place.

A rule is (op, values, mapped, attrs, size) -> the value, or the tuple of values, of all slices, the
mapped axis first. `values` are tensors one level lower, numbers and None; `mapped` says which carry
the axis; `size` is its length. Rules are expressions in operations and in what arrays and tensors
have in common: on tensors, outer maps and gradients see what happens; where there are none, a rule
is given arrays, and nothing is wrapped. Elementwise operations need none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.record import apply
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor

BatchRule = Callable[[Op, Sequence[Any], Sequence[bool], dict[str, Any], int], Any]


def broadcast_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """The operation itself, on values whose slices broadcast against each other as they would."""
    return apply(op, aligned(values, mapped), attrs or None)


def along(*names: str) -> BatchRule:
    """For operations on one tensor along the dimensions that an attribute names: one further.

    names: attributes that hold a dimension, a tuple of them, or None for all.
    """

    def rule(
        op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
    ) -> Any:
        rank = rank_of(values[0]) - 1
        moved = {name: _further(attrs[name], rank or 1) for name in names}
        if rank == 0 and op.view and op.name != "unsqueeze":
            return OPS["alias"](values[0])
        if rank == 0 and not op.view:
            return unit(values, lambda given: apply(op, given, attrs | moved))
        return apply(op, values, attrs | moved)

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
    """The number of dimensions of a tensor, an array or a number."""
    if isinstance(value, Tensor):
        value = value._data
    return int(value.ndim) if hasattr(value, "ndim") else 0


def is_number(value: Any) -> bool:
    """Whether a value is a Python number, or left out."""
    return value is None or isinstance(value, (int, float, complex))


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a tensor or an array."""
    return tuple((value._data if isinstance(value, Tensor) else value).shape)


def dtype_in(value: Any) -> np.dtype[Any]:
    """NumPy's dtype of a tensor or an array."""
    dtype: np.dtype[Any] = (value._data if isinstance(value, Tensor) else value).dtype
    return dtype


def move_axes(value: Any, source: Any, destination: Any) -> Any:
    """A tensor or an array with dimensions in other places."""
    if isinstance(value, Tensor):
        return value.movedim(source, destination)
    return np.moveaxis(value, source, destination)


def with_rank(value: Tensor, rank: int) -> Any:
    """A mapped value whose slices have `rank` dimensions, new ones in front."""
    shape = shape_of(value)
    missing = rank - (len(shape) - 1)
    if missing <= 0:
        return value
    return value[(slice(None), *(None,) * missing)]


def with_axis(value: Any, mapped: bool, size: int) -> Any:
    """The value with the mapped axis: one that has none is repeated, without copying."""
    if mapped:
        return value
    shape = (size, *shape_of(value))
    return OPS["expand"](value, shape=shape)


def unit(values: Sequence[Any], rule: Callable[[Sequence[Any]], Any]) -> Any:
    """A rule for slices with dimensions, on slices that are single numbers."""
    size = shape_of(values[0])[0]
    found = rule([values[0][:, None], *values[1:]])
    if isinstance(found, tuple):
        return tuple(one.reshape((size,)) for one in found)
    return found.reshape((size,))


def reshape_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """For operations whose attribute `shape` is the result's."""
    return apply(op, values, attrs | {"shape": (size, *attrs["shape"])})


def expand_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """expand: the slices get their new dimensions first."""
    value = with_rank(values[0], len(attrs["shape"]))
    return apply(op, [value], {"shape": (size, *attrs["shape"])})


def repeat_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """repeat: likewise."""
    value = with_rank(values[0], len(attrs["repeats"]))
    return apply(op, [value], {"repeats": (1, *attrs["repeats"])})


def permute_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """permute: the mapped axis stays in front."""
    rank = rank_of(values[0]) - 1
    return apply(op, values, {"dims": (0, *(d % rank + 1 for d in attrs["dims"]))})


def t_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """t: the last two axes, where there are two."""
    if rank_of(values[0]) < 3:
        return OPS["alias"](values[0])
    return OPS["transpose"](values[0], dim0=1, dim1=2)


def squeeze_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """squeeze: the mapped axis stays, whatever its length."""
    shape = shape_of(values[0])[1:]
    dim = attrs["dim"]
    dims = range(len(shape)) if dim is None else dim if isinstance(dim, tuple) else (dim,)
    going = {d % len(shape) for d in dims} if shape else set()
    kept = tuple(d + 1 for d in going if shape[d] == 1)
    return apply(op, values, {"dim": kept})


def part_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """For basic indices: the mapped axis is taken whole."""
    moved: dict[str, Any] = {"index": (slice(None), *attrs["index"])}
    if "shape" in attrs:
        moved["shape"] = (size, *attrs["shape"])
    return apply(op, values, attrs | moved)


def over_all(name: str) -> BatchRule:
    """For reductions of everything to one number: another operation, over all but the first."""

    def rule(
        op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
    ) -> Any:
        rank = rank_of(values[0]) - 1
        if not rank:
            return OPS["alias"](values[0])
        return OPS[name](values[0], dim=tuple(range(1, rank + 1)), keepdim=False)

    return rule


def join_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """cat and stack: all of them with the mapped axis, one dimension further."""
    whole = [with_axis(v, m, size) for v, m in zip(values, mapped, strict=True)]
    return apply(op, whole, attrs | {"dim": attrs["dim"] + 1})


def into_first(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """For operations that put something in the place of their first input."""
    first = with_axis(values[0], mapped[0], size)
    rank = rank_of(first) - 1
    rest = [with_rank(v, rank) if m else v for v, m in zip(values[1:], mapped[1:], strict=True)]
    return apply(op, [first, *rest], attrs or None)


def shaped_along(*names: str) -> BatchRule:
    """As along, for operations whose attribute `shape` is the result's, too."""
    rule = along(*names)

    def with_shape(
        op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
    ) -> Any:
        rank = len(attrs["shape"])
        moved = {name: attrs[name] % rank + 1 for name in names}
        return apply(op, values, attrs | moved | {"shape": (size, *attrs["shape"])})

    return with_shape if names else rule


def roll_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """roll: without dimensions, as if each slice had one."""
    if attrs["dims"]:
        return along("dims")(op, values, mapped, attrs, size)
    shape = tuple(shape_of(values[0]))
    flat = values[0].reshape((size, int(np.prod(shape[1:]))))
    return apply(op, [flat], attrs | {"dims": (1,) * len(attrs["shifts"])}).reshape(shape)


def mode_pad_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """pad: nothing is added along the mapped axis."""
    return apply(op, values, attrs | {"pads": ((0, 0), *attrs["pads"])})


def flat_reduction(name: str) -> BatchRule:
    """median and nanmedian of everything: along the one dimension of flattened slices."""

    def rule(
        op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
    ) -> Any:
        flat = values[0].reshape((size, int(np.prod(shape_of(values[0])[1:]))))
        return OPS[name](flat, dim=1, keepdim=False)[0]

    return rule


def behind_first(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """For operations along the last dimension: the mapped axis is one more in front."""
    wide = [with_axis(v, m, size) for v, m in zip(values, mapped, strict=True)]
    return apply(op, wide, attrs or None)
