"""Index tensors looked over before they are used."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.errors import ArgumentError, DimensionError, DTypeError, ShapeError
from wengert.ops.arguments import ndim_of


class OutOfBoundsError(DimensionError, RuntimeError):
    """An index tensor names an element that is not there. torch raises a RuntimeError here."""


def check_integers(name: str, index: Any) -> None:
    """Raise DTypeError unless an index array is int32 or int64."""
    if not isinstance(index, (np.ndarray, np.generic)):
        raise ArgumentError(f"{name}(): the index must be a tensor, not {type(index).__name__}")
    if index.dtype not in (np.int64, np.int32):
        raise DTypeError(
            f"{name}(): Expected dtype int32/int64 for index, not {index.dtype}",
            "Cast it: index.to(wengert.int64).",
        )


def check_range(index: Any, size: int, dim: int) -> None:
    """Raise OutOfBoundsError unless every index is from 0 to size - 1."""
    if not np.size(index):
        return
    low, high = np.min(index), np.max(index)
    if low < 0 or high >= size:
        raise OutOfBoundsError(
            f"index {low if low < 0 else high} is out of bounds for dimension {dim} with size "
            f"{size}"
        )


def check_vector(name: str, index: Any) -> None:
    """Raise DimensionError unless an index tensor has at most one dimension."""
    if ndim_of(index) > 1:
        raise DimensionError(f"{name}(): Index is supposed to be a vector")


def check_reach(
    name: str, index: tuple[int, ...], shape: tuple[int, ...], dim: int | None, other: str
) -> None:
    """Raise ShapeError unless an index fits into `shape` in every dimension but `dim`."""
    if max(len(index), 1) != max(len(shape), 1):
        raise ShapeError(
            f"{name}(): Index tensor must have the same number of dimensions as {other} tensor: "
            f"{len(index)} and {len(shape)}"
        )
    for d, (have, limit) in enumerate(zip(index, shape, strict=False)):
        if d != dim and have > limit:
            raise ShapeError(
                f"{name}(): Size does not match at dimension {d}: expected index {list(index)} to "
                f"be no larger than {other} {list(shape)}"
                + (f" apart from dimension {dim}" if dim is not None else "")
            )
