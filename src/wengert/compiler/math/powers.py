"""x^y = 2^(y log2 |x|). The logarithm has half as many digits more as the exponent takes away.

In float32 that is float64; in float64 it is in two numbers.
"""

from __future__ import annotations

import math

from wengert.compiler.math.coefficients import (
    ATANH,
    ATANH_REST,
    EXP2,
    LOG2_E,
    TWO_THIRDS,
)
from wengert.compiler.math.function import function
from wengert.compiler.math.logarithms import exponent_of, rest_of_log, split
from wengert.compiler.math.numbers import (
    Number,
    fitted,
    fma,
    nearest,
    no_less,
    no_more,
    precision,
    product_of,
    quick_sum,
    scaled,
    where,
)

Pair = tuple[Number, Number]


def _times(x: Pair, y: Pair) -> Pair:
    product, lost = product_of(x[0], y[0])
    return quick_sum(product, lost + fma(x[0], y[1], x[1] * y[0]))


def _log2(x: Number) -> Pair:
    """log2 of a positive x in two numbers: (2 s + s^3 (2/3 + s^2 P(s^2))) / log 2."""
    m, e = split(x)
    f = m - 1
    under, under_rest = quick_sum(x.number(2.0), f)
    s = f / under
    product, lost = product_of(s, under)
    s_pair = (s, (((f - product) - lost) - s * under_rest) / under)
    z = _times(s_pair, s_pair)
    third, third_rest = TWO_THIRDS[x.type]
    inner, inner_rest = quick_sum(x.number(third), z[0] * fitted(ATANH_REST, z[0]))
    cubic = _times(z, (inner, inner_rest + third_rest))
    whole, rest = quick_sum(x.number(2.0), cubic[0])
    log = _times(s_pair, (whole, rest + cubic[1]))
    scale, scale_rest = (x.number(part) for part in LOG2_E[x.type])
    high, low = _times(log, (scale, scale_rest))
    total, left = quick_sum(e, high)
    return total, left + low


def _power(x: Number, y: Number) -> Number:
    """x^y for positive x, in float64."""
    high, low = _log2(x)
    y = no_less(no_more(y, 2.0**70), -(2.0**70))
    product, lost = product_of(y, high)
    rest = fma(y, low, lost)
    kept = no_less(no_more(product, 1030.0), -1090.0)
    n, k = nearest(kept, 1.0)
    r = (kept - n) + where(kept.equals(product), rest, 0)
    return scaled(fma(r, fitted(EXP2, r), 1.0), k)


def _short_power(x: Number, y: Number) -> Number:
    """The same in float64 for what is rounded to float32."""
    m, e = exponent_of(x)
    f = m - 1
    s = f / (2 + f)
    z = s * s
    log = s * fma(z, fitted(ATANH, z), 2.0)
    y = no_less(no_more(y, 2.0**70), -(2.0**70))
    product = no_less(no_more(y * fma(log, LOG2_E["double"][0], e.to("double")), 200.0), -200.0)
    n, k = nearest(product, 1.0)
    r = product - n
    return scaled(fma(r, fitted(EXP2, r), 1.0), k)


@function
def cbrt(x: Number) -> Number:
    """2^(log2(m) / 3) with x = m 2^(3 q), scaled by 2^q, and improved by a step of Newton's."""
    a = abs(x)
    m, e = split(a)
    q = ((e + 0.5) * (1 / 3)).rounded("floor")
    part = e - 3 * q
    m = where(part > 1.5, 4 * m, where(part > 0.5, 2 * m, m))
    f = where(part > 1.5, 0.25 * m, where(part > 0.5, 0.5 * m, m)) - 1
    third = (fma(f + rest_of_log(f), LOG2_E[x.type][0], part)) * (1 / 3)
    root = fma(third - 0.5, fitted(EXP2, third - 0.5), 1.0) * math.sqrt(2)
    square, square_rest = product_of(root, root)
    cube, cube_rest = product_of(square, root)
    above = (cube - m) + fma(square_rest, root, cube_rest)
    near = root - above / (3 * square)
    whole = "i32" if precision(x).single else "i64"
    found = scaled(near, q.to(whole)).with_sign_of(x)
    return where((a > 0) & (a < math.inf), found, x)


@function
def pow(x: Number, y: Number) -> Number:
    """x^y, with C's values for infinities, zeros and NaN; of negative x for whole y only."""
    a = abs(x)
    if x.type == "float":
        curve = _short_power(a.to("double"), y.to("double")).to("float")
    else:
        curve = _power(a, y)
    ends = where(
        a.equals(0), where(y < 0, math.inf, x.number(0.0)), where(y < 0, x.number(0.0), math.inf)
    )
    outside = a.equals(0) | a.equals(math.inf)
    curve = where(outside, where(y.equals(y), ends, y), curve)
    whole = y.rounded("trunc").equals(y)
    half = 0.5 * y
    odd = whole & (half.rounded("trunc") < half) | whole & (half.rounded("trunc") > half)
    negative = x.bits() < 0
    curve = where(negative & odd, -curve, curve)
    known = where((x < 0) & (a < math.inf) & ~whole, math.nan, curve)
    return where(y.equals(0) | x.equals(1), 1.0, where(x.equals(x), known, x))
