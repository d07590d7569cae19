"""How many threads compiled functions run on."""

from __future__ import annotations

import os

from wengert.compiler.backend.llvm import Host
from wengert.compiler.backend.locks import LOCK
from wengert.compiler.backend.pool import MOST_THREADS, Alone, Pool, built
from wengert.errors import ArgumentValueError


class Threads:
    """The number, and the pool of that size once there is one."""

    def __init__(self) -> None:
        self._lock = LOCK
        self._number: int | None = None
        self._pool: Pool | Alone | None = None

    @property
    def number(self) -> int:
        """As it was set, or the number of processors that this process may use."""
        return self._number if self._number is not None else usable_processors()

    def set(self, number: int) -> None:
        """For all steps from now on."""
        with self._lock:
            self._number = number
            if self._pool is not None:
                self._pool.resize(number)

    def pool(self, host: Host) -> Pool | Alone:
        """The pool of this process, made when it is first needed."""
        with self._lock:
            if self._pool is None:
                self._pool = built(host, self.number)
            return self._pool


def usable_processors() -> int:
    """Those that this process may run on; there can be more."""
    if hasattr(os, "sched_getaffinity"):
        return min(MOST_THREADS, len(os.sched_getaffinity(0)))
    return min(MOST_THREADS, os.cpu_count() or 1)


THREADS = Threads()


def set_num_threads(number: int) -> None:
    """Let compiled functions run on this many threads, the caller's among them.

    Results do not depend on it. Operations that are not compiled are NumPy's, whose matrix
    products have threads of their own. Raises ArgumentValueError unless it is a positive integer.

    >>> import wengert as wg
    >>> before = wg.get_num_threads()
    >>> wg.set_num_threads(1)
    >>> wg.get_num_threads()
    1
    >>> wg.set_num_threads(before)
    """
    if type(number) is not int or not 1 <= number <= MOST_THREADS:
        raise ArgumentValueError(
            f"set_num_threads expects a positive integer, at most {MOST_THREADS}, not {number!r}"
        )
    THREADS.set(number)


def get_num_threads() -> int:
    """How many threads compiled functions run on; at first, all processors of this process."""
    return THREADS.number
