"""Logarithms of sums of exponentials: softplus, logsigmoid, logaddexp."""

from __future__ import annotations

import math

from wengert.compiler.math.exponentials import not_more_than_the_most
from wengert.compiler.math.function import function
from wengert.compiler.math.logarithms import log1p
from wengert.compiler.math.numbers import Number, scaled, unordered, where


def _of_distance(d: Number) -> Number:
    """log(1 + exp(-d)), d >= 0."""
    return log1p(scaled(*not_more_than_the_most(-d)))


@function
def softplus(x: Number) -> Number:
    """log(1 + exp(x)), as max(x, 0) + log(1 + exp(-|x|))."""
    return where(x > 0, x, where(x.equals(x), 0.0, x)) + _of_distance(abs(x))


@function
def logsigmoid(x: Number) -> Number:
    """log(1 / (1 + exp(-x))), as min(x, 0) - log(1 + exp(-|x|))."""
    return where(x < 0, x, where(x.equals(x), 0.0, x)) - _of_distance(abs(x))


@function
def logaddexp(x: Number, y: Number) -> Number:
    """log(exp(x) + exp(y)), as the larger and log(1 + exp(-|x - y|)); of equal infinities, that."""
    sum = where(x > y, x, y) + _of_distance(abs(x - y))
    return where(unordered(x, y), x + y, where(x.equals(y), x + math.log(2), sum))


@function
def logaddexp2(x: Number, y: Number) -> Number:
    """log2(2^x + 2^y), the same way."""
    distance = -abs(x - y) * math.log(2)
    sum = where(x > y, x, y) + log1p(scaled(*not_more_than_the_most(distance))) / math.log(2)
    return where(unordered(x, y), x + y, where(x.equals(y), x + 1.0, sum))
