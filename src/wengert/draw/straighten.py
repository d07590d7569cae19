"""Columns for large pictures: links as vertical as possible, long ones and the spine exactly so.

Network simplex on the columns (Gansner et al. 1993, section 4). Items that stand on one vertical
line are one variable: the spine, the middle of a long link, a box and its only user. That keeps the
problem small where links pass hundreds of rows, and those lines straight. Lines that would cross
cannot all be straight; the first in this order wins.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from wengert.draw.layers import Layers
from wengert.draw.ranks import SPINE
from wengert.draw.simplex import Edge, longest_paths, solve


def straighten(
    layers: Layers, apart: Sequence[Sequence[float]], spine: Sequence[int]
) -> list[float]:
    """The column of each item, a whole number.

    apart: for each row the least distances between neighbours.
    spine: the edges of the spine.
    """
    line = _lines(layers, spine)
    beside = _beside(layers, apart, line)
    variable = {first: number for number, first in enumerate(dict.fromkeys(line))}
    wanted = [Edge(variable[a], variable[b], d, 0) for (a, b), d in beside.items()]
    start = _between(len(variable), wanted)

    weights = [1] * len(layers.chains)
    for index in spine:
        weights[index] = SPINE
    for chain, weight in zip(layers.chains, weights):
        for lower, upper in pairwise(chain):
            a, b = variable[line[lower]], variable[line[upper]]
            if a != b:
                # The distance |a - b|: a third variable to the left of both, as near as can be.
                left = len(start)
                start.append(min(start[a], start[b]))
                wanted += [Edge(left, a, 0, weight), Edge(left, b, 0, weight)]

    solved = solve(len(start), wanted, start)
    columns = [float(solved[variable[first]]) for first in line]
    _even_out(layers, columns, apart, line)
    return columns


def _even_out(
    layers: Layers, columns: list[float], apart: Sequence[Sequence[float]], line: list[int]
) -> None:
    """Moves boxes to the middle where each column between two neighbours is as good."""
    shared = Counter(line)
    for row, distances in zip(layers.rows, apart):
        for place, item in enumerate(row):
            ends = sorted(columns[other] for other in layers.below[item] + layers.above[item])
            if len(ends) % 2 or not ends or shared[line[item]] > 1:
                continue
            low, high = ends[len(ends) // 2 - 1], ends[len(ends) // 2]
            if place > 0:
                low = max(low, columns[row[place - 1]] + distances[place - 1])
            if place < len(row) - 1:
                high = min(high, columns[row[place + 1]] - distances[place])
            if low <= high:
                columns[item] = (low + high) / 2


def _lines(layers: Layers, spine: Sequence[int]) -> list[int]:
    """For each item the first item on its vertical line."""
    place = {item: index for row in layers.rows for index, item in enumerate(row)}
    taken: list[list[tuple[int, int]]] = [[] for _ in layers.rows]
    straight_above: dict[int, int] = {}
    has_below: set[int] = set()
    for lower, upper in _segments(layers, spine):
        if lower in straight_above or upper in has_below:
            continue
        segment = (place[lower], place[upper])
        segments = taken[layers.row[lower]]
        at = bisect_left(segments, segment)
        fits_left = at == 0 or segments[at - 1][1] < segment[1]
        fits_right = at == len(segments) or segments[at][1] > segment[1]
        if fits_left and fits_right:
            segments.insert(at, segment)
            straight_above[lower] = upper
            has_below.add(upper)

    line = list(range(len(layers.row)))
    for row in layers.rows:
        for item in row:
            if item in straight_above:
                line[straight_above[item]] = line[item]
    return line


def _segments(layers: Layers, spine: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pieces of links that ask to be vertical, the most important first."""
    for index in spine:
        yield from pairwise(layers.chains[index])
    for chain in layers.chains:
        yield from pairwise(chain[1:-1])
    for chain in layers.chains:
        for lower, upper in pairwise(chain):
            if len(layers.above[lower]) == 1 == len(layers.below[upper]):
                yield lower, upper


def _beside(
    layers: Layers, apart: Sequence[Sequence[float]], line: list[int]
) -> dict[tuple[int, int], int]:
    """The least distances between lines that are neighbours in some row."""
    beside: dict[tuple[int, int], int] = {}
    for row, distances in zip(layers.rows, apart):
        for left, right, distance in zip(row, row[1:], distances):
            pair = (line[left], line[right])
            beside[pair] = max(math.ceil(distance), beside.get(pair, 0))
    return beside


def _between(count: int, wanted: Sequence[Edge]) -> list[int]:
    """Feasible columns, halfway between all at their leftmost and all at their rightmost."""
    left = longest_paths(count, wanted)
    right = longest_paths(count, [Edge(b, a, d, 0) for a, b, d, _ in wanted])
    width = max(left, default=0)
    return [(a + width - b) // 2 for a, b in zip(left, right)]
