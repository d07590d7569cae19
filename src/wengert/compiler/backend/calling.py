"""From an entry's native code to a function that Python can call."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from wengert.compiler.backend import support_text
from wengert.compiler.backend.build import DRIVER, Loaded
from wengert.compiler.backend.capi import address_of, python_function
from wengert.compiler.backend.entry import ENTRY, FUNCTIONS, entry_text
from wengert.compiler.backend.layout import DTYPES, layout
from wengert.compiler.backend.llvm import BEST, QUICK, Host
from wengert.compiler.backend.memory import symbols as memory_symbols
from wengert.compiler.backend.signature import Signature
from wengert.compiler.backend.stored import compiled_text
from wengert.compiler.backend.support_text import SUPPORT
from wengert.core.dtype import DEFAULTS
from wengert.core.tensor import Tensor
from wengert.core.view import View
from wengert.modes import STATE, State

FASTCALL_KEYWORDS: Final = 0x80 | 0x02


class _MethodDef(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class Entry:
    """A native program as a function of Python, up to what is called where its checks fail.

    same: the objects that are to be the very same, and keys. hidden: the tensors that are closed
    over.
    """

    def __init__(
        self, host: Host, signature: Signature, program: Loaded, same: Sequence[Any],
        hidden: Sequence[Tensor],
    ) -> None:  # fmt: skip
        found = layout()
        assert found is not None
        written = entry_text(signature, found)
        symbols = _objects() | {"wengert_default": id(DEFAULTS.floating)}
        known = {name: symbols[name] for name in written.symbols}
        known |= _functions() | _support(host) | {DRIVER: program.address}
        image = compiled_text(host, written.text, QUICK)  # as fast here as code of higher levels
        self._code = host.load([image], [ENTRY], known), program
        address = self._code[0].address(ENTRY)
        self._definition = _MethodDef(b"compiled", address, FASTCALL_KEYWORDS, None)
        self._things = (*same, *hidden)

    def function(self, instead: Callable[..., Any]) -> Callable[..., Any]:
        """The function. instead: what gets the arguments of calls that are not the entry's."""
        kinds = (ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
        make = python_function("PyCFunction_NewEx", *kinds)
        own = (instead, self, *self._things)
        made: Callable[..., Any] = make(ctypes.addressof(self._definition), own, None)
        return made


@functools.cache
def _objects() -> dict[str, int]:
    """Objects that live as long as the process, by the name that entries know them by."""
    found: dict[str, Any] = {
        "PyFloat_Type": float, "PyComplex_Type": complex, "PyLong_Type": int, "PyTuple_Type": tuple,
        "PyList_Type": list, "PyDict_Type": dict, "_Py_TrueStruct": True, "_Py_FalseStruct": False,
        "_Py_NoneStruct": None, "numpy_ndarray": np.ndarray, "wengert_tensor": Tensor,
        "wengert_view": View, "wengert_state": STATE, "wengert_modes": State,
        "wengert_defaults": DEFAULTS,
    }  # fmt: skip
    for dtype in DTYPES:
        found[f"descr_{dtype.name}"] = np.dtype(dtype.char)
        found[f"numpy_{dtype.name}"] = dtype.type
    return {name: id(thing) for name, thing in found.items()}


@functools.cache
def _functions() -> dict[str, int]:
    """Functions of CPython that entries call."""
    return {name: address_of(name) for name in FUNCTIONS if name.startswith("Py")}


@functools.cache
def _support(host: Host) -> dict[str, int]:
    """Functions of ours that entries call: one argument, one result; memory."""
    found = layout()
    assert found is not None
    memory = memory_symbols(host)
    known = {name: _objects()[name] for name in support_text.OBJECTS}
    known |= {
        name: memory[name] if name in memory else address_of(name)
        for name in support_text.FUNCTIONS
    }
    image = compiled_text(host, support_text.support_text(found), BEST)
    library = host.load([image], tuple(SUPPORT), known)
    library.keep()
    return memory | {name: library.address(name) for name in SUPPORT}
