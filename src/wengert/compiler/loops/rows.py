"""Rows: loops with vectors along the axis that is reduced, or along the last one of a map.

Each row is passed over as often as its reductions need; in between, what belongs to the row is
scalar code. What a later pass needs again is computed again where that is cheap, or else kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import prod

from wengert.compiler.code import Value
from wengert.compiler.loops.accumulate import BLOCK, Accumulator
from wengert.compiler.loops.body import Known, Loops
from wengert.compiler.loops.cost import unrolled
from wengert.compiler.loops.kept import Kept
from wengert.compiler.loops.memory import lane_numbers, load, splat, store, stream
from wengert.compiler.loops.reductions import across
from wengert.compiler.loops.space import Place
from wengert.compiler.loops.streaming import aligned, streamed
from wengert.compiler.loops.values import Values, type_of
from wengert.core.node import Node

Vector = tuple[int, str, int | None]
"""Which accumulator it takes, its index along the last axis, how many lanes count."""


@dataclass
class Pass:
    """One pass over a row.

    needed: the operations. sums: its reductions. later: what it keeps for later passes.
    turns: how many vectors a round has. rounds: how many whole ones there are along the last axis.
    """

    number: int
    needed: list[Node]
    sums: dict[Node, Accumulator]
    later: list[Node]
    turns: int
    rounds: int


class Rows(Loops):
    """The code of some rows. shelf: which row of those that keep values at a time."""

    stem = "rows"
    shelves = 1

    @property
    def units(self) -> int:
        return self.space.rows

    def unit(self, at: str) -> None:
        self.begin_row(at)
        self.row()

    def row(self) -> None:
        """All passes over one row."""
        self.kept = Kept(self, self.shelves)
        known = self._loaded_rows()
        for number in range(self.flow.passes + 1):
            self.compute_rows(number, known, wide=False)
            if number < self.flow.passes:
                self._pass(number, known)
        for node in self.flow.row_stores():
            self._keep(self.space.stores[node], known[node])

    def begin_row(self, row: str, shelf: str = "0") -> None:
        """Set coordinates and pointers to a row."""
        self.begin_at(self.coordinates(row, self.space.outer), shelf)

    def begin_at(self, base: Sequence[str], shelf: str = "0") -> None:
        """The same by the coordinates."""
        self.base = base
        self._ends = self.ends(base)
        self.point_at(base)
        self.shelf = shelf

    def _keep(self, place: Place, value: Value) -> None:
        store(self.code, value, self.pointers[place], 0)

    def _loaded_rows(self) -> Known:
        return {node: load(self.code, self.pointers[place], 0, type_of(node))
                for node, place in self.row_loads()}  # fmt: skip

    def row_loads(self) -> list[tuple[Node, Place]]:
        """What is read once per row."""
        return [(node, p) for node, p in self.space.loads.items() if node not in self.flow.full]

    # One pass

    def _pass(self, number: int, known: Known) -> None:
        """One pass over a row: accumulate, and store."""
        this = self.planned(number)
        read = self.flow.read(number, self.kept.ready)
        self.run(this, {node: splat(self.wide, x) for node, x in known.items() if node in read})
        for node, accumulator in this.sums.items():
            state = across(self.wide, accumulator.result(), accumulator.kind.join)
            self.finish(self.code, node, state, known, self._keep)
        self.kept.ready.update(this.later)

    def planned(self, number: int) -> Pass:
        """A pass, and the memory that it takes."""
        needed = self.flow.needed(number, self.kept.ready)
        lanes, length = self.wide.lanes, self._length()
        turns = min(self._turns(number, needed), max(1, length // lanes))
        rounds = max(1, length // (lanes * turns))
        count = rounds * prod(self.space.inner[:-1])
        reductions = self.flow.accumulated(number)
        sums = {node: self.accumulator(node, turns, count) for node in reductions}
        return Pass(number, needed, sums, self.kept.reserve(number, needed), turns, rounds)

    def _turns(self, number: int, needed: Sequence[Node]) -> int:
        """How many vectors a round has: only sums wait for each other."""
        work = sum(self.cost.per_node[node] for node in needed)
        return unrolled(work) if self.flow.accumulated(number) else 1

    def _length(self) -> int:
        """Of the last axis, or of a part of it."""
        cut = self.space.cut
        last = len(self.space.inner) - 1
        return self.space.inner[-1] if cut is None or cut.axis != last else cut.length

    def run(self, this: Pass, known: Known) -> None:
        """A pass over a row. known: the row's values that it reads, in every lane."""
        past = streamed(self, this.number)
        if past:
            is_aligned = aligned(self, past)
            with self.writer.when(is_aligned):
                self._run(this, known, past)
            with self.writer.when(self.code.inverse(is_aligned)):
                self._run(this, known, ())
            # Such stores come in any order, and another thread reads them next.
            self.code.lines.append("  fence seq_cst")
        else:
            self._run(this, known, ())

    def _run(self, this: Pass, known: Known, past: Collection[Node]) -> None:
        """The loops of a pass. past: what is written past the caches."""
        self._past = past
        for accumulator in this.sums.values():
            accumulator.start()
        outer = self.space.inner[:-1]
        ending = _ends_of_blocks(outer, this.rounds)
        at: list[str] = []
        with ExitStack() as loops:
            for d in range(len(outer)):
                at.append(loops.enter_context(self.writer.loop("0", self._ends[d], 1)))
                if d == ending:
                    loops.callback(_end_blocks, this.sums)
            steady = known | self._steady(this, at)
            for turn, index, count in self._vectors(this):
                self._point(this, steady, [*at, index], turn, count)

    def _steady(self, this: Pass, at: Sequence[str]) -> Known:
        """What a pass loads that does not change along the last axis."""
        read = self.flow.read(this.number, self.kept.ready)
        found: Known = {}
        for node, place in self.space.loads.items():
            if node in read and node in self.flow.full and not place.inner[-1]:
                found[node] = self.loaded(node, [*at, "0"], None)
        return found

    def _vectors(self, this: Pass) -> Iterator[Vector]:
        """The vectors of a row: some in each round, and in the end those that remain."""
        step = self.wide.lanes * this.turns
        stop, length = self._ends[-1], self._length()
        whole = stop if length % step == 0 else str(length // step * step)
        if stop.startswith("%"):
            whole = self.writer.index(f"and i64 {stop}, {-step}")
        if length >= step:
            with self._rounds(whole, step, this) as index:
                for turn in range(this.turns):
                    yield turn, self.writer.sum(index, str(turn * self.wide.lanes)), None
        yield from self._remaining(step)

    @contextmanager
    def _rounds(self, stop: str, step: int, this: Pass) -> Iterator[str]:
        """A loop over rounds, in blocks where there are many; yields its index."""
        loop = self.writer.loop
        if this.rounds <= BLOCK or not any(a.totals for a in this.sums.values()):
            with loop("0", stop, step) as index:
                yield index
            return
        with loop("0", stop, step * BLOCK) as begin:
            end = self.writer.sum(begin, str(step * BLOCK))
            with loop(begin, self.smaller(end, stop), step) as index:
                yield index
            _end_blocks(this.sums)

    def _remaining(self, step: int) -> Iterator[Vector]:
        """The vectors after the last whole round, of which the last one may be in part."""
        length, full, stop = self.space.inner[-1], self._length(), self._ends[-1]
        last = length - (length - 1) // max(full, 1) * full if length else 0
        rest = last % step
        if not rest:
            return
        with ExitStack() as only:
            if stop.startswith("%"):
                is_last = self.code.emit(f"icmp eq i64 {stop}, {last}", "i1")
                only.enter_context(self.writer.when(is_last))
            for turn, begin in enumerate(range(last - rest, last, self.wide.lanes)):
                count = min(self.wide.lanes, last - begin)
                yield turn, str(begin), None if count == self.wide.lanes else count

    # One point

    def _point(
        self, this: Pass, known: Known, at: Sequence[str], turn: int, count: int | None
    ) -> None:
        """What a pass does with one vector: load, compute, keep, accumulate, store."""
        values = Values(self.wide, known, lambda node: self.loaded(node, at, count))
        for node in this.needed:
            values.compute(node, self.sources[node])
            if node in this.later:
                store(self.wide, values[node], self.kept.address(node, self.shelf, at), 1)
        index = self._numbers(at) if any(s.kind.indexed for s in this.sums.values()) else None
        self.accumulate(this.sums, turn, values, index, count)
        for node in self.flow.written(this.number):
            place = self.space.stores[node]
            pointer = self.address(place, at)
            if node in self._past and count is None:
                stream(self.wide, values[node], pointer)
            else:
                store(self.wide, values[node], pointer, place.inner[-1], count)

    def loaded(self, node: Node, at: Sequence[str], count: int | None) -> Value:
        """A vector that is read: from an array, or of what was kept."""
        if node in self.kept.ready:
            return load(self.wide, self.kept.address(node, self.shelf, at), 1, type_of(node))
        place = self.space.loads[node]
        return load(self.wide, self.address(place, at), place.inner[-1], type_of(node), count)

    def _numbers(self, at: Sequence[str]) -> Value:
        """Where in its row each lane's element is."""
        first = splat(self.wide, Value(self.index_in_row(at, self.base), "i64"))
        lanes = lane_numbers(self.wide)
        return self.wide.emit(f"add {self.wide.wide('i64')} {first.name}, {lanes}", "i64")


def _ends_of_blocks(outer: Sequence[int], rounds: int) -> int | None:
    """The loop at the end of whose body a block of sums ends; None if in none of them."""
    if rounds > BLOCK:
        return None
    for d in reversed(range(len(outer))):
        rounds *= outer[d]
        if rounds > BLOCK:
            return d
    return None


def _end_blocks(sums: Mapping[Node, Accumulator]) -> None:
    for accumulator in sums.values():
        accumulator.end_block()
