"""Rows: loops that run along the axis that is reduced, or along the last one of a map.

Each row is passed over as often as its reductions need; in between, what belongs to the row is
scalar code. What a later pass needs again is computed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from wengert.compiler.code import Value
from wengert.compiler.loops.accumulate import Accumulator, State
from wengert.compiler.loops.flow import Flow
from wengert.compiler.loops.memory import first_lanes, load, splat, store
from wengert.compiler.loops.space import Place, Space
from wengert.compiler.loops.values import Values, accumulated_in, lowered, taken, type_of, types_in
from wengert.compiler.loops.width import lanes_for
from wengert.compiler.loops.writer import Writer
from wengert.compiler.pieces.piece import Module
from wengert.core.node import Node

if TYPE_CHECKING:
    from wengert.compiler.pieces.nest import Nest


class Rows:
    """The code of some rows."""

    def __init__(self, nest: Nest, space: Space, module: Module) -> None:
        self._nest, self._space = nest, space
        self._flow = Flow(nest, space)
        self._writer = Writer()
        self._code = self._writer.code
        self._wide = self._code.beside(lanes_for(types_in(nest)))
        self._module = module
        self._segment = 0
        self._pointers: dict[Place, str] = {}
        self._known: dict[Node, Value] = {}

    def write(self) -> None:
        """One step: its chunks are some rows each, or some parts of rows."""
        name = self._module.name("rows")
        writer = self._writer
        bases = {p.root: writer.address(self._module.slot(p.root)) for p in self._places()}
        count, chunks = self._split()
        per = -(-count // chunks)
        low = writer.scaled("%chunk", per)
        high = self._smaller(writer.sum(low, str(per)), count)
        with writer.loop(low, high, 1) as at:
            start, stop, row = self._range(at)
            self._point_at_row(bases, self._coordinates(row))
            self._row(start, stop)
        self._module.define(writer.function(name))
        self._module.declare(self._code.declared)
        self._module.step(name, chunks)

    def _places(self) -> list[Place]:
        return [*self._space.loads.values(), *self._space.stores.values()]

    # What a chunk is

    def _split(self) -> tuple[int, int]:
        """How many rows, or parts of rows, there are, and in how many chunks they are done."""
        rows, row = self._space.rows, self._space.row
        points = rows * row
        chunks = max(1, min(64, points // 16384))
        if not self._flow.reductions and rows < 4 * chunks and row > 4096:
            self._segment = 4096
            rows *= -(-row // self._segment)
        return rows, max(1, min(rows, chunks))

    def _smaller(self, x: str, most: int) -> str:
        self._code.declared.add("declare i64 @llvm.smin.i64(i64, i64)")
        return self._writer.index(f"call i64 @llvm.smin.i64(i64 {x}, i64 {most})")

    def _range(self, at: str) -> tuple[str, str, str]:
        """From where to where a row is done, and which one it is."""
        length = self._space.inner[-1]
        if not self._segment:
            return "0", str(length), at
        parts = -(-length // self._segment)
        row = self._writer.index(f"udiv i64 {at}, {parts}")
        part = self._writer.index(f"urem i64 {at}, {parts}")
        start = self._writer.scaled(part, self._segment)
        return start, self._smaller(self._writer.sum(start, str(self._segment)), length), row

    def _coordinates(self, row: str) -> list[str]:
        """The indices along the outer axes."""
        found: list[str] = []
        for length in reversed(self._space.outer[1:]):
            found.append(self._writer.index(f"urem i64 {row}, {length}"))
            row = self._writer.index(f"udiv i64 {row}, {length}")
        return [*([row] if self._space.outer else []), *reversed(found)]

    def _point_at_row(self, bases: dict[Node, str], at: Sequence[str]) -> None:
        writer = self._writer
        for node, place in [*self._space.loads.items(), *self._space.stores.items()]:
            index = str(place.offset)
            for coordinate, stride in zip(at, place.outer, strict=True):
                index = writer.sum(index, writer.scaled(coordinate, stride))
            self._pointers[place] = self._moved(bases[place.root], type_of(node), index)

    def _moved(self, pointer: str, type: str, index: str) -> str:
        kind = "i8" if type == "i1" else type
        return self._writer.index(f"getelementptr {kind}, ptr {pointer}, i64 {index}")

    # One row

    def _row(self, start: str, stop: str) -> None:
        flow, code = self._flow, self._code
        self._known = {}
        for node, place in self._space.loads.items():
            if node not in flow.full:
                self._known[node] = load(code, self._pointers[place], 0, type_of(node))
        for number in range(flow.passes + 1):
            for node in flow.of_rows(number):
                sources = self._nest.sources[node]
                self._known[node] = lowered(code, node, sources, self._known.__getitem__)
            if number < flow.passes:
                self._pass(number, start, stop)
        for node in flow.row_stores():
            store(code, self._known[node], self._pointers[self._space.stores[node]], 0)

    def _pass(self, number: int, start: str, stop: str) -> None:
        """One pass over a row: accumulate, and store."""
        sums = {node: self._accumulator(node) for node in self._flow.accumulated(number)}
        repeated = self._repeated(number)
        for accumulator in sums.values():
            accumulator.start()
        inner = self._space.inner
        with ExitStack() as loops:
            at = [loops.enter_context(self._writer.loop("0", str(n), 1)) for n in inner[:-1]]
            for node in self._steady(number):
                repeated[node] = self._loaded(node, [*at, "0"], None)
            for index, count in self._strips(start, stop):
                self._point(number, sums, repeated, [*at, index], count)
        for node, accumulator in sums.items():
            found = accumulator.across()[-1]
            self._known[node] = self._code.converted(found, type_of(node))

    def _accumulator(self, node: Node) -> Accumulator:
        (source,) = self._nest.sources[node]
        assert source is not None
        type = accumulated_in(node, source)
        signed = source.aval.dtype.kind == "i"
        return Accumulator(node, type, signed, self._writer.local, self._wide)

    def _repeated(self, number: int) -> dict[Node, Value]:
        """The row's values that a pass reads, in every lane."""
        nodes = [*self._flow.needed(number), *self._flow.accumulated(number)]
        read = {s for node in nodes for s in self._nest.sources[node]}
        read.update(self._flow.written(number))
        return {n: splat(self._wide, x) for n, x in self._known.items() if n in read}

    def _steady(self, number: int) -> list[Node]:
        """What a pass loads that does not change along the last axis."""
        nodes = [*self._flow.needed(number), *self._flow.accumulated(number)]
        read = {s for node in nodes for s in self._nest.sources[node]}
        loads = self._space.loads
        return [n for n in loads if n in read and n in self._flow.full and not loads[n].inner[-1]]

    def _strips(self, start: str, stop: str) -> Iterator[tuple[str, int | None]]:
        """Vectors from start to stop; the last one in part, where the row ends."""
        lanes, length = self._wide.lanes, self._space.inner[-1]
        whole, rest = length // lanes * lanes, length % lanes
        end = self._smaller(stop, whole) if stop.startswith("%") else str(whole)
        if whole:
            with self._writer.loop(start, end, lanes) as index:
                yield index, None
        if rest and stop.startswith("%"):
            last = self._code.emit(f"icmp eq i64 {stop}, {length}", "i1")
            with self._writer.when(last):
                yield str(whole), rest
        elif rest:
            yield str(whole), rest

    def _point(
        self, number: int, sums: dict[Node, Accumulator], known: dict[Node, Value],
        at: Sequence[str], count: int | None,
    ) -> None:  # fmt: skip
        """What a pass does with one vector: load, compute, accumulate, store."""
        code, sources = self._wide, self._nest.sources
        values = Values(code, known, lambda node: self._loaded(node, at, count))
        for node in self._flow.needed(number):
            values.compute(node, sources[node])
        mask = None if count is None else first_lanes(code, count)
        for node, accumulator in sums.items():
            (source,) = sources[node]
            assert source is not None
            state: State = (taken(code, node, values[source], accumulator.type),)
            if accumulator.kind.indexed:
                state += (self._numbers(at),)
            accumulator.take(state, mask)
        for node in self._flow.written(number):
            place = self._space.stores[node]
            store(code, values[node], self._at(place, node, at), place.inner[-1], count)

    def _at(self, place: Place, node: Node, at: Sequence[str]) -> str:
        writer, index = self._writer, "0"
        for coordinate, stride in zip(at, place.inner, strict=True):
            index = writer.sum(index, writer.scaled(coordinate, stride))
        return self._moved(self._pointers[place], type_of(node), index)

    def _loaded(self, node: Node, at: Sequence[str], count: int | None) -> Value:
        place = self._space.loads[node]
        pointer = self._at(place, node, at)
        return load(self._wide, pointer, place.inner[-1], type_of(node), count)

    def _numbers(self, at: Sequence[str]) -> Value:
        """Where in its row each lane's element is."""
        writer, index = self._writer, "0"
        for coordinate, length in zip(at, self._space.inner, strict=True):
            index = writer.sum(writer.scaled(index, length), coordinate)
        lanes = self._wide
        first = splat(lanes, Value(index, "i64"))
        numbers = ", ".join(f"i64 {i}" for i in range(lanes.lanes))
        return lanes.emit(f"add {lanes.wide('i64')} {first.name}, <{numbers}>", "i64")
