"""Which row a box stands in: inputs lowest, each box above its operands, links short.

Edges are pairs (source, target) of box numbers; several may join the same two boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from wengert.draw.simplex import Edge, longest_paths, solve

Edges: TypeAlias = Sequence[tuple[int, int]]

SPINE = 4  # how many times as much as another a link of the spine weighs


def heights(count: int, edges: Edges) -> list[int]:
    """For each box the length of the longest chain that leads up to it; 0 for an input.

    Raises ValueError if the edges form a cycle.
    """
    return longest_paths(count, [Edge(source, target, 1, 0) for source, target in edges])


def depths(count: int, edges: Edges) -> list[int]:
    """For each box the length of the longest chain that leads on from it; 0 for an output."""
    return longest_paths(count, [Edge(target, source, 1, 0) for source, target in edges])


def find_spine(count: int, edges: Edges, height: Sequence[int]) -> list[int]:
    """The edges of one longest chain, from its top down; on a tie it follows the first operand."""
    if not edges:
        return []
    into: list[int] = [-1] * count
    for index, (source, target) in enumerate(edges):
        if into[target] < 0 and height[source] + 1 == height[target]:
            into[target] = index

    spine = []
    edge = into[max(range(count), key=height.__getitem__)]
    while edge >= 0:
        spine.append(edge)
        edge = into[edges[edge][0]]
    return spine


def rank(count: int, edges: Edges, spine: Sequence[int]) -> list[int]:
    """The row of each box, 0 lowest: the weighted sum of the links' lengths is the least possible.

    Boxes that no chain of links joins are ranked apart, each group from row 0.
    """
    weights = [1] * len(edges)
    for index in spine:
        weights[index] = SPINE
    asked = [Edge(*ends, 1, weight) for ends, weight in zip(edges, weights)]
    rows = solve(count, asked)

    lowest: dict[int, int] = {}
    group = groups(count, edges)
    for box, row in enumerate(rows):
        lowest[group[box]] = min(row, lowest.get(group[box], row))
    return [row - lowest[group[box]] for box, row in enumerate(rows)]


def groups(count: int, edges: Edges) -> list[int]:
    """For each box the number of its connected group."""
    near: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        near[source].append(target)
        near[target].append(source)

    group = [-1] * count
    for first in range(count):
        if group[first] >= 0:
            continue
        group[first] = first
        reached = [first]
        for box in reached:
            for other in near[box]:
                if group[other] < 0:
                    group[other] = first
                    reached.append(other)
    return group
