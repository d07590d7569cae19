"""The axes of a nest in the order of its loops, as few of them as all strides allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from wengert.core.aval import Shape
from wengert.core.node import Node

if TYPE_CHECKING:
    from wengert.compiler.pieces.nest import Nest

Sources = Mapping[Node, tuple[Node | None, ...]]


class Place(NamedTuple):
    """Where a value lies: its buffer, and its strides along the loops, in elements."""

    root: Node
    offset: int
    outer: tuple[int, ...]
    inner: tuple[int, ...]


class Cut(NamedTuple):
    """An inner axis that is done in parts, which are an outer axis.

    axis: which inner one. part: the outer one. length: of each part but the last, which is what
    remains. The strides along the inner axis begin anew in each part.
    """

    axis: int
    part: int
    length: int


@dataclass(frozen=True)
class Space:
    """The loops of a nest.

    outer: lengths of the axes that are kept: each combination is a row. inner: lengths of those
    that a row runs over, at least one; in a nest that reduces nothing, the last axis. reduces:
    whether a reduction has more than one point. partials: where a reduction's state is stored in
    place of its result.
    """

    outer: Shape
    inner: Shape
    loads: dict[Node, Place]
    stores: dict[Node, Place]
    reduces: bool = False
    partials: dict[Node, tuple[Place, ...]] = field(default_factory=dict)
    cut: Cut | None = None

    @property
    def rows(self) -> int:
        return prod(self.outer)

    @property
    def row(self) -> int:
        """The points of a row, or of a part of one."""
        whole = prod(self.inner)
        return whole if self.cut is None else whole // self.inner[self.cut.axis] * self.cut.length

    def places(self) -> list[Place]:
        """Everything that is read or written."""
        kept = [place for places in self.partials.values() for place in places]
        return [*self.loads.values(), *self.stores.values(), *kept]


def arranged(nest: Nest) -> Space:
    """The loops of a nest."""
    accesses = [*nest.loads.values(), *nest.targets.values()]
    strides = [access.strides for access in accesses]
    axes = [d for d, length in enumerate(nest.space) if length != 1]
    reduces = any(node.op.reduces for node in nest.nodes)
    kept = [d for d in axes if not reduces or d not in nest.reduced]
    gone = [d for d in axes if d not in kept]
    if not any("arg" in node.op.reduces for node in nest.nodes):
        # Sums in any order are sums; from the largest stride to the smallest is fastest.
        gone.sort(key=lambda d: -sum(abs(s[d]) for s in strides))
    outer, steps = _collapsed(nest.space, kept, strides)
    inner, deep = _collapsed(nest.space, gone, strides)
    if not gone and outer:
        inner, deep = outer[-1:], [step[-1:] for step in steps]
        outer, steps = outer[:-1], [step[:-1] for step in steps]
    if not inner:
        inner, deep = (1,), [(0,)] * len(strides)
    places = [Place(a.root, a.offset, s, d) for a, s, d in zip(accesses, steps, deep, strict=True)]
    loads = dict(zip(nest.loads, places, strict=False))
    stores = dict(zip(nest.targets, places[len(loads) :], strict=True))
    return Space(outer, inner, loads, stores, reduces=bool(gone))


def _collapsed(
    space: Shape, axes: Sequence[int], strides: Sequence[Sequence[int]]
) -> tuple[Shape, list[tuple[int, ...]]]:
    """Loops over some axes, joined where they lie in one piece for all strides."""
    sides: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for d in axes:
        length, own = space[d], [s[d] for s in strides]
        if sides and all(step[-1] == n * length for step, n in zip(steps, own, strict=True)):
            sides[-1] *= length
            for step, n in zip(steps, own, strict=True):
                step[-1] = n
        else:
            sides.append(length)
            for step, n in zip(steps, own, strict=True):
                step.append(n)
    return tuple(sides), [tuple(step) for step in steps]


def cut(space: Space, axis: int, length: int, part: int) -> Space:
    """The same loops with an inner axis in parts of a length. part: which outer axis they become.

    The partials' places must have an outer stride for it already.
    """

    def placed(place: Place) -> Place:
        outer = list(place.outer)
        outer.insert(part, place.inner[axis] * length)
        return place._replace(outer=tuple(outer))

    outer = list(space.outer)
    outer.insert(part, -(-space.inner[axis] // length))
    return replace(
        space,
        outer=tuple(outer),
        loads={node: placed(place) for node, place in space.loads.items()},
        stores={node: placed(place) for node, place in space.stores.items()},
        cut=Cut(axis, part, length),
    )
