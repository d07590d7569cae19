"""Derivatives measured: central differences at three steps, extrapolated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

STEP = 2e-4
Arrays = Sequence[Any]


def directional(
    f: Callable[[list[Any]], np.ndarray], at: Arrays, direction: Arrays
) -> tuple[np.ndarray, np.ndarray]:
    """The derivative of f along a direction, and an estimate of its error.

    Two Richardson extrapolations of the central difference; the better one, and how far they
    are apart. Near a kink or a jump they disagree.
    """
    coarse, middle, fine = (_central(f, at, direction, STEP / 2**i) for i in range(3))
    first = (4 * middle - coarse) / 3
    second = (4 * fine - middle) / 3
    return second, np.abs(second - first)


def _central(
    f: Callable[[list[Any]], np.ndarray], at: Arrays, direction: Arrays, step: float
) -> np.ndarray:
    ahead = f([x + step * d for x, d in zip(at, direction, strict=True)])
    behind = f([x - step * d for x, d in zip(at, direction, strict=True)])
    return (ahead - behind) / (2 * step)


def unit(arrays: Arrays, which: int, index: int) -> list[Any]:
    """The direction in which only one element of one array moves; a complex one, both parts."""
    direction = [np.zeros(np.shape(x), x.dtype) for x in arrays]
    direction[which].reshape(-1)[index] = 0.6 + 0.8j if np.iscomplexobj(arrays[which]) else 1
    return direction


def some_coordinates(arrays: Arrays, count: int) -> list[tuple[int, int]]:
    """At most `count` (array, element) pairs, spread evenly over all of them."""
    every = [(i, j) for i, x in enumerate(arrays) for j in range(np.size(x))]
    if len(every) <= count:
        return every
    return [every[round(k * (len(every) - 1) / (count - 1))] for k in range(count)]
