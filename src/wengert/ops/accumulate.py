"""Sums into places that may repeat: what the transposes of gather and of indexing come down to."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Shape = tuple[int, ...]


def add_at(out: Any, places: Any, values: Any) -> None:
    """out.flat[places] += values, repeated places included. `out` stands row by row.

    np.add.at is fast only with one flat index array: there it takes 1 ns for each element, and 10
    to 70 with any other index.
    """
    np.add.at(out.reshape(-1), places.reshape(-1), values.reshape(-1))


def sum_rows(values: Any, rows: Any, count: int) -> Any:
    """`count` rows of zeros with each of the values' rows added to the one it names.

    values: (n, ...), rows: (n,) from 0 to count - 1 -> (count, ...).
    """
    rest = values.shape[1:]
    out = np.zeros((count, *rest), values.dtype)
    width = math.prod(rest)
    if width != 1:
        rows = rows[:, None] * width + np.arange(width)
    add_at(out, rows, values)
    return out


def places_along(index: Any, dim: int, shape: Shape) -> Any:
    """Flat places, in an array of `shape`, that an index along `dim` names at each position."""
    steps = [math.prod(shape[d + 1 :]) for d in range(len(shape))]
    places = index.astype(np.int64) * steps[dim]
    for d, step in enumerate(steps):
        if d != dim:
            ahead = (1,) * (index.ndim - d - 1)
            places = places + (np.arange(index.shape[d]) * step).reshape(-1, *ahead)
    return places


def flat_rows(arrays: tuple[Any, ...], lengths: Shape) -> Any:
    """Several integer index arrays, broadcast and combined to one index over all `lengths`."""
    rows: Any = np.zeros((), np.int64)
    for array, length in zip(arrays, lengths, strict=True):
        rows = rows * length + np.where(array < 0, array + length, array)
    return rows
