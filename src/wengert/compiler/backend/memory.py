"""Memory for intermediate values and for large results, which is used again and again.

Fresh memory costs a page fault for each 4 KB, 16 MB of it 2 ms: as long as an elementwise program
takes for them. What the system's malloc keeps it gives back when the end of its heap is free. So
blocks that come back are kept, up to KEPT bytes, and the last block of intermediate values however
large it is. Large results are NumPy arrays that own their memory; NumPy gives it back to us.

All of this happens while the interpreter's lock is held, which is what makes the list safe.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from math import prod
from typing import Any, Final

import numpy as np

from wengert.compiler.backend.capi import address_of, keep, python_function
from wengert.compiler.backend.layout import FLAGS, handler_slot, layout
from wengert.compiler.backend.llvm import QUICK, Host, Library, host
from wengert.compiler.backend.memory_text import (
    ARRAY,
    GIVE,
    HANDLER,
    TAKE,
    array_text,
    blocks_text,
)
from wengert.compiler.backend.stored import compiled_text

KEPT: Final = 256 * 2**20
"""Bytes that nobody uses, and that are kept."""

LARGE: Final = 64 * 2**10
"""Bytes from which on a result is in a block of ours; smaller ones malloc has at hand."""

_PYTHON: Final = ("PyArray_NewFromDescr", "PyErr_NoMemory", "Py_DecRef", "Py_IncRef")


@functools.cache
def symbols(host: Host) -> dict[str, int]:
    """The functions TAKE, GIVE and ARRAY in this process, for native code to call."""
    blocks = _blocks(host)
    found = {name: blocks.address(name) for name in (TAKE, GIVE)}
    arrays = _arrays(host, blocks, handler_slot())
    if not _own_their_memory(arrays):
        arrays = _arrays(host, blocks, 0)
    return found | {ARRAY: arrays.address(ARRAY)}


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """np.empty for results: a large one is a block of ours."""
    backend = host() if prod(shape) * dtype.itemsize >= LARGE and layout() is not None else None
    if backend is None:
        return np.empty(shape, dtype)
    return _made(_maker(symbols(backend)[ARRAY]), shape, dtype)


@functools.cache
def _blocks(host: Host) -> Library:
    text = blocks_text(KEPT, pages=sys.platform == "linux")
    library = host.load(
        [compiled_text(host, text, QUICK)], [TAKE, GIVE, HANDLER, "dropped", "total"], {}
    )
    library.keep()
    return library


def _arrays(host: Host, blocks: Library, slot: int) -> Library:
    text = array_text(FLAGS, slot)
    known = {name: address_of(name) for name in _PYTHON} | {"numpy_ndarray": id(np.ndarray)}
    known |= {name: blocks.address(name) for name in (TAKE, "dropped")}
    known["capsule"] = id(_capsule(blocks.address(HANDLER)))
    library = host.load([compiled_text(host, text, QUICK)], [ARRAY], known)
    library.keep()
    return library


@functools.cache
def _capsule(address: int) -> Any:
    """The handler as NumPy wants it; it lives as long as the process."""
    kinds = (ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    capsule: Any = python_function("PyCapsule_New", *kinds)(address, _CAPSULE, None)
    keep(capsule)
    return capsule


_CAPSULE: Final = ctypes.c_char_p(b"mem_handler")


def _own_their_memory(library: Library) -> bool:
    """Whether arrays are made as NumPy makes them, and grow and go as they should."""
    make = _maker(library.address(ARRAY))
    array = _made(make, (3, 5), np.dtype(np.float32))
    if array.shape != (3, 5) or array.dtype != np.float32 or not array.flags.owndata:
        return False
    if not (array.flags.carray and array.flags.writeable):
        return False
    array[...] = 7
    array.resize((4, 5), refcheck=False)
    return bool((array[:3] == 7).all() and (array[3] == 0).all() and array.flags.owndata)


@functools.cache
def _maker(address: int) -> Any:
    return ctypes.PYFUNCTYPE(
        ctypes.py_object, ctypes.py_object, ctypes.c_int, ctypes.c_void_p, ctypes.c_int64
    )(address)


def _made(make: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    sides = (ctypes.c_int64 * len(shape))(*shape)
    keep(dtype)  # the array takes that reference
    array: np.ndarray[Any, Any] = make(dtype, len(shape), sides, prod(shape) * dtype.itemsize)
    return array
