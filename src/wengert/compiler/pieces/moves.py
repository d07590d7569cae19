"""Pieces that move elements: joined, placed among zeros, picked by indices, put or added there.

What a move is made of are walks. Where a linear operation puts the elements of its inputs, its own
transpose says: for cat, stack, padding and the like it takes parts of the cotangent, as views.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, Final

import numpy as np

from wengert.compiler.pieces.elements import adds, converts
from wengert.compiler.pieces.piece import Access, Module, Piece, contiguous
from wengert.compiler.pieces.walk import Lookup, Number, Place, Walk, Within
from wengert.compiler.pieces.walk_text import write_walks
from wengert.core.aval import Aval, Shape
from wengert.core.half import REAL
from wengert.core.node import Node
from wengert.ops.slicing import take_part

Accesses = Mapping[Node, Access]


class Move(Piece):
    """An operation as phases of walks; a phase begins when the one before it is done."""

    def __init__(self, node: Node, loads: Accesses, phases: Sequence[Sequence[Walk]]) -> None:
        self.nodes = (node,)
        self.loads = loads
        self.stores = (node,)
        self.phases = phases

    def write(self, module: Module) -> None:
        for walks in self.phases:
            write_walks(module, self.nodes[0].op.piece, walks)

    def flops(self) -> int:
        every = (walk for walks in self.phases for walk in walks)
        return sum(prod(walk.space) for walk in every if walk.adds)


def move(node: Node, accesses: Accesses) -> Piece | None:
    """The piece of an operation that moves elements; None if there is none for this application.

    accesses: where the elements of its inputs lie, along their own axes.
    """
    make = KINDS.get(node.op.piece)
    if make is None or not isinstance(node.aval, Aval):
        return None
    phases = make(node, accesses)
    if phases is None:
        return None
    loads = {source: accesses[source] for source in node.inputs if isinstance(source, Node)}
    return Move(node, loads, phases)


Phases = list[list[Walk]]


# Parts of one buffer -----------------------------------------------------------------------------


def _parts(node: Node, accesses: Accesses) -> Phases | None:
    """Each input in its part of the result, which is `value` elsewhere (an attribute; else 0)."""
    out: Aval = node.aval
    attrs = node.attrs or {}
    walks = []
    for i, source in enumerate(node.inputs):
        given = source.aval if isinstance(source, Node) else None
        if given is None or not converts(given.dtype, out.dtype):
            return None
        found = _part_of_result(node, i)
        if found is None:
            return None
        space = given.shape
        every = tuple(range(len(space)))
        target = Place(found, out.dtype)
        walks.append(Walk(space, Place(accesses[source], given.dtype), target, every))
    if sum(prod(walk.space) for walk in walks) == out.size:
        return [walks]
    return [[_filled(node, attrs.get("value", 0))], walks]


def _part_of_result(node: Node, i: int) -> Access | None:
    """Where input i is in the result: what the pullback takes of a cotangent, if it is a view."""
    out: Aval = node.aval
    memory = np.empty(out.shape, out.dtype)
    pull = node.op.pull(i, REAL)
    view = memory if pull is None else np.asarray(pull(node, memory))
    if not view.size:
        return Access(node, 0, (0,) * view.ndim)
    if view.dtype != out.dtype or not np.may_share_memory(view, memory):
        return None
    size = out.dtype.itemsize
    offset = (_address(view) - _address(memory)) // size
    return Access(node, offset, tuple(n // size for n in view.strides))


def _address(array: np.ndarray[Any, Any]) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _filled(node: Node, value: Any) -> Walk:
    """The whole result set to one number."""
    out: Aval = node.aval
    target = Place(Access(node, 0, (1,)), out.dtype)
    return Walk((out.size,), Number.of(value, out.dtype), target, (0,))


def _copied(node: Node, source: Any, number: Any, accesses: Accesses) -> Walk:
    """The whole result set to what an input is; zeros where there is none."""
    out: Aval = node.aval
    if not isinstance(source, Node):
        return _filled(node, 0 if number is None else number)
    target = Place(Access(node, 0, contiguous(out.shape)), out.dtype)
    every = tuple(range(len(out.shape)))
    return Walk(out.shape, Place(accesses[source], source.aval.dtype), target, every)


def _write(node: Node, accesses: Accesses) -> Phases | None:
    """The first input, but for the part that the second one's pullback takes."""
    base = node.inputs[0]
    found = _part_of_result(node, 1)
    if not isinstance(base, Node) or found is None:
        return None
    pull = node.op.pull(1, REAL)
    assert pull is not None
    space = np.shape(pull(node, np.empty(node.aval.shape, np.bool_)))
    source = _written(node, 1, space, accesses)
    if source is None:
        return None
    walk = Walk(space, source, Place(found, node.aval.dtype), tuple(range(len(space))))
    return [[_copied(node, base, None, accesses)], [walk]]


