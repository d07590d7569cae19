"""sin, cos and tan."""

from __future__ import annotations

from wengert.compiler.math.coefficients import COS, SIN
from wengert.compiler.math.function import function
from wengert.compiler.math.numbers import (
    Number,
    fitted,
    fma,
    precision,
    quick_sum,
    quotient,
    where,
)
from wengert.compiler.math.turns import reduced, reduced_twice


def _sine(r: Number, z: Number) -> Number:
    return fma(r * z, fitted(SIN, z), r)


def _cosine(z: Number) -> Number:
    """1 - z / 2 + z^2 P(z); what rounding takes from 1 - z / 2 is given back."""
    half = 0.5 * z
    near = 1 - half
    return near + fma(z * z, fitted(COS, z), (1 - near) - half)


def _turned(y: Number, q: Number, sign: Number | None = None) -> Number:
    """y with the sign of the half of the turn that q is in, times that of another number."""
    flip = (q & 2) << precision(y).digits - 1 + (8 if precision(y).single else 11)
    bits = y.bits() ^ flip
    if sign is not None:
        bits = bits ^ (sign.bits() & _lowest(y))
    return bits.as_float()


def _lowest(y: Number) -> int:
    """The sign bit, as an integer."""
    return -(2**31) if precision(y).single else -(2**63)


def _is_odd(q: Number) -> Number:
    return (q & 1).equals(1)


@function
def sin(x: Number) -> Number:
    """The sine of an angle in radians."""
    r, q = reduced(abs(x))
    z = r * r
    curve = where(_is_odd(q), _cosine(z), _sine(r, z))
    return _turned(curve, q, x)


@function
def cos(x: Number) -> Number:
    """The cosine of an angle in radians."""
    r, q = reduced(abs(x))
    z = r * r
    return _turned(where(_is_odd(q), _sine(r, z), _cosine(z)), q + (q & 1))


@function
def tan(x: Number) -> Number:
    """The quotient of sine and cosine of r + s, the other way round in odd quarters."""
    r, s, q = reduced_twice(abs(x))
    z = r * r
    sine = quick_sum(r, fma(r * z, fitted(SIN, z), s))
    half = 0.5 * z
    near = 1 - half
    cosine = quick_sum(near, fma(z * z, fitted(COS, z), (1 - near) - half) - r * s)
    odd = _is_odd(q)
    over = [where(odd, -c, s) for s, c in zip(sine, cosine, strict=True)]
    under = [where(odd, s, c) for s, c in zip(sine, cosine, strict=True)]
    turned = quotient(over[0], over[1], under[0], under[1])
    return (turned.bits() ^ (x.bits() & _lowest(x))).as_float()
