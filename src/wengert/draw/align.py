"""Columns by alignment: Brandes, Koepf, "Fast and Simple Horizontal Coordinate Assignment" (2001).

Each item is aligned with its median neighbour in the next row, four times: looking down or up,
preferring left or right. Each time aligned items form a block, and blocks are packed. The mean of
the two middle results favours no side; that is where the symmetry comes from.
"""

from __future__ import annotations

from collections.abc import Sequence

from wengert.draw.layers import Layers


def align(layers: Layers, apart: Sequence[Sequence[float]]) -> list[float]:
    """The column of each item.

    apart: for each row the least distances between neighbours.
    """
    if not layers.row:
        return []
    conflicts = _conflicts(layers)
    results = []
    for look_down in (True, False):
        for mirrored in (False, True):
            blocks = _blocks(layers, conflicts, look_down=look_down, mirrored=mirrored)
            results.append(_pack(layers, apart, blocks, mirrored=mirrored))
    return _balance(layers, results)


def _conflicts(layers: Layers) -> frozenset[tuple[int, int]]:
    """Edges, as (lower, upper), that cross the inner part of a long link: the long link wins."""
    place = {item: index for row in layers.rows for index, item in enumerate(row)}
    conflicts = set()
    for row in layers.rows:
        edges = [(lower, upper) for upper in row for lower in layers.below[upper]]
        inner = [edge for edge in edges if min(edge) >= layers.boxes]
        for edge in edges:
            for kept in inner:
                lower, upper = (place[a] - place[b] for a, b in zip(edge, kept))
                if lower * upper < 0 and edge not in inner:
                    conflicts.add(edge)
    return frozenset(conflicts)


def _blocks(
    layers: Layers,
    conflicts: frozenset[tuple[int, int]],
    *,
    look_down: bool,
    mirrored: bool,
) -> list[int]:
    """For each item the first item of its block: the one that its alignments lead to."""
    neighbours = layers.below if look_down else layers.above
    root = list(range(len(layers.row)))
    for index, row in _in_order(layers.rows, look_down):
        before = layers.rows[index - 1 if look_down else index + 1]
        place = {item: at for at, item in enumerate(before[::-1] if mirrored else before)}
        reached = -1  # alignments do not cross: the next one lies to the right of this place
        for item in row[::-1] if mirrored else row:
            others = sorted(neighbours[item], key=place.__getitem__)
            for other in others[(len(others) - 1) // 2 : len(others) // 2 + 1]:
                edge = (other, item) if look_down else (item, other)
                if place[other] > reached and edge not in conflicts:
                    root[item] = root[other]
                    reached = place[other]
                    break
    return root


def _in_order(rows: Sequence[list[int]], look_down: bool) -> list[tuple[int, list[int]]]:
    """The rows that have one before them, in the direction of the walk, with their indices."""
    indexed = list(enumerate(rows))
    return indexed[1:] if look_down else indexed[-2::-1]


def _pack(
    layers: Layers, apart: Sequence[Sequence[float]], block: list[int], *, mirrored: bool
) -> list[float]:
    """Columns of least width with each block in one column: all to the left, then gaps closed."""
    right_of: dict[int, dict[int, float]] = {item: {} for item in block}
    waiting = dict.fromkeys(right_of, 0)
    for row, distances in zip(layers.rows, apart):
        if mirrored:
            row, distances = row[::-1], distances[::-1]
        for left, right, distance in zip(row, row[1:], distances):
            beside = right_of[block[left]]
            waiting[block[right]] += block[right] not in beside
            beside[block[right]] = max(distance, beside.get(block[right], 0))

    order = [first for first, count in waiting.items() if not count]
    column = dict.fromkeys(right_of, 0.0)
    for first in order:
        for right, distance in right_of[first].items():
            column[right] = max(column[right], column[first] + distance)
            waiting[right] -= 1
            if not waiting[right]:
                order.append(right)
    for first in reversed(order):
        free = [column[right] - distance for right, distance in right_of[first].items()]
        column[first] = max(column[first], min(free, default=column[first]))
    return [-column[first] if mirrored else column[first] for first in block]


def _balance(layers: Layers, results: list[list[float]]) -> list[float]:
    """The mean of the two middle columns, after all results are moved onto the narrowest."""
    half = [width / 2 for width in layers.width]
    spans = [
        (
            min(x - half[item] for item, x in enumerate(columns)),
            max(x + half[item] for item, x in enumerate(columns)),
        )
        for columns in results
    ]
    left, right = min(spans, key=lambda span: span[1] - span[0])
    moved = []
    for index, (columns, span) in enumerate(zip(results, spans)):
        # Those packed to the left share the left edge, the mirrored ones the right edge.
        shift = left - span[0] if index % 2 == 0 else right - span[1]
        moved.append([x + shift for x in columns])
    return [sum(sorted(four)[1:3]) / 2 for four in zip(*moved)]
