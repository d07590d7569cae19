"""Columns: loops with vectors along an axis that is kept, while the reduced ones are walked down.

A unit is a block of some vectors of columns. Each lane is a row of its own: what belongs to rows is
vectors, too, and nothing is joined across lanes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import prod

from wengert.compiler.code import Value
from wengert.compiler.loops.accumulate import BLOCK, Accumulator
from wengert.compiler.loops.body import Known, Loops
from wengert.compiler.loops.cost import unrolled
from wengert.compiler.loops.memory import load, splat, store
from wengert.compiler.loops.space import Place
from wengert.compiler.loops.values import Values, type_of
from wengert.core.node import Node

Sums = dict[Node, Accumulator]


class Columns(Loops):
    """The code of some columns."""

    stem = "columns"

    @property
    def _together(self) -> int:
        """How many vectors a block has: several, so that each line of memory is read whole."""
        return min(unrolled(self.cost.work), -(-self.space.outer[-1] // self.wide.lanes))

    @property
    def block(self) -> int:
        """How many columns a block has."""
        return self._together * self.wide.lanes

    @property
    def units(self) -> int:
        return prod(self.space.outer[:-1]) * -(-self.space.outer[-1] // self.block)

    def unit(self, at: str) -> None:
        width = self.space.outer[-1]
        blocks = -(-width // self.block)
        *above, block = self.coordinates(at, (*self.space.outer[:-1], blocks))
        self.base = [*above, self.writer.scaled(block, self.block)]
        self._ends = self.ends(self.base)
        self.point_at(self.base)
        rest = width % self.block
        if rest == 0 or blocks == 1:
            self._columns(self.block if rest == 0 else rest)
            return
        is_last = self.code.emit(f"icmp eq i64 {block}, {blocks - 1}", "i1")
        with self.writer.when(self.code.inverse(is_last)):
            self._columns(self.block)
        with self.writer.when(is_last):
            self._columns(rest)

    def _columns(self, width: int) -> None:
        """All passes over so many columns."""
        vectors = self.vectors(width)
        for number in range(self.flow.passes + 1):
            for vector in vectors:
                vector.compute_rows(number)
            if number < self.flow.passes:
                self._pass(number, vectors)
        for vector in vectors:
            vector.store_rows()

    def vectors(self, width: int) -> list[Vector]:
        """The vectors of so many columns, the last one in part."""
        lanes = self.wide.lanes
        counts = [min(lanes, width - first) for first in range(0, width, lanes)]
        return [
            Vector(self, turn * lanes, None if n == lanes else n) for turn, n in enumerate(counts)
        ]

    def _pass(self, number: int, vectors: Sequence[Vector]) -> None:
        """One pass down the columns."""
        for vector in vectors:
            vector.start(number, prod(self.space.inner))
        needed = self.flow.needed(number)
        with self._points(vectors) as at:
            for vector in vectors:
                vector.point(number, needed, at)
        for vector in vectors:
            vector.finish()

    @contextmanager
    def _points(self, vectors: Sequence[Vector]) -> Iterator[list[str]]:
        """Loops over all points of the columns; sums are made in blocks along the last axis."""
        loop = self.writer.loop
        with ExitStack() as loops:
            at = [loops.enter_context(loop("0", end, 1)) for end in self._ends[:-1]]
            if not any(a.totals for vector in vectors for a in vector.sums.values()):
                at.append(loops.enter_context(loop("0", self._ends[-1], 1)))
                yield at
                return
            begin = loops.enter_context(loop("0", self._ends[-1], BLOCK))
            end = self.smaller(self.writer.sum(begin, str(BLOCK)), self._ends[-1])
            with loop(begin, end, 1) as last:
                yield [*at, last]
            for vector in vectors:
                for accumulator in vector.sums.values():
                    accumulator.end_block()


class Vector:
    """One vector of columns. first: its first column in the block; count: how many lanes count."""

    def __init__(self, loops: Columns, first: int, count: int | None) -> None:
        self._loops = loops
        self._first = first
        self._count = count
        self.sums: Sums = {}
        self._known: Known = {}
        for node, place in loops.space.loads.items():
            if node not in loops.flow.full:
                self._known[node] = self._load(node, place, [])

    def compute_rows(self, number: int) -> None:
        """What belongs to the columns, as far as it is known before a pass."""
        self._loops.compute_rows(number, self._known, wide=True)

    def start(self, number: int, count: int) -> None:
        """Begin the reductions of a pass. count: of how many points."""
        loops = self._loops
        reductions = loops.flow.accumulated(number)
        self.sums = {node: loops.accumulator(node, 1, count) for node in reductions}
        for accumulator in self.sums.values():
            accumulator.start()

    def point(self, number: int, needed: Sequence[Node], at: Sequence[str]) -> None:
        """What a pass does at one point: load, compute, accumulate, store."""
        loops, places = self._loops, self._loops.space.stores
        loads = loops.space.loads
        values = Values(loops.wide, self._known, lambda n: self._load(n, loads[n], at))
        for node in needed:
            values.compute(node, loops.sources[node])
        index = self._index(at) if any(s.kind.indexed for s in self.sums.values()) else None
        # Lanes that do not count are accumulated, too; nobody looks at them.
        loops.accumulate(self.sums, 0, values, index, None)
        for node in loops.flow.written(number):
            self._store(values[node], places[node], at)

    def _index(self, at: Sequence[str]) -> Value:
        loops = self._loops
        number = loops.index_in_row(at, loops.base)
        return splat(loops.wide, Value(number, "i64"))

    def finish(self) -> None:
        """The reductions of a pass are done."""
        for node, accumulator in self.sums.items():
            wide, state = self._loops.wide, accumulator.result(ended=True)
            self._loops.finish(wide, node, state, self._known, self._keep)

    def join(self) -> None:
        """Join what was accumulated with the states in memory."""
        loops = self._loops
        for node, accumulator in self.sums.items():
            places = loops.space.partials[node]
            pairs = zip(places, accumulator.types, strict=True)
            before = tuple(
                load(loops.wide, self._address(place, []), place.outer[-1], type, self._count)
                for place, type in pairs
            )
            state = accumulator.kind.join(loops.wide, before, accumulator.result())
            for place, value in zip(places, state, strict=True):
                self._keep(place, value)

    def _keep(self, place: Place, value: Value) -> None:
        self._store(value, place, [])

    def store_rows(self) -> None:
        """Store what belongs to the columns."""
        places = self._loops.space.stores
        for node in self._loops.flow.row_stores():
            self._keep(places[node], self._known[node])

    def _address(self, place: Place, at: Sequence[str]) -> str:
        further = str(self._first * place.outer[-1])
        return self._loops.address(place, at or ["0"] * len(place.inner), further)

    def _load(self, node: Node, place: Place, at: Sequence[str]) -> Value:
        wide, stride = self._loops.wide, place.outer[-1]
        return load(wide, self._address(place, at), stride, type_of(node), self._count)

    def _store(self, value: Value, place: Place, at: Sequence[str]) -> None:
        wide, stride = self._loops.wide, place.outer[-1]
        store(wide, value, self._address(place, at), stride, self._count)
