"""log, log2, log10 and log1p.

x = m 2^e with m from sqrt(1/2) to sqrt(2), and log m = f + t with f = m - 1: a first term without
error and a small rest. In float64 the rest is of s = f / (2 + f), as 2 atanh(s) = log m needs half
as many coefficients: log m = f - (f^2 / 2 - s (f^2 / 2 + s^2 P(s^2))), a formula of fdlibm's.
"""

from __future__ import annotations

import math

from wengert.compiler.math.coefficients import (
    ATANH,
    LN2_PARTS,
    LOG,
    LOG2_E,
    LOG10_2_PARTS,
    LOG10_E,
)
from wengert.compiler.math.function import function
from wengert.compiler.math.numbers import (
    Number,
    fitted,
    fma,
    power_of_two,
    precision,
    product_of,
    quick_sum,
    sum_of,
    where,
)

ROOT_HALF_BITS = {"float": 0x3F3504F3, "double": 0x3FE6A09E667F3BCD}


def exponent_of(x: Number) -> tuple[Number, Number]:
    """(m, e) with x = m 2^e, m from sqrt(1/2) to sqrt(2), of a positive normal x."""
    at = precision(x)
    bits = x.bits()
    e = (bits - ROOT_HALF_BITS[x.type]) >> at.digits
    return (bits - (e << at.digits)).as_float(), e


def split(x: Number) -> tuple[Number, Number]:
    """The same of any positive x; e as a float."""
    at = precision(x)
    lift = at.digits + 2
    subnormal = x < at.tiniest_normal
    m, e = exponent_of(where(subnormal, x * 2.0**lift, x))
    return m, (where(subnormal, e - lift, e)).to(x.type)


def rest_of_log(f: Number) -> Number:
    """log(1 + f) - f, for 1 + f from sqrt(1/2) to sqrt(2)."""
    square = f * f
    if f.type == "float":
        return fma(square * f, fitted(LOG, f), -0.5 * square)
    s = f / (2 + f)
    z = s * s
    half = 0.5 * square
    return s * fma(z, fitted(ATANH, z), half) - half


def ends(x: Number, result: Number) -> Number:
    """The values of a logarithm where x is no positive number."""
    result = where(x < math.inf, result, x)
    return where(x > 0, result, where(x.equals(0), -math.inf, where(x < 0, math.nan, x)))


@function
def log(x: Number) -> Number:
    """The natural logarithm."""
    high, low = LN2_PARTS[x.type]
    m, e = split(x)
    f = m - 1
    rest = fma(e, low, rest_of_log(f))
    return ends(x, fma(e, high, f + rest))


def _to_base(x: Number, scale: tuple[float, ...], unit: tuple[float, ...]) -> Number:
    """log x in a base. scale: 1 / log(base); unit: log 2 in it; both in two parts."""
    m, e = split(x)
    f = m - 1
    first, lost = product_of(f, scale[0])
    rest = fma(e, unit[1], fma(rest_of_log(f), scale[0], fma(f, scale[1], lost)))
    whole, left = quick_sum(e * unit[0], first)
    return ends(x, whole + (left + rest))


@function
def log2(x: Number) -> Number:
    """The logarithm to base 2; of powers of 2 it is exact."""
    return _to_base(x, LOG2_E[x.type], (1.0, 0.0))


@function
def log10(x: Number) -> Number:
    """The logarithm to base 10."""
    return _to_base(x, LOG10_E[x.type], LOG10_2_PARTS[x.type])


@function
def log1p(x: Number) -> Number:
    """log(u) with u = 1 + x; what rounding took from u is given back to f."""
    at = precision(x)
    high, low = LN2_PARTS[x.type]
    u, lost = sum_of(x.number(1.0), x)
    m, k = exponent_of(u)
    e = k.to(x.type)
    # From 2^(digits + 2) on nothing of x is lost that counts; and of infinity it would be NaN.
    f = (m - 1) + where(x < 2.0 ** (at.digits + 2), lost * power_of_two(-k, x.type), 0)
    curve = fma(e, high, f + fma(e, low, rest_of_log(f)))
    curve = where(x < math.inf, curve, x)
    known = where(x > -1, curve, where(x.equals(-1), -math.inf, where(x < -1, math.nan, x)))
    return where(abs(x) < at.small**2, x, known)
