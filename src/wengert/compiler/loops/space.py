"""The axes of a nest in the order of its loops, as few of them as all strides allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from wengert.core.aval import Shape
from wengert.core.node import Node

if TYPE_CHECKING:
    from wengert.compiler.pieces.nest import Nest


class Place(NamedTuple):
    """Where a value lies: the slot of its buffer, and its strides along the loops."""

    root: Node
    offset: int
    outer: tuple[int, ...]
    inner: tuple[int, ...]


class Space(NamedTuple):
    """The loops of a nest.

    outer: lengths of the axes that are kept: each combination is a row. inner: lengths of those
    that a row runs over, at least one; in a nest that reduces nothing, the last axis.
    """

    outer: Shape
    inner: Shape
    loads: dict[Node, Place]
    stores: dict[Node, Place]

    @property
    def rows(self) -> int:
        return _product(self.outer)

    @property
    def row(self) -> int:
        return _product(self.inner)


def _product(lengths: Sequence[int]) -> int:
    total = 1
    for length in lengths:
        total *= length
    return total


def arranged(nest: Nest) -> Space:
    """The loops of a nest."""
    accesses = [*nest.loads.values(), *nest.targets.values()]
    strides = [access.strides for access in accesses]
    axes = [d for d, length in enumerate(nest.space) if length != 1]
    kept = [d for d in axes if d not in nest.reduced]
    gone = [d for d in axes if d in nest.reduced]
    if not any("arg" in node.op.reduces for node in nest.nodes):
        # Sums in any order are sums; from the largest stride to the smallest is fastest.
        gone.sort(key=lambda d: -sum(abs(s[d]) for s in strides))
    outer, steps = _collapsed(
        [nest.space[d] for d in kept], [[s[d] for d in kept] for s in strides]
    )
    inner, deep = _collapsed([nest.space[d] for d in gone], [[s[d] for d in gone] for s in strides])
    if not nest.reduced and outer:
        inner, deep = outer[-1:], [step[-1:] for step in steps]
        outer, steps = outer[:-1], [step[:-1] for step in steps]
    if not inner:
        inner, deep = (1,), [(0,)] * len(strides)
    places = [Place(a.root, a.offset, s, d) for a, s, d in zip(accesses, steps, deep, strict=True)]
    loads = dict(zip(nest.loads, places, strict=False))
    stores = dict(zip(nest.targets, places[len(loads) :], strict=True))
    return Space(outer, inner, loads, stores)


def _collapsed(
    lengths: Sequence[int], strides: Sequence[Sequence[int]]
) -> tuple[Shape, list[tuple[int, ...]]]:
    """The same loops with axes joined that lie in one piece for all strides."""
    sides: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for d, length in enumerate(lengths):
        own = [s[d] for s in strides]
        if sides and all(step[-1] == n * length for step, n in zip(steps, own, strict=True)):
            sides[-1] *= length
            for step, n in zip(steps, own, strict=True):
                step[-1] = n
        else:
            sides.append(length)
            for step, n in zip(steps, own, strict=True):
                step.append(n)
    return tuple(sides), [tuple(step) for step in steps]
