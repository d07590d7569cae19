"""What all loops have in common: chunks, coordinates, addresses, and the work at one point."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from wengert.compiler.code import Code, Value
from wengert.compiler.loops.accumulate import Accumulator
from wengert.compiler.loops.cost import Cost
from wengert.compiler.loops.flow import Flow
from wengert.compiler.loops.memory import first_lanes
from wengert.compiler.loops.reductions import State
from wengert.compiler.loops.space import Place, Sources, Space
from wengert.compiler.loops.values import (
    Values,
    accumulated_in,
    lowered,
    taken,
    type_of,
    types_of,
)
from wengert.compiler.loops.width import lanes_for
from wengert.compiler.loops.writer import Writer
from wengert.compiler.pieces.piece import Module
from wengert.compiler.types import stored
from wengert.core.node import Node

Known = dict[Node, Value]


class Loops(ABC):
    """One step: loops over a space.

    slots: where the table has the buffers that only these steps use; others the module knows.
    """

    stem: str

    def __init__(
        self, nodes: Sequence[Node], sources: Sources, space: Space, module: Module,
        slots: Mapping[Node, int],
    ) -> None:  # fmt: skip
        self.sources, self.space = sources, space
        self.flow = Flow(nodes, sources, space)
        self.writer = Writer()
        self.code = self.writer.code
        self.wide = self.code.beside(lanes_for(types_of({*nodes, *space.loads})))
        self.cost = Cost(self.flow, space, self.wide.lanes)
        self._module, self._slots = module, slots
        self._bases: dict[Node, str] = {}
        self.pointers: dict[Place, str] = {}

    @property
    @abstractmethod
    def units(self) -> int:
        """How many units there are, of which a chunk does some."""

    @abstractmethod
    def unit(self, at: str) -> None:
        """Write one unit."""

    def write(self) -> None:
        """Define the function, and make it a step."""
        name = self._module.name(self.stem)
        roots = dict.fromkeys(place.root for place in self.space.places())
        self._bases = {root: self.writer.address(self._slot(root)) for root in roots}
        chunks = min(self.cost.chunks(self.space.rows), self.units)
        per = -(-self.units // chunks)
        low = self.writer.scaled("%chunk", per)
        high = self.smaller(self.writer.sum(low, str(per)), self.units)
        with self.writer.loop(low, high, 1) as at:
            self.unit(at)
        self._module.define(self.writer.function(name))
        self._module.declare(self.code.declared)
        self._module.step(name, -(-self.units // per))

    def _slot(self, root: Node) -> int:
        slot = self._slots.get(root)
        return self._module.slot(root) if slot is None else slot

    # Coordinates and addresses

    def smaller(self, x: str, most: int | str) -> str:
        """The smaller one of two indices."""
        self.code.declared.add("declare i64 @llvm.smin.i64(i64, i64)")
        return self.writer.index(f"call i64 @llvm.smin.i64(i64 {x}, i64 {most})")

    def coordinates(self, row: str, lengths: Sequence[int]) -> list[str]:
        """The indices along some axes of the row of this number."""
        found: list[str] = []
        for length in reversed(lengths[1:]):
            found.append(self.writer.index(f"urem i64 {row}, {length}"))
            row = self.writer.index(f"udiv i64 {row}, {length}")
        return [*([row] if lengths else []), *reversed(found)]

    def ends(self, at: Sequence[str]) -> list[str]:
        """Where the loops over the inner axes end, in the row at these coordinates."""
        found = [str(length) for length in self.space.inner]
        cut = self.space.cut
        if cut is not None:
            begun = self.writer.scaled(at[cut.part], cut.length)
            rest = self.writer.index(f"sub i64 {self.space.inner[cut.axis]}, {begun}")
            found[cut.axis] = self.smaller(rest, cut.length)
        return found

    def point_at(self, at: Sequence[str]) -> None:
        """Set the pointers to a row."""
        for place in self.space.places():
            index = str(place.offset)
            for coordinate, stride in zip(at, place.outer, strict=True):
                index = self.writer.sum(index, self.writer.scaled(coordinate, stride))
            kind = self._stored(place)
            self.pointers[place] = self.moved(self._bases[place.root], kind, index)

    def _stored(self, place: Place) -> str:
        return stored(type_of(place.root))

    def moved(self, pointer: str, kind: str, index: str) -> str:
        """The address of an element further on."""
        if index == "0":
            return pointer
        return self.writer.index(f"getelementptr {kind}, ptr {pointer}, i64 {index}")

    def address(self, place: Place, at: Sequence[str], further: str = "0") -> str:
        """The address of an element of a row. further: elements beside it."""
        index = further
        for coordinate, stride in zip(at, place.inner, strict=True):
            index = self.writer.sum(index, self.writer.scaled(coordinate, stride))
        return self.moved(self.pointers[place], self._stored(place), index)

    # The work

    def accumulator(self, node: Node, turns: int, count: int) -> Accumulator:
        """A reduction's, of vectors. count: how many each of those that take turns takes."""
        source = self.sources[node][0]
        assert source is not None
        type = accumulated_in(node, source)
        return Accumulator(node, type, self.wide, self.writer.local, turns, count)

    def compute_rows(self, number: int, known: Known, *, wide: bool) -> None:
        """What belongs to rows, as far as it is known before a pass."""
        code = self.wide if wide else self.code
        for node in self.flow.of_rows(number):
            known[node] = lowered(code, node, self.sources[node], known.__getitem__)

    def accumulate(
        self, sums: Mapping[Node, Accumulator], turn: int, values: Values, index: Value | None,
        count: int | None,
    ) -> None:  # fmt: skip
        """Join the values at one point. index: of the point in its row, where one is needed."""
        mask = None if count is None else first_lanes(self.wide, count)
        for node, accumulator in sums.items():
            source, *others = self.sources[node]
            assert source is not None
            state: State = (taken(self.wide, node, values[source], accumulator.type),)
            if accumulator.kind.indexed:
                found = values[others[0]] if others and others[0] is not None else index
                assert found is not None
                state += (found,)
            accumulator.take(turn, state, mask)

    def finish(
        self, code: Code, node: Node, state: State, known: Known,
        keep: Callable[[Place, Value], None],
    ) -> None:  # fmt: skip
        """A reduction is done: its state is kept as it is, or its result known."""
        places = self.space.partials.get(node)
        if places is None:
            known[node] = code.converted(state[-1], type_of(node))
            return
        for place, value in zip(places, state, strict=True):
            keep(place, value)

    def index_in_row(self, at: Sequence[str], base: Sequence[str]) -> str:
        """The number of a point of its row. base: the coordinates of the row."""
        writer, index, cut = self.writer, "0", self.space.cut
        for d, (coordinate, length) in enumerate(zip(at, self.space.inner, strict=True)):
            if cut is not None and cut.axis == d:
                begun = writer.scaled(base[cut.part], cut.length)
                coordinate = writer.sum(coordinate, begun)
            index = writer.sum(writer.scaled(index, length), coordinate)
        return index
