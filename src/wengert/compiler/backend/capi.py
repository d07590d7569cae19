"""The C functions of CPython and of NumPy, by their addresses."""

from __future__ import annotations

import ctypes
import functools
import importlib
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


@functools.cache
def _numpy_table() -> Any:
    module: Any = importlib.import_module("numpy._core._multiarray_umath")
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    return ctypes.cast(get(module._ARRAY_API, None), ctypes.POINTER(ctypes.c_size_t))
