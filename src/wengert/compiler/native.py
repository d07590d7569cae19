"""Native parts through the backend: built, and run on arrays."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.compiler.backend.build import build
from wengert.compiler.backend.llvm import Host, host
from wengert.compiler.backend.notices import say_once
from wengert.compiler.parts import NativePart
from wengert.compiler.segment import DATA_OFFSET


class Backend:
    """LLVM for native parts."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def build(self, part: NativePart, threads: int | None) -> None:
        """Give a part its native function. threads: how many may run it at most."""
        part.loaded = build(self._host, part.module, threads)


@functools.cache
def backend() -> Backend | None:
    """The compiler of this process; None, after one warning, where there is none that works."""
    found = host()
    if found is None:
        return None
    if not _data_is_where_expected():
        say_once(
            "compiled functions run without native code, by NumPy's functions: this NumPy lays "
            "out its arrays in another way",
            "Report it, with its version.",
        )
        return None
    return Backend(found)


def _data_is_where_expected() -> bool:
    """Whether the array object holds the address of its data where kernels look for it."""
    arrays: list[np.ndarray[Any, Any]] = [
        np.zeros(3),
        np.zeros((2, 2), np.float32)[1:],
        np.zeros((), np.bool_),
    ]
    found: Callable[[int], Any] = ctypes.c_void_p.from_address
    return all(found(id(a) + DATA_OFFSET).value == a.ctypes.data for a in arrays)
