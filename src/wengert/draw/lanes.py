"""Which row a link runs sideways in, so that no two links can be mistaken for each other in text.

Between a row of boxes and the row of labels beside it, links form combs: one stem at a box, and a
branch for each of its links. A comb turns in one row, its lane. Combs share a lane only if they lie
apart, and lanes are ordered so that combs cross as little as their ends allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# A branch that comes down on another comb's stem would look like a part of it.
CONFUSION = 1000


@dataclass(frozen=True, slots=True)
class Comb:
    """The column of a stem and those of its branches."""

    stem: int
    branches: tuple[int, ...]

    @property
    def left(self) -> int:
        """The leftmost column."""
        return min(self.stem, *self.branches)

    @property
    def right(self) -> int:
        """The rightmost column."""
        return max(self.stem, *self.branches)

    @property
    def is_straight(self) -> bool:
        """Whether there is nothing to turn."""
        return self.left == self.right

    def spans(self, column: int) -> bool:
        """Whether its sideways part passes a column."""
        return self.left <= column <= self.right


def assign_lanes(combs: Sequence[Comb]) -> list[int]:
    """For each comb its lane, counted from the stems' side; -1 if it is straight."""
    turning = [index for index, comb in enumerate(combs) if not comb.is_straight]
    order = _order(combs, turning)
    lanes = [-1] * len(combs)
    for place, index in enumerate(order):
        comb = combs[index]
        for earlier in order[:place]:
            other = combs[earlier]
            if comb.left <= other.right + 1 and other.left <= comb.right + 1:
                lanes[index] = max(lanes[index], lanes[earlier])
        lanes[index] += 1
    return lanes


def confused(combs: Sequence[Comb], lanes: Sequence[int]) -> list[int]:
    """The columns where a branch comes down on the stem of another comb."""
    columns = []
    for comb, lane in zip(combs, lanes):
        for other, other_lane in zip(combs, lanes):
            if other is not comb and other_lane >= lane >= 0 and other.stem in comb.branches:
                columns.append(other.stem)
    return columns


def _order(combs: Sequence[Comb], turning: list[int]) -> list[int]:
    """From the stems' side to the branches' side; neighbours change places while that helps."""
    order = list(turning)
    for _ in order:
        changed = False
        for place in range(len(order) - 1):
            first, second = combs[order[place]], combs[order[place + 1]]
            if _cost(first, second) > _cost(second, first):
                order[place], order[place + 1] = order[place + 1], order[place]
                changed = True
        if not changed:
            break
    return order


def _cost(near: Comb, far: Comb) -> int:
    """The crossings of two combs if `near` turns nearer to the stems than `far`.

    The stem of `far` passes the lane of `near`, and the branches of `near` that of `far`.
    """
    cost = int(near.spans(far.stem)) + sum(far.spans(branch) for branch in near.branches)
    return cost + CONFUSION * (far.stem in near.branches)
