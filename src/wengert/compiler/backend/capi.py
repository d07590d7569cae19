"""The C functions of CPython and of NumPy, by their addresses."""

from __future__ import annotations

import ctypes
import functools
import importlib
from collections.abc import Callable
from typing import Any, Final

NUMPY: Final = {"PyArray_NewFromDescr": 94, "PyArray_Scalar": 60, "PyDataMem_GetHandler": 305}
"""Where NumPy's table of functions has them: its numbers never change."""


def address_of(name: str) -> int:
    """Where a function is."""
    if name in NUMPY:
        found: int = _numpy_table()[NUMPY[name]]
        return found
    address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
    assert address is not None
    return address


def python_function(name: str, result: Any, *parameters: Any) -> Callable[..., Any]:
    """A function as one that Python can call; ctypes.pythonapi's own are shared with others."""
    made: Callable[..., Any] = ctypes.PYFUNCTYPE(result, *parameters)(address_of(name))
    return made


def keep(thing: Any) -> None:
    """Take a reference that nobody gives back: the thing lives as long as the process."""
    python_function("Py_IncRef", None, ctypes.py_object)(thing)


@functools.cache
def _numpy_table() -> Any:
    module: Any = importlib.import_module("numpy._core._multiarray_umath")
    kinds = (ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    address = python_function("PyCapsule_GetPointer", *kinds)(module._ARRAY_API, None)
    return ctypes.cast(address, ctypes.POINTER(ctypes.c_size_t))
