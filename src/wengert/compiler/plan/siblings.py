"""Siblings: clusters that read the same, and become one so that it is read once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import prod

from wengert.compiler.plan.cluster import Cluster
from wengert.compiler.plan.fusion import Fusion
from wengert.core.aval import Shape

MOST_COMPARED = 100
"""Clusters of one space that are compared with each other."""


def merge_siblings(fusion: Fusion) -> None:
    """Merge what has the same space and reads the same large value."""
    spaces: dict[Shape, list[Cluster]] = {}
    for unit in fusion.units:
        if isinstance(unit, Cluster):
            spaces.setdefault(unit.space, []).append(unit)
    for clusters in spaces.values():
        _merge_alike(fusion, clusters[:MOST_COMPARED])


def _merge_alike(fusion: Fusion, clusters: Sequence[Cluster]) -> None:
    gone: set[Cluster] = set()
    for one, other in combinations(clusters, 2):
        if one in gone or other in gone or not _share(fusion, one, other):
            continue
        if fusion.merge(one, other):
            gone.add(other)


def _share(fusion: Fusion, one: Cluster, other: Cluster) -> bool:
    """Whether both read the same of what is as large as their space; of scalars, anything."""
    size = prod(one.space)
    mine = {fusion.root(n) for n in one.loads if n.aval.size >= size}
    theirs = {fusion.root(n) for n in other.loads if n.aval.size >= size}
    return size == 1 or not mine.isdisjoint(theirs)
