"""Maps that read an array across its memory, as a transposed one: in tiles.

Vectors of such an array would be gathered, an element from each line of memory, and each line read
once per element. Here as many rows as a vector has lanes are done together: what they read across
is first loaded along its memory, turned over in registers, and put on the stack as rows. x + x.T of
2,048 x 2,048 float32 takes 1.3 ms so, and 76 by gathering.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from wengert.compiler.code import Value
from wengert.compiler.loops.memory import lane_numbers, load, load_masked, splat, store, turned
from wengert.compiler.loops.rows import Rows
from wengert.compiler.loops.space import Place, Space
from wengert.compiler.loops.values import type_of
from wengert.compiler.types import stored
from wengert.core.node import Node

WIDTH = 256
"""Points of a row that are done at a time."""

MOST_LANES = 16
"""Of more, turning over is not worth its code."""


def across(space: Space, axis: int) -> dict[Node, Place]:
    """The loads that lie along an outer axis and not along the last one."""
    return {
        node: place
        for node, place in space.loads.items()
        if place.outer[axis] == 1 and place.inner[-1] not in (-1, 0, 1)
    }


class Tiles(Rows):
    """The code of some tiles: rows along the last outer axis, cut along the inner one."""

    stem = "tiles"

    @property
    def units(self) -> int:
        return prod(self.space.outer[:-1]) * -(-self.space.outer[-1] // self.wide.lanes)

    def unit(self, at: str) -> None:
        lanes, writer = self.wide.lanes, self.writer
        blocks = -(-self.space.outer[-1] // lanes)
        *above, block = self.coordinates(at, (*self.space.outer[:-1], blocks))
        first = writer.scaled(block, lanes)
        count = writer.index(f"sub i64 {self.space.outer[-1]}, {first}")
        self.begin_at([*above, first])
        self._staged = {node: self._stage(node, count) for node in across(self.space, -1)}
        with writer.loop("0", self.smaller(count, lanes), 1) as number:
            self.begin_at([*above, writer.sum(first, number)], number)
            self.row()

    def loaded(self, node: Node, at: Sequence[str], count: int | None) -> Value:
        room = self._staged.get(node)
        if room is None:
            return super().loaded(node, at, count)
        return load(self.wide, self._staged_at(room, node, self.shelf, at[-1]), 1, type_of(node))

    def _staged_at(self, room: str, node: Node, row: str, column: str) -> str:
        index = self.writer.sum(self.writer.scaled(row, WIDTH), column)
        return self.moved(room, stored(type_of(node)), index)

    def _stage(self, node: Node, count: str) -> str:
        """Put a value's part of the tile on the stack, as rows. count: how many rows there are."""
        lanes = self.wide.lanes
        room = self.writer.local(f"[{WIDTH * lanes} x {stored(type_of(node))}]")
        counts = splat(self.wide, Value(count, "i64"))
        compared = f"icmp slt <{lanes} x i64> {lane_numbers(self.wide)}, {counts.name}"
        mask = self.wide.emit(compared, "i1").name
        (end,), cut = self._ends, self.space.cut
        assert cut is not None
        whole = self.writer.index(f"and i64 {end}, {-lanes}")
        with self.writer.loop("0", whole, lanes) as column:
            self._turn(node, room, column, lanes, mask)
        rest = self.space.inner[-1] % lanes
        if rest:
            ragged = self.code.emit(f"icmp ne i64 {whole}, {end}", "i1")
            with self.writer.when(ragged):
                self._turn(node, room, whole, rest, mask)
        return room

    def _turn(self, node: Node, room: str, column: str, columns: int, mask: str) -> None:
        """Turn over one square, of which some columns are there."""
        place, wide = self.space.loads[node], self.wide
        type = "i8" if type_of(node) == "i1" else type_of(node)
        found = []
        for i in range(columns):
            pointer = self.address(place, [self.writer.sum(column, str(i))])
            found.append(load_masked(wide, pointer, type, mask))
        found += [wide.constant(0, type)] * (wide.lanes - columns)
        for row, value in enumerate(turned(wide, found)):
            store(wide, value, self._staged_at(room, node, str(row), column), 1)
