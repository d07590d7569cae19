"""exp, exp2, expm1, and what is made of them: sigmoid and its relatives.

exp(x) = 2^k exp(r) with x = k log 2 + r, |r| <= log(2) / 2. k log 2 is subtracted in two parts, of
which the first has so few digits that its product with k is exact.
"""

from __future__ import annotations

import math

from wengert.compiler.math.coefficients import EXP, EXP2, LN2_PARTS
from wengert.compiler.math.function import function
from wengert.compiler.math.numbers import (
    Number,
    fitted,
    fma,
    nearest,
    no_less,
    no_more,
    power_of_two,
    precision,
    product_of,
    quick_sum,
    quotient,
    scaled,
    where,
)


def reduced(x: Number) -> tuple[Number, Number]:
    """(r, k) with x = k log 2 + r."""
    high, low = LN2_PARTS[x.type]
    n, k = nearest(x, 1 / math.log(2))
    return fma(n, -low, fma(n, -high, x)), k


def less_one(r: Number) -> Number:
    """exp(r) - 1 of a small r."""
    return fma(r * r, fitted(EXP, r), r)


def parts_of_exp(x: Number) -> tuple[Number, Number]:
    """(p, k) with exp(x) = p 2^k; where it underflows or overflows, so does that."""
    at = precision(x)
    return not_more_than_the_most(no_more(x, at.pick(91, 712)))


def not_more_than_the_most(x: Number) -> tuple[Number, Number]:
    """The same, of what is known not to be large."""
    r, k = reduced(_no_less_than_the_least(x))
    return 1 + less_one(r), k


def with_rest(x: Number) -> tuple[Number, Number, Number]:
    """(p, s, k) with exp(x) = (p + s) 2^k, of what is known not to be large."""
    r, k = reduced(_no_less_than_the_least(x))
    return (*quick_sum(x.number(1.0), less_one(r)), k)


def _no_less_than_the_least(x: Number) -> Number:
    return no_less(x, least(x))


def least(x: Number) -> float:
    """From there on down, x exp(x) is 0."""
    return precision(x).pick(-110, -753)


@function
def exp(x: Number) -> Number:
    """e^x."""
    return scaled(*parts_of_exp(x))


@function
def exp2(x: Number) -> Number:
    """2^x: the whole part of x is an exponent."""
    at = precision(x)
    x = no_less(no_more(x, at.pick(130, 1026)), at.pick(-152, -1080))
    n, k = nearest(x, 1.0)
    r = x - n
    return scaled(fma(r, fitted(EXP2, r), 1.0), k)


def quarter_of_expm1(x: Number) -> Number:
    """(exp(x) - 1) / 4, which does not overflow where half of it does not. Loses the sign of -0."""
    at = precision(x)
    x = no_less(no_more(x, at.pick(89.5, 710.6)), at.pick(-20, -40))
    r, k = reduced(x)
    scale = power_of_two(k - 2, x.type)
    return fma(scale, less_one(r), scale - 0.25)


@function
def expm1(x: Number) -> Number:
    """exp(x) - 1."""
    return where(abs(x) < precision(x).small ** 2, x, 4 * quarter_of_expm1(x))


@function
def sigmoid(x: Number) -> Number:
    """1 / (1 + exp(-x)), by e = exp(-|x|), which cannot overflow; e / (1 + e) where x < 0."""
    p, s, k = with_rest(-abs(x))
    e, e_rest = scaled(p, k), scaled(s, k)
    under, lost = quick_sum(x.number(1.0), e)
    below = x < 0
    over, over_rest = where(below, e, 1.0), where(below, e_rest, 0.0)
    return quotient(over, over_rest, under, lost + e_rest)


@function
def silu(x: Number) -> Number:
    """x sigmoid(x). The quotient is scaled last: exp(-|x|) alone would lose digits to underflow."""
    p, s, k = with_rest(-abs(x))
    under, lost = quick_sum(x.number(1.0), scaled(p, k))
    y = no_less(x, least(x))
    product, product_rest = product_of(y, p)
    below = x < 0
    over = where(below, product, x)
    over_rest = where(below, fma(y, s, product_rest), 0.0)
    curve = quotient(over, over_rest, under, lost + scaled(s, k))
    # As -inf * 0: the formula that is compiled has no limit there.
    known = where(x > 0, x, math.nan)
    curve = scaled(curve, where(below, k, 0)).with_sign_of(x)
    return where(abs(x) < math.inf, curve, known)


@function
def mish(x: Number) -> Number:
    """x tanh(log(1 + w)) with w = exp(x); the hyperbolic tangent is n / (n + 2), n = w (w + 2)."""
    most = precision(x).pick(20, 40)
    y = no_less(no_more(x, most), least(x))
    p, s, k = with_rest(y)
    w = scaled(p, k)
    curve = scaled(fma(y, p, y * s) * (w + 2) / fma(w, w + 2, 2.0), k)
    return where(x > most, x, where(x.equals(-math.inf), math.nan, curve))
