"""Batching rules of operations that take indices, and of those whose results depend on data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.record import apply
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.errors import BatchingError
from wengert.ops.arguments import array_of
from wengert.ops.batching import (
    BatchRule,
    dtype_in,
    is_number,
    move_axes,
    rank_of,
    shape_of,
    unit,
    with_axis,
    with_rank,
)

Attrs = dict[str, Any]


def together(op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int) -> Any:
    """For operations on several tensors of one rank along `dim`: all with the axis, one further."""
    whole = [None if v is None else with_axis(v, m, size) for v, m in _pairs(values, mapped)]
    first = next(v for v in whole if v is not None)
    changed: Attrs = {"dim": attrs["dim"] % max(rank_of(first) - 1, 1) + 1}
    if "shape" in attrs:
        changed["shape"] = (size, *attrs["shape"])
    if rank_of(first) == 1:
        longer = [None if v is None else v[:, None] for v in whole]
        if "shape" in attrs:
            changed["shape"] = (size, 1)
        return apply(op, longer, attrs | changed).reshape((size,))
    return apply(op, whole, attrs | changed)


def _pairs(values: Sequence[Any], mapped: Sequence[bool]) -> list[tuple[Any, bool]]:
    return list(zip(values, mapped, strict=True))


def flat_when_none(name: str = "dim") -> BatchRule:
    """For operations along one dimension, or on everything as if it had one."""

    def rule(op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int) -> Any:
        x = values[0]
        rank = rank_of(x) - 1
        keepdim = attrs.get("keepdim", False)
        if attrs[name] is None or rank == 0:
            flat = x.reshape((size, int(np.prod(shape_of(x)[1:]))))
            found = apply(op, [flat], attrs | {name: 1} | _unless_kept(attrs))
            shape = (size, *(1,) * rank) if keepdim else (size,)
            return found.reshape(shape)
        return apply(op, values, attrs | {name: attrs[name] % rank + 1})

    return rule


def _unless_kept(attrs: Attrs) -> Attrs:
    return {"keepdim": False} if "keepdim" in attrs else {}


def index_select_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """index_select: by gather, where every slice has indices of its own."""
    x, index = values
    rank = rank_of(x) - mapped[0]
    if not mapped[1]:
        if rank == 0:
            return unit([x, index], lambda given: apply(op, given, {"dim": 1}))
        return apply(op, values, {"dim": attrs["dim"] % rank + 1})
    x = with_axis(x, mapped[0], size)
    if rank == 0:
        return x if rank_of(index) == 1 else OPS["expand"](x[:, None], shape=shape_of(index))
    dim = attrs["dim"] % rank
    count = shape_of(index)[1] if rank_of(index) > 1 else 1
    places = index.reshape((size, *(1,) * dim, count, *(1,) * (rank - dim - 1)))
    shape = (*shape_of(x)[: dim + 1], count, *shape_of(x)[dim + 2 :])
    return OPS["gather"](x, OPS["expand"](places, shape=shape), dim=dim + 1)


def take_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """take: from the flattened slices."""
    x, index = values
    if not mapped[0]:
        return apply(op, values, None)
    flat = x.reshape((size, int(np.prod(shape_of(x)[1:]))))
    shape = shape_of(index)[1:] if mapped[1] else shape_of(index)
    places = with_axis(index, mapped[1], size).reshape((size, int(np.prod(shape))))
    places = OPS["where"](OPS["lt"](places, 0), places + shape_of(flat)[1], places)
    return OPS["gather"](flat, places, dim=1).reshape((size, *shape))


def scattered(by: str) -> BatchRule:
    """For index_add, index_copy and index_fill: where indices are mapped, by a scatter."""

    def rule(op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int) -> Any:
        x, index, *rest = values
        is_x, is_index, *is_rest = mapped
        shape = attrs["shape"]
        if not shape:
            return _unit_scattered(op, values, mapped, attrs, size)
        dim = attrs["dim"] % len(shape)
        x = None if x is None else with_axis(x, is_x, size)
        moved = attrs | {"dim": dim + 1, "shape": (size, *shape)}
        if not is_index:
            wide = [with_axis(v, m, size) for v, m in zip(rest, is_rest, strict=True)]
            if rest and not _is_slicewise(rest[0], is_rest[0], shape) and is_rest[0]:
                return _filled(x, OPS["index_fill"], index, rest[0], moved)
            given = wide if rest and _is_slicewise(rest[0], is_rest[0], shape) else rest
            return apply(op, [x, index, *given], moved)
        count = shape_of(index)[1] if rank_of(index) > 1 else 1
        places = index.reshape((size, *(1,) * dim, count, *(1,) * (len(shape) - dim - 1)))
        wanted = (size, *shape[:dim], count, *shape[dim + 1 :])
        places = OPS["expand"](places, shape=wanted)
        target: Attrs = {"dim": dim + 1, "shape": (size, *shape)}
        if "value" in attrs:
            return OPS["scatter_value"](x, places, value=attrs["value"], **target)
        if not _is_slicewise(rest[0], is_rest[0], shape):
            value = with_axis(rest[0], is_rest[0], size)
            return _filled(x, OPS["scatter_value"], places, value, target)
        source = _source(rest[0], is_rest[0], wanted, size)
        if attrs.get("alpha", 1) != 1:
            source = source * attrs["alpha"]
        return OPS[by](x, places, source, **target)

    return rule


def _is_slicewise(source: Any, mapped: bool, shape: tuple[int, ...]) -> bool:
    """Whether the source has the dimensions of x: a value that fills has none."""
    return rank_of(source) - mapped == len(shape)


def _source(source: Any, mapped: bool, shape: tuple[int, ...], size: int) -> Any:
    whole = with_axis(source, mapped, size)
    return OPS["expand"](with_rank_behind(whole, len(shape)), shape=shape)


def with_rank_behind(value: Tensor, rank: int) -> Any:
    """A value with ones behind its dimensions."""
    return value[(..., *(None,) * (rank - rank_of(value)))]


def _filled(x: Any, fill: Op, index: Any, value: Any, where: Attrs) -> Any:
    """index_fill with one value per slice: by a mask, as an element named twice is filled once."""
    none = np.zeros(shape_of(x), bool)
    mask = fill(none, index, value=True, dim=where["dim"], shape=where["shape"])
    return OPS["where"](mask, with_rank_behind(value, rank_of(x)), x)


def _unit_scattered(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """Slices that are single numbers, as slices with one element."""
    pairs = _pairs(values, mapped)
    wide: list[Any] = [None if v is None else with_axis(v, m, size) for v, m in pairs]
    x, index, *rest = wide
    longer = [None if x is None else x[:, None], index.reshape((size, -1))]
    longer += [r.reshape((size, -1)) if rank_of(r) > 1 else r[:, None] for r in rest]
    rule = op.batch
    assert rule is not None
    return rule(op, longer, [True] * len(longer), attrs | {"shape": (1,)}, size).reshape((size,))


def index_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """x[indices]: the mapped axis is one more index, or is taken whole."""
    x, *indices = values
    refuse_mapped_masks("indexing", indices, mapped[1:])
    dims = tuple(d + 1 for d in attrs["dims"])
    if not any(mapped[1:]):
        found = apply(op, values, {"dims": dims})
        front = _index_rank(indices, [False] * len(indices))
        # Index dimensions that do not stand together go first, before the mapped axis.
        return found if _adjacent(dims, indices) else move_axes(found, front, 0)
    x = with_axis(x, mapped[0], size)
    arrays, at = _with_slices(indices, mapped[1:], dims, size)
    found = apply(op, [x, *arrays], {"dims": at})
    return _placed(found, dims, indices, mapped[1:])


def _with_slices(
    indices: Sequence[Any], mapped: Sequence[bool], dims: Sequence[int], size: int
) -> tuple[list[Any], tuple[int, ...]]:
    """The indices with one in front that names the slice."""
    masks_as_integers: list[Any] = []
    at: list[int] = []
    flags: list[bool] = []
    for index, is_mapped, dim in zip(indices, mapped, dims, strict=True):
        if dtype_in(index) == np.bool_:
            found = array_of(index).nonzero()
            masks_as_integers += found
            at += range(dim, dim + len(found))
            flags += [False] * len(found)
        else:
            masks_as_integers.append(index)
            at.append(dim)
            flags.append(is_mapped)
    rank = _index_rank(masks_as_integers, flags)
    slices = np.arange(size).reshape((size, *(1,) * rank))
    arrays = [with_rank(i, rank) if m else i for i, m in zip(masks_as_integers, flags, strict=True)]
    return [slices, *arrays], (0, *at)


def _index_rank(indices: Sequence[Any], mapped: Sequence[bool]) -> int:
    """The number of dimensions that the indices give a slice's result."""
    pairs = zip(indices, mapped, strict=True)
    return max(1 if dtype_in(i) == np.bool_ else rank_of(i) - m for i, m in pairs)


