"""asin, acos, atan and atan2."""

from __future__ import annotations

from wengert.compiler.math.coefficients import ASIN, ATAN, HALF_PI
from wengert.compiler.math.function import function
from wengert.compiler.math.numbers import Number, fitted, fma, unordered, where


def _quarter(x: Number) -> tuple[float, float]:
    """pi / 2 in two parts."""
    high, low, _ = HALF_PI[x.type]
    return high, low


def _small_atan(t: Number) -> Number:
    """atan of t from 0 to 1."""
    z = t * t
    return fma(t * z, fitted(ATAN, z), t)


@function
def atan(x: Number) -> Number:
    """Above 1, pi / 2 less the arc of 1 / x."""
    a = abs(x)
    high, low = _quarter(x)
    steep = a > 1
    arc = _small_atan(where(steep, 1 / a, a))
    return where(steep, high - (arc - low), arc).with_sign_of(x)


@function
def atan2(y: Number, x: Number) -> Number:
    """The angle of the point (x, y): of the smaller coordinate by the larger, turned into place."""
    a, b = abs(y), abs(x)
    high, low = _quarter(x)
    steep = a > b
    over, under = where(steep, b, a), where(steep, a, b)
    t = where(over.equals(under), 1, over / under)
    arc = _small_atan(where(under.equals(0), 0, t))
    arc = where(steep, high - (arc - low), arc)
    behind = x.bits() < 0
    arc = where(behind, 2 * high - (arc - 2 * low), arc).with_sign_of(y)
    return where(unordered(x, y), x + y, arc)


def _parts_of_asin(a: Number) -> tuple[Number, Number, Number]:
    """(large, s, rest): the arc of s, s + rest; where a is large, s = sqrt((1 - a) / 2)."""
    large = a > 0.5
    z = where(large, 0.5 * (1 - a), a * a)
    s = where(large, z.sqrt(), a)
    return large, s, s * z * fitted(ASIN, z)


@function
def asin(x: Number) -> Number:
    """Above 1/2, pi / 2 less twice the arc of sqrt((1 - x) / 2)."""
    high, low = _quarter(x)
    large, s, rest = _parts_of_asin(abs(x))
    far = high - (2 * s + (2 * rest - low))
    return where(large, far, s + rest).with_sign_of(x)


@function
def acos(x: Number) -> Number:
    """pi / 2 less the arc; above 1/2 twice the arc of sqrt((1 - x) / 2), below -1/2 pi less it."""
    high, low = _quarter(x)
    large, s, rest = _parts_of_asin(abs(x))
    twice = 2 * (s + rest)
    below = x < 0
    far = where(below, 2 * high - (twice - 2 * low), twice)
    arc = s + rest
    near = high - (where(below, -arc, arc) - low)
    return where(large, far, near)
