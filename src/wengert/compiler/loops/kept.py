"""What a pass keeps on the stack for later passes, in place of computing it again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import prod

from wengert.compiler.loops.body import Loops
from wengert.compiler.loops.values import type_of
from wengert.compiler.types import size, stored
from wengert.core.node import Node

CHEAP = 6
"""Instructions up to which a value is computed again rather than kept."""

MOST_BYTES = 16384
"""All that is kept at a time: half of the smallest first cache in use."""


class Kept:
    """Values of the points of some rows. shelves: of how many rows at a time."""

    def __init__(self, loops: Loops, shelves: int) -> None:
        self._loops = loops
        lanes = loops.wide.lanes
        *outer, last = loops.space.inner
        self._lengths = (*outer, -(-last // lanes) * lanes)
        self._count = shelves * prod(self._lengths)
        self._left = MOST_BYTES
        self._rooms: dict[Node, str] = {}
        self.ready: set[Node] = set()

    def reserve(self, number: int, needed: Sequence[Node]) -> list[Node]:
        """Which of the values that a pass computes it should keep; there is room for each."""
        loops = self._loops
        if loops.space.cut is not None:
            return []  # later passes are further steps
        found: list[Node] = []
        for node in reversed(needed):
            nbytes = self._count * size(type_of(node))
            costly = loops.cost.per_node[node] > CHEAP and nbytes <= self._left
            if costly and self._is_read_after(number, node, {*self.ready, *found}):
                self._rooms[node] = loops.writer.local(f"[{self._count} x {stored(type_of(node))}]")
                self._left -= nbytes
                found.append(node)
        return found

    def _is_read_after(self, number: int, node: Node, kept: Collection[Node]) -> bool:
        flow = self._loops.flow
        return any(node in flow.needed(n, kept) for n in range(number + 1, flow.passes))

    def address(self, node: Node, shelf: str, at: Sequence[str]) -> str:
        """Where the vector at a point of a row is."""
        writer, index = self._loops.writer, shelf
        for coordinate, length in zip(at, self._lengths, strict=True):
            index = writer.sum(writer.scaled(index, length), coordinate)
        return self._loops.moved(self._rooms[node], stored(type_of(node)), index)
