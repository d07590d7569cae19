"""The size of gradients as steps of lightness: which step a norm takes, and what a legend says."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median_low

STEPS = 5
"""Steps of lightness at most: neighbours can still be told apart in greyscale."""
_RATIOS = (2, 3, 10, 100, 1000, 10**5, 10**10, 10**30, 10**100, 10**300)

_FINE = _RATIOS[:3]
_ROUND = {2: (1, 2, 5), 3: (1, 3)}


@dataclass(frozen=True, slots=True)
class Heat:
    """The colour of a box: a step from 0, the palest, and what is out of the ordinary.

    step: up to STEPS - 1; -1 where no gradient is known. flag: "", "zero", "infinite" or "nan".
    """

    step: int
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Legend:
    """What the colours stand for.

    title: what is measured. steps: per step, palest first, the range in words. flags: those that
    occur. unknown: whether some box has no gradient.
    """

    title: str
    steps: tuple[tuple[int, str], ...]
    flags: tuple[str, ...] = ()
    unknown: bool = False


class Scale:
    """Steps for norms, each about 2, 3, 10, ... times the one before: the finest that fit.

    Where the steps would be of more than 10 times, a tenth of the norms at either end may lie
    beyond; they take the outermost. So one norm of 1e-17 does not make all others look alike.
    """

    def __init__(self, norms: Iterable[float]) -> None:
        usual = sorted(norm for norm in norms if math.isfinite(norm) and norm > 0)
        self.edges: list[float] = []
        if usual:
            few = len(usual) // 10
            whole = [_edges(usual[0], usual[-1], ratio) for ratio in _FINE]
            most = (_edges(usual[few], usual[-1 - few], ratio) for ratio in _RATIOS)
            self.edges = next(e for e in (*whole, *most) if len(e) <= STEPS + 1)
        self._is_below = bool(usual) and usual[0] < self.edges[0]
        self._is_above = bool(usual) and usual[-1] >= self.edges[-1]

    def step(self, norm: float) -> int:
        """The step of a positive finite norm."""
        return self._spread(sum(norm >= edge for edge in self.edges[1:-1]))

    def _spread(self, place: int) -> int:
        """The step of one of the ranges; a few ranges are as far apart as can be."""
        return place * (STEPS - 1) // max(1, len(self.edges) - 2)

    def steps(self) -> tuple[tuple[int, str], ...]:
        """The steps in use with their ranges, palest first."""
        return tuple((self._spread(place), words) for place, words in enumerate(self._words()))

    def _words(self) -> list[str]:
        words = [f"{a:.3g} to {b:.3g}" for a, b in zip(self.edges, self.edges[1:])]
        if self._is_below:
            words[0] = f"below {self.edges[1]:.3g}"
        if self._is_above:
            words[-1] = f"above {self.edges[-2]:.3g}" if len(words) > 1 else "all"
        return words

    def heat(self, norms: Sequence[float]) -> Heat:
        """The colour for the norms of one box: of the median, flagged by the worst of them."""
        if not norms:
            return Heat(-1)
        usual = [norm for norm in norms if math.isfinite(norm) and norm > 0]
        flag = ""
        if any(math.isnan(norm) for norm in norms):
            flag = "nan"
        elif any(math.isinf(norm) for norm in norms):
            flag = "infinite"
        elif not usual:
            flag = "zero"
        middle = median_low(sorted(usual)) if usual else 0.0
        return Heat(self.step(middle) if usual else 0, flag)


def _edges(low: float, high: float, ratio: int) -> list[float]:
    """Powers of the ratio, from the last that is not above `low` to the first above `high`.

    Only comparisons and exact powers: the same on every machine.
    """
    power = 0
    while _power(ratio, power) > low:
        power -= 1
    while _power(ratio, power + 1) <= low:
        power += 1
    edges = [_power(ratio, power)]
    while edges[-1] <= high and len(edges) <= STEPS + 2:
        power += 1
        edges.append(_power(ratio, power))
    return edges


def _power(ratio: int, power: int) -> float:
    """The power, rounded correctly; infinite beyond the largest number, 0 below the least.

    Round numbers of about the ratios 2 and 3: 1, 2, 5, 10, 20, 50, ... and 1, 3, 10, 30, ...
    """
    if ratio in _ROUND:
        digits = _ROUND[ratio]
        decade, place = divmod(power, len(digits))
        return float(f"{digits[place]}e{decade}")
    return float(f"1e{(len(str(ratio)) - 1) * power}")
