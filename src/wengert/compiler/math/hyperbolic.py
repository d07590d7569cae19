"""Hyperbolic functions and their inverses."""

from __future__ import annotations

import math

from wengert.compiler.math.coefficients import SINH
from wengert.compiler.math.exponentials import less_one, parts_of_exp, reduced
from wengert.compiler.math.function import function
from wengert.compiler.math.logarithms import log1p
from wengert.compiler.math.numbers import (
    Number,
    fitted,
    fma,
    no_more,
    power_of_two,
    precision,
    quotient,
    scaled,
    where,
)


@function
def tanh(x: Number) -> Number:
    """e / (e + 2) with e = exp(2|x|) - 1, in which nothing cancels."""
    r, k = reduced(2 * no_more(abs(x), precision(x).pick(9.1, 19.1)))
    scale = power_of_two(k, x.type)
    e = fma(scale, less_one(r), scale - 1)
    under = e + 2
    return quotient(e, x.number(0.0), under, e - (under - 2)).with_sign_of(x)


@function
def sinh(x: Number) -> Number:
    """Up to 1 a polynomial, then h - 1 / (4 h) with h = exp|x| / 2."""
    h = _half_of_exp(x)
    z = x * x
    near = fma(x * z, fitted(SINH, z), x)
    return where(abs(x) < 1, near, (h - 0.25 / h).with_sign_of(x))


def _half_of_exp(x: Number) -> Number:
    """exp|x| / 2."""
    p, k = parts_of_exp(abs(x))
    return scaled(p, k - 1)


@function
def cosh(x: Number) -> Number:
    """h + 1 / (4 h) with h = exp|x| / 2."""
    h = _half_of_exp(x)
    return h + 0.25 / h


@function
def asinh(x: Number) -> Number:
    """log1p(a + a^2 / (1 + sqrt(a^2 + 1))) with a = |x|; log 2 + log a where a^2 overflows."""
    a = abs(x)
    most = precision(x).pick(1e9, 1e18)
    b = no_more(a, most)
    square = b * b
    near = log1p(b + square / (1 + fma(b, b, 1.0).sqrt()))
    far = log1p(a) + math.log(2)
    curve = where(a > most, far, near).with_sign_of(x)
    return where(a < precision(x).small, x, curve)


@function
def acosh(x: Number) -> Number:
    """log1p(t + sqrt(2 t + t^2)) with t = x - 1; log 2 + log x where t^2 overflows."""
    most = precision(x).pick(1e9, 1e18)
    t = no_more(x - 1, most)
    near = log1p(t + fma(t, t, 2 * t).sqrt())
    return where(x > most, log1p(x) + math.log(2), where(t < 0, math.nan, near))


@function
def atanh(x: Number) -> Number:
    """log1p(2 a / (1 - a)) / 2 with a = |x|."""
    a = abs(x)
    curve = (0.5 * log1p(2 * a / (1 - a))).with_sign_of(x)
    known = where(a > 1, math.nan, curve)
    return where(a < precision(x).small, x, known)