def _adjacent(dims: Sequence[int], indices: Sequence[Any]) -> bool:
    """Whether the indexed dimensions stand together, so that the result's stand in their place."""
    covered: list[int] = []
    for dim, index in zip(dims, indices, strict=True):
        span = rank_of(index) if dtype_in(index) == np.bool_ else 1
        covered += range(dim, dim + span)
    return covered == list(range(covered[0], covered[0] + len(covered)))


def _placed(found: Any, dims: Sequence[int], indices: Sequence[Any], mapped: Sequence[bool]) -> Any:
    """The index dimensions moved from behind the mapped axis to where a slice has them."""
    first = dims[0]
    if first == 1 or not _adjacent(dims, indices):
        return found
    rank = _index_rank(indices, mapped)
    behind = tuple(range(first, first + rank))
    return move_axes(found, tuple(range(1, 1 + rank)), behind)


def index_put_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """x[basic][indices] = value, in every slice."""
    x, value, *indices = values
    refuse_mapped_masks("x[mask] = v", indices, mapped[2:])
    x = None if x is None else with_axis(x, mapped[0], size)
    moved = attrs | {"shape": (size, *attrs["shape"]), "basic": (slice(None), *attrs["basic"])}
    if not attrs["basic"]:
        moved["basic"] = ()
    dims = tuple(d + 1 for d in attrs["dims"])
    rank = _region_rank(attrs, indices, mapped[2:])
    if not is_number(value):
        value = with_rank(with_axis(value, mapped[1], size), rank)
    if not indices:
        return apply(op, [x, value], moved | {"dims": ()})
    arrays, at = _with_slices(indices, mapped[2:], dims, size)
    if not is_number(value):
        value = _displaced(value, dims, indices, mapped[2:])
    return apply(op, [x, value, *arrays], moved | {"dims": at})


