"""Where intermediate values lie in one block of memory, so that those share it that never meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

ALIGNMENT = 64


class Lifetime(NamedTuple):
    """A value's size in bytes, and the first and the last step at which it is there."""

    nbytes: int
    first: int
    last: int


def placed(values: Sequence[Lifetime]) -> tuple[list[int], int]:
    """Per value its offset, and how large the block is.

    The largest are placed first, each as low as nothing is that lives at the same time.
    """
    offsets = [0] * len(values)
    done: list[int] = []
    total = 0
    for i in sorted(range(len(values)), key=lambda i: -values[i].nbytes):
        value = values[i]
        rivals = sorted(
            (offsets[j], offsets[j] + _rounded(values[j].nbytes))
            for j in done
            if values[j].first <= value.last and value.first <= values[j].last
        )
        offsets[i] = _lowest_gap(rivals, _rounded(value.nbytes))
        total = max(total, offsets[i] + _rounded(value.nbytes))
        done.append(i)
    return offsets, total


def _rounded(nbytes: int) -> int:
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


def _lowest_gap(taken: Sequence[tuple[int, int]], nbytes: int) -> int:
    start = 0
    for begin, end in taken:
        if begin - start >= nbytes:
            break
        start = max(start, end)
    return start
