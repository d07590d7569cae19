"""How things are timed: peers take turns in one process, and ratios are taken turn by turn.

A machine's speed drifts by more than the differences worth reporting. So every repeat times each
peer once, one straight after the other and each time in another order, and a ratio is formed
within a repeat. What is reported is the median over the repeats, with the quartiles.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

SUBJECT = "wengert"

Action = Callable[[], object]
Samples = dict[str, list[float]]


@dataclass(frozen=True)
class Spread:
    """The median of some samples, between their quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: Sequence[float], scale: float = 1.0) -> Spread:
        """Summarise samples, each multiplied by `scale`; a single sample is its own quartiles."""
        scaled = [sample * scale for sample in samples]
        if len(scaled) == 1:
            return cls(scaled[0], scaled[0], scaled[0])
        low, median, high = statistics.quantiles(scaled, n=4, method="inclusive")
        return cls(median, low, high)

    def __str__(self) -> str:
        """Median (low to high), in three digits: `0.285 (0.281 to 0.29)`."""
        if self.low == self.high:
            return figure(self.median)
        return f"{figure(self.median)} ({figure(self.low)} to {figure(self.high)})"


def figure(value: float) -> str:
    """Three significant digits; whole numbers from 100 on: `0.285`, `1.4`, `12,345`."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


@dataclass(frozen=True)
class Pace:
    """How long to measure: the repeats, the seconds of one timed block, the pause before it.

    The pause lets the worker threads that another peer left spinning go to sleep.
    """

    repeats: int
    block: float
    pause: float = 0.0


@dataclass(frozen=True)
class Options:
    """What the command line asked for.

    subject: the module under test. Any that has torch's names will do; torch itself measures the
    harness, whose ratios must then be 1.
    quick: a short run that shows that everything works; its figures are noise.
    """

    subject: str = SUBJECT
    quick: bool = False

    def pace(self, repeats: int, block: float, pause: float = 0.0) -> Pace:
        """This pace, or a short one."""
        return Pace(3, block / 20, pause / 20) if self.quick else Pace(repeats, block, pause)


def interleave(actions: Mapping[str, Action], pace: Pace) -> Samples:
    """Time every action in turn, `pace.repeats` times: seconds per call, per repeat and name.

    The order rotates from repeat to repeat. Before a block, cyclic garbage is collected, so that
    nobody pays for the cycles that another left; inside it the collector is on, as for a user.
    """
    counts = {name: _calls_per_block(action, pace.block) for name, action in actions.items()}
    samples: Samples = {name: [] for name in actions}
    names = list(actions)
    for turn in range(pace.repeats):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            time.sleep(pace.pause)
            gc.collect()
            actions[name]()
            samples[name].append(time_calls(actions[name], counts[name]))
    return samples


def time_calls(action: Action, count: int) -> float:
    """Seconds per call over `count` calls, the freeing of each result included."""
    calls = repeat(None, count)
    start = time.perf_counter()
    for _ in calls:
        action()
    return (time.perf_counter() - start) / count


def _calls_per_block(action: Action, seconds: float) -> int:
    """Find how many calls fill a block, doubling from one call; the calls also warm up."""
    count = 1
    while True:
        taken = time_calls(action, count) * count
        if taken >= seconds / 2:
            return max(1, round(count * seconds / taken))
        count *= 2


def ratios(samples: Samples, name: str, peer: str) -> Spread:
    """The time of `name` over that of `peer`, formed within each repeat."""
    pairs = zip(samples[name], samples[peer], strict=True)
    return Spread.of([mine / theirs for mine, theirs in pairs])