def _region_rank(attrs: Attrs, indices: Sequence[Any], mapped: Sequence[bool]) -> int:
    """The number of dimensions of what a slice writes into."""
    rank = len(attrs["shape"])
    for entry in attrs["basic"]:
        rank += 1 if entry is None else 0 if isinstance(entry, slice) else -1
    if not indices:
        return rank
    covered = sum(rank_of(i) if dtype_in(i) == np.bool_ else 1 for i in indices)
    return rank - covered + _index_rank(indices, mapped)


def _displaced(
    value: Any, dims: Sequence[int], indices: Sequence[Any], mapped: Sequence[bool]
) -> Any:
    """The value with its index dimensions right behind the mapped axis: the way back of _placed."""
    first = dims[0]
    if first == 1 or not _adjacent(dims, indices):
        return value
    rank = _index_rank(indices, mapped)
    behind = tuple(range(first, first + rank))
    return move_axes(value, behind, tuple(range(1, 1 + rank)))


def refuse_mapped_masks(name: str, indices: Sequence[Any], mapped: Sequence[bool]) -> None:
    """Raise where the number of elements would differ from slice to slice."""
    if any(m and dtype_in(i) == np.bool_ for i, m in zip(indices, mapped, strict=True)):
        raise data_dependent_error(name)


def data_dependent_error(name: str) -> BatchingError:
    """What is said where slices would have results of different shapes."""
    return BatchingError(
        f"vmap: {name}: the shape of the result depends on the values, and differs from slice to "
        "slice",
        "Use where(mask, x, 0), which keeps the shape, or do it outside of the map.",
    )


def data_dependent_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """For operations whose results have no common shape."""
    raise data_dependent_error(op.name)


def masked_select_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """masked_select: the same elements of every slice."""
    x, mask = values
    if mapped[1]:
        raise data_dependent_error(op.name)
    shape = np.broadcast_shapes(shape_of(x)[1:], shape_of(mask), (1,))
    whole = OPS["expand"](with_rank(x, len(shape)), shape=(size, *shape))
    return OPS["index"](whole, OPS["expand"](mask, shape=shape), dims=(1,))


def searchsorted_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """searchsorted: rows of boundaries and rows of values."""
    boundaries, x, sorter = values
    if not mapped[0] and rank_of(boundaries) == 1 and (sorter is None or not mapped[2]):
        return apply(op, values, attrs)
    boundaries = with_axis(boundaries, mapped[0], size)
    sorter = None if sorter is None else with_axis(sorter, mapped[2], size)
    x = with_axis(x, mapped[1], size)
    if rank_of(boundaries) != 2:
        return apply(op, [boundaries, x, sorter], attrs)
    shape = tuple(shape_of(x))
    rows = x.reshape((size, int(np.prod(shape[1:]))))
    return apply(op, [boundaries, rows, sorter], attrs).reshape(shape)
