"""Clusters: operations that are to become one nest, and units in general, with their order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wengert.compiler.pieces.nest import Nest
from wengert.compiler.pieces.piece import Access
from wengert.compiler.plan.placing import Axes, strides_in_space
from wengert.core.aval import Shape
from wengert.core.node import Node


class Unit(ABC):
    """What is run as one. bits: it, in sets of units. before: all units that it needs."""

    def __init__(self, number: int) -> None:
        self.bits = 1 << number
        self.before = 0

    @property
    @abstractmethod
    def first(self) -> int:
        """The number of its first operation in the order in which they were recorded."""

    @abstractmethod
    def reads(self) -> Iterable[Node]:
        """What it reads from memory."""

    def follows(self, other: Unit) -> bool:
        """Whether it needs the other one, directly or through others."""
        return bool(self.before & other.bits)


class Single(Unit):
    """One operation by itself: NumPy's, or a piece of its own."""

    def __init__(self, number: int, node: Node) -> None:
        super().__init__(number)
        self.node = node

    @property
    def first(self) -> int:
        return self.node.sequence

    def reads(self) -> Iterable[Node]:
        return [source for source in self.node.inputs if isinstance(source, Node)]


@dataclass
class Place:
    """How an operation lies in a cluster.

    axes: of its value. sources: its operands, as in Nest. loads: per operand from memory its
    strides. full: whether it varies along reduced axes. late: whether it needs a reduction.
    reduced: the axes of the space that it reduces.
    """

    axes: Axes
    sources: tuple[Node | None, ...]
    loads: dict[Node, tuple[int, ...]]
    full: bool = True
    late: bool = False
    reduced: frozenset[int] = frozenset()


@dataclass(eq=False)
class Cluster(Unit):
    """Operations over one space, in order."""

    number: int
    space: Shape
    reduced: frozenset[int] = frozenset()
    places: dict[Node, Place] = field(default_factory=dict)
    loads: dict[Node, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.number)

    @property
    def first(self) -> int:
        return next(iter(self.places)).sequence

    def reads(self) -> Iterable[Node]:
        return self.loads

    def add(self, node: Node, place: Place) -> None:
        """Let an operation be computed here."""
        self.places[node] = place
        self.loads.update(place.loads)
        self.reduced |= place.reduced

    def accepts(self, loads: Mapping[Node, tuple[int, ...]]) -> bool:
        """Whether nothing is read in two ways."""
        return all(self.loads.get(node, strides) == strides for node, strides in loads.items())

    def take(self, other: Cluster) -> None:
        """Become what another cluster of the same space is."""
        self.places, self.loads, self.reduced = other.places, other.loads, other.reduced

    def prune(self, stored: Iterable[Node]) -> None:
        """Compute only what is needed for the stored values."""
        needed = set(stored)
        for node in reversed(self.places):
            if node in needed:
                needed.update(s for s in self.places[node].sources if s is not None)
        made = Cluster(0, self.space)
        for node, place in self.places.items():
            if node in needed:
                made.add(node, place)
        self.take(made)

    def nest(self, accesses: Mapping[Node, Access], stored: Iterable[Node]) -> Nest:
        """The piece. stored: those of its operations whose values others read."""
        loads = {
            node: Access(accesses[node].root, accesses[node].offset, strides)
            for node, strides in self.loads.items()
        }
        count = len(self.space)
        stores = {
            node: Access(node, 0, self._own_strides(node, accesses[node], count)) for node in stored
        }
        sources = {node: place.sources for node, place in self.places.items()}
        return Nest(self.space, sorted(self.reduced), list(self.places), sources, loads, stores)

    def _own_strides(self, node: Node, access: Access, count: int) -> tuple[int, ...]:
        return strides_in_space(access, node.aval.shape, self.places[node].axes, count)
