"""How the axes of a value lie in the space of a nest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wengert.compiler.pieces.piece import Access, contiguous
from wengert.core.aval import Shape

Axes = tuple[int, ...]
"""Per axis of a value the axis of the space that it is; NOWHERE if it is along none."""

NOWHERE: Final = -1


def seen_through(view: Access, shape: Shape, root: Shape, placed: Axes) -> Axes | None:
    """How a view lies in the space in which its root is placed.

    None unless the view only adds, drops, permutes and repeats axes: then elements of both are
    the same point of the space.
    """
    if view.offset:
        return None
    strides = contiguous(root)
    free = [axis for axis, side in enumerate(root) if side != 1]
    found = []
    for side, stride in zip(shape, view.strides, strict=True):
        if side == 1 or stride == 0:
            found.append(NOWHERE)
            continue
        axis = next((a for a in free if strides[a] == stride and root[a] == side), None)
        if axis is None:
            return None
        free.remove(axis)
        found.append(placed[axis])
    return None if free else tuple(found)


def broadcast(axes: Axes, count: int) -> Axes:
    """The same as an operand of a value with `count` axes: it is aligned at the last one."""
    return (NOWHERE,) * (count - len(axes)) + axes


def fits(axes: Axes, operand: Axes) -> bool:
    """Whether an operand in the same nest is at the same points as the value computed from it."""
    pairs = zip(axes, broadcast(operand, len(axes)), strict=True)
    return all(theirs in (NOWHERE, mine) for mine, theirs in pairs)


def determined(shape: Shape, operands: Sequence[Axes]) -> Axes | None:
    """How a value has to lie for its operands to fit; None if they do not say, or disagree."""
    found = []
    aligned = [broadcast(axes, len(shape)) for axes in operands]
    for axis, side in enumerate(shape):
        said = {axes[axis] for axes in aligned} - {NOWHERE}
        if side == 1:
            found.append(NOWHERE)
        elif len(said) == 1:
            found.append(said.pop())
        else:
            return None
    return tuple(found)


def strides_in_space(access: Access, shape: Shape, axes: Axes, count: int) -> tuple[int, ...]:
    """The strides of an operand along the axes of the space.

    shape: the operand's. axes: where the value lies that is computed from it. count: of the space.
    """
    strides = [0] * count
    skipped = len(axes) - len(shape)
    for axis, (side, stride) in enumerate(zip(shape, access.strides, strict=True)):
        if side != 1:
            strides[axes[skipped + axis]] = stride
    return tuple(strides)
