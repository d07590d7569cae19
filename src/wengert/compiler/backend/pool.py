"""The threads that chunks run on: one pool per process, as native code.

The caller of a step and the threads of the pool take its chunks from an atomic counter, and the
caller returns when all are done. Threads without work spin for SPIN_SECONDS, then they sleep in
the kernel. They are started by the first step that has several chunks, and in a child process
anew.

The counter is the lower half of `@ticket`, the number of the step the upper one. Who takes a chunk
exchanges the whole ticket for the next, so a thread that was away while a step ended and another
began takes nothing: it never calls the function of one step for a chunk of another, nor a function
that has been unloaded. While one Python thread's step is running, others run theirs alone.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import time
from collections.abc import Callable
from typing import Final

from wengert.compiler.backend.llvm import QUICK, Host, Library
from wengert.compiler.backend.notices import say_once
from wengert.compiler.backend.pool_text import EXPORTS, PAR, SERIAL, pool_text
from wengert.compiler.backend.stored import compiled_text

SPIN_SECONDS: Final = 70e-6
"""How long threads look for work before they sleep; waking one takes about as long."""

MOST_THREADS: Final = 1024

FUTEX: Final = {"x86_64": 202, "aarch64": 98}
"""The number of Linux's system call, by architecture: from its tables, which never change."""

PAUSE: Final = {"x86_64": "llvm.x86.sse2.pause()", "aarch64": "llvm.aarch64.hint(i32 1)"}
"""What tells the processor that a thread is only waiting."""

DECLARED: Final = {"x86_64": "llvm.x86.sse2.pause()", "aarch64": "llvm.aarch64.hint(i32)"}


class Pool:
    """The pool of this process. address: of the function PAR, for native code to call."""

    def __init__(self, library: Library, threads: int) -> None:
        library.keep()
        self.address = library.address(PAR)
        self._wanted = ctypes.c_int32.from_address(library.address("wanted"))
        self._spins = ctypes.c_int32.from_address(library.address("spins"))
        self._spins.value = turns_in(SPIN_SECONDS, library.address("pausing"))
        self.resize(threads)
        forked = ctypes.CFUNCTYPE(None)(library.address("forked"))
        os.register_at_fork(after_in_child=forked)  # never in vain: Linux has it

    def resize(self, threads: int) -> None:
        """From the next step on, this many threads take part, the caller's among them."""
        self._wanted.value = threads


class Alone:
    """In place of a pool: chunks run one after the other."""

    def __init__(self, library: Library) -> None:
        library.keep()
        self.address = library.address(PAR)

    def resize(self, threads: int) -> None:
        """There is one thread whatever is wanted."""


def turns_in(seconds: float, address: int) -> int:
    """How many looks at the ticket take that long: a pause takes from 10 to 140 cycles."""
    pausing = ctypes.CFUNCTYPE(None, ctypes.c_int32)(address)
    turns = 1000
    best = min(_timed(pausing, turns) for _ in range(5))
    return max(10, int(turns * seconds / max(best, 1e-9)))


def _timed(pausing: Callable[[int], object], turns: int) -> float:
    started = time.perf_counter()
    pausing(turns)
    return time.perf_counter() - started


def built(host: Host, threads: int) -> Pool | Alone:
    """The pool, or what stands for one on systems where it is not known how to wait."""
    machine = platform.machine().lower().replace("amd64", "x86_64").replace("arm64", "aarch64")
    if sys.platform != "linux" or machine not in FUTEX or sys.byteorder != "little":
        say_once(f"compiled functions run on one thread: no threads on {sys.platform} {machine}")
        return Alone(host.load([compiled_text(host, SERIAL, QUICK)], [PAR], {}))
    text = pool_text(FUTEX[machine], f"call void @{PAUSE[machine]}",
                     f"declare void @{DECLARED[machine]}\n")  # fmt: skip
    return Pool(host.load([compiled_text(host, text, QUICK)], EXPORTS, {}), threads)
