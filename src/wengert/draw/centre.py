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
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from wengert.draw.columns import settle, snap
from wengert.draw.layers import Layers
from wengert.draw.ranks import Edges, depths, heights

DRAWING_TOGETHER, KEEPING_APART = 8, 24  # sweeps

# A box between several neighbours matters so much more than one with a single neighbour that the
# latter gives way entirely. What pulls in one direction only, such as a parameter beside a chain,
# gives way to both, so do the items of a link beside the longest chains, and what has no neighbour
# gives way to everything.
SEVERAL, SINGLE, SIDE_LINK, ONE_SIDED, NONE = 1e4, 1.0, 1e-4, 1e-6, 1e-9
MOST = 10.0  # that an item's distance from where it wants to be counts


class Pull(NamedTuple):
    """What draws an item towards the middle of some neighbours, seen in one direction.

    ends: the outermost of them. siblings: the outermost of those that share its only neighbour.
    weight, cost: how much it matters in a sweep; and among all that is not where it wants to be.
    """

    ends: tuple[int, int]
    siblings: tuple[int, int] | None
    weight: float
    cost: float


Pulls: TypeAlias = dict[int, Pull]
"""The pulls of one direction, by the item that is pulled."""


def find_pulls(layers: Layers, edges: Edges, step: int) -> tuple[Pulls, Pulls]:
    """Who is pulled by what is below it, and who by what is above it.

    step: 2 if only every other row takes part (the labels' rows follow later), else 1.
    """
    height, depth = heights(layers.boxes, edges), depths(layers.boxes, edges)
    below: list[list[int]] = [[] for _ in layers.row]
    above: list[list[int]] = [[] for _ in layers.row]
    on_side: set[int] = set()  # the items of links that are on no longest chain
    for chain, (source, target) in zip(layers.chains, edges):
        is_highest = height[source] + 1 == height[target]
        is_deepest = depth[target] + 1 == depth[source]
        for lower, upper in pairwise(chain[::step]):
            if upper != target or is_highest:
                below[upper].append(lower)
            if lower != source or is_deepest:
                above[lower].append(upper)
        if not (is_highest and is_deepest):
            on_side.update(chain[1:-1])
    place = {item: index for row in layers.rows for index, item in enumerate(row)}
    for neighbours in (*below, *above):
        neighbours.sort(key=place.__getitem__)
    return _pulls(below, above, on_side), _pulls(above, below, on_side)


def _pulls(passed: list[list[int]], ahead: list[list[int]], on_side: set[int]) -> Pulls:
    """Each item is pulled by its neighbours in `passed`; `ahead` is the opposite direction."""
    pulls = {}
    for item, neighbours in enumerate(passed):
        if not neighbours:
            continue
        first, last = neighbours[0], neighbours[-1]
        if not any(item in ahead[other] for other in neighbours):
            weight = ONE_SIDED
        elif len(neighbours) > 1:
            weight = SEVERAL
        else:
            weight = SIDE_LINK if item in on_side or first in on_side else SINGLE
        is_shared = len(neighbours) == 1 and len(ahead[first]) > 1
        # One of several: their middle matters, and that is the other's concern.
        cost = min(weight, SIDE_LINK if is_shared else MOST)
        siblings = (ahead[first][0], ahead[first][-1]) if is_shared else None
        pulls[item] = Pull((first, last), siblings, weight, cost)
    return pulls


def centre(
    layers: Layers,
    pulls: tuple[Pulls, Pulls],
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
    rows = list(zip(layers.rows, apart))[::step]
    both = ((pulls[0], rows), (pulls[1], rows[::-1]))
    current = list(columns)
    best, least = current, float("inf")
    for sweeps in (DRAWING_TOGETHER, KEEPING_APART):
        for _ in range(sweeps // 2):
            before = current[:]
            for pull, order in both:
                _sweep(order, pull, current, together=sweeps == DRAWING_TOGETHER, whole=whole)
                cost = _cost(pulls, current, 0.5 if whole else 0.0)
                if cost < least - 1e-6:
                    best, least = current[:], cost
            if current == before:
                break  # at rest: more of the same sweeps would change nothing
    return best


def _sweep(
    rows: Sequence[tuple[list[int], Sequence[float]]],
    pulls: Pulls,
    columns: list[float],
    *,
    together: bool,
    whole: bool,
) -> None:
    """Settles one row after the other by what the sweep has already passed."""
    for row, apart in rows:
        wanted, weights = [], []
        for item in row:
            want, weight = columns[item], NONE
            pull = pulls.get(item)
            if pull is not None:
                weight = pull.weight
                middle = _middle(columns, pull.ends)
                if pull.siblings is None or together:
                    want = middle
                else:
                    want += middle - _middle(columns, pull.siblings)
            wanted.append(want)
            weights.append(weight)
        settled = settle(wanted, weights, apart)
        for item, column in zip(row, snap(settled, apart) if whole else settled):
            columns[item] = column


def _middle(columns: Sequence[float], ends: tuple[int, int]) -> float:
    return (columns[ends[0]] + columns[ends[1]]) / 2


def _cost(pulls: tuple[Pulls, Pulls], columns: Sequence[float], exempt: float) -> float:
    """How far the items are from where they want to be, both directions at once.

    exempt: the distance that does not count; half a cell cannot be helped.
    """
    cost = 0.0
    for direction in pulls:
        for item, pull in direction.items():
            excess = abs(columns[item] - _middle(columns, pull.ends)) - exempt
            if excess > 0:
                cost += pull.cost * excess * excess
    return cost