# Indices along one dimension ---------------------------------------------------------------------


def _is_index(source: Any) -> bool:
    return isinstance(source, Node) and source.aval.dtype in INDICES


INDICES: Final = (np.dtype(np.int32), np.dtype(np.int64))


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


def _gather(node: Node, accesses: Accesses) -> Phases | None:
    """out[i, j] = x[index[i, j], j]."""
    x, index = node.inputs
    if not isinstance(x, Node) or not _is_index(index):
        return None
    dim = _attrs(node)["dim"]
    along, space = _at_least_1d(accesses[index], index.aval.shape)
    source = _indexed(accesses[x], x.aval, index, along, dim)
    return [[_read(node, space, source)]]


def _index_select(node: Node, accesses: Accesses) -> Phases | None:
    """out[i, j] = x[index[i], j]."""
    x, index = node.inputs
    if not isinstance(x, Node) or not _is_index(index):
        return None
    dim = _attrs(node)["dim"]
    space = node.aval.shape or (1,)
    along = _spread(accesses[index], index.aval.shape, dim, len(space))
    source = _indexed(accesses[x], x.aval, index, along, dim)
    return [[_read(node, space, source)]]


def _attrs(node: Node) -> dict[str, Any]:
    return node.attrs or {}


def _spread(access: Access, shape: Shape, dim: int, count: int) -> Access:
    """A vector along one axis of `count`."""
    stride = access.strides[0] if shape else 0
    return access._replace(strides=tuple(stride if d == dim else 0 for d in range(count)))


def _read(node: Node, space: Shape, source: Place) -> Walk:
    target = Place(Access(node, 0, contiguous(space)), node.aval.dtype)
    return Walk(space, source, target, tuple(range(len(space))))


def _scatter(node: Node, accesses: Accesses, *, adds_up: bool = False) -> Phases | None:
    """out[index[i, j], j] = src[i, j], or += where it adds up, in a copy of x or in zeros."""
    index = node.inputs[1]
    if not _is_index(index):
        return None
    along, space = _at_least_1d(accesses[index], index.aval.shape)
    return _put(node, accesses, index, along, space, adds_up)


def _index_fill(node: Node, accesses: Accesses, *, adds_up: bool = False) -> Phases | None:
    """out[index[i], j] = src[i, j], or += where it adds up, in a copy of x or in zeros."""
    index = node.inputs[1]
    if not _is_index(index):
        return None
    shape, dim = node.aval.shape or (1,), _attrs(node)["dim"]
    space = (*shape[:dim], index.aval.size, *shape[dim + 1 :])
    along = _spread(accesses[index], index.aval.shape, dim, len(space))
    return _put(node, accesses, index, along, space, adds_up)


def _put(
    node: Node, accesses: Accesses, index: Node, along: Access, space: Shape, adds_up: bool
) -> Phases | None:  # fmt: skip
    out: Aval = node.aval
    dim = _attrs(node)["dim"]
    source = _written(node, 2, space, accesses)
    if source is None or (adds_up and not adds(out.dtype)):
        return None
    own = Access(node, 0, contiguous(out.shape))
    target = _indexed(own, out, index, along, dim)
    walk = Walk(space, source, target, _others(space, (dim,)), adds_up)
    return [[_start(node, accesses)], [walk]]


