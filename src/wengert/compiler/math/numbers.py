"""Values with Python's operators: what our own functions are written on.

No operation is rounded otherwise than it is written; `fma` is one rounding where the machine has
the instruction, and a product and a sum where not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wengert.compiler.types import is_float

if TYPE_CHECKING:
    from wengert.compiler.code import Code, Value

Operand = "Number | float"


class Number:
    """A value in a piece of code. Where the other operand is a Python number, it has its type."""

    __slots__ = ("code", "value")

    def __init__(self, code: Code, value: Value) -> None:
        self.code = code
        self.value = value

    @property
    def type(self) -> str:
        return self.value.type

    def of(self, other: Any) -> Value:
        """An operand as a value."""
        return other.value if isinstance(other, Number) else self.code.number(other, self.value)

    def number(self, value: float) -> Number:
        """A constant of the same type."""
        return self._new(self.of(value))

    def _new(self, value: Value) -> Number:
        return Number(self.code, value)

    # Arithmetic

    def __add__(self, other: Any) -> Number:
        return self._new(self.code.add(self.value, self.of(other)))

    def __radd__(self, other: Any) -> Number:
        return self._new(self.code.add(self.of(other), self.value))

    def __sub__(self, other: Any) -> Number:
        return self._new(self.code.sub(self.value, self.of(other)))

    def __rsub__(self, other: Any) -> Number:
        return self._new(self.code.sub(self.of(other), self.value))

    def __mul__(self, other: Any) -> Number:
        return self._new(self.code.mul(self.value, self.of(other)))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Number:
        return self._new(self.code.div(self.value, self.of(other)))

    def __rtruediv__(self, other: Any) -> Number:
        return self._new(self.code.div(self.of(other), self.value))

    def __neg__(self) -> Number:
        return self._new(self.code.neg(self.value))

    def __abs__(self) -> Number:
        return self._new(self.code.abs(self.value))

    def sqrt(self) -> Number:
        return self._new(self.code.sqrt(self.value))

    def rounded(self, direction: str) -> Number:
        """As Code.rounded."""
        return self._new(self.code.rounded(direction, self.value))

    def with_sign_of(self, other: Number) -> Number:
        return self._new(self.code.copysign(self.value, other.value))

    # Bits

    def bits(self) -> Number:
        """The bits of a float as an integer."""
        return self._new(self.code.bits(self.value))

    def as_float(self) -> Number:
        """The float that has these bits."""
        return self._new(self.code.float_of(self.value))

    def to(self, type: str) -> Number:
        """In another type."""
        return self._new(self.code.converted(self.value, type))

    def __lshift__(self, count: int) -> Number:
        return self._new(self.code.shifted_left(self.value, self.of(count)))

    def __rshift__(self, count: int) -> Number:
        return self._new(self.code.shifted_right(self.value, self.of(count)))

    def __and__(self, other: Any) -> Number:
        return self._new(self.code.both(self.value, self.of(other)))

    def __or__(self, other: Any) -> Number:
        return self._new(self.code.either(self.value, self.of(other)))

    def __xor__(self, other: Any) -> Number:
        return self._new(self.code.differ(self.value, self.of(other)))

    def __invert__(self) -> Number:
        return self._new(self.code.inverse(self.value))

    # Comparisons: false where one is NaN

    def __lt__(self, other: Any) -> Number:
        return self._compared("olt", other)

    def __gt__(self, other: Any) -> Number:
        return self._compared("ogt", other)

    def __le__(self, other: Any) -> Number:
        return self._compared("ole", other)

    def __ge__(self, other: Any) -> Number:
        return self._compared("oge", other)

    def equals(self, other: Any) -> Number:
        return self._compared("oeq", other)

    def _compared(self, predicate: str, other: Any) -> Number:
        return self._new(self.code.compare(predicate, self.value, self.of(other)))


def where(condition: Number, x: Any, y: Any) -> Number:
    """x where the condition holds, else y; one of them is a Number."""
    known: Number = x if isinstance(x, Number) else y
    chosen = known.code.select(condition.value, known.of(x), known.of(y))
    return Number(known.code, chosen)


def unordered(x: Number, y: Number) -> Number:
    """Whether one of them is NaN."""
    return x._compared("uno", y)


def rarely(
    condition: Number, usual: Sequence[Number], slow: Callable[[], Sequence[Number]]
) -> list[Number]:
    """What `slow` computes if the condition holds in any lane, else the usual values."""
    code = condition.code
    found = code.branch(
        condition.value, [u.value for u in usual], lambda: [s.value for s in slow()]
    )
    return [Number(code, value) for value in found]


def no_more(x: Number, most: float) -> Number:
    """x, but `most` where it is larger; NaN stays."""
    return where(x > most, most, x)


def no_less(x: Number, least: float) -> Number:
    """x, but `least` where it is smaller; NaN stays."""
    return where(x < least, least, x)


def fma(x: Number, y: Any, z: Any) -> Number:
    """x * y + z."""
    return Number(x.code, x.code.fma(x.value, x.of(y), x.of(z)))


def polynomial(x: Number, coefficients: Sequence[float]) -> Number:
    """The polynomial with these coefficients, lowest degree first.

    Of very long ones, the even and the odd ones by themselves, in x^2: so fewer wait for each
    other. It makes gelu faster by a quarter in float64; of shorter ones only the errors grow.
    """
    if len(coefficients) > 22:
        square = x * x
        even, odd = (polynomial(square, coefficients[first::2]) for first in (0, 1))
        return fma(odd, x, even)
    result = x.number(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        result = fma(result, x, c)
    return result


def fitted(table: Mapping[str, tuple[float, ...]], x: Number) -> Number:
    """A polynomial of coefficients.py."""
    return polynomial(x, table[x.type])


# Pairs of numbers whose sum is meant


def sum_of(x: Number, y: Number) -> tuple[Number, Number]:
    """x + y, and what rounding took from it, exactly."""
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


def quick_sum(x: Number, y: Number) -> tuple[Number, Number]:
    """The same where |x| is no less than |y|, or x is 0."""
    total = x + y
    return total, y - (total - x)


def product_of(x: Number, y: Any) -> tuple[Number, Number]:
    """x * y, and what rounding took from it; exactly, unless it underflows."""
    y = x._new(x.of(y))
    product = x * y
    if x.code.fused:
        return product, fma(x, y, -product)
    (a, b), (c, d) = _halves(x), _halves(y)
    return product, ((a * c - product) + a * d + b * c) + b * d


def quotient(x: Number, x_rest: Number, y: Number, y_rest: Number) -> Number:
    """(x + x_rest) / (y + y_rest), rounded little more than once; it must be finite."""
    inverse = 1 / y
    first = x * inverse
    left = fma(-first, y, x) + (x_rest - first * y_rest)
    return fma(inverse, left, first)


def _halves(x: Number) -> tuple[Number, Number]:
    """x as a sum of two numbers of half as many digits: products of such are exact. (Veltkamp)"""
    mask = -(2**12) if x.type == "float" else -(2**27)
    high = (x.bits() & mask).as_float()
    return high, x - high


# What depends on the precision


class Precision:
    """Facts of a floating-point type: digits, the exponent's bias, its integers, its limits."""

    def __init__(self, type: str) -> None:
        assert is_float(type)
        single = type == "float"
        self.single = single
        self.digits = 23 if single else 52
        self.bias = 127 if single else 1023
        self.magic = 1.5 * 2.0**self.digits  # a sum with it is rounded to a whole number
        self.tiniest_normal = 2.0 ** (1 - self.bias)
        self.small = 2.0 ** -(self.digits // 2 + 2)  # the square of less does not count

    def pick(self, single: float, double: float) -> float:
        """One of two constants."""
        return single if self.single else double


SINGLE, DOUBLE = Precision("float"), Precision("double")


def precision(x: Number) -> Precision:
    """Of a number's type."""
    return SINGLE if x.type == "float" else DOUBLE


def nearest(x: Number, factor: float) -> tuple[Number, Number]:
    """x * factor, rounded to a whole number: as a float and as an integer; |it| < 2^22."""
    at = precision(x)
    shifted = fma(x, factor, at.magic)
    whole = shifted.bits() - shifted.number(at.magic).bits()
    return shifted - at.magic, whole


def power_of_two(n: Number, type: str) -> Number:
    """2^n as a float of a type, for whole n in the range of the normal ones."""
    at = SINGLE if type == "float" else DOUBLE
    return ((n + at.bias) << at.digits).as_float()


def scaled(x: Number, n: Number) -> Number:
    """x * 2^n, rounded once; n may be up to twice as far from 0 as exponents are."""
    if x.code.scales:
        return Number(x.code, x.code.ldexp(x.value, n.to("i32").value))
    half = n >> 1
    return x * power_of_two(half, x.type) * power_of_two(n - half, x.type)
