"""Where a sequence repeats itself."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

_LONGEST = 256
"""Items of a repeated part at most."""


class Repeat(NamedTuple):
    """A part of `length` items that stands `times` times in a row, from `start` on."""

    start: int
    length: int
    times: int

    @property
    def stop(self) -> int:
        return self.start + self.length * self.times


class _Stretch(NamedTuple):
    """From start to stop each item is the one `length` places before it; it cannot be extended."""

    start: int
    length: int
    stop: int


def repeats(items: Sequence[Hashable], least: int, cuts: Sequence[int] = ()) -> list[Repeat]:
    """The parts that follow themselves, left to right, disjoint.

    least: how many times at least. Of the parts that begin at one place the one that covers most is
    taken, and of those the shortest. cuts: for each place what it costs to begin there; of the
    places where a part may begin the first of the cheapest is taken.

    >>> repeats("xabababy", 3)
    [Repeat(start=1, length=2, times=3)]
    >>> repeats("aaaa", 3)
    [Repeat(start=0, length=1, times=4)]
    """
    waiting = sorted(_stretches(items, least), reverse=True)
    open_: list[_Stretch] = []
    found: list[Repeat] = []
    at = 0
    while waiting or open_:
        open_ = [s for s in open_ if s.stop - at >= least * s.length]
        if not open_ and waiting:
            at = max(at, waiting[-1].start)
        while waiting and waiting[-1].start <= at:
            open_.append(waiting.pop())
        usable = [s for s in open_ if s.stop - at >= least * s.length]
        if usable:
            best = min(usable, key=lambda s: (-((s.stop - at) // s.length) * s.length, s.length))
            found.append(_placed(best, at, cuts))
            at = found[-1].stop
    return found


def _placed(stretch: _Stretch, at: int, cuts: Sequence[int]) -> Repeat:
    """The whole repetitions in the rest of a stretch, begun where it costs least."""
    times, slack = divmod(stretch.stop - at, stretch.length)
    if cuts:
        at = min(range(at, at + slack + 1), key=lambda place: (cuts[place], place))
    return Repeat(at, stretch.length, times)


def _stretches(items: Sequence[Hashable], least: int) -> Iterator[_Stretch]:
    """All stretches that hold at least so many repetitions, for each length by whole arrays."""
    numbers = _numbered(items)
    count = len(numbers)
    for length in range(1, min(_LONGEST, count // least) + 1):
        differ = np.flatnonzero(numbers[length:] != numbers[:-length])
        borders = np.concatenate(([-1], differ, [count - length]))
        long_enough = np.flatnonzero(np.diff(borders) > (least - 1) * length)
        for place in long_enough:
            yield _Stretch(int(borders[place]) + 1, length, int(borders[place + 1]) + length)


def _numbered(items: Sequence[Hashable]) -> Any:
    ids: dict[Hashable, int] = {}
    return np.fromiter((ids.setdefault(item, len(ids)) for item in items), np.int32, len(items))
