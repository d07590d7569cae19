"""Where the items of one row stand: as near as they can to where they want to, in order, apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from wengert.draw.layers import Layers


@dataclass(frozen=True, slots=True)
class Margins:
    """The free space that an item keeps on each side; two neighbours' margins add up."""

    box: float
    label: float
    bend: float

    def of(self, layers: Layers, item: int) -> float:
        """The margin of an item, by what it is."""
        if item < layers.boxes:
            return self.box
        return self.bend if layers.is_bend(item) else self.label


def separations(layers: Layers, margins: Margins) -> list[list[float]]:
    """For each row the least distances between the centres of neighbours; one fewer than items."""
    reach = [layers.width[item] / 2 + margins.of(layers, item) for item in range(len(layers.width))]
    return [[reach[left] + reach[right] for left, right in pairwise(row)] for row in layers.rows]


def settle(
    wanted: Sequence[float],
    weights: Sequence[float],
    apart: Sequence[float],
    within: tuple[float, float] = (-math.inf, math.inf),
) -> list[float]:
    """Places in order that minimise the sum of weight * (place - wanted)**2.

    apart: the least distances between neighbours; within: where the places lie, if there is room.

    Less the distances before it, each place must be no less than the one before: this is isotonic
    regression, which pooling neighbours that violate the order solves exactly.

    >>> settle([0, 0, 10], [1, 1, 1], [4, 4])
    [-2.0, 2.0, 10.0]
    """
    offsets = [0.0]
    for distance in apart:
        offsets.append(offsets[-1] + distance)

    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for want, weight, offset in zip(wanted, weights, offsets):
        mean, total, members = want - offset, weight, 1
        while pools and pools[-1][0] >= mean:
            other, other_weight, other_members = pools.pop()
            mean = (mean * total + other * other_weight) / (total + other_weight)
            total += other_weight
            members += other_members
        pools.append((mean, total, members))

    # Less the distances, the places lie between these; cutting off what exceeds them is optimal.
    low, high = within[0], max(within[0], within[1] - offsets[-1])
    means = [min(max(mean, low), high) for mean, _, members in pools for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets)]


def snap(places: Sequence[float], apart: Sequence[float]) -> list[float]:
    """The places rounded to whole numbers; `apart` is whole and still holds.

    >>> snap([-2.4, 1.6], [4])
    [-2.0, 2.0]
    """
    # Rounding halves down past the noise of arithmetic, so that equal places stay equal.
    snapped = [float(math.floor(places[0] + 0.499999))] if places else []
    for place, distance in zip(places[1:], apart):
        snapped.append(max(float(math.floor(place + 0.499999)), snapped[-1] + distance))
    return snapped
