"""Elements as the bundles of bits that moves read and write: converted, and added."""

from __future__ import annotations

from typing import Final

import numpy as np

from wengert.compiler.pieces.lines import Lines
from wengert.core.dtype import NumpyDType

FLOATS: Final = {np.dtype(np.float32): "float", np.dtype(np.float64): "double"}


def register(dtype: NumpyDType) -> str:
    """The type in which elements of a dtype are moved: as many bits."""
    return f"i{8 * dtype.itemsize}"


def converted(lines: Lines, value: str, given: NumpyDType, wanted: NumpyDType) -> str:
    """The bits of an element in another dtype, to which the first is promoted."""
    if given == wanted:
        return value
    here, there = register(given), register(wanted)
    if wanted.kind in "iu" and here == there:
        return value
    if wanted.kind in "iu":
        extends = "sext" if given.kind == "i" else "zext"
        return lines.let(f"{extends} {here} {value} to {there}")
    number = FLOATS[wanted]
    if given.kind == "f":
        made = lines.let(f"fpext {FLOATS[given]} {floating(lines, value, given)} to {number}")
    else:
        counts = "sitofp" if given.kind == "i" else "uitofp"
        made = lines.let(f"{counts} {here} {value} to {number}")
    return lines.let(f"bitcast {number} {made} to {there}")


def converts(given: NumpyDType, wanted: NumpyDType) -> bool:
    """Whether `converted` has this pair."""
    if given == wanted:
        return True
    return (given in FLOATS or given.kind in "biu") and (
        wanted in FLOATS or (wanted.kind in "iu" and given.itemsize < wanted.itemsize)
    )


def floating(lines: Lines, value: str, dtype: NumpyDType) -> str:
    """Bits as the number that they are."""
    return lines.let(f"bitcast {register(dtype)} {value} to {FLOATS[dtype]}")


def added(lines: Lines, x: str, y: str, dtype: NumpyDType) -> str:
    """The sum of two elements, as bits; of truth values whether one is true."""
    kind = register(dtype)
    if dtype.kind != "f":
        return lines.let(f"{'or' if dtype.kind == 'b' else 'add'} {kind} {x}, {y}")
    type = FLOATS[dtype]
    terms = floating(lines, x, dtype), floating(lines, y, dtype)
    total = lines.let(f"fadd {type} {terms[0]}, {terms[1]}")
    return lines.let(f"bitcast {type} {total} to {kind}")


def adds(dtype: NumpyDType) -> bool:
    """Whether `added` has this dtype."""
    return dtype in FLOATS or dtype.kind in "biu"


def multiplied(lines: Lines, x: str, y: str, dtype: NumpyDType) -> str:
    """The product of two elements, as bits; not of truth values."""
    kind = register(dtype)
    if dtype.kind != "f":
        return lines.let(f"mul {kind} {x}, {y}")
    type = FLOATS[dtype]
    factors = floating(lines, x, dtype), floating(lines, y, dtype)
    product = lines.let(f"fmul {type} {factors[0]}, {factors[1]}")
    return lines.let(f"bitcast {type} {product} to {kind}")


def rounded(lines: Lines, value: str, given: NumpyDType, wanted: NumpyDType) -> str:
    """A number in a dtype of the same kind that is as wide or narrower."""
    if given == wanted:
        return value
    here, there = FLOATS[given], FLOATS[wanted]
    made = lines.let(f"fptrunc {here} {floating(lines, value, given)} to {there}")
    return lines.let(f"bitcast {there} {made} to {register(wanted)}")


def compared(lines: Lines, predicate: str, x: str, y: str, dtype: NumpyDType) -> str:
    """x ? y as an i1. predicate: "gt", "lt", "ge", "le", "eq", and "uno" of floats."""
    if dtype.kind == "f":
        numbers = floating(lines, x, dtype), floating(lines, y, dtype)
        ordered = predicate if predicate == "uno" else f"o{predicate}"
        return lines.let(f"fcmp {ordered} {FLOATS[dtype]} {numbers[0]}, {numbers[1]}")
    sign = "" if predicate == "eq" else "s" if dtype.kind == "i" else "u"
    return lines.let(f"icmp {sign}{predicate} {register(dtype)} {x}, {y}")
