"""Joins: values in parts of one buffer, and what pieces that move elements have in common.

Where an operation puts the elements of its inputs, its own pullback says: for cat, stack, padding
and the like it takes parts of the cotangent, as views.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from wengert.compiler.pieces.elements import converts
from wengert.compiler.pieces.piece import Access, contiguous
from wengert.compiler.pieces.walk import Number, Place, Walk
from wengert.core.aval import Aval, Shape
from wengert.core.half import REAL
from wengert.core.node import Node

Accesses = Mapping[Node, Access]
Phases = list[list[Walk]]
"""Walks; a phase begins when the one before it is done."""


def parts(node: Node, accesses: Accesses) -> Phases | None:
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
    around = _around(node, walks[0], attrs.get("value", 0)) if len(walks) == 1 else None
    if around is not None:
        return [[*around, *walks]]
    return [[filled(node, attrs.get("value", 0))], walks]


def _around(node: Node, part: Walk, value: Any) -> list[Walk] | None:
    """Walks that set all but a part of the result to a number; None if that is no block of it."""
    out: Aval = node.aval
    strides = contiguous(out.shape)
    found = _block(part, out.shape, strides)
    if found is None:
        return None
    walks = []
    for axis, (first, count) in enumerate(found):
        for begin, end in ((0, first), (first + count, out.shape[axis])):
            if begin == end:
                continue
            ranges = [*found[:axis], (begin, end - begin)]
            starts = [start for start, _ in ranges]
            offset = sum(s * n for s, n in zip(starts, strides, strict=False))
            space = (*(n for _, n in ranges), *out.shape[axis + 1 :])
            target = Place(Access(node, offset, strides), out.dtype)
            number = Number.of(value, out.dtype)
            walks.append(Walk(space, number, target, tuple(range(len(space)))))
    return walks


def _block(part: Walk, shape: Shape, strides: tuple[int, ...]) -> list[tuple[int, int]] | None:
    """Per axis of the result where a part begins and how long it is; None if it has gaps."""
    access = part.target.access
    left = [axis for axis, side in enumerate(part.space) if side != 1]
    found, rest = [], access.offset
    for side, stride in zip(shape, strides, strict=True):
        own = [a for a in left if access.strides[a] == stride] if side != 1 else []
        count = part.space[own[0]] if own else 1
        first, rest = divmod(rest, stride) if stride else (0, rest)
        if own:
            left.remove(own[0])
        if first + count > side:
            return None
        found.append((first, count))
    return None if left or rest or not prod(part.space) else found


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
    offset = (address(view) - address(memory)) // size
    return Access(node, offset, tuple(n // size for n in view.strides))


def write(node: Node, accesses: Accesses) -> Phases | None:
    """The first input, but for the part that the second one's pullback takes."""
    base = node.inputs[0]
    found = _part_of_result(node, 1)
    if not isinstance(base, Node) or found is None:
        return None
    pull = node.op.pull(1, REAL)
    assert pull is not None
    space = np.shape(pull(node, np.empty(node.aval.shape, np.bool_)))
    source = written(node, 1, space, accesses)
    if source is None:
        return None
    walk = Walk(space, source, Place(found, node.aval.dtype), tuple(range(len(space))))
    return [[copied(node, base, None, accesses)], [walk]]


def required(node: Node, accesses: Accesses) -> Phases | None:
    """The first input as it is; refused where the second one, a truth value, is false."""
    x, given = node.inputs
    if not isinstance(x, Node) or not isinstance(given, Node) or given.aval.size != 1:
        return None
    return [[copied(node, x, None, accesses)._replace(given=accesses[given])]]


def address(array: np.ndarray[Any, Any]) -> int:
    """Where an array's data begins."""
    address: int = array.__array_interface__["data"][0]
    return address


def attributes(node: Node) -> dict[str, Any]:
    """The attributes of an application."""
    return node.attrs or {}


def filled(node: Node, value: Any) -> Walk:
    """The whole result set to one number."""
    out: Aval = node.aval
    target = Place(Access(node, 0, (1,)), out.dtype)
    return Walk((out.size,), Number.of(value, out.dtype), target, (0,))


def copied(node: Node, source: Any, number: Any, accesses: Accesses) -> Walk:
    """The whole result set to what an input is; zeros where there is none."""
    out: Aval = node.aval
    if not isinstance(source, Node):
        return filled(node, 0 if number is None else number)
    target = Place(Access(node, 0, contiguous(out.shape)), out.dtype)
    every = tuple(range(len(out.shape)))
    return Walk(out.shape, Place(accesses[source], source.aval.dtype), target, every)


def written(node: Node, i: int, space: Shape, accesses: Accesses) -> Place | Number | None:
    """Input i, broadcast over a space, in the result's dtype; the attribute `value` beyond all.

    None if it has another dtype.
    """
    out: Aval = node.aval
    source = node.inputs[i] if i < len(node.inputs) else None
    if not isinstance(source, Node):
        number = node.operands[i] if node.operands and i < len(node.operands) else None
        return Number.of(attributes(node)["value"] if number is None else number, out.dtype)
    if source.aval.dtype != out.dtype:
        return None
    return Place(broadcast(accesses[source], source.aval.shape, space), out.dtype)


def broadcast(access: Access, shape: Shape, space: Shape) -> Access:
    """By the axes of a larger shape."""
    missing = len(space) - len(shape)
    own = (0 if side == 1 else n for side, n in zip(shape, access.strides, strict=True))
    return access._replace(strides=((0,) * missing + tuple(own))[-len(space) :] if space else ())