def _start(node: Node, accesses: Accesses) -> Walk:
    """What is written into: the first input, or zeros."""
    number = node.operands[0] if node.operands else None
    return _copied(node, node.inputs[0], number, accesses)


def _written(node: Node, i: int, space: Shape, accesses: Accesses) -> Place | Number | None:
    """Input i, broadcast over a space, in the result's dtype; the attribute `value` beyond all.

    None if it has another dtype.
    """
    out: Aval = node.aval
    source = node.inputs[i] if i < len(node.inputs) else None
    if not isinstance(source, Node):
        number = node.operands[i] if node.operands and i < len(node.operands) else None
        return Number.of(_attrs(node)["value"] if number is None else number, out.dtype)
    if source.aval.dtype != out.dtype:
        return None
    return Place(_broadcast(accesses[source], source.aval.shape, space), out.dtype)


def _broadcast(access: Access, shape: Shape, space: Shape) -> Access:
    """By the axes of a larger shape."""
    missing = len(space) - len(shape)
    own = (0 if side == 1 else n for side, n in zip(shape, access.strides, strict=True))
    return access._replace(strides=((0,) * missing + tuple(own))[-len(space) :] if space else ())


# Several indices ---------------------------------------------------------------------------------


def _index(node: Node, accesses: Accesses) -> Phases | None:
    """x[..., i, j, ...]."""
    x, *indices = node.inputs
    if not isinstance(x, Node) or not all(map(_is_index, indices)):
        return None
    found = _at_indices(accesses[x], x.aval, indices, _attrs(node)["dims"], accesses)
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
        own = _broadcast(accesses[index], index.aval.shape, picked)
        along = own._replace(strides=(0,) * len(before) + own.strides + (0,) * len(after))
        lookups.append(
            Lookup(along, index.aval.dtype, aval.shape[dim], access.strides[dim], wraps=True)
        )
    axes = tuple(a for a in range(len(space)) if not first <= a < first + len(picked))
    return space, Place(access._replace(strides=strides), aval.dtype, tuple(lookups)), axes


def _index_put(node: Node, accesses: Accesses) -> Phases | None:
    """A copy of x, or zeros, with out[basic][indices] = value, or += value."""
    out: Aval = node.aval
    attrs = _attrs(node)
    indices = node.inputs[2:]
    if not all(map(_is_index, indices)) or (attrs["accumulate"] and not adds(out.dtype)):
        return None
    memory = np.empty(out.shape, np.int8)
    part = take_part(memory, index=attrs["basic"])
    own = Access(node, _address(part) - _address(memory) if part.size else 0, part.strides)
    inner = Aval(part.shape, out.dtype)
    space, target, axes = _at_indices(own, inner, indices, attrs["dims"], accesses)
    source = _written(node, 1, space, accesses)
    if source is None:
        return None
    walk = Walk(space, source, target, axes, attrs["accumulate"])
    return [[_start(node, accesses)], [walk]]


def _scatter_add(node: Node, accesses: Accesses) -> Phases | None:
    return _scatter(node, accesses, adds_up=True)


def _index_add(node: Node, accesses: Accesses) -> Phases | None:
    return _index_fill(node, accesses, adds_up=True)


def _classes(node: Node, accesses: Accesses) -> Phases | None:
    """Classes that are looked over: `classes` of them, and 0 in place of `ignore_index`."""
    target: Any = node.inputs[0]
    if not isinstance(target, Node) or target.aval.dtype.kind not in "iu":
        return None
    attrs = _attrs(node)
    within = Within(attrs["classes"], attrs.get("ignore_index"))
    walk = _read(node, target.aval.shape, Place(accesses[target], target.aval.dtype))
    return [[walk._replace(within=within)]]


KINDS: Final[dict[str, Callable[[Node, Accesses], Phases | None]]] = {
    "parts": _parts, "gather": _gather, "index_select": _index_select, "scatter": _scatter,
    "scatter_add": _scatter_add, "index_fill": _index_fill, "index_add": _index_add,
    "index": _index, "index_put": _index_put, "write": _write, "classes": _classes,
}  # fmt: skip
"""What an operation's `piece=` may be here, and what makes its walks."""
