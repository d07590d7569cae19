"""Kernels through the backend: from a kernel's text to a function that can be called."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from wengert.compiler.backend.llvm import BEST, Host, Library, host
from wengert.compiler.backend.notices import say_once
from wengert.compiler.backend.stored import compiled_text
from wengert.compiler.kernel import DATA_OFFSET, Kernel, written

MOST_OPTIMISED: Final = 2000
"""Instructions up to which LLVM optimises: see backend/sizes.py."""


class Native:
    """Native code that is ready to be called; it is unloaded when nobody holds this any more."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(library.address("kernel"))

    def __call__(self, block: Any) -> None:
        self._function(block)


class Backend:
    """LLVM for kernels."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def build(self, kernel: Kernel) -> None:
        """Give a kernel its native function."""
        kernel.ir = written(kernel, "kernel")
        level = BEST if kernel.ir.count("\n") <= MOST_OPTIMISED else 0
        image = compiled_text(self._host, kernel.ir, level)
        kernel.call = Native(self._host.load([image], ["kernel"], {}))


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
