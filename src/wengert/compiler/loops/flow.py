"""When each value of a nest is known, and which pass over a row computes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from wengert.compiler.loops.space import Sources, Space
from wengert.core.node import Node


class Flow:
    """The passes of a nest.

    A value is full, one for each point of a row, or it belongs to the row. when: of a full value
    the first pass that can compute it; of a row's value the pass before which it is known. A
    reduction is accumulated in the pass before that.
    """

    def __init__(self, nodes: Sequence[Node], sources: Sources, space: Space) -> None:
        self.nodes, self.sources, self._space = nodes, sources, space
        self.full: set[Node] = {node for node, p in space.loads.items() if any(p.inner)}
        self.when: dict[Node, int] = dict.fromkeys(space.loads, 0)
        for node in nodes:
            read = [s for s in sources[node] if s is not None]
            self.when[node] = max((self.when[s] for s in read), default=0)
            if node.op.reduces and space.reduces:
                self.when[node] += 1
            elif any(s in self.full for s in read):
                self.full.add(node)
        self.reductions = [node for node in nodes if node.op.reduces and space.reduces]
        self._along = {node: any(p.inner) for node, p in space.stores.items()}
        last = [self.when[node] - 1 for node in self.reductions]
        last += [self.when[node] for node, along in self._along.items() if along]
        self.passes = max(last, default=-1) + 1

    def accumulated(self, number: int) -> list[Node]:
        """The reductions of a pass."""
        return [node for node in self.reductions if self.when[node] == number + 1]

    def written(self, number: int) -> list[Node]:
        """What a pass stores; also rows' values that are stored for each of their points."""
        return [n for n, along in self._along.items() if along and self.when[n] == number]

    def row_stores(self) -> list[Node]:
        """What is stored once per row."""
        return [node for node, along in self._along.items() if not along]

    def of_rows(self, number: int) -> list[Node]:
        """The elementwise operations on rows' values that are possible before a pass."""
        reduced = set(self.reductions)
        return [
            node
            for node in self.nodes
            if node not in self.full and node not in reduced and self.when[node] == number
        ]

    def targets(self, number: int) -> list[Node]:
        """What a pass is for: the operands of its reductions, and what it stores."""
        found = [s for node in self.accumulated(number) for s in self.sources[node] if s]
        return [*found, *self.written(number)]

    def needed(self, number: int, kept: Collection[Node] = ()) -> list[Node]:
        """The full operations that a pass computes, in order. kept: what is there already."""
        known = {node for node in self.when if node not in self.full}
        return closure(self.targets(number), self.nodes, self.sources, known.union(kept))

    def read(self, number: int, kept: Collection[Node] = ()) -> set[Node | None]:
        """Every value that a pass looks at."""
        operands = (s for node in self.needed(number, kept) for s in self.sources[node])
        return {*self.targets(number), *operands}


def closure(
    targets: Iterable[Node], nodes: Sequence[Node], sources: Sources, known: Iterable[Node]
) -> list[Node]:
    """Of some nodes in order those that the targets need, where some values are known already."""
    given = set(known)
    found = {node for node in targets if node not in given}
    for node in reversed(nodes):
        if node in found:
            found.update(s for s in sources[node] if s is not None and s not in given)
    return [node for node in nodes if node in found]
