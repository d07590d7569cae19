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
from wengert.compiler.loops.cost import CHEAP, unrolled
from wengert.compiler.loops.memory import lane_numbers, load, splat, store, stream
from wengert.compiler.loops.reductions import across
from wengert.compiler.loops.space import Place
from wengert.compiler.loops.values import Values, type_of
from wengert.compiler.types import size, stored
from wengert.core.node import Node

KEPT_BYTES = 16384
"""The longest row of which values are kept between passes: half of the smallest L1 in use."""

STREAMED_BYTES = 1 << 25
"""From how many bytes on a pass writes past the caches: what would not stay in the third one.

Three results of 16 MB take 1.45 ms instead of 1.75: their old contents are not read first.
"""

SHORTEST_STREAM = 256
"""Points of a row from where on it is worthwhile."""

Vector = tuple[int, str, int | None]
"""Which accumulator it takes, its index along the last axis, how many lanes count."""


@dataclass
class Pass:
    """One pass over a row.

    needed: the operations. sums: its reductions. later: where it keeps what later passes read.
    turns: how many vectors a round has. rounds: how many whole ones there are along the last axis.
    """

    number: int
    needed: list[Node]
    sums: dict[Node, Accumulator]
    later: dict[Node, str]
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
        self.kept: dict[Node, str] = {}
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
        read = self.flow.read(number, self.kept)
        self.run(this, {node: splat(self.wide, x) for node, x in known.items() if node in read})
        for node, accumulator in this.sums.items():
            state = across(self.wide, accumulator.result(), accumulator.kind.join)
            self.finish(self.code, node, state, known, self._keep)
        self.kept |= this.later

    def planned(self, number: int) -> Pass:
        """A pass, and the memory that it takes."""
        needed = self.flow.needed(number, self.kept)
        lanes, length = self.wide.lanes, self._length()
        turns = min(self._turns(number, needed), max(1, length // lanes))
        rounds = max(1, length // (lanes * turns))
        totals = rounds * prod(self.space.inner[:-1]) > 2 * BLOCK
        sums = {
            node: self.accumulator(node, turns, totals=totals)
            for node in self.flow.accumulated(number)
        }
        return Pass(number, needed, sums, self._worth_keeping(number, needed), turns, rounds)

    def _turns(self, number: int, needed: Sequence[Node]) -> int:
        """How many vectors a round has: only sums wait for each other."""
        work = sum(self.cost.per_node[node] for node in needed)
        return unrolled(work) if self.flow.accumulated(number) else 1

    def _length(self) -> int:
        """Of the last axis, or of a part of it."""
        cut = self.space.cut
        last = len(self.space.inner) - 1
        return self.space.inner[-1] if cut is None or cut.axis != last else cut.length

    def _worth_keeping(self, number: int, needed: Sequence[Node]) -> dict[Node, str]:
        """What later passes need again and should not compute again: room for a row of each."""
        found: dict[Node, str] = {}
        padded = -(-self.space.inner[-1] // self.wide.lanes) * self.wide.lanes
        count = self.shelves * prod(self.space.inner[:-1]) * padded
        for node in reversed(needed):
            costly = self.cost.per_node[node] > CHEAP and self.space.cut is None
            if not costly or count * size(type_of(node)) > KEPT_BYTES:
                continue
            later = range(number + 1, self.flow.passes)
            if any(node in self.flow.needed(n, {**self.kept, **found}) for n in later):
                found[node] = self.writer.local(f"[{count} x {stored(type_of(node))}]")
        return found

    def run(self, this: Pass, known: Known) -> None:
        """A pass over a row. known: the row's values that it reads, in every lane."""
        streamed = self._streamed(this)
        if streamed:
            aligned = self._aligned(streamed)
            with self.writer.when(aligned):
                self._run(this, known, streamed)
            with self.writer.when(self.code.inverse(aligned)):
                self._run(this, known, ())
            # Such stores come in any order, and another thread reads them next.
            self.code.lines.append("  fence seq_cst")
        else:
            self._run(this, known, ())

    def _streamed(self, this: Pass) -> list[Node]:
        """What is written past the caches, as it would not stay there."""
        places = {node: self.space.stores[node] for node in self.flow.written(this.number)}
        nbytes = sum(size(type_of(node)) for node in places) * self.space.row * self.space.rows
        if nbytes < STREAMED_BYTES or self.space.row < SHORTEST_STREAM:
            return []
        return [n for n, p in places.items() if p.inner[-1] == 1 and type_of(n) != "i1"]

    def _aligned(self, nodes: Sequence[Node]) -> Value:
        """Whether all of these rows begin where a vector may."""
        bits = "0"
        for node in nodes:
            pointer = self.address(self.space.stores[node], ["0"] * len(self.space.inner))
            address = self.writer.index(f"ptrtoint ptr {pointer} to i64")
            bits = self.writer.index(f"or i64 {bits}, {address}")
        widest = max(size(type_of(node)) for node in nodes) * self.wide.lanes
        rest = self.writer.index(f"and i64 {bits}, {widest - 1}")
        return self.code.emit(f"icmp eq i64 {rest}, 0", "i1")

    def _run(self, this: Pass, known: Known, streamed: Collection[Node]) -> None:
        """The loops of a pass. streamed: what is written past the caches."""
        self._streams = streamed
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
        read = self.flow.read(this.number, self.kept)
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
        if this.rounds <= 2 * BLOCK or not any(a.totals for a in this.sums.values()):
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
                store(self.wide, values[node], self._room(node, this.later[node], at), 1)
        index = self._numbers(at) if any(s.kind.indexed for s in this.sums.values()) else None
        self.accumulate(this.sums, turn, values, index, count)
        for node in self.flow.written(this.number):
            place = self.space.stores[node]
            pointer = self.address(place, at)
            if node in self._streams and count is None:
                stream(self.wide, values[node], pointer)
            else:
                store(self.wide, values[node], pointer, place.inner[-1], count)

    def loaded(self, node: Node, at: Sequence[str], count: int | None) -> Value:
        if node in self.kept:
            return load(self.wide, self._room(node, self.kept[node], at), 1, type_of(node))
        place = self.space.loads[node]
        return load(self.wide, self.address(place, at), place.inner[-1], type_of(node), count)

    def _room(self, node: Node, room: str, at: Sequence[str]) -> str:
        """Where a vector is kept between passes."""
        writer, index = self.writer, self.shelf
        padded = -(-self.space.inner[-1] // self.wide.lanes) * self.wide.lanes
        for coordinate, length in zip(at, (*self.space.inner[:-1], padded), strict=True):
            index = writer.sum(writer.scaled(index, length), coordinate)
        return self.moved(room, stored(type_of(node)), index)

    def _numbers(self, at: Sequence[str]) -> Value:
        """Where in its row each lane's element is."""
        first = splat(self.wide, Value(self.index_in_row(at, self.base), "i64"))
        lanes = lane_numbers(self.wide)
        return self.wide.emit(f"add {self.wide.wide('i64')} {first.name}, {lanes}", "i64")


def _ends_of_blocks(outer: Sequence[int], rounds: int) -> int | None:
    """The loop at the end of whose body a block of sums ends; None if in none of them."""
    if rounds > 2 * BLOCK:
        return None
    for d in reversed(range(len(outer))):
        rounds *= outer[d]
        if rounds > 2 * BLOCK:
            return d
    return None


def _end_blocks(sums: Mapping[Node, Accumulator]) -> None:
    for accumulator in sums.values():
        accumulator.end_block()
