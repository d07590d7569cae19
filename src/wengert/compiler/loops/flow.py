"""When each value of a nest is known, and which pass over a row computes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from wengert.compiler.loops.space import Space
from wengert.core.node import Node

if TYPE_CHECKING:
    from wengert.compiler.pieces.nest import Nest


class Flow:
    """The passes of a nest.

    A value is full, one for each point of a row, or it belongs to the row. when: of a full value
    the first pass that can compute it; of a row's value the pass before which it is known. A
    reduction is accumulated in the pass before that.
    """

    def __init__(self, nest: Nest, space: Space) -> None:
        self._nest = nest
        self.full: set[Node] = {node for node, p in space.loads.items() if any(p.inner)}
        self.when: dict[Node, int] = dict.fromkeys(space.loads, 0)
        for node in nest.nodes:
            sources = [s for s in nest.sources[node] if s is not None]
            self.when[node] = max((self.when[s] for s in sources), default=0)
            if node.op.reduces:
                self.when[node] += 1
            elif any(s in self.full for s in sources):
                self.full.add(node)
        self.reductions = [node for node in nest.nodes if node.op.reduces]
        self._stores = {node: any(p.inner) for node, p in space.stores.items()}
        last = [self.when[node] - 1 for node in self.reductions]
        last += [self.when[node] for node, along in self._stores.items() if along]
        self.passes = max(last, default=-1) + 1

    def accumulated(self, number: int) -> list[Node]:
        """The reductions of a pass."""
        return [node for node in self.reductions if self.when[node] == number + 1]

    def written(self, number: int) -> list[Node]:
        """What a pass stores; also rows' values that are stored for each of their points."""
        return [n for n, along in self._stores.items() if along and self.when[n] == number]

    def row_stores(self) -> list[Node]:
        """What is stored once per row."""
        return [node for node, along in self._stores.items() if not along]

    def of_rows(self, number: int) -> list[Node]:
        """The elementwise operations on rows' values that are possible before a pass."""
        return [
            node
            for node in self._nest.nodes
            if node not in self.full and not node.op.reduces and self.when[node] == number
        ]

    def needed(self, number: int) -> list[Node]:
        """The full operations that a pass computes, in order."""
        targets = [s for node in self.accumulated(number) for s in self._nest.sources[node]]
        return self._closure([*targets, *self.written(number)])

    def _closure(self, targets: Iterable[Node | None]) -> list[Node]:
        found = {node for node in targets if node in self.full}
        for node in reversed(self._nest.nodes):
            if node in found and not node.op.reduces:
                found.update(s for s in self._nest.sources[node] if s in self.full)
        return [node for node in self._nest.nodes if node in found]
