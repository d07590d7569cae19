"""Locks and forks: in a child process, nobody gives back what another thread had taken.

The backend has one lock, which a fork waits for: it is one, as who builds the pool compiles
meanwhile, and who forks would have to take several locks in the same order as everybody else.
What is made under a RenewedLock is made anew in the child.
"""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import suppress
from typing import Final

LOCK: Final = threading.RLock()


class RenewedLock:
    """A reentrant lock that is free in a child process, whoever held it in its parent."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        _RENEWED.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        with suppress(RuntimeError):  # it was renewed, for the thread that holds it has forked
            self._lock.release()

    def renew(self) -> None:
        """Be free again."""
        self._lock = threading.RLock()


_RENEWED: Final[weakref.WeakSet[RenewedLock]] = weakref.WeakSet()


def _in_child() -> None:
    LOCK.release()
    for lock in _RENEWED:
        lock.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=LOCK.acquire, after_in_parent=LOCK.release, after_in_child=_in_child)
