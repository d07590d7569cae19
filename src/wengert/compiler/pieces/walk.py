"""Walks: loops over a space that read and write elements whose places indices may say.

An element is a bundle of bits here, but where it is added to or converted. Chunks are cut along
axes whose elements go to different places; along all others the order is that of the space, so
that what is written last, or added up, does not depend on who does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Final, NamedTuple

import numpy as np

from wengert.compiler.pieces.lines import Index, Lines
from wengert.compiler.pieces.piece import Access
from wengert.core.aval import Shape
from wengert.core.dtype import NumpyDType

GRAIN: Final = 1 << 15
"""Elements in a chunk: some 10 us."""

NARROWEST: Final = 64
"""Elements of a row that is cut, so that a chunk still moves whole cache lines."""


class Lookup(NamedTuple):
    """An index that stands in memory, and what it counts.

    where: it stands, along the axes of the space. dtype: its own. size: how many there are
    to choose from. stride: of one of them, in elements of what is indexed. wraps: whether negative
    ones count from the end.
    """

    where: Access
    dtype: NumpyDType
    size: int
    stride: int
    wraps: bool


class Place(NamedTuple):
    """Where elements are: along the axes of the space, and where the lookups say."""

    access: Access
    dtype: NumpyDType
    lookups: tuple[Lookup, ...] = ()


class Number(NamedTuple):
    """The same element everywhere."""

    bits: int
    dtype: NumpyDType

    @classmethod
    def of(cls, value: Any, dtype: NumpyDType) -> Number:
        """A number as an element of a dtype."""
        return cls(int.from_bytes(np.asarray(value).astype(dtype).tobytes(), "little"), dtype)

    def is_one_byte(self) -> bool:
        """Whether all its bytes are the same, as in 0."""
        data = self.bits.to_bytes(self.dtype.itemsize, "little")
        return data == data[:1] * len(data)


class Within(NamedTuple):
    """Integers that have to be from 0 to size - 1, or `ignored`, in whose place 0 is written."""

    size: int
    ignored: int | None


class Walk(NamedTuple):
    """Elements that are read and then written, or added to what is there.

    cut: the axes along which chunks are cut. within: what is refused of what is read. given: a
    truth value without which all is refused.
    """

    space: Shape
    source: Place | Number
    target: Place
    cut: tuple[int, ...]
    adds: bool = False
    within: Within | None = None
    given: Access | None = None

    def refuses(self) -> bool:
        """Whether there is anything that it refuses."""
        places = [p for p in (self.source, self.target) if isinstance(p, Place)]
        return any(p.lookups for p in places) or bool(self.within or self.given)

    def chunks(self) -> int:
        """How many there are; none if there are no elements."""
        return boxes(self.space, self.cut).chunks if prod(self.space) else 0


class Boxes(NamedTuple):
    """How a space is cut: along `outer` into single slices, along `axis` into `parts` of `step`."""

    outer: tuple[int, ...]
    axis: int
    parts: int
    step: int
    chunks: int


def boxes(space: Shape, cut: Sequence[int]) -> Boxes:
    """Boxes of about GRAIN elements. They depend on the shape alone."""
    free = list(cut)
    kept = prod(side for axis, side in enumerate(space) if axis not in cut)
    grain, inside = max(GRAIN // max(kept, 1), 1 if kept <= GRAIN else NARROWEST), 1
    while free and inside * space[free[-1]] <= grain:
        inside *= space[free.pop()]
    if not free:
        return Boxes((), -1, 1, 0, 1)
    axis = free.pop()
    parts = -(-space[axis] // max(grain // inside, 1))
    step = -(-space[axis] // parts)
    parts = -(-space[axis] // step)
    return Boxes(tuple(free), axis, parts, step, parts * prod(space[a] for a in free))


def sliced(lines: Lines, space: Shape, cut: Boxes) -> list[tuple[Index, Index]]:
    """Per axis from where to where the box of this %chunk goes."""
    found: list[tuple[Index, Index]] = [(0, side) for side in space]
    if cut.chunks == 1:
        return found
    rest, part = _divided(lines, "%chunk", cut.parts)
    first = lines.let(f"mul i64 {part}, {cut.step}")
    after = lines.let(f"add i64 {first}, {cut.step}")
    found[cut.axis] = (first, lines.smaller(after, space[cut.axis]))
    for axis in reversed(cut.outer):
        rest, index = _divided(lines, rest, space[axis])
        found[axis] = (index, lines.let(f"add i64 {index}, 1"))
    return found


def _divided(lines: Lines, x: Index, by: int) -> tuple[Index, Index]:
    return lines.let(f"udiv i64 {x}, {by}"), lines.let(f"urem i64 {x}, {by}")


def merged(walk: Walk) -> Walk:
    """The same with as few axes as all strides allow."""
    every = [*accesses(walk.source), *accesses(walk.target)]
    kept: list[int] = []
    sides: list[int] = []
    for axis, side in enumerate(walk.space):
        if side == 1:
            continue
        last = kept[-1] if kept else -1
        alike = kept and (last in walk.cut) == (axis in walk.cut)
        if alike and all(a.strides[last] == a.strides[axis] * side for a in every):
            kept[-1], sides[-1] = axis, sides[-1] * side
        else:
            kept.append(axis)
            sides.append(side)
    cut = tuple(k for k, axis in enumerate(kept) if axis in walk.cut)
    source, target = (_along(place, kept) for place in (walk.source, walk.target))
    assert isinstance(target, Place)
    return walk._replace(space=tuple(sides), source=source, target=target, cut=cut)


def accesses(place: Place | Number) -> list[Access]:
    """What is read from memory to find the elements, they themselves first."""
    if isinstance(place, Number):
        return []
    return [place.access, *(lookup.where for lookup in place.lookups)]


def _along(place: Place | Number, axes: Sequence[int]) -> Place | Number:
    """The place by some of its axes."""
    if isinstance(place, Number):
        return place

    def chosen(access: Access) -> Access:
        return access._replace(strides=tuple(access.strides[axis] for axis in axes))

    lookups = tuple(one._replace(where=chosen(one.where)) for one in place.lookups)
    return place._replace(access=chosen(place.access), lookups=lookups)
