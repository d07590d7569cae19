"""A lock that a fork waits for: in the child, nobody would give back one that is held."""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager
from typing import Any


def fork_safe_lock() -> AbstractContextManager[Any]:
    """A reentrant lock for the life of the process."""
    lock = threading.RLock()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
        )
    return lock
