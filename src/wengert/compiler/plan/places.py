"""Whether an operation can be computed in a nest, and how it lies in its space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Final

from wengert.compiler.pieces.piece import Access
from wengert.compiler.plan.cluster import Cluster, Place
from wengert.compiler.plan.nested import reduced_axes
from wengert.compiler.plan.placing import (
    NOWHERE,
    Axes,
    determined,
    fits,
    seen_through,
    strides_in_space,
)
from wengert.core.aval import Shape
from wengert.core.node import Node

LONGEST_ROW: Final = 16384
"""Elements in a row that is walked more than once: beyond that it leaves the first cache."""


def runs_in_rows(space: Shape, reduced: Iterable[int]) -> bool:
    """Whether a nest can walk each row again after its reductions: they run over the last axes."""
    reduced = set(reduced)
    last = [axis for axis, side in enumerate(space) if side != 1][-len(reduced) or len(space) :]
    along = {axis for axis in reduced if space[axis] != 1}
    return along <= set(last) and prod(space[axis] for axis in along) <= LONGEST_ROW


class Places:
    """The places of operations. accesses: per node, as views.py finds them."""

    def __init__(self, accesses: Mapping[Node, Access]) -> None:
        self._accesses = accesses

    def is_view(self, node: Node) -> bool:
        """Whether a value lies in somebody else's buffer."""
        return node in self._accesses and self._accesses[node].root is not node

    def root(self, node: Node) -> Node:
        """Whose buffer a value lies in."""
        return self._accesses[node].root if node in self._accesses else node

    def find(self, node: Node, cluster: Cluster) -> Place | None:
        """How it lies in the cluster's space; None if it does not."""
        if not cluster.space and not node.op.reduces:
            return self._number(node, cluster)
        inside: list[Axes] = []
        sources: list[Node | None] = []
        members: list[Node] = []
        for source in node.inputs:
            root = self.root(source) if isinstance(source, Node) else None
            if root is not None and root in cluster.places:
                axes = seen_through(
                    self._accesses[source], source.aval.shape, root.aval.shape,
                    cluster.places[root].axes,
                )  # fmt: skip
                if axes is None:
                    return None
                inside.append(axes)
                members.append(root)
                sources.append(root)
            else:
                sources.append(source if isinstance(source, Node) else None)
        places = [cluster.places[root] for root in members]
        if node.op.reduces:
            return self._reducing(node, cluster, sources, inside, places)
        return self._elementwise(node, cluster, sources, inside, places)

    def _number(self, node: Node, cluster: Cluster) -> Place | None:
        """The same for what has no axes: there may be many thousands."""
        sources: list[Node | None] = []
        loads: dict[Node, tuple[int, ...]] = {}
        for source in node.inputs:
            if not isinstance(source, Node):
                sources.append(None)
            elif source in cluster.places:
                sources.append(source)
            elif self.root(source) in cluster.places or source.aval.shape or node.aval.shape:
                return None
            else:
                sources.append(source)
                loads[source] = ()
        return Place((), tuple(sources), loads)

    def _elementwise(
        self, node: Node, cluster: Cluster, sources: list[Node | None], inside: list[Axes],
        places: list[Place],
    ) -> Place | None:  # fmt: skip
        shape = node.aval.shape
        late = any(place.late for place in places)
        if shape == cluster.space:
            axes: Axes | None = tuple(a if n != 1 else NOWHERE for a, n in enumerate(shape))
            full = True
            if late and not runs_in_rows(cluster.space, cluster.reduced):
                return None
        elif places and not any(place.full for place in places):
            axes, full = determined(shape, inside), False
            if axes is None or not self._is_row(axes, cluster):
                return None
        else:
            return None
        assert axes is not None
        if not all(fits(axes, theirs) for theirs in inside):
            return None
        loads = self._loads(node, sources, cluster, axes)
        return Place(axes, tuple(sources), loads, full, late)

    def _is_row(self, axes: Axes, cluster: Cluster) -> bool:
        mine = {axis for axis in axes if axis != NOWHERE}
        rows = {a for a, n in enumerate(cluster.space) if n != 1 and a not in cluster.reduced}
        return mine == rows

    def _reducing(
        self, node: Node, cluster: Cluster, sources: list[Node | None], inside: list[Axes],
        places: list[Place],
    ) -> Place | None:  # fmt: skip
        shape = node.inputs[0].aval.shape
        if places and not places[0].full:
            return None
        if not places and shape != cluster.space:
            return None
        along = inside[0] if inside else tuple(range(len(shape)))
        if any(a == NOWHERE and side != 1 for a, side in zip(along, shape, strict=True)):
            return None  # the same value again and again: the nest has no axis to count it along
        reduced = self._reduced(node, along)
        if cluster.reduced and cluster.reduced != reduced:
            return None
        late = bool(places) and places[0].late
        if late and not runs_in_rows(cluster.space, reduced):
            return None
        kept = (node.attrs or {}).get("keepdim", False)
        dims = reduced_axes(node)
        axes = tuple(
            NOWHERE if d in dims or shape[d] == 1 else along[d]
            for d in range(len(shape))
            if kept or d not in dims
        )
        loads = self._loads(node, sources, cluster, along)
        return Place(axes, tuple(sources), loads, full=False, late=True, reduced=reduced)

    def _reduced(self, node: Node, along: Axes) -> frozenset[int]:
        return frozenset(along[d] for d in reduced_axes(node) if along[d] != NOWHERE)

    def _loads(
        self, node: Node, sources: Sequence[Node | None], cluster: Cluster, axes: Axes
    ) -> dict[Node, tuple[int, ...]]:
        ndim = len(cluster.space)
        return {
            source: strides_in_space(self._accesses[source], source.aval.shape, axes, ndim)
            for source in sources
            if source is not None and source not in cluster.places
        }
