"""Reshapes by blocks: which axes of the one shape are which of the other."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from wengert.core.aval import Shape


class Block(NamedTuple):
    """Axes in a row of either shape that hold the same elements."""

    before: tuple[int, ...]
    after: tuple[int, ...]


def blocks(before: Shape, after: Shape) -> list[Block]:
    """The smallest blocks of a reshape of what has elements; axes of length 1 are in none.

    (8, 128, 256) and (1024, 256): axes 0 and 1 are axis 0, and axis 2 is axis 1.
    """
    found: list[Block] = []
    left = [axis for axis, length in enumerate(before) if length != 1]
    right = [axis for axis, length in enumerate(after) if length != 1]
    while left:
        mine, others = [left.pop(0)], [right.pop(0)]
        size, other = before[mine[0]], after[others[0]]
        while size != other:
            if size < other:
                mine.append(left.pop(0))
                size *= before[mine[-1]]
            else:
                others.append(right.pop(0))
                other *= after[others[-1]]
        found.append(Block(tuple(mine), tuple(others)))
    return found


def only_adds_axes(before: Shape, after: Shape) -> bool:
    """Whether a reshape adds and drops axes of length 1, and nothing else."""
    left, right = ([length for length in shape if length != 1] for shape in (before, after))
    return left == right


def shape_after(shape: Shape, before: Shape, after: Shape) -> Shape | None:
    """What broadcasts to `after` as `shape` does to `before`, by the same elements.

    None if it repeats along a part of a block only.
    """
    own = (1,) * (len(before) - len(shape)) + shape
    made = [1] * len(after)
    for block in blocks(before, after):
        whole = [own[axis] == before[axis] for axis in block.before]
        if all(whole):
            for axis in block.after:
                made[axis] = after[axis]
        elif any(own[axis] != 1 for axis in block.before):
            return None
    return tuple(made)


def axes_before(axes: Collection[int], before: Shape, after: Shape) -> tuple[int, ...] | None:
    """Which axes of `before` some of `after` are; None if they are a part of a block only."""
    made: list[int] = []
    for block in blocks(before, after):
        inside = [axis in axes for axis in block.after]
        if all(inside):
            made += block.before
        elif any(inside):
            return None
    return tuple(made)
