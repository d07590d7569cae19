"""From a graph to units, and to what each has to write for the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from wengert.compiler.pieces.piece import Access, Piece
from wengert.compiler.plan.cluster import Cluster, Single, Unit
from wengert.compiler.plan.fusion import Fusion
from wengert.compiler.plan.nested import is_nested
from wengert.compiler.plan.order import runs
from wengert.compiler.plan.recompute import Recomputing
from wengert.compiler.plan.siblings import merge_siblings
from wengert.compiler.plan.views import accesses
from wengert.core.node import Leaf, Node

MakePiece = Callable[[Node, Mapping[Node, Access]], Piece | None]


class Plan:
    """What is to be run, in order.

    order: all nodes, oldest first. wanted: those whose values somebody reads afterwards. native:
    whether there is native code at all. runs: units that are all native, or none of which is.
    """

    def __init__(
        self, order: Sequence[Node], wanted: Iterable[Node], native: bool, piece: MakePiece
    ) -> None:
        self.accesses = accesses(order)
        self.order = order
        fusion = Fusion(self.accesses, is_nested if native else lambda _: False)
        for node in order:
            fusion.add(node)
        self.fusion = fusion
        self.wanted = {fusion.root(node) for node in wanted}
        self._pieces: dict[Node, Piece] = {}
        if native:
            self._find_pieces(fusion.units, piece)
            merge_siblings(fusion)
            Recomputing(fusion, self.wanted).run()
        self.users: dict[Node, set[Unit]] = {}
        self._find_users()
        self.runs = runs([u for u in fusion.units if not _is_empty(u)], self.is_native)
        """Units that are all native, or none of which is, in order."""

    def _find_pieces(self, units: Sequence[Unit], make: MakePiece) -> None:
        for unit in units:
            if isinstance(unit, Single) and unit.node.op.piece:
                found = make(unit.node, self.accesses)
                if found is not None:
                    self._pieces[unit.node] = found

    def is_native(self, unit: Unit) -> bool:
        """Whether there is native code for a unit."""
        return isinstance(unit, Cluster) or (isinstance(unit, Single) and unit.node in self._pieces)

    def _find_users(self) -> None:
        """Which units read each root from memory; what is for nobody is left out."""
        for unit in reversed(self.fusion.ordered()):
            if isinstance(unit, Cluster):
                unit.prune(self.stored(unit))
            for node in unit.reads():
                self.users.setdefault(self.fusion.root(node), set()).add(unit)

    def stored(self, cluster: Cluster) -> list[Node]:
        """The operations of a cluster whose values others read."""
        return [n for n in cluster.places if self._is_read(n, cluster)]

    def _is_read(self, node: Node, home: Cluster) -> bool:
        return self.fusion.unit_of[node] is home and (node in self.wanted or node in self.users)

    def piece(self, unit: Unit) -> Piece:
        """The native code of a unit."""
        if isinstance(unit, Cluster):
            return unit.nest(self.accesses, self.stored(unit))
        assert isinstance(unit, Single)
        return self._pieces[unit.node]

    def is_read_outside(self, root: Node, run: Sequence[Unit]) -> bool:
        """Whether anything but the units of a run reads a value."""
        return root in self.wanted or not self.users.get(root, set()) <= set(run)

    def given(self, node: Node) -> bool:
        """Whether a value is there before the program runs."""
        return isinstance(node, Leaf)


def _is_empty(unit: Unit) -> bool:
    """Whether all that it computed is computed elsewhere now."""
    return isinstance(unit, Cluster) and not unit.places
