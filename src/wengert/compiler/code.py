"""The language that operations are lowered in: instructions of LLVM on one element, or on a vector.

An operation's `lower=` calls these methods with the values of its inputs. No instruction carries a
fast-math flag, so NaN, infinities, -0 and rounding are IEEE's, as in NumPy.
"""

from __future__ import annotations

import itertools
import struct
from copy import copy
from typing import Any, Final, NamedTuple

import numpy as np

TYPES: Final = {
    np.dtype(np.float32): "float",
    np.dtype(np.float64): "double",
    np.dtype(np.bool_): "i1",
}
"""What elements of these dtypes are in registers. In memory a bool is a byte."""


class Value(NamedTuple):
    """A value: its name, or the constant itself, and the type of its elements."""

    name: str
    type: str


class Code:
    """Instructions, as they are appended.

    lanes: how many elements a value has.
    """

    def __init__(self, lanes: int = 1) -> None:
        self.lanes = lanes
        self.lines: list[str] = []
        self.declared: set[str] = set()
        self._names = itertools.count(1)

    def beside(self, lanes: int) -> Code:
        """Code of another width, which appends to the same lines."""
        other = copy(self)
        other.lanes = lanes
        return other

    @property
    def true(self) -> Value:
        return self.constant(True, "i1")

    def wide(self, type: str) -> str:
        """What a register holds of elements of a type: "<16 x float>", or the type itself."""
        return f"<{self.lanes} x {type}>" if self.lanes > 1 else type

    def emit(self, instruction: str, type: str) -> Value:
        """Append an instruction, and name its result. type: of its elements."""
        name = f"%v{next(self._names)}"
        self.lines.append(f"  {name} = {instruction}")
        return Value(name, type)

    def constant(self, number: Any, type: str) -> Value:
        """A number, the same in every lane. LLVM wants the bits of a double, also for a float."""
        if type == "i1":
            text = "true" if number else "false"
        elif type.startswith("i"):
            text = str(int(number))
        else:
            rounded = float(np.float32(number)) if type == "float" else float(number)
            bits = struct.unpack("<Q", struct.pack("<d", rounded))[0]
            text = f"0x{bits:016X}"
        return Value(f"splat ({type} {text})" if self.lanes > 1 else text, type)

    def converted(self, x: Value, type: str) -> Value:
        """A value in another type, rounded to nearest."""
        if x.type == type:
            return x
        if x.type == "i1":
            instruction = "uitofp"
        else:
            instruction = "fpext" if type == "double" else "fptrunc"
        return self.emit(f"{instruction} {self.wide(x.type)} {x.name} to {self.wide(type)}", type)

    # Arithmetic

    def _binary(self, instruction: str, x: Value, y: Value) -> Value:
        return self.emit(f"{instruction} {self.wide(x.type)} {x.name}, {y.name}", x.type)

    def add(self, x: Value, y: Value) -> Value:
        return self._binary("fadd", x, y)

    def sub(self, x: Value, y: Value) -> Value:
        return self._binary("fsub", x, y)

    def mul(self, x: Value, y: Value) -> Value:
        return self._binary("fmul", x, y)

    def div(self, x: Value, y: Value) -> Value:
        return self._binary("fdiv", x, y)

    def neg(self, x: Value) -> Value:
        return self.emit(f"fneg {self.wide(x.type)} {x.name}", x.type)

    def abs(self, x: Value) -> Value:
        return self._intrinsic("fabs", x)

    def sqrt(self, x: Value) -> Value:
        return self._intrinsic("sqrt", x)

    def rounded(self, direction: str, x: Value) -> Value:
        """x as a whole number. direction: "floor", "ceil", "trunc", or "rint", half to even."""
        return self._intrinsic(direction, x)

    def copysign(self, x: Value, y: Value) -> Value:
        return self._intrinsic("copysign", x, y)

    def _intrinsic(self, name: str, *xs: Value) -> Value:
        type = xs[0].type
        wide = self.wide(type)
        called = f"@llvm.{name}.{self.suffix(type)}"
        self.declared.add(f"declare {wide} {called}({', '.join([wide] * len(xs))})")
        given = ", ".join(f"{wide} {x.name}" for x in xs)
        return self.emit(f"call {wide} {called}({given})", type)

    def suffix(self, type: str) -> str:
        """What ends the names of intrinsics on such values: "v16f32"."""
        element = {"float": "f32", "double": "f64"}.get(type, type)
        return f"v{self.lanes}{element}" if self.lanes > 1 else element

    # Comparisons and choices

    def compare(self, predicate: str, x: Value, y: Value) -> Value:
        """x ? y as a bool. predicate: LLVM's, as "olt": ordered, so false where one is NaN."""
        return self.emit(f"fcmp {predicate} {self.wide(x.type)} {x.name}, {y.name}", "i1")

    def isnan(self, x: Value) -> Value:
        return self.compare("uno", x, x)

    def select(self, condition: Value, x: Value, y: Value) -> Value:
        """x where the condition holds, else y."""
        mask, wide = self.wide("i1"), self.wide(x.type)
        chosen = f"select {mask} {condition.name}, {wide} {x.name}, {wide} {y.name}"
        return self.emit(chosen, x.type)

    def larger(self, x: Value, y: Value) -> Value:
        """The larger one; NaN if one is, and y where they are equal: of 0 and -0, too."""
        return self.select(self.either(self.compare("ogt", x, y), self.isnan(x)), x, y)

    def smaller(self, x: Value, y: Value) -> Value:
        """The smaller one; NaN if one is, and y where they are equal."""
        return self.select(self.either(self.compare("olt", x, y), self.isnan(x)), x, y)

    def sign(self, x: Value) -> Value:
        """1, -1 or 0; 0 also of -0 and of NaN."""
        zero, one, minus = (self.number(n, x) for n in (0.0, 1.0, -1.0))
        below = self.select(self.compare("olt", x, zero), minus, zero)
        return self.select(self.compare("ogt", x, zero), one, below)

    def truth(self, x: Value) -> Value:
        """Whether x is not 0; so NaN is true."""
        return x if x.type == "i1" else self.compare("une", x, self.number(0.0, x))

    def either(self, x: Value, y: Value) -> Value:
        return self._binary("or", x, y)

    def both(self, x: Value, y: Value) -> Value:
        return self._binary("and", x, y)

    def differ(self, x: Value, y: Value) -> Value:
        return self._binary("xor", x, y)

    def number(self, number: float, like: Value) -> Value:
        """A number in the type of another value."""
        return self.constant(number, like.type)
