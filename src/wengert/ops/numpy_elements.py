"""NumPy's ufuncs that torch does not have, or not as NumPy has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.registry import NUMPY
from wengert.ops.checks import broadcast_aval
from wengert.ops.complex import imag
from wengert.ops.define import publish
from wengert.ops.division import floor_divide, remainder
from wengert.ops.kinds import discrete, elementwise
from wengert.ops.magnitude import abs_
from wengert.ops.matrix_functions import vecdot
from wengert.ops.numpy_shapes import answers, newer
from wengert.ops.numpy_taken import taken
from wengert.ops.rounding import trunc
from wengert.ops.selection import where
from wengert.ops.special import computed

# Roots and Bessel functions ----------------------------------------------------------------------

cbrt = publish(elementwise(
    "cbrt", np.cbrt, ulps=2, lower=lambda code, x: code.call("cbrt", x),
    partials=[lambda out: 1 / (3 * out * out)],
    no_torch="torch has no cube root", latex=r"\sqrt[3]{{{}}}",
    explain="slope 1/(3 c^2) for the root c: infinite at 0, dying away as |x| grows",
    source="d/dx x^(1/3) = 1/(3 x^(2/3))",
))  # fmt: skip


def _i0(x: Any) -> Any:
    return computed("i0", x)


def _i1(x: Any) -> Any:
    return computed("i1", x)


def _i1_slope(x: Any, out: Any) -> Any:
    """i0(x) - i1(x) / x, whose limit at 0 is 1/2."""
    return i0(x) - np.where(x == 0, 0.5, out / np.where(x == 0, 1, x))


i0 = publish(elementwise(
    "i0", _i0, partials=[lambda x: i1_op(x)], torch="i0", numpy=(np.i0,),
    explain="slope i1(x): odd, and growing as exp|x|", source="d/dx I0 = I1",
), in_place=True)  # fmt: skip
i1_op: Op = elementwise(
    "i1", _i1, partials=[_i1_slope], torch="special.i1",
    explain="slope i0(x) - i1(x) / x: 1/2 at 0, growing as exp|x|",
    source="d/dx I1 = I0 - I1 / x",
)  # fmt: skip


# Steps, and parts of floats ----------------------------------------------------------------------


@answers(np.heaviside)
def _heaviside(x1: Any, x2: Any) -> Any:
    """0 below 0, 1 above, x2 at 0: its slope in x2 is 1 there."""
    x = taken(x1)
    step = where(x > 0, 1.0, 0.0).to(x.dtype)
    return where(x == 0, x2, where(x != x, x, step))


NUMPY[np.fabs] = abs_


@answers(np.divmod)
def _divmod(x1: Any, x2: Any) -> Any:
    return floor_divide(x1, x2), remainder(x1, x2)


@answers(np.modf)
def _modf(x: Any) -> Any:
    whole = trunc(x)
    return x - whole, whole


@answers(np.ldexp)
def _ldexp(x1: Any, x2: Any) -> Any:
    return x1 * 2.0 ** taken(x2)


exponent = discrete(
    "exponent", lambda x: np.frexp(x)[1].astype(np.int32), no_torch="a part of frexp",
    aval=broadcast_aval(lambda x: np.frexp(x)[1].astype(np.int32)),
)  # fmt: skip


@answers(np.frexp)
def _frexp(x: Any) -> Any:
    """(mantissa, exponent): x is the one times 2 to the power of the other."""
    power = exponent(x)
    return _ldexp(x, -power), power


def _whole(name: str, function: Any, no_torch: str = "") -> Op:
    """A function of integers, or one whose slope is 0."""
    made = discrete(
        name, function, torch=None if no_torch else name, no_torch=no_torch,
        aval=broadcast_aval(function), explain="no slope",
    )  # fmt: skip
    NUMPY[function] = made
    return made


_whole("gcd", np.gcd)
_whole("lcm", np.lcm)
_whole("bitwise_count", np.bitwise_count, "torch does not count bits")
_whole("spacing", np.spacing, "torch does not say how far apart floats are")


@answers(np.imag)
def _imag(val: Any) -> Any:
    """Zeros for real numbers, as in NumPy; torch refuses them."""
    x = taken(val)
    return imag(x) if x.is_complex() else np.zeros_like(x)


# Products ----------------------------------------------------------------------------------------


@answers(np.vecdot, np.linalg.vecdot)
def _vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return vecdot(taken(x1), taken(x2), dim=axis)


@answers(*newer("matvec"))
def _matvec(x1: Any, x2: Any, /) -> Any:
    return np.matmul(taken(x1), taken(x2)[..., None])[..., 0]


@answers(*newer("vecmat"))
def _vecmat(x1: Any, x2: Any, /) -> Any:
    return np.matmul(np.conj(taken(x1))[..., None, :], taken(x2))[..., 0, :]
