"""The order within each row: few crossings, and operands from left to right where that is free.

Sweeps sort each row by where its neighbours stand, after Sugiyama, Tagawa, Toda (1981); then
neighbours change places while that helps (Gansner et al. 1993, section 3). The best order wins.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

from wengert.draw.layers import Layers

SWEEPS = 24
PATIENCE = 6  # sweeps without a gain before giving up
SWAP_LIMIT = 6000  # items; above, changing places costs more time than it saves crossings


def reduce_crossings(layers: Layers, group: Sequence[int]) -> None:
    """Reorders the rows in place.

    group: for each item the number of its connected group; groups end up side by side.
    """
    place = _places(layers)
    best = crossings(layers, place)
    kept = [row[:] for row in layers.rows]
    idle = 0
    for sweep in range(SWEEPS):
        if best == 0 or idle == PATIENCE:
            break
        _sweep(layers, place, upward=sweep % 2 == 0, flip=sweep % 4 > 1)
        _swap_neighbours(layers, place)
        count = crossings(layers, place)
        idle += 1
        if count < best:
            best, idle = count, 0
            kept = [row[:] for row in layers.rows]

    layers.rows = kept
    if _reversed_operands(layers, _places(layers)) > 0:
        for row in layers.rows:
            row.reverse()  # a mirrored picture has the same crossings
    for row in layers.rows:
        row.sort(key=group.__getitem__)


def crossings(layers: Layers, place: Sequence[int]) -> int:
    """How many pairs of edges between neighbouring rows cross."""
    count = 0
    for row in layers.rows[1:]:
        met: list[int] = []
        for item in row:
            ends = sorted(place[lower] for lower in layers.below[item])
            count += sum(len(met) - bisect_right(met, end) for end in ends)
            for end in ends:
                insort(met, end)
    return count


def _places(layers: Layers) -> list[int]:
    place = [0] * len(layers.row)
    for row in layers.rows:
        for index, item in enumerate(row):
            place[item] = index
    return place


def _sweep(layers: Layers, place: list[int], *, upward: bool, flip: bool) -> None:
    """Sorts row after row by the neighbours in the row before; items without any stay in place.

    flip: whether items that tie change their order, which may open a way to fewer crossings.
    """
    neighbours = layers.below if upward else layers.above
    indices = range(len(layers.rows))
    for index in indices if upward else reversed(indices):
        row = layers.rows[index]
        tied = [item for item in row if neighbours[item]]
        if flip:
            tied.reverse()
        keys = {item: _middle([place[other] for other in neighbours[item]]) for item in tied}
        moved = iter(sorted(tied, key=keys.__getitem__))
        layers.rows[index] = [next(moved) if neighbours[item] else item for item in row]
        for position, item in enumerate(layers.rows[index]):
            place[item] = position


def _middle(places: list[int]) -> float:
    """Half median, half mean: the median crosses less, the mean breaks its many ties."""
    places.sort()
    half = len(places) // 2
    median = (places[half] + places[-1 - half]) / 2
    return median + sum(places) / len(places)


def _swap_neighbours(layers: Layers, place: list[int]) -> None:
    """Lets neighbours in a row change places while that removes crossings."""
    if len(layers.row) > SWAP_LIMIT:
        return
    for _ in range(PATIENCE):
        changed = False
        for row in layers.rows:
            for index in range(len(row) - 1):
                left, right = row[index], row[index + 1]
                if _gain(layers, place, left, right) > 0:
                    row[index], row[index + 1] = right, left
                    place[left], place[right] = index + 1, index
                    changed = True
        if not changed:
            break


def _gain(layers: Layers, place: list[int], left: int, right: int) -> int:
    """How many crossings there are fewer if two neighbours change places."""
    gain = 0
    for neighbours in (layers.below, layers.above):
        for a in neighbours[left]:
            for b in neighbours[right]:
                gain += (place[a] > place[b]) - (place[a] < place[b])
    return gain


def _reversed_operands(layers: Layers, place: Sequence[int]) -> int:
    """Neighbouring operands that stand in reverse order, less those that stand in order."""
    count = 0
    for box in range(layers.boxes):
        operands = [place[item] for item in layers.below[box]]
        for first, second in pairwise(operands):
            count += (first > second) - (first < second)
    return count
