"""The lock of the backend, which a fork waits for: in the child, nobody would give it back.

It is one, as who builds the pool compiles meanwhile, and who forks would have to take several
locks in the same order as everybody else.
"""

from __future__ import annotations

import os
import threading
from typing import Final

LOCK: Final = threading.RLock()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=LOCK.acquire, after_in_parent=LOCK.release, after_in_child=LOCK.release
    )
