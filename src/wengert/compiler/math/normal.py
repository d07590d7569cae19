"""erf, erfc, and gelu, which is x times the normal distribution's cumulative function.

Up to 1/2 or 1 a polynomial; beyond, erfc(a) = exp(-a^2) E(a) / (1 + 2 a) with a polynomial E in
t = (a - 4) / (a + 4). What rounding takes from a^2 is given back: exp multiplies it by a^2.
"""

from __future__ import annotations

import math

from wengert.compiler.math.coefficients import (
    ERF,
    ERFCX,
    GELU_CUBE,
    ROOT_8_OVER_PI,
)
from wengert.compiler.math.exponentials import not_more_than_the_most, with_rest
from wengert.compiler.math.function import function
from wengert.compiler.math.numbers import (
    Number,
    fitted,
    fma,
    no_more,
    precision,
    product_of,
    quick_sum,
    quotient,
    scaled,
    sum_of,
    where,
)


def _slope(a: Number, unit: float) -> tuple[Number, Number]:
    """exp(z^2) erfc(z) of z = a / unit, for z from 0 to 10.2 or 28: (over, under)."""
    t = (a - 4 * unit) / (a + 4 * unit)
    return fitted(ERFCX, t), fma(a, 2 / unit, 1.0)


def _near(x: Number) -> Number:
    """erf(x) - x for |x| <= 1."""
    return x * fitted(ERF, x * x)


def _tail(a: Number, half: float) -> tuple[Number, Number, Number, Number]:
    """(x, s, y, k) with erfc(sqrt(half) a) = (x + s) / y 2^k. half: 1 or 1/2."""
    square, lost = product_of(a, a)
    p, rest, k = with_rest(-half * square)
    over, under = _slope(a, math.sqrt(1 / half))
    product, product_rest = product_of(over, p)
    return product, fma(over, rest - p * (half * lost), product_rest), under, k


@function
def erf(x: Number) -> Number:
    """The error function; beyond 1, 1 - erfc."""
    a = no_more(abs(x), precision(x).pick(4, 6))
    over, under = _slope(a, 1.0)
    tail = scaled(*not_more_than_the_most(-a * a)) * over / under
    far = (1 - tail).with_sign_of(x)
    return where(abs(x) > 1, far, x + _near(x))


@function
def erfc(x: Number) -> Number:
    """1 - erf(x), with all its digits where that is small."""
    a = no_more(abs(x), precision(x).pick(10.2, 28))
    over, rest, under, k = _tail(a, 1.0)
    tail = scaled(quotient(over, rest, under, x.number(0.0)), k)
    far = where(x < 0, 2 - tail, tail)
    return where(abs(x) < 0.5, 1 - (x + _near(x)), where(x.equals(x), far, x))


@function
def gelu(x: Number) -> Number:
    """-a T where x < 0 and x - a T elsewhere, with a = |x| and T = erfc(a / sqrt(2)) / 2."""
    a = no_more(abs(x), precision(x).pick(14.42, 39.59))
    over, rest, under, k = _tail(a, 0.5)
    product, product_rest = product_of(over, a)
    far = quotient(product, fma(rest, a, product_rest), under, x.number(0.0))
    z = a * math.sqrt(0.5)
    near = a * (0.5 - 0.5 * (z + _near(z)))
    part = where(z < 0.5, near, scaled(0.5 * far, k))
    known = where(x < 0, -part, x - part)
    return where(x.equals(-math.inf), math.nan, known)


@function
def gelu_tanh(x: Number) -> Number:
    """x sigmoid(u) with u = sqrt(8 / pi) (x + 0.044715 x^3), by e = exp(-|u|)."""
    a = no_more(abs(x), precision(x).pick(12, 25))
    u, lost = _cubic(a)
    p, rest, k = with_rest(-u)
    p = p + (rest - p * lost)
    below = x < 0
    over = where(below, -a * p, x) / (1 + scaled(p, k))
    return where(x.equals(-math.inf), math.nan, scaled(over, where(below, k, 0)))


def _cubic(a: Number) -> tuple[Number, Number]:
    """sqrt(8 / pi) (a + 0.044715 a^3), and what rounding takes from it."""
    square, square_rest = product_of(a, a)
    cube, cube_rest = GELU_CUBE[a.type]
    part, part_rest = product_of(square, cube)
    part_rest = part_rest + fma(square, cube_rest, square_rest * cube)
    factor, factor_rest = sum_of(a.number(1.0), part)
    whole, whole_rest = product_of(a, factor)
    whole_rest = fma(a, factor_rest + part_rest, whole_rest)
    scale, scale_rest = ROOT_8_OVER_PI[a.type]
    u, rest = product_of(whole, scale)
    return quick_sum(u, rest + fma(whole, scale_rest, whole_rest * scale))
