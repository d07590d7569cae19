"""Elements picked, put and added where index tensors say: the walks of such operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from wengert.compiler.pieces.elements import adds
from wengert.compiler.pieces.joins import (
    Accesses,
    Phases,
    address,
    attributes,
    broadcast,
    copied,
    written,
)
from wengert.compiler.pieces.piece import Access, contiguous
from wengert.compiler.pieces.walk import Lookup, Place, Walk, Within
from wengert.core.aval import Aval, Shape
from wengert.core.node import Node
from wengert.ops.slicing import take_part

# One index along a dimension ----------------------------------------------------------------------


INDICES: Final = (np.dtype(np.int32), np.dtype(np.int64))


def _is_index(source: Any) -> bool:
    return isinstance(source, Node) and source.aval.dtype in INDICES


def _at_least_1d(access: Access, shape: Shape) -> tuple[Access, Shape]:
    """0-d values as those with one dimension of length 1."""
    return (access, shape) if shape else (access._replace(strides=(0,)), (1,))


def _without(strides: Sequence[int], dim: int) -> tuple[int, ...]:
    return tuple(0 if axis == dim else stride for axis, stride in enumerate(strides))


def _others(space: Shape, dims: Sequence[int]) -> tuple[int, ...]:
    return tuple(axis for axis in range(len(space)) if axis not in dims)


def _indexed(access: Access, aval: Aval, index: Node, along: Access, dim: int) -> Place:
    """A value at its own place along all axes of a space but `dim`, where an index says it."""
    access, shape = _at_least_1d(access, aval.shape)
    lookup = Lookup(along, index.aval.dtype, shape[dim], access.strides[dim], wraps=False)
    return Place(access._replace(strides=_without(access.strides, dim)), aval.dtype, (lookup,))


def _spread(access: Access, shape: Shape, dim: int, count: int) -> Access:
    """A vector along one axis of `count`."""
    stride = access.strides[0] if shape else 0
    return access._replace(strides=tuple(stride if d == dim else 0 for d in range(count)))


def _read(node: Node, space: Shape, source: Place) -> Walk:
    target = Place(Access(node, 0, contiguous(space)), node.aval.dtype)
    return Walk(space, source, target, tuple(range(len(space))))


def _start(node: Node, accesses: Accesses) -> Walk:
    """What is written into: the first input, or zeros."""
    number = node.operands[0] if node.operands else None
    return copied(node, node.inputs[0], number, accesses)


def gather(node: Node, accesses: Accesses) -> Phases | None:
    """out[i, j] = x[index[i, j], j]."""
    x, index = node.inputs
    if not isinstance(x, Node) or not _is_index(index):
        return None
    dim = attributes(node)["dim"]
    along, space = _at_least_1d(accesses[index], index.aval.shape)
    source = _indexed(accesses[x], x.aval, index, along, dim)
    return [[_read(node, space, source)]]


def index_select(node: Node, accesses: Accesses) -> Phases | None:
    """out[i, j] = x[index[i], j]."""
    x, index = node.inputs
    if not isinstance(x, Node) or not _is_index(index):
        return None
    dim = attributes(node)["dim"]
    space = node.aval.shape or (1,)
    along = _spread(accesses[index], index.aval.shape, dim, len(space))
    source = _indexed(accesses[x], x.aval, index, along, dim)
    return [[_read(node, space, source)]]


def scatter(node: Node, accesses: Accesses, *, adds_up: bool = False) -> Phases | None:
    """out[index[i, j], j] = src[i, j], or += where it adds up, in a copy of x or in zeros."""
    index = node.inputs[1]
    if not _is_index(index):
        return None
    along, space = _at_least_1d(accesses[index], index.aval.shape)
    return _put(node, accesses, index, along, space, adds_up)


def scatter_add(node: Node, accesses: Accesses) -> Phases | None:
    """out[index[i, j], j] += src[i, j]."""
    return scatter(node, accesses, adds_up=True)


def index_fill(node: Node, accesses: Accesses, *, adds_up: bool = False) -> Phases | None:
    """out[index[i], j] = src[i, j], or += where it adds up, in a copy of x or in zeros."""
    index = node.inputs[1]
    if not _is_index(index):
        return None
    shape, dim = node.aval.shape or (1,), attributes(node)["dim"]
    space = (*shape[:dim], index.aval.size, *shape[dim + 1 :])
    along = _spread(accesses[index], index.aval.shape, dim, len(space))
    return _put(node, accesses, index, along, space, adds_up)


def index_add(node: Node, accesses: Accesses) -> Phases | None:
    """out[index[i], j] += src[i, j]."""
    return index_fill(node, accesses, adds_up=True)


def _put(
    node: Node, accesses: Accesses, index: Node, along: Access, space: Shape, adds_up: bool
) -> Phases | None:  # fmt: skip
    out: Aval = node.aval
    dim = attributes(node)["dim"]
    source = written(node, 2, space, accesses)
    if source is None or (adds_up and not adds(out.dtype)):
        return None
    own = Access(node, 0, contiguous(out.shape))
    target = _indexed(own, out, index, along, dim)
    walk = Walk(space, source, target, _others(space, (dim,)), adds_up)
    return [[_start(node, accesses)], [walk]]


# Several indices ----------------------------------------------------------------------------------


def index(node: Node, accesses: Accesses) -> Phases | None:
    """x[..., i, j, ...]."""
    x, *indices = node.inputs
    if not isinstance(x, Node) or not all(map(_is_index, indices)):
        return None
    found = _at_indices(accesses[x], x.aval, indices, attributes(node)["dims"], accesses)
    space, source, _ = found
    assert space == node.aval.shape
    return [[_read(node, space, source)]]


def _at_indices(
    access: Access, aval: Aval, indices: Sequence[Node], dims: Sequence[int], accesses: Accesses
) -> tuple[Shape, Place, tuple[int, ...]]:  # fmt: skip
    """What indices pick: its shape, its place along the axes of that, and which of these are own.

    The axes of the indices, broadcast, stand where they do if their dimensions are neighbours, and
    in front otherwise: NumPy's rule.
    """
    picked = np.broadcast_shapes(*(index.aval.shape for index in indices))
    rest = [d for d in range(len(aval.shape)) if d not in dims]
    adjacent = list(dims) == list(range(dims[0], dims[0] + len(dims))) if dims else True
    first = dims[0] if dims and adjacent else 0
    space = (*(aval.shape[d] for d in rest[:first]), *picked,
             *(aval.shape[d] for d in rest[first:]))  # fmt: skip
    before, after = rest[:first], rest[first:]
    strides = (*(access.strides[d] for d in before), *(0,) * len(picked),
               *(access.strides[d] for d in after))  # fmt: skip
    lookups = []
    for index, dim in zip(indices, dims, strict=True):
        own = broadcast(accesses[index], index.aval.shape, picked)
        along = own._replace(strides=(0,) * len(before) + own.strides + (0,) * len(after))
        lookups.append(
            Lookup(along, index.aval.dtype, aval.shape[dim], access.strides[dim], wraps=True)
        )
    axes = tuple(a for a in range(len(space)) if not first <= a < first + len(picked))
    return space, Place(access._replace(strides=strides), aval.dtype, tuple(lookups)), axes


def index_put(node: Node, accesses: Accesses) -> Phases | None:
    """A copy of x, or zeros, with out[basic][indices] = value, or += value."""
    out: Aval = node.aval
    attrs = attributes(node)
    indices = node.inputs[2:]
    if not all(map(_is_index, indices)) or (attrs["accumulate"] and not adds(out.dtype)):
        return None
    memory = np.empty(out.shape, np.int8)
    part = take_part(memory, index=attrs["basic"])
    own = Access(node, address(part) - address(memory) if part.size else 0, part.strides)
    inner = Aval(part.shape, out.dtype)
    space, target, axes = _at_indices(own, inner, indices, attrs["dims"], accesses)
    source = written(node, 1, space, accesses)
    if source is None:
        return None
    walk = Walk(space, source, target, axes, attrs["accumulate"])
    return [[_start(node, accesses)], [walk]]


# Indices themselves -------------------------------------------------------------------------------


def classes(node: Node, accesses: Accesses) -> Phases | None:
    """Classes that are looked over: `classes` of them, and 0 in place of `ignore_index`."""
    target: Any = node.inputs[0]
    if not isinstance(target, Node) or target.aval.dtype.kind not in "iu":
        return None
    attrs = attributes(node)
    within = Within(attrs["classes"], attrs.get("ignore_index"))
    walk = _read(node, target.aval.shape, Place(accesses[target], target.aval.dtype))
    return [[walk._replace(within=within)]]
