"""Fusion: which operations become one nest.

Operations are taken oldest first, and each joins the clusters that make its operands, where it lies
in their space: these clusters become one. Two things are never joined: what would have to wait for
itself, by way of something else; and what a nest cannot run in one go (see places.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from math import prod
from operator import attrgetter
from typing import Final

from wengert.compiler.pieces.piece import Access
from wengert.compiler.plan.cluster import Cluster, Place, Single, Unit
from wengert.compiler.plan.nested import is_nested
from wengert.compiler.plan.places import Places
from wengert.core.aval import Shape
from wengert.core.node import Leaf, Node

MOST_IN_LOOP: Final = 150
"""Operations in one loop, from where on values no longer fit into registers."""


def _most(cluster: Cluster) -> int:
    return MOST_IN_LOOP if prod(cluster.space) > 1 else 1 << 30


class Fusion:
    """The units of a program.

    is_nested: whether an operation is a part of nests. accesses: per node, as views.py finds them.
    """

    def __init__(
        self, accesses: Mapping[Node, Access], is_nested: Callable[[Node], bool] = is_nested
    ) -> None:
        self._places = Places(accesses)
        self._is_nested = is_nested
        self._numbers = count()
        self.units: list[Unit] = []
        self.unit_of: dict[Node, Unit] = {}
        self._last: dict[Shape, Cluster] = {}

    def add(self, node: Node) -> None:
        """Take the next operation in."""
        if isinstance(node, Leaf) or self.is_view(node):
            return
        if not self._is_nested(node):
            unit: Unit = Single(next(self._numbers), node)
            self.units.append(unit)
            self._enter(node, unit)
            return
        if self._added_to_numbers(node):
            return
        before = self._units_before(node)
        cluster, place = (
            self._joined(node, before) or self._beside(node, before) or self._started(node)
        )
        cluster.add(node, place)
        self._enter(node, cluster)
        self._last[cluster.space] = cluster

    def _added_to_numbers(self, node: Node) -> bool:
        """Add it to the latest cluster of numbers, if all its operands are there or are given.

        A program may have many thousands of these; the other way takes five times as long.
        """
        cluster = self._last.get(())
        if cluster is None or node.aval.shape:
            return False
        loads: dict[Node, tuple[int, ...]] = {}
        for source in node.inputs:
            if source is None or self.unit_of.get(source) is cluster:
                continue
            if not isinstance(source, Leaf) or source.aval.shape:
                return False
            loads[source] = ()
        cluster.add(node, Place((), node.inputs, loads))
        self.unit_of[node] = cluster
        return True

    def is_view(self, node: Node) -> bool:
        """Whether a value lies in somebody else's buffer."""
        return self._places.is_view(node)

    def root(self, node: Node) -> Node:
        """Whose buffer a value lies in."""
        return self._places.root(node)

    # Joining

    def _joined(self, node: Node, before: Sequence[Unit]) -> tuple[Cluster, Place] | None:
        """The cluster of its operands, which became one, and its place there."""
        made: Cluster | None = None
        found: Place | None = None
        for unit in before:
            place = self._place_of(node, unit, before) if isinstance(unit, Cluster) else None
            if place is None:
                continue
            assert isinstance(unit, Cluster)
            if made is None:
                made, found = unit, place
            elif unit is not made and self.merge(made, unit):
                found = self._places.find(node, made)
        return (made, found) if made is not None and found is not None else None

    def _beside(self, node: Node, before: Sequence[Unit]) -> tuple[Cluster, Place] | None:
        """The latest cluster of its space, where it needs nothing that is computed."""
        last = self._last.get(node.aval.shape)
        if before or node.op.reduces or last is None:
            return None
        place = self._place_of(node, last, before)
        return (last, place) if place is not None else None

    def _started(self, node: Node) -> tuple[Cluster, Place]:
        source = node.inputs[0] if node.op.reduces else node
        made = Cluster(next(self._numbers), source.aval.shape)
        self.units.append(made)
        place = self._places.find(node, made)
        assert place is not None
        return made, place

    def _units_before(self, node: Node) -> list[Unit]:
        """The units of its operands, the latest first."""
        roots = (self.root(s) for s in node.inputs if isinstance(s, Node))
        units = {self.unit_of[root]: None for root in roots if root in self.unit_of}
        return sorted(units, key=lambda unit: -unit.bits)

    def _place_of(self, node: Node, cluster: Cluster, before: Sequence[Unit]) -> Place | None:
        """Its place, if it can be computed there in time."""
        if len(cluster.places) >= _most(cluster):
            return None
        if any(u is not cluster and u.follows(cluster) for u in before):
            return None
        place = self._places.find(node, cluster)
        if place is None or not cluster.accepts(place.loads):
            return None
        return place

    # Order

    def _enter(self, node: Node, unit: Unit) -> None:
        """Note where it is computed, and what has to be computed before."""
        self.unit_of[node] = unit
        before = unit.before
        for other in self._units_before(node):
            if other is not unit:
                before |= other.bits | other.before
        before &= ~unit.bits
        if before != unit.before:
            unit.before = before
            self._pass_on(unit)

    def _pass_on(self, unit: Unit) -> None:
        """What needs a unit needs all that it needs."""
        for other in self.units:
            if other is not unit and other.before & unit.bits:
                other.before |= unit.before | unit.bits

    def _may_merge(self, one: Cluster, other: Cluster) -> bool:
        """Whether two clusters over one space can be one: nothing else is between them."""
        if one.space != other.space or len(one.places) + len(other.places) > _most(one):
            return False
        if one.reduced and other.reduced and one.reduced != other.reduced:
            return False
        if not one.accepts(other.loads):
            return False
        between = [u for u in self.units if u is not one and u is not other]
        return not any(
            (u.follows(one) and other.follows(u)) or (u.follows(other) and one.follows(u))
            for u in between
        )

    def merge(self, one: Cluster, other: Cluster) -> bool:
        """Let the first have everything of the other, if all of it can be computed in one nest."""
        if not self._may_merge(one, other):
            return False
        made = self._placed(one.space, [*one.places, *other.places])
        if made is None:
            return False
        one.take(made)
        for node in other.places:
            self.unit_of[node] = one
        self.units.remove(other)
        one.bits |= other.bits
        one.before = (one.before | other.before) & ~one.bits
        self._pass_on(one)
        return True

    def rebuilt(self, cluster: Cluster, more: Iterable[Node]) -> Cluster | None:
        """A cluster with more operations, which are computed elsewhere, too."""
        return self._placed(cluster.space, [*cluster.places, *more])

    def _placed(self, space: Shape, nodes: Iterable[Node]) -> Cluster | None:
        made = Cluster(0, space)
        for node in sorted(set(nodes), key=attrgetter("sequence")):
            place = self._places.find(node, made)
            if place is None or not made.accepts(place.loads):
                return None
            made.add(node, place)
        return made

    def ordered(self) -> list[Unit]:
        """The units, each after those that it needs, which all of its followers need, too."""
        return sorted(self.units, key=lambda unit: (unit.before.bit_count(), unit.bits))
