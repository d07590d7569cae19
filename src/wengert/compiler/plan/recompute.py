"""Values that are cheaper to compute again than to write and to read: what moves through memory.

A value that one nest writes only for other nests to read is computed in those instead, if it comes
from values in memory by a few plain operations, and fewer bytes move that way.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wengert.compiler.plan.cluster import Cluster, Unit
from wengert.compiler.plan.fusion import Fusion
from wengert.core.node import Node

MOST_AGAIN: Final = 8
"""Operations that are computed again for one value."""

MOST_TURNS: Final = 3
"""How often all values are looked at."""


class Recomputing:
    """The pass. wanted: the roots that somebody reads after the program."""

    def __init__(self, fusion: Fusion, wanted: Iterable[Node]) -> None:
        self._fusion = fusion
        self._wanted = set(wanted)
        self._readers: dict[Node, set[Unit]] = {}
        for unit in fusion.units:
            for node in unit.reads():
                self._readers.setdefault(fusion.root(node), set()).add(unit)

    def run(self) -> None:
        """Recompute what pays, the latest first, so that what it came from may follow.

        What a value comes from may be computed beside it only after that; so all is tried again.
        """
        for _ in range(MOST_TURNS):
            if not self._turn():
                return

    def _turn(self) -> bool:
        changed = False
        for unit in reversed(self._fusion.units):
            if isinstance(unit, Cluster):
                for node in sorted(unit.places, key=lambda n: -n.sequence):
                    changed = self._is_moved(node, unit) or changed
        return changed

    def _is_moved(self, node: Node, home: Cluster) -> bool:
        """Let a value be computed where it is read, if that pays."""
        readers = self._readers.get(node, set())
        others = [reader for reader in readers if isinstance(reader, Cluster)]
        if not readers or len(others) < len(readers) or node in self._wanted:
            return False
        if not home.places[node].full or not is_cheap(node):
            return False
        again, sources = self._recipe(node, home)
        if len(again) > MOST_AGAIN or not self._pays(node, others, sources):
            return False
        made = [self._fusion.rebuilt(other, again) for other in others]
        if any(cluster is None for cluster in made):
            return False
        for other, cluster in zip(others, made, strict=True):
            assert cluster is not None
            other.take(cluster)
            for source in sources:
                self._readers.setdefault(source, set()).add(other)
        del self._readers[node]
        return True

    def _recipe(self, node: Node, home: Cluster) -> tuple[list[Node], set[Node]]:
        """What has to be computed again for a value, and the roots in memory that it is from."""
        again, sources, todo = [node], set[Node](), [node]
        while todo and len(again) <= MOST_AGAIN:
            for source in home.places[todo.pop()].sources:
                if source is None:
                    continue
                inside = source in home.places
                if not inside or self._readers.get(source) or source in self._wanted:
                    sources.add(self._fusion.root(source))
                elif not home.places[source].full:
                    sources.add(source)
                elif not is_cheap(source):
                    return [node] * (MOST_AGAIN + 1), sources
                elif source not in again:
                    again.append(source)
                    todo.append(source)
        return again, sources

    def _pays(self, node: Node, others: Iterable[Cluster], sources: set[Node]) -> bool:
        saved: int = node.aval.nbytes
        spent: int = 0
        for other in others:
            saved += node.aval.nbytes
            read = {self._fusion.root(n) for n in other.loads}
            spent += sum(s.aval.nbytes for s in sources if s not in read)
        stored = [s for s in sources if s in self._fusion.unit_of and not self._readers.get(s)]
        spent += sum(s.aval.nbytes for s in stored)
        return spent < saved


def is_cheap(node: Node) -> bool:
    """Whether a node is a plain operation, as an addition is, and no function as exp is."""
    return not node.op.reduces and not getattr(node.op, "ulps", 0)
