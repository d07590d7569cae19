"""Which shapes an array's memory can be seen in without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np


def can_view(data: Any, shape: tuple[int, ...]) -> bool:
    """Whether `shape`, of as many elements, is a view of the array.

    The dimensions are grouped into blocks whose elements are evenly spaced; each block must be
    made up exactly by consecutive lengths of the new shape. Source: torch's computeStride.
    """
    if type(data) is not np.ndarray or data.flags.c_contiguous or data.size == 0:
        return True
    blocks = _blocks(data.shape, data.strides)
    lengths = [length for length in shape if length != 1]
    for size in blocks:
        product = 1
        while product < size and lengths:
            product *= lengths.pop(0)
        if product != size:
            return False
    return True


def _blocks(shape: tuple[int, ...], strides: tuple[int, ...]) -> list[int]:
    """Element counts of the runs of dimensions that are evenly spaced, outermost first."""
    blocks: list[int] = []
    stride_before = 0
    for length, stride in zip(shape, strides, strict=True):
        if length == 1:
            continue
        if blocks and stride_before == length * stride:
            blocks[-1] *= length
        else:
            blocks.append(length)
        stride_before = stride
    return blocks
