"""The language that operations are lowered in: instructions of LLVM on one element, or on a vector.

An operation's `lower=` calls these methods with the values of its inputs. No instruction carries a
fast-math flag, so NaN, infinities, -0 and rounding are IEEE's, as in NumPy. Integers wrap around,
also as in NumPy, and on truth values a sum is "or" and a product "and".
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np

from wengert.compiler.conversion import conversion
from wengert.compiler.host import fuses, scales
from wengert.compiler.math.function import called
from wengert.compiler.types import (
    BITS,
    DTYPES,
    FLOATS,
    is_float,
    is_signed,
    llvm,
    nearest,
    width,
    wrapped,
)


class Value(NamedTuple):
    """A value: its name, or the constant itself, and the type of its elements.

    number: of a constant, what it is.
    """

    name: str
    type: str
    number: Any = None


class Code:
    """Instructions, as they are appended.

    lanes: how many elements a value has. fused: whether the machine multiplies and adds in one
    instruction, and so may have others of its kind; None to ask this one. declared: what has to
    stand beside the code, declarations of intrinsics and whole functions of our own. called:
    instructions of these, one per call and line.
    """

    def __init__(self, lanes: int = 1, fused: bool | None = None) -> None:
        self.lanes = lanes
        self.fused = fuses() if fused is None else fused
        self.scales = self.fused and scales()
        self.lines: list[str] = []
        self.declared: set[str] = set()
        self.called = 0
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
        """What a register holds of elements of a type: "<16 x float>", or LLVM's type itself."""
        return f"<{self.lanes} x {llvm(type)}>" if self.lanes > 1 else llvm(type)

    def suffix(self, type: str) -> str:
        """What ends the names of intrinsics on such values: "v16f32"."""
        element = f"f{width(type)}" if is_float(type) else llvm(type)
        return f"v{self.lanes}{element}" if self.lanes > 1 else element

    def emit(self, instruction: str, type: str) -> Value:
        """Append an instruction, and name its result. type: of its elements."""
        name = f"%v{next(self._names)}"
        self.lines.append(f"  {name} = {instruction}")
        return Value(name, type)

    def named(self, name: str, type: str) -> Value:
        """A value that has a name already: a parameter."""
        return Value(name, type)

    # Constants

    def constant(self, number: Any, type: str) -> Value:
        """A number, the same in every lane. LLVM wants the bits of a double, also for a float."""
        if type == "i1":
            text = "true" if number else "false"
        elif is_float(type):
            text = f"0x{struct.unpack('<Q', struct.pack('<d', nearest(number, type)))[0]:016X}"
        else:
            number = wrapped(number, type)
            text = str(number)
        name = f"splat ({llvm(type)} {text})" if self.lanes > 1 else text
        return Value(name, type, number)

    def number(self, number: Any, like: Value) -> Value:
        """A number in the type of another value."""
        return self.constant(number, like.type)

    def width(self, x: Value) -> int:
        """How many bits an element has."""
        return width(x.type)

    def whole(self, x: Value) -> bool:
        """Whether the numbers are integers or truth values."""
        return not is_float(x.type)

    def dtype(self, x: Value) -> np.dtype[Any]:
        """NumPy's name of the type."""
        dtype: np.dtype[Any] = DTYPES[x.type]
        return dtype

    # Conversions

    def converted(self, x: Value, type: str) -> Value:
        """A value in another type, as NumPy casts: floats are rounded, or cut off to integers."""
        return x if x.type == type else conversion(self, x, type)

    def cast(self, instruction: str, x: Value, type: str) -> Value:
        """One of LLVM's own conversions, as "sitofp"."""
        return self.emit(f"{instruction} {self.wide(x.type)} {x.name} to {self.wide(type)}", type)

    def bits(self, x: Value) -> Value:
        """The bits of floats, as signed integers."""
        return self.cast("bitcast", x, BITS[x.type])

    def float_of(self, x: Value) -> Value:
        """The floats that have these bits."""
        return self.cast("bitcast", x, FLOATS[x.type])

    # Arithmetic

    def binary(self, instruction: str, x: Value, y: Value) -> Value:
        """One of LLVM's own instructions on two values of one type."""
        return self.emit(f"{instruction} {self.wide(x.type)} {x.name}, {y.name}", x.type)

    def _arithmetic(self, floats: str, integers: str, masks: str, x: Value, y: Value) -> Value:
        instruction = floats if is_float(x.type) else masks if x.type == "i1" else integers
        return self.binary(instruction, x, y)

    def add(self, x: Value, y: Value) -> Value:
        return self._arithmetic("fadd", "add", "or", x, y)

    def sub(self, x: Value, y: Value) -> Value:
        return self._arithmetic("fsub", "sub", "xor", x, y)

    def mul(self, x: Value, y: Value) -> Value:
        return self._arithmetic("fmul", "mul", "and", x, y)

    def div(self, x: Value, y: Value) -> Value:
        """The quotient of floats."""
        return self.binary("fdiv", x, y)

    def quotient(self, x: Value, y: Value) -> Value:
        """The quotient of integers, towards 0; y is neither 0 nor -1."""
        return self.binary("sdiv" if is_signed(x.type) else "udiv", x, y)

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """x * y + z, rounded once where the machine can; for inside of our own functions only."""
        if not self.fused:
            return self.add(self.mul(x, y), z)
        return self.intrinsic("fma", x, y, z)

    def ldexp(self, x: Value, n: Value) -> Value:
        """x * 2^n of 32-bit integers n, rounded once; for machines that `scales`."""
        wide, whole = self.wide(x.type), self.wide("i32")
        name = f"@llvm.ldexp.{self.suffix(x.type)}.{self.suffix('i32')}"
        self.declared.add(f"declare {wide} {name}({wide}, {whole})")
        return self.emit(f"call {wide} {name}({wide} {x.name}, {whole} {n.name})", x.type)

    def neg(self, x: Value) -> Value:
        if not is_float(x.type):
            return self.sub(self.number(0, x), x)
        return self.emit(f"fneg {self.wide(x.type)} {x.name}", x.type)

    def abs(self, x: Value) -> Value:
        """The magnitude; of the lowest integer, that integer."""
        if is_float(x.type):
            return self.intrinsic("fabs", x)
        below = self.compare("olt", x, self.number(0, x))
        return self.select(below, self.neg(x), x) if is_signed(x.type) else x

    def sqrt(self, x: Value) -> Value:
        return self.intrinsic("sqrt", x)

    def rounded(self, direction: str, x: Value) -> Value:
        """x as a whole number. direction: "floor", "ceil", "trunc", or "rint", half to even."""
        return self.intrinsic(direction, x) if is_float(x.type) else x

    def copysign(self, x: Value, y: Value) -> Value:
        return self.intrinsic("copysign", x, y)

    def intrinsic(self, name: str, *xs: Value) -> Value:
        """One of LLVM's own functions, on values of one type."""
        type = xs[0].type
        wide = self.wide(type)
        called = f"@llvm.{name}.{self.suffix(type)}"
        self.declared.add(f"declare {wide} {called}({', '.join([wide] * len(xs))})")
        given = ", ".join(f"{wide} {x.name}" for x in xs)
        return self.emit(f"call {wide} {called}({given})", type)

    def call(self, name: str, *xs: Value) -> Value:
        """One of our own functions (compiler/math), as "tanh", on floats of one type."""
        return called(self, name, xs)

    def branch(
        self, condition: Value, usual: Sequence[Value], slow: Callable[[], Sequence[Value]]
    ) -> list[Value]:
        """What `slow` makes if the condition holds in any lane, else the usual values."""
        n = next(self._names)
        if self.lanes > 1:
            condition = self.any_lane(condition)
        self.lines += [
            f"  br label %usual{n}", f"usual{n}:",
            f"  br i1 {condition.name}, label %slow{n}, label %done{n}", f"slow{n}:",
        ]  # fmt: skip
        made = slow()
        self.lines += [f"  br label %made{n}", f"made{n}:", f"  br label %done{n}", f"done{n}:"]
        return [
            self.emit(
                f"phi {self.wide(u.type)} [{u.name}, %usual{n}], [{m.name}, %made{n}]", u.type
            )
            for u, m in zip(usual, made, strict=True)
        ]

    def any_lane(self, condition: Value) -> Value:
        """Whether a condition holds in any lane: one bool."""
        masks, name = self.wide("i1"), f"@llvm.vector.reduce.or.v{self.lanes}i1"
        self.declared.add(f"declare i1 {name}({masks})")
        return self.emit(f"call i1 {name}({masks} {condition.name})", "i1")

    # Bits

    def either(self, x: Value, y: Value) -> Value:
        return self.binary("or", x, y)

    def both(self, x: Value, y: Value) -> Value:
        return self.binary("and", x, y)

    def differ(self, x: Value, y: Value) -> Value:
        return self.binary("xor", x, y)

    def inverse(self, x: Value) -> Value:
        """All bits turned over; "not" of a truth value."""
        return self.differ(x, self.number(True if x.type == "i1" else -1, x))

    def shifted_left(self, x: Value, y: Value) -> Value:
        """x << y; y from 0 to one less than the width of x."""
        return self.binary("shl", x, y)

    def shifted_right(self, x: Value, y: Value) -> Value:
        """x >> y, which keeps the sign; y from 0 to one less than the width of x."""
        return self.binary("ashr" if is_signed(x.type) else "lshr", x, y)

    # Comparisons and choices

    def compare(self, predicate: str, x: Value, y: Value) -> Value:
        """x ? y as a bool. predicate: LLVM's of floats, as "olt": false where one is NaN."""
        if not is_float(x.type):
            return self._compared_integers(predicate[1:], x, y)
        return self.emit(f"fcmp {predicate} {self.wide(x.type)} {x.name}, {y.name}", "i1")

    def _compared_integers(self, relation: str, x: Value, y: Value) -> Value:
        sign = "" if relation in ("eq", "ne") else "s" if is_signed(x.type) else "u"
        compared = f"icmp {sign}{relation} {self.wide(x.type)} {x.name}, {y.name}"
        return self.emit(compared, "i1")

    def isnan(self, x: Value) -> Value:
        if not is_float(x.type):
            return self.constant(False, "i1")
        return self.compare("uno", x, x)

    def isinf(self, x: Value) -> Value:
        if not is_float(x.type):
            return self.constant(False, "i1")
        return self.compare("oeq", self.abs(x), self.number(np.inf, x))

    def isfinite(self, x: Value) -> Value:
        if not is_float(x.type):
            return self.true
        return self.compare("olt", self.abs(x), self.number(np.inf, x))

    def equals_infinity(self, x: Value, sign: int) -> Value:
        """Whether x is infinite, with this sign."""
        if not is_float(x.type):
            return self.constant(False, "i1")
        return self.compare("oeq", x, self.number(sign * np.inf, x))

    def signbit(self, x: Value) -> Value:
        """Whether the sign is set: also of -0, and of a NaN that has it."""
        bits = self.bits(x) if is_float(x.type) else x
        return self.compare("olt", bits, self.number(0, bits))

    def select(self, condition: Value, x: Value, y: Value) -> Value:
        """x where the condition holds, else y."""
        mask, wide = self.wide("i1"), self.wide(x.type)
        chosen = f"select {mask} {condition.name}, {wide} {x.name}, {wide} {y.name}"
        return self.emit(chosen, x.type)

    def larger(self, x: Value, y: Value) -> Value:
        """The larger one; NaN if one is, and y where they are equal: of 0 and -0, too."""
        return self._chosen("ogt", x, y)

    def smaller(self, x: Value, y: Value) -> Value:
        """The smaller one; NaN if one is, and y where they are equal."""
        return self._chosen("olt", x, y)

    def _chosen(self, predicate: str, x: Value, y: Value) -> Value:
        wins = self.compare(predicate, x, y)
        if is_float(x.type):
            wins = self.either(wins, self.isnan(x))
        return self.select(wins, x, y)

    def sign(self, x: Value) -> Value:
        """1, -1 or 0; 0 also of -0 and of NaN."""
        zero, one = self.number(0, x), self.number(1, x)
        if not is_signed(x.type):
            return self.select(self.truth(x), one, zero)
        below = self.select(self.compare("olt", x, zero), self.number(-1, x), zero)
        return self.select(self.compare("ogt", x, zero), one, below)

    def truth(self, x: Value) -> Value:
        """Whether x is not 0; so NaN is true."""
        return x if x.type == "i1" else self.compare("une", x, self.number(0, x))
