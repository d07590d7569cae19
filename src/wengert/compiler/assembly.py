"""From a plan to the parts of a program."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wengert.compiler.parts import NativePart, Part, Slots, numpy_or_projection
from wengert.compiler.plan.cluster import Single, Unit
from wengert.compiler.plan.direct import store_directly
from wengert.compiler.plan.planned import Plan
from wengert.core.node import Node

Build = Callable[[NativePart, int | None], None]


class Assembly:
    """The parts, oldest first. build: makes a part's native code, for so many threads at most."""

    def __init__(self, plan: Plan, slots: Slots, build: Build | None, threads: int | None) -> None:
        self._plan = plan
        self._slots = slots
        self._build = build
        self._threads = threads
        self._views: set[Node] = set()
        self.parts: list[Part] = []
        for run in plan.runs:
            if plan.is_native(run[0]):
                self._add_native(run)
            else:
                self._add_numpy(run)

    def _add_native(self, run: Sequence[Unit]) -> None:
        pieces = [self._plan.piece(unit) for unit in run]
        stored = [node for piece in pieces for node in piece.stores]
        kept = {node for node in stored if self._plan.is_read_outside(node, run)}
        store_directly(pieces, kept)
        part = NativePart(pieces, self._slots, kept)
        assert self._build is not None
        self._build(part, self._threads)
        self.parts.append(part)

    def _add_numpy(self, run: Sequence[Unit]) -> None:
        for unit in run:
            assert isinstance(unit, Single)
            for source in unit.node.inputs:
                if isinstance(source, Node):
                    self._add_view(source)
            self.parts.append(numpy_or_projection(unit.node, self._slots))

    def _add_view(self, node: Node) -> None:
        """Let NumPy make a view that one of its functions reads, and what that is a view of."""
        chain = []
        while self._plan.fusion.is_view(node) and node not in self._views:
            chain.append(node)
            node = node.inputs[0]
        self._views.update(chain)
        self.parts += [numpy_or_projection(view, self._slots) for view in reversed(chain)]


def last_reads(parts: Sequence[Part], kept: set[int]) -> list[tuple[int, ...]]:
    """Per part the slots that nothing reads after it, so that their arrays can be freed."""
    last: dict[int, int] = {}
    for i, part in enumerate(parts):
        for slot in (*part.reads, *part.writes):
            last[slot] = i
    freed: list[list[int]] = [[] for _ in parts]
    for slot, i in last.items():
        if slot not in kept:
            freed[i].append(slot)
    return [tuple(slots) for slots in freed]
