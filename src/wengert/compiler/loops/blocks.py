"""Blocks of short rows: as many rows at a time as a vector has lanes.

Joining the lanes of one row's sums, and what follows for the row, is a chain of dependent
instructions of some 100 cycles, longer than the passes over a short row. Here a pass leaves each
row's state on the stack; those of all rows are joined together, and what belongs to rows is
computed for all of them in one vector.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import NamedTuple

from wengert.compiler.code import Code, Value
from wengert.compiler.loops.body import Known
from wengert.compiler.loops.kept import Kept
from wengert.compiler.loops.memory import load, splat, store
from wengert.compiler.loops.reductions import REDUCTIONS, State, transposed
from wengert.compiler.loops.rows import Rows
from wengert.compiler.loops.space import Place
from wengert.compiler.loops.values import type_of
from wengert.compiler.types import stored
from wengert.core.node import Node

Shelves = dict[Node, str]
"""On the stack, a value of each row of a block."""


class Blocks(Rows):
    """The code of some blocks."""

    stem = "blocks"

    @property
    def shelves(self) -> int:  # type: ignore[override]
        return self.wide.lanes

    @property
    def units(self) -> int:
        return -(-self.space.rows // self.wide.lanes)

    def unit(self, at: str) -> None:
        self.kept = Kept(self, self.shelves)
        self._first = self.writer.scaled(at, self.wide.lanes)
        rest = self.writer.index(f"sub i64 {self.space.rows}, {self._first}")
        self._count = self.smaller(rest, self.wide.lanes)
        self._shelves: Shelves = {}
        known = self._loaded_block()
        for number in range(self.flow.passes + 1):
            self.compute_rows(number, known, wide=True)
            if number < self.flow.passes:
                self._pass(number, known)
        self._store_block({self.space.stores[n]: known[n] for n in self.flow.row_stores()})

    def _row(self, number: str) -> None:
        self.begin_row(self.writer.sum(self._first, number), number)

    # What belongs to rows goes over the stack, where rows are lanes or elements.

    def _shelf_for(self, type: str) -> str:
        return self.writer.local(f"[{self.wide.lanes} x {stored(type)}]")

    def _element(self, shelf: str, type: str, number: str) -> str:
        return self.moved(shelf, stored(type), number)

    def _loaded_block(self) -> Known:
        loads = self.row_loads()
        if not loads:
            return {}
        shelves = {node: self._shelf_for(type_of(node)) for node, _ in loads}
        with self.writer.loop("0", self._count, 1) as number:
            self._row(number)
            for node, place in loads:
                value = load(self.code, self.pointers[place], 0, type_of(node))
                place_of = self._element(shelves[node], type_of(node), number)
                store(self.code, value, place_of, 0)
        self._shelves = shelves
        return {node: load(self.wide, shelf, 1, type_of(node)) for node, shelf in shelves.items()}

    def _store_block(self, values: dict[Place, Value]) -> None:
        shelves = {place: self._shelf_for(value.type) for place, value in values.items()}
        for place, value in values.items():
            store(self.wide, value, shelves[place], 1)
        if not values:
            return
        with self.writer.loop("0", self._count, 1) as number:
            self._row(number)
            for place, value in values.items():
                found = self._element(shelves[place], value.type, number)
                one = load(self.code, found, 0, value.type)
                store(self.code, one, self.pointers[place], 0)

    # One pass

    def _pass(self, number: int, known: Known) -> None:
        """One pass over each row of the block."""
        this = self.planned(number)
        read = self.flow.read(number, self.kept.ready)
        self._shelve({node: value for node, value in known.items() if node in read})
        lanes = self.wide.lanes
        rooms = {
            node: [self.writer.local(f"[{lanes} x {state_of(t, lanes)}]") for t in sums.types]
            for node, sums in this.sums.items()
        }
        with self.writer.loop("0", self._count, 1) as row:
            self._row(row)
            self.run(this, self._repeated(row, [node for node in known if node in read]))
            for node, accumulator in this.sums.items():
                self._leave(rooms[node], row, accumulator.result())
        for node, accumulator in this.sums.items():
            result = self._joined(node.op.reduces, rooms[node], accumulator.types)
            known[node] = self.wide.converted(result, type_of(node))
        self.kept.ready.update(this.later)

    def _shelve(self, values: Known) -> None:
        for node, value in values.items():
            if node not in self._shelves:
                self._shelves[node] = self._shelf_for(type_of(node))
                store(self.wide, value, self._shelves[node], 1)

    def _repeated(self, row: str, nodes: Iterable[Node]) -> Known:
        """Values of one row, in every lane."""
        found: Known = {}
        for node in nodes:
            place = self._element(self._shelves[node], type_of(node), row)
            found[node] = splat(self.wide, load(self.code, place, 0, type_of(node)))
        return found

    def _leave(self, rooms: list[str], row: str, state: State) -> None:
        for room, value in zip(rooms, state, strict=True):
            store(self.wide, value, self.moved(room, state_of(value.type, self.wide.lanes), row), 1)

    def _joined(self, reduces: str, rooms: list[str], types: list[str]) -> Value:
        """The results of all rows: the values, or the indices where there are some."""
        text = _joining(reduces, tuple(types), self.wide.lanes)
        self.code.declared |= {text.definition, *text.declared}
        given = ", ".join(f"ptr {room}" for room in rooms)
        called = f"call {self.wide.wide(types[-1])} {text.name}({given})"
        return self.wide.emit(called, types[-1])


class Joining(NamedTuple):
    """A function that joins the states of all rows of a block."""

    name: str
    definition: str
    declared: frozenset[str]


@functools.cache
def _joining(reduces: str, types: tuple[str, ...], lanes: int) -> Joining:
    """Written once per module: it is 60 instructions, and most nests have several reductions."""
    code = Code(lanes)
    states = []
    for row in range(lanes):
        pointers = [
            code.emit(f"getelementptr {state_of(t, lanes)}, ptr %room{i}, i64 {row}", "i64").name
            for i, t in enumerate(types)
        ]
        states.append(tuple(load(code, p, 1, t) for p, t in zip(pointers, types, strict=True)))
    result = transposed(code, states, REDUCTIONS[reduces].join)[-1]
    name = f"@wengert.joined.{reduces}.{lanes}.{types[0]}"
    rooms = ", ".join(f"ptr %room{i}" for i in range(len(types)))
    wide = code.wide(result.type)
    head = f"define internal {wide} {name}({rooms}) noinline nounwind {{"
    lines = [head, *code.lines, f"  ret {wide} {result.name}", "}"]
    return Joining(name, "\n".join(lines), frozenset(code.declared))


def state_of(type: str, lanes: int) -> str:
    """One row's state in memory."""
    return f"<{lanes} x {stored(type)}>"
