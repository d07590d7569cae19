"""The types of elements in native code.

"float" and "double", "i1" for truth values, "i8" to "i64" for signed integers, "u8" for unsigned
ones. LLVM's integers have no sign, its instructions do: there "u8" is i8, too.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

TYPES: Final = {
    np.dtype(np.float32): "float",
    np.dtype(np.float64): "double",
    np.dtype(np.bool_): "i1",
    np.dtype(np.int8): "i8",
    np.dtype(np.int16): "i16",
    np.dtype(np.int32): "i32",
    np.dtype(np.int64): "i64",
    np.dtype(np.uint8): "u8",
}
"""What elements of these dtypes are in registers. In memory a bool is a byte."""

DTYPES: Final[dict[str, Any]] = {type: dtype for dtype, type in TYPES.items()}

BITS: Final = {"float": "i32", "double": "i64"}
"""The integers that have the bits of floats."""

FLOATS: Final = {bits: type for type, bits in BITS.items()}


def is_float(type: str) -> bool:
    """Whether this is a floating-point type."""
    return type in BITS


def is_signed(type: str) -> bool:
    """Whether the type has negative numbers."""
    return type != "i1" and not type.startswith("u")


def width(type: str) -> int:
    """How many bits an element has in a register."""
    return int(BITS.get(type, type)[1:])


def llvm(type: str) -> str:
    """What LLVM calls the type."""
    return type.replace("u", "i") if type.startswith("u") else type


def stored(type: str) -> str:
    """What LLVM calls an element in memory: of a bool, a byte."""
    return "i8" if type == "i1" else llvm(type)


def size(type: str) -> int:
    """Bytes of an element in memory."""
    return max(width(type) // 8, 1)


def wrapped(number: Any, type: str) -> int:
    """A number as an integer of a type, whose low bits it has; floats are cast as NumPy does."""
    if isinstance(number, (float, np.floating)):
        return int(np.asarray(number).astype(DTYPES[type]))
    bits = width(type)
    low: int = int(number) & (2**bits - 1)
    return low - 2**bits if is_signed(type) and low >> (bits - 1) else low


def nearest(number: Any, type: str) -> float:
    """A number as a float of a type; infinite where it is too large for that."""
    with np.errstate(over="ignore"):
        return float(np.float32(number)) if type == "float" else float(number)
