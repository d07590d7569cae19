"""Where CPython's and NumPy's objects keep what native code reads of them.

The places are those of CPython's headers and of NumPy's documented PyArrayObject_fields, and of
the slots of our own classes, which are looked for. All of them are tried out before any native
code relies on them.
"""

from __future__ import annotations

import ctypes
import functools
import struct
import sys
import sysconfig
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

from wengert.compiler.backend.capi import python_function
from wengert.compiler.backend.notices import say_once
from wengert.core.dtype import DEFAULTS
from wengert.core.handles import _new
from wengert.core.memory import Memory
from wengert.core.tensor import Tensor
from wengert.core.view import View
from wengert.modes import State

TYPE: Final = 8
"""Of any object: the address of its type."""

SIZE: Final = 16
"""Of a tuple and a list: the number of items."""

TUPLE_ITEMS: Final = tuple.__basicsize__  # Python 3.14 keeps a hash before them
LIST_ITEMS: Final = 24
"""Of a tuple: the items. Of a list: the address of the items."""

VALUE: Final = 16
"""Of a float, a complex, and of NumPy's scalars: the number itself."""

DATA, NDIM, DIMENSIONS, DESCR, FLAGS = 16, 24, 32, 56, 64
"""Of an array: the address of the data, the number of dimensions (32 bits), the address of the
sides, the dtype, and the flags (32 bits)."""

WHOLE: Final = 0x101
"""NPY_ARRAY_C_CONTIGUOUS and NPY_ARRAY_ALIGNED."""

DTYPES: Final = {
    np.dtype(t) for t in (
        np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.float16, np.float32,
        np.float64, np.complex64, np.complex128,
    )
}  # fmt: skip
"""What arrays may consist of."""


class Layout(NamedTuple):
    """Where slots lie, by name. tensor: of tensors, view: of views, memory: of what aliases share.

    state: of the modes. default: of the default dtype in DEFAULTS.
    """

    tensor: dict[str, int]
    view: dict[str, int]
    memory: dict[str, int]
    state: dict[str, int]
    default: int


@functools.cache
def layout() -> Layout | None:
    """The places; None where native code cannot read objects: after a warning if that is new."""
    debug = hasattr(sys, "gettotalrefcount")
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    ours = (Tensor, View, Memory, type(DEFAULTS))
    translated = any(hasattr(kind, "__mypyc_attrs__") for kind in ours)  # with layouts of its own
    if sys.implementation.name != "cpython" or debug or free_threaded or translated:
        return None  # compiled functions are called through ctypes there, as documented
    found = _found() if struct.calcsize("P") == 8 and _objects_are_as_expected() else None
    if found is None or not _is_all_of_a_tensor(found.tensor):
        say_once(
            "calls of compiled functions take some microseconds longer: Python's or NumPy's "
            "objects are laid out in another way than is known",
            f"Report it to wengert, with Python's version, {sys.version.split()[0]}, and NumPy's, "
            f"{np.__version__}.",
        )
        return None
    return found


def _is_all_of_a_tensor(places: dict[str, int]) -> bool:
    """Whether a new tensor has nothing else: then one is made by filling in these."""
    tensor = _new(None, None)
    others = set(range(TYPE + 8, Tensor.__basicsize__, 8)) - set(places.values())
    return not any(_pointer(id(tensor) + at) for at in others)


def _found() -> Layout | None:
    found = Layout(
        _slots(_new(None, None), "_data", "_node", "_memory", "_extra"),
        _slots(View.__new__(View), "_followed"),
        _slots(Memory(np.zeros(1)), "rewritten"),
        _slots(State(None), "grad", "inference", "levels"),
        _slot(DEFAULTS, "floating"),
    )
    parts = (found.tensor, found.view, found.memory, found.state, {"floating": found.default})
    return found if all(place for part in parts for place in part.values()) else None


def _slots(fresh: Any, *names: str) -> dict[str, int]:
    """Where an object that nobody else knows has its slots."""
    for name in names:
        setattr(fresh, name, object())  # each another
    return {name: _slot(fresh, name) for name in names}


@functools.cache
def handler_slot() -> int:
    """Where an array has the handler of its memory; 0 if that is not known."""
    array = np.zeros(3)
    handler: Any = python_function("PyDataMem_GetHandler", ctypes.py_object)()
    places = range(FLAGS + 8, np.ndarray.__basicsize__, 8)
    matching = [at for at in places if _pointer(id(array) + at) == id(handler)]
    return matching[0] if len(matching) == 1 else 0


def _slot(thing: Any, name: str) -> int:
    """Where an object has a slot: the one place with the value's address; 0 if there is none."""
    address = id(getattr(thing, name))
    places = range(TYPE + 8, type(thing).__basicsize__, 8)
    matching = [at for at in places if _pointer(id(thing) + at) == address]
    return matching[0] if len(matching) == 1 else 0


def _read(kind: Any) -> Callable[[int], Any]:
    def at(address: int) -> Any:
        return kind.from_address(address).value

    return at


_pointer = _read(ctypes.c_size_t)
_int32 = _read(ctypes.c_int32)
_double = _read(ctypes.c_double)


def _objects_are_as_expected() -> bool:
    return _numbers_are() and _containers_are() and all(map(_array_is, _arrays()))


def _numbers_are() -> bool:
    number, pair = 1.5 + len(sys.argv), complex(2.5, len(sys.argv))
    if _pointer(id(number) + TYPE) != id(float) or _double(id(number) + VALUE) != number:
        return False
    if _double(id(pair) + VALUE) != 2.5 or _double(id(pair) + VALUE + 8) != pair.imag:
        return False
    for dtype in DTYPES:
        scalar = np.arange(3).astype(dtype)[2]
        if ctypes.string_at(id(scalar) + VALUE, dtype.itemsize) != scalar.tobytes():
            return False
    return True


def _containers_are() -> bool:
    items = [object(), object(), object()]
    several = tuple(items)
    if _pointer(id(several) + SIZE) != 3 or _pointer(id(items) + SIZE) != 3:
        return False
    place = _pointer(id(items) + LIST_ITEMS)
    pairs = enumerate(items)
    return all(
        _pointer(id(several) + TUPLE_ITEMS + 8 * i) == _pointer(place + 8 * i) == id(item)
        for i, item in pairs
    )


def _arrays() -> list[np.ndarray[Any, Any]]:
    every = [np.zeros((2, 3), dtype) for dtype in DTYPES]
    unaligned = np.zeros(17, np.uint8)[1:].view(np.float64)
    return [*every, np.zeros(()), np.zeros((4, 0, 2)), every[0].T, every[1][1:], unaligned]


def _array_is(array: np.ndarray[Any, Any]) -> bool:
    sides = _pointer(id(array) + DIMENSIONS)
    flags = _int32(id(array) + FLAGS) & WHOLE
    expected = 0x1 * array.flags.c_contiguous + 0x100 * array.flags.aligned
    return (
        _pointer(id(array) + TYPE) == id(np.ndarray)
        and _pointer(id(array) + DATA) == array.ctypes.data
        and _int32(id(array) + NDIM) == array.ndim
        and all(_pointer(sides + 8 * i) == side for i, side in enumerate(array.shape))
        and _pointer(id(array) + DESCR) == id(array.dtype) == id(np.dtype(array.dtype.char))
        and flags == expected
    )
