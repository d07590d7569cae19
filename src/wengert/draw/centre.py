"""Columns for small pictures: each box stands over the middle of its operands and under its users.

Only the neighbours on a longest chain pull: a chain stays straight with its side operands beside
it, while the operands of a + b, both inputs, stand left and right of it.

Rows are settled one after the other, upwards by what is below them and downwards by what is above.
First neighbours are drawn together; then those on the same side of a box keep their distances and
move under it as one. What does not agree in both directions never comes to rest; the best columns
seen are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from wengert.draw.columns import settle, snap
from wengert.draw.layers import Layers
from wengert.draw.ranks import Edges, depths, heights

DRAWING_TOGETHER, KEEPING_APART = 8, 24  # sweeps

# A box between several neighbours matters so much more than one with a single neighbour that the
# latter gives way entirely. What pulls in one direction only, such as a parameter beside a chain,
# gives way to both, so do the items of a link beside the longest chains, and what has no neighbour
# gives way to everything.
SEVERAL, SINGLE, SIDE_LINK, ONE_SIDED, NONE = 1e4, 1.0, 1e-4, 1e-6, 1e-9


@dataclass(frozen=True, slots=True)
class Pulls:
    """For each item the items below and above it that it wants to stand in the middle of.

    on_side: whether the item belongs to a link that is on no longest chain.
    """

    below: list[list[int]]
    above: list[list[int]]
    on_side: list[bool]


def find_pulls(layers: Layers, edges: Edges, step: int) -> Pulls:
    """Who pulls whom.

    step: 2 if only every other row takes part (the labels' rows follow later), else 1.
    """
    height, depth = heights(layers.boxes, edges), depths(layers.boxes, edges)
    pulls = Pulls([[] for _ in layers.row], [[] for _ in layers.row], [False] * len(layers.row))
    for chain, (source, target) in zip(layers.chains, edges):
        is_highest = height[source] + 1 == height[target]
        is_deepest = depth[target] + 1 == depth[source]
        for lower, upper in pairwise(chain[::step]):
            if upper != target or is_highest:
                pulls.below[upper].append(lower)
            if lower != source or is_deepest:
                pulls.above[lower].append(upper)
        for item in chain[1:-1]:
            pulls.on_side[item] = not (is_highest and is_deepest)
    return pulls


def centre(
    layers: Layers,
    pulls: Pulls,
    columns: Sequence[float],
    apart: Sequence[Sequence[float]],
    *,
    step: int,
    whole: bool = False,
) -> list[float]:
    """The columns, improved; only the rows that take part are moved.

    columns: where to begin.
    apart: for each row the least distances between neighbours.
    whole: the columns are whole numbers (and so are the distances).
    """
    current = list(columns)
    best: list[float] = []
    least = float("inf")
    for sweep in range(DRAWING_TOGETHER + KEEPING_APART):
        upward, together = sweep % 2 == 0, sweep < DRAWING_TOGETHER
        _sweep(layers, pulls, current, apart, step, upward=upward, together=together, whole=whole)
        cost = _cost(pulls, current, 0.5 if whole else 0.0)
        if cost < least - 1e-6:
            best, least = current[:], cost
    return best or current


def _sweep(
    layers: Layers,
    pulls: Pulls,
    columns: list[float],
    apart: Sequence[Sequence[float]],
    step: int,
    *,
    upward: bool,
    together: bool,
    whole: bool,
) -> None:
    """Settles one row after the other by what the sweep has already passed."""
    passed, ahead = (pulls.below, pulls.above) if upward else (pulls.above, pulls.below)
    indices = range(0, len(layers.rows), step)
    for index in indices if upward else reversed(indices):
        row = layers.rows[index]
        wanted = []
        for item in row:
            want = _middle(columns, passed[item], columns[item])
            if len(passed[item]) == 1 and not together:
                siblings = ahead[passed[item][0]]
                if len(siblings) > 1:
                    want += columns[item] - _middle(columns, siblings, columns[item])
            wanted.append(want)
        settled = settle(
            wanted, [_weight(pulls, item, passed[item], ahead) for item in row], apart[index]
        )
        for item, column in zip(row, snap(settled, apart[index]) if whole else settled):
            columns[item] = column


def _middle(columns: Sequence[float], items: list[int], otherwise: float) -> float:
    """The middle of some items' columns, if there are any."""
    if not items:
        return otherwise
    places = [columns[item] for item in items]
    return (min(places) + max(places)) / 2


def _weight(pulls: Pulls, item: int, neighbours: list[int], theirs: Sequence[list[int]]) -> float:
    """How much it matters where an item wants to be.

    neighbours: those that it wants to be in the middle of.
    theirs: for each item what it wants to be in the middle of, in the opposite direction.
    """
    if not neighbours:
        return NONE
    if not any(item in theirs[other] for other in neighbours):
        return ONE_SIDED
    if len(neighbours) > 1:
        return SEVERAL
    return SIDE_LINK if pulls.on_side[item] or pulls.on_side[neighbours[0]] else SINGLE


def _cost(pulls: Pulls, columns: Sequence[float], exempt: float) -> float:
    """How far the items are from where they want to be, all directions at once.

    exempt: the distance that does not count; half a cell cannot be helped.
    """
    cost = 0.0
    for neighbours, theirs in ((pulls.below, pulls.above), (pulls.above, pulls.below)):
        for item, items in enumerate(neighbours):
            weight = min(10.0, _weight(pulls, item, items, theirs))
            if len(items) == 1 and len(theirs[items[0]]) > 1:
                # One of several: their middle matters, and that is the other's concern.
                weight = min(SIDE_LINK, weight)
            distance = abs(columns[item] - _middle(columns, items, columns[item]))
            cost += weight * max(0.0, distance - exempt) ** 2
    return cost
