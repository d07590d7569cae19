"""LLVM, through llvmlite: from a kernel's text to a function that can be called."""

from __future__ import annotations

import ctypes
import functools
import itertools
import threading
import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from wengert.compiler.kernel import DATA_OFFSET, Kernel, written
from wengert.errors import CompileWarning

MOST_OPTIMISED: Final = 2000
"""Instructions up to which LLVM optimises.

A chain of 10,000 operations with its derivative took 46 to 78 s at levels 1 to 3, 0.1 s at 0: every
value of the way there is alive until the way back.
"""

PIP: Final = "pip install 'wengert[compile]'"


class Native:
    """Native code that is ready to be called; it is unloaded when nobody holds this any more."""

    def __init__(self, library: Any, address: int) -> None:
        self._library = library
        self._function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)

    def __call__(self, block: Any) -> None:
        self._function(block)


class Backend:
    """LLVM for this machine. One thread at a time builds; what is built runs in any."""

    def __init__(self, llvm: Any) -> None:
        self._llvm = llvm
        self._lock = threading.Lock()
        self._names = (f"wengert_{n}" for n in itertools.count())
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._triple = llvm.get_process_triple()
        self._machines = {level: self._machine(level) for level in (0, 3)}
        self._jit = llvm.create_lljit_compiler(self._machine(0))

    def _machine(self, level: int) -> Any:
        # Asked of the machine itself: what the baseline lacks would become a call.
        features = self._llvm.get_host_cpu_features().flatten()
        return self._llvm.Target.from_triple(self._triple).create_target_machine(
            cpu=self._llvm.get_host_cpu_name(), features=features, opt=level, jit=True,
            codemodel="jitdefault",
        )  # fmt: skip

    def build(self, kernel: Kernel) -> None:
        """Give a kernel its native function."""
        with self._lock:
            name = next(self._names)
            kernel.ir = written(kernel, name)
            kernel.call = self._loaded(kernel.ir, name)

    def _loaded(self, ir: str, name: str) -> Native:
        level = 3 if ir.count("\n") <= MOST_OPTIMISED else 0
        machine = self._machines[level]
        module = self._llvm.parse_assembly(ir)
        module.triple = self._triple
        module.data_layout = str(machine.target_data)
        if level:
            options = self._llvm.create_pipeline_tuning_options(speed_level=level)
            options.loop_vectorization = options.slp_vectorization = True
            builder = self._llvm.create_pass_builder(machine, options)
            builder.getModulePassManager().run(module, builder)
        library = self._llvm.JITLibraryBuilder()
        library.add_object_img(machine.emit_object(module)).add_current_process()
        loaded = library.export_symbol(name).link(self._jit, name)
        return Native(loaded, loaded[name])


@functools.cache
def backend() -> Backend | None:
    """The compiler of this process; None, after one warning, where there is none that works."""
    try:
        from llvmlite import binding
    except ImportError:
        _warn("llvmlite is not installed", f"For native code: {PIP}")
        return None
    try:
        made = Backend(binding)
    except (RuntimeError, OSError) as error:
        _warn(f"LLVM cannot be started: {error}", "")
        return None
    if not _data_is_where_expected():
        _warn("this NumPy lays out its arrays in another way", "Report it, with its version.")
        return None
    return made


def _warn(what: str, remedy: str) -> None:
    warnings.warn(
        f"compiled functions run without native code, by NumPy's functions: {what}. {remedy}",
        CompileWarning,
        stacklevel=2,
    )


def _data_is_where_expected() -> bool:
    """Whether the array object holds the address of its data where kernels look for it."""
    arrays: list[np.ndarray[Any, Any]] = [
        np.zeros(3),
        np.zeros((2, 2), np.float32)[1:],
        np.zeros((), np.bool_),
    ]
    found: Callable[[int], Any] = ctypes.c_void_p.from_address
    return all(found(id(a) + DATA_OFFSET).value == a.ctypes.data for a in arrays)
