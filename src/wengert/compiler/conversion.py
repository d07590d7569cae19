"""Values from one type to another, with the results of NumPy's casts on x86.

What does not fit into an integer is undefined in LLVM, and for NumPy it is what the processor makes
of it: the lowest integer of the 32 or 64 bits that it converts to, of which narrower types keep the
low bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wengert.compiler.types import is_float, is_signed, width

if TYPE_CHECKING:
    from wengert.compiler.code import Code, Value


def conversion(code: Code, x: Value, type: str) -> Value:
    """x in a type that is not its own."""
    if type == "i1":
        return code.truth(x)
    if is_float(x.type):
        return _rounded(code, x, type) if is_float(type) else _cut_off(code, x, type)
    if is_float(type):
        return code.cast("sitofp" if is_signed(x.type) else "uitofp", x, type)
    return _resized(code, x, type)


def _rounded(code: Code, x: Value, type: str) -> Value:
    return code.cast("fpext" if type == "double" else "fptrunc", x, type)


def _cut_off(code: Code, x: Value, type: str) -> Value:
    """Towards 0. Nothing that does not fit reaches LLVM's instruction."""
    between = "i64" if type == "i64" else "i32"
    bits = width(between)
    fits = code.compare("olt", code.abs(x), code.number(2.0 ** (bits - 1), x))
    safe = code.select(fits, x, code.number(0.0, x))
    lowest = code.constant(-(2 ** (bits - 1)), between)
    whole = code.select(fits, code.cast("fptosi", safe, between), lowest)
    return code.converted(whole, type)


def _resized(code: Code, x: Value, type: str) -> Value:
    """Integers, wider or narrower; of the same width they have the same bits."""
    if width(type) == width(x.type):
        return x._replace(type=type, number=None)
    if width(type) < width(x.type):
        return code.cast("trunc", x, type)
    return code.cast("sext" if is_signed(x.type) else "zext", x, type)
