"""How a traced function is computed: rewritten, planned, and assembled of parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wengert.compiler.assembly import Assembly, last_reads
from wengert.compiler.clock import Clock
from wengert.compiler.native import backend
from wengert.compiler.parts import Part
from wengert.compiler.pieces.kinds import made_piece
from wengert.compiler.plan.copies import with_copies
from wengert.compiler.plan.planned import Plan
from wengert.compiler.rewrite import rewritten
from wengert.compiler.whole import Whole, whole_of
from wengert.core.node import Leaf, Node
from wengert.graphs.graph import collect


class Course:
    """The parts of a program, and where their values stand while it runs.

    outputs: the nodes of the graph after rewriting. leaves: of all inputs, hidden ones too.
    threads: how many may run it at most; None for as many as the process has processors. clock:
    notes how long making it takes.
    """

    def __init__(
        self, outputs: Sequence[Node], leaves: Sequence[Leaf], threads: int | None, clock: Clock
    ) -> None:
        self.outputs = with_copies(rewritten(outputs))
        clock.stage("rewrite")
        self._leaves = leaves
        self._threads = threads
        self._order = collect([*self.outputs, *leaves])
        self._slots = {node: i for i, node in enumerate(self._order)}
        built = backend()
        self._build = built.build if built is not None else None
        plan = self._planned(self.outputs)
        clock.stage("plan")
        self.parts = self._assembled(plan)
        clock.stage("native code")
        self._empty = self._constants()
        self._inputs = [self._slots[leaf] for leaf in leaves]
        roots = map(plan.fusion.root, self.outputs)
        self._results = [(self._slots[r], n.aval.shape) for r, n in zip(roots, self.outputs)]
        self._steps = self._steps_of(self.parts)

    def _planned(self, wanted: Sequence[Node]) -> Plan:
        """The plan of a program that leaves the wanted values behind."""
        return Plan(self._order, wanted, self._build is not None, made_piece)

    def _assembled(self, plan: Plan) -> list[Part]:
        return Assembly(plan, self._slots, self._build, self._threads).parts

    def _constants(self) -> list[Any]:
        """The values, by slot, that are there before any call."""
        given = set(self._leaves)
        unknown = [n for n in self._order if not n.inputs and n.value is None and n not in given]
        assert all(n.op.kind != "leaf" for n in unknown), "a leaf that nothing gives a value"
        return [
            node.value if isinstance(node, Leaf) and node not in given else None
            for node in self._order
        ]

    def _steps_of(self, parts: Sequence[Part]) -> list[tuple[Any, tuple[int, ...]]]:
        """Per part what runs it, and the slots to empty after it."""
        freed = last_reads(parts, {*(slot for slot, _ in self._results), *self._inputs})
        return [(part.run, slots) for part, slots in zip(parts, freed, strict=True)]

    def whole(self) -> Whole | None:
        """The same as native code and nothing else; None if it is more than that."""
        results = [slot for slot, _ in self._results]
        avals = [node.aval for node in self.outputs]
        return whole_of(self.parts, self._inputs, self._empty, results, avals)

    def run(self, arrays: Sequence[Any], outs: Sequence[Any]) -> list[Any]:
        """The arrays of the outputs. Raises Refusal; see Program.run."""
        values = self._given(arrays)
        places = self._places(outs, values)
        for run, freed in self._steps:
            run(values)
            for slot in freed:
                values[slot] = None
        return [
            out if place is not None and values[slot] is place else _shaped(values[slot], shape)
            for (slot, shape), out, place in zip(self._results, outs or places, places, strict=True)
        ]

    def _places(self, outs: Sequence[Any], values: list[Any]) -> list[Any]:
        """The memory that is given for outputs, put where it is written into."""
        places: list[Any] = [None] * len(self._results)
        for i, out in enumerate(outs):
            slot = self._results[i][0]
            if out is not None and out.ndim and values[slot] is None:
                values[slot] = places[i] = out.reshape(self._order[slot].aval.shape)
        return places

    def _given(self, arrays: Sequence[Any]) -> list[Any]:
        values = list(self._empty)
        for slot, array in zip(self._inputs, arrays, strict=True):
            values[slot] = array
        return values

    def every(self, arrays: Sequence[Any]) -> dict[Node, Any]:
        """The values of all operations, by a program that leaves them all behind."""
        values = self._given(arrays)
        for part in self._assembled(self._planned(self._order)):
            part.run(values)
        return {node: values[slot] for node, slot in self._slots.items()}


def _shaped(value: Any, shape: tuple[int, ...]) -> Any:
    """A result in its shape, where it is a view of what was computed; without axes, a scalar."""
    if value.shape != shape:
        value = value.reshape(shape)
    return value[()] if not shape else value
