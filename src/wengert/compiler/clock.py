"""How long it took to make a program."""

from __future__ import annotations

import time


class Clock:
    """How long the stages took, one after the other."""

    def __init__(self, started: float) -> None:
        self._last = started
        self.seconds: dict[str, float] = {}

    def goes_on(self) -> None:
        """What was between does not count."""
        self._last = time.perf_counter()

    def stage(self, name: str) -> None:
        """A stage is over."""
        now = time.perf_counter()
        self.seconds[name] = now - self._last
        self._last = now
