"""Straight-line code: nests of one element, which may have thousands of operations.

In a forward and backward chain every value of the way there is alive until the way back: for one
function of 30,000 instructions LLVM took 46 to 78 s at its better levels. At level 0 it takes 0.1,
but all those values lie in one large stack frame. So the code is cut into functions. What one makes
for another lies in memory; of 30,000 instructions a chain leaves 3,300 values there, and runs at
1.0 ns per operation with its derivative, not 1.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wengert.compiler.code import Value
from wengert.compiler.loops.memory import load, store
from wengert.compiler.loops.space import Place, Sources, Space
from wengert.compiler.loops.values import lowered, type_of
from wengert.compiler.loops.writer import Writer
from wengert.compiler.pieces.piece import Module
from wengert.compiler.types import stored
from wengert.core.node import Node

MOST = 2000
"""Instructions of one function: more than backend/sizes.py lets LLVM optimise.

Optimised functions of 400 took 8 to 12 times as long to compile. A chain ran no faster for it, a
random graph at 0.45 ns per operation instead of 0.7.
"""

WORD = 8
"""Bytes of one value in memory, whatever its type."""


class Straight:
    """One step of one chunk, which calls the functions in order."""

    def __init__(
        self, nodes: Sequence[Node], sources: Sources, space: Space, module: Module
    ) -> None:
        self._nodes, self._sources, self._space = nodes, sources, space
        self._module = module
        self._words: dict[Node, int] = {}
        self._name = module.name("straight")

    def write(self) -> None:
        """Define the functions, and make the one that calls them a step."""
        last = {s: i for i, node in enumerate(self._nodes) for s in self._sources[node]}
        first = 0
        count = 0
        while first < len(self._nodes) or not count:
            part = _Part(self._space, self._sources, self._module, self._words)
            first = part.write(self._nodes, first, last)
            self._module.define(part.writer.function(f"{self._name}_part{count}", PART))
            self._module.declare(part.writer.code.declared)
            count += 1
        self._define_step(count)

    def _define_step(self, count: int) -> None:
        step = Writer()
        words = "null"
        if self._words:
            words = step.address(self._module.workspace(len(self._words) * WORD))
        for number in range(count):
            called = f"@{self._name}_part{number}(ptr %table, ptr {words})"
            step.code.lines.append(f"  call void {called}")
        self._module.define(step.function(self._name))
        self._module.step(self._name)


PART = "define internal void @{}(ptr %table, ptr %words) noinline {{"
"""The head of a part's function. Where it was inlined, nothing would have been cut."""


class _Part:
    """One of the functions. words: where values lie that are read in parts after theirs."""

    def __init__(
        self, space: Space, sources: Sources, module: Module, words: dict[Node, int]
    ) -> None:
        self.writer = Writer()
        self._space, self._sources = space, sources
        self._module, self._words = module, words
        self._values: dict[Node, Value] = {}

    def write(self, nodes: Sequence[Node], first: int, last: Mapping[Node | None, int]) -> int:
        """Write operations from the first one on; the first one that is left for another part.

        last: per value the last operation that reads it.
        """
        code = self.writer.code
        if not first:
            for node in self._space.stores.keys() - set(nodes):
                self._store(node)
        made = first
        while made < len(nodes) and len(code.lines) < MOST:
            node = nodes[made]
            self._values[node] = lowered(code, node, self._sources[node], self._found)
            if node in self._space.stores:
                self._store(node)
            made += 1
        for node in nodes[first:made]:
            if last.get(node, -1) >= made:
                word = self._words.setdefault(node, len(self._words))
                store(code, self._values[node], self._word(word), 0)
        return made

    def _found(self, node: Node) -> Value:
        """A value; it is read where it was not made here."""
        value = self._values.get(node)
        if value is None:
            place = self._space.loads.get(node)
            word = self._word(self._words[node]) if place is None else self._address(place)
            value = self._values[node] = load(self.writer.code, word, 0, type_of(node))
        return value

    def _store(self, node: Node) -> None:
        pointer = self._address(self._space.stores[node])
        store(self.writer.code, self._found(node), pointer, 0)

    def _address(self, place: Place) -> str:
        base = self.writer.address(self._module.slot(place.root))
        kind = stored(type_of(place.root))
        moved = f"getelementptr {kind}, ptr {base}, i64 {place.offset}"
        return self.writer.index(moved) if place.offset else base

    def _word(self, number: int) -> str:
        return self.writer.index(f"getelementptr i8, ptr %words, i64 {number * WORD}")
