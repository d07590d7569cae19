"""Programs: what a function has become for one specialisation, and how it runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from wengert.compiler.assembly import Assembly, last_reads
from wengert.compiler.backend.build import assembly, program
from wengert.compiler.backend.llvm import host
from wengert.compiler.native import backend
from wengert.compiler.parts import NativePart, Part, Refusal
from wengert.compiler.pieces.kinds import made_piece
from wengert.compiler.plan.copies import with_copies
from wengert.compiler.plan.planned import Plan
from wengert.compiler.recorded import ProgramOp, dependence
from wengert.compiler.replay import replayed
from wengert.compiler.report import Report, report_of
from wengert.compiler.rewrite import rewritten
from wengert.compiler.tracing import Traced
from wengert.compiler.whole import Whole, whole_of
from wengert.core.handles import _new
from wengert.core.node import Leaf, Node
from wengert.core.tensor import Tensor
from wengert.graphs.graph import collect


class Clock:
    """How long the stages took, one after the other."""

    def __init__(self, started: float) -> None:
        self._last = started
        self.seconds: dict[str, float] = {}

    def stage(self, name: str) -> None:
        """A stage is over."""
        now = time.perf_counter()
        self.seconds[name] = now - self._last
        self._last = now


class Program:
    """A traced function, rewritten and scheduled.

    started: when its trace began. threads: how many may run it at most; None for as many as the
    process has processors.
    """

    def __init__(self, traced: Traced, started: float, threads: int | None = None) -> None:
        self.traced = traced
        self.threads = threads
        clock = Clock(started)
        clock.stage("trace")
        outputs = traced.outputs()
        self.outputs = with_copies(rewritten(outputs))
        clock.stage("rewrite")
        self.leaves = [*traced.inputs, *(leaf for _, leaf in traced.hidden)]
        self._order = collect([*self.outputs, *self.leaves])
        self.slots = {node: i for i, node in enumerate(self._order)}
        built = backend()
        self._build = built.build if built is not None else None
        self._plan = self._planned(self.outputs)
        clock.stage("plan")
        self.parts = self._assembled(self._plan)
        clock.stage("native code")
        self._empty = self._constants()
        self.hidden = [tensor for tensor, _ in traced.hidden]
        self._inputs = [self.slots[leaf] for leaf in self.leaves]
        roots = map(self._plan.fusion.root, self.outputs)
        self._results = [(self.slots[r], n.aval.shape) for r, n in zip(roots, self.outputs)]
        self._steps = self._steps_of(self.parts)
        self.recorded: ProgramOp | None = None
        self.depends = dependence(outputs, self.leaves)
        self.stages = clock.seconds

    def _planned(self, wanted: Sequence[Node]) -> Plan:
        """The plan of a program that leaves the wanted values behind."""
        return Plan(self._order, wanted, self._build is not None, made_piece)

    def _assembled(self, plan: Plan) -> list[Part]:
        return Assembly(plan, self.slots, self._build, self.threads).parts

    def _constants(self) -> list[Any]:
        """The values, by slot, that are there before any call."""
        given = set(self.leaves)
        return [
            node.value if isinstance(node, Leaf) and node not in given else None
            for node in self._order
        ]

    def _steps_of(self, parts: Sequence[Part]) -> list[tuple[Any, tuple[int, ...]]]:
        """Per part what runs it, and the slots to empty after it."""
        freed = last_reads(parts, {*(slot for slot, _ in self._results), *self._inputs})
        return [(part.run, slots) for part, slots in zip(parts, freed, strict=True)]

    def fits(self) -> bool:
        """Whether the tensors that the function closes over still have their shapes and dtypes."""
        return all(tensor._aval == leaf.aval for tensor, leaf in self.traced.hidden)

    def whole(self) -> Whole | None:
        """The program as native code and nothing else; None if it is more than that."""
        results = [slot for slot, _ in self._results]
        return whole_of(self.parts, self._inputs, self._empty, results)

    # Running

    def run(self, arrays: Sequence[Any], outs: Sequence[Any] = ()) -> list[Any]:
        """The arrays of the outputs; none shares memory with an input or with another one.

        arrays: of all inputs, hidden ones too. outs: per output, contiguous memory for it, or None;
        what is returned for it is that array where it was written into. To be called where
        floating-point errors are silent.
        """
        values = self._given(arrays)
        places = self._places(outs, values)
        try:
            for run, freed in self._steps:
                run(values)
                for slot in freed:
                    values[slot] = None
        except Refusal:
            return [t._data for t in self.replay([_new(a, None) for a in arrays])]
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

    def replay(self, tensors: Sequence[Tensor]) -> list[Any]:
        """The outputs by the traced operations, one by one.

        tensors: all inputs, hidden ones too.
        """
        return replayed(self.traced.outputs(), dict(zip(self.leaves, tensors, strict=True)))

    # Questions

    def every(self, arrays: Sequence[Any]) -> dict[Node, Any]:
        """The values of all operations, by a program that leaves them all behind."""
        values = self._given(arrays)
        for part in self._assembled(self._planned(self._order)):
            part.run(values)
        return {node: values[slot] for node, slot in self.slots.items()}

    def report(self) -> Report:
        """What the program consists of."""
        return report_of(self)

    def llvm_ir(self) -> str:
        """The text of all native parts, one after the other."""
        return "\n".join(part.ir for part in self.parts if isinstance(part, NativePart))

    def assembly(self) -> str:
        """Their machine code, as text."""
        found = host()
        if found is None:
            return ""
        modules = [part.module for part in self.parts if isinstance(part, NativePart)]
        return "\n".join(assembly(found, program(module, self.threads)) for module in modules)


def _shaped(value: Any, shape: tuple[int, ...]) -> Any:
    """A result in its shape, where it is a view of what was computed; without axes, a scalar."""
    if value.shape != shape:
        value = value.reshape(shape)
    return value[()] if not shape else value
