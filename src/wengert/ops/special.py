"""Special functions: the error function, the gamma function's logarithm and its derivatives."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.core.write import in_place
from wengert.errors import ArgumentError, DTypeError
from wengert.ops.checks import number, own_dtype, pointwise, refuse
from wengert.ops.define import method, public, publish
from wengert.ops.kinds import elementwise


@functools.cache
def _scipy() -> Any:
    """scipy.special, loaded on first use: it takes as long as everything else together."""
    import scipy.special

    return scipy.special


def computed(name: str, x: Any, *before: Any) -> Any:
    """SciPy's function in x's dtype."""
    refuse(name, "c", x)
    return getattr(_scipy(), name)(*before, x).astype(x.dtype, copy=False)


def _erf(x: Any) -> Any:
    return computed("erf", x)


def _erfc(x: Any) -> Any:
    return computed("erfc", x)


def _erfinv(x: Any) -> Any:
    return np.where(x == 0, x, computed("erfinv", x))  # SciPy's loses the sign of -0


def _lgamma(x: Any) -> Any:
    return np.where(x == -np.inf, np.inf, computed("gammaln", x))  # SciPy: -inf


def _digamma(x: Any) -> Any:
    return computed("digamma", x)


def _polygamma(x: Any, *, n: int) -> Any:
    return computed("polygamma", x, n)


_BELL = 2 / math.sqrt(math.pi)

erf = publish(elementwise(
    "erf", _erf, partials=[lambda x: _BELL * np.exp(-x * x)], torch="erf",
    aval=own_dtype("erf", "c"),
    latex=r"\mathrm{{erf}}\left({}\right)",
    vanishing="saturated erf",
    ulps=4, lower=lambda code, x: code.call("erf", x),
    explain="slope 2/sqrt(pi) exp(-x^2): a bell",
), in_place=True)  # fmt: skip
erfc = publish(elementwise(
    "erfc", _erfc, partials=[lambda x: -_BELL * np.exp(-x * x)], torch="erfc",
    aval=own_dtype("erfc", "c"),
    latex=r"\mathrm{{erfc}}\left({}\right)",
    ulps=4, lower=lambda code, x: code.call("erfc", x),
    explain="slope -2/sqrt(pi) exp(-x^2): a bell, upside down",
    source="erfc(x) = 1 - erf(x)",
), in_place=True)  # fmt: skip
erfinv = publish(elementwise(
    "erfinv", _erfinv, partials=[lambda out: 1 / _BELL * np.exp(out * out)], torch="erfinv",
    aval=own_dtype("erfinv", "c"),
    domain=(-0.9, 0.9), latex=r"\mathrm{{erf}}^{{-1}}\left({}\right)",
    explain="slope sqrt(pi)/2 exp(out^2): steep towards -1 and 1",
), in_place=True)  # fmt: skip
lgamma = publish(elementwise(
    "lgamma", _lgamma, partials=[lambda x: digamma(x)], torch="lgamma",
    aval=own_dtype("lgamma", "c"), domain=(0.2, 4.0),
    latex=r"\log\left|\Gamma\left({}\right)\right|",
    explain="slope digamma(x)",
), in_place=True)  # fmt: skip
digamma: Op = publish(elementwise(
    "digamma", _digamma, partials=[lambda x: polygamma_op(x, n=1)], torch="digamma",
    aval=own_dtype("digamma", "c"),
    domain=(0.2, 4.0), latex=r"\psi\left({}\right)",
    special=False,  # the poles of the slope are huge numbers in torch, and infinite here
    explain="slope polygamma(1, x)",
), in_place=True)  # fmt: skip
polygamma_op: Op = elementwise(
    "polygamma", _polygamma, partials=[lambda x, n: polygamma_op(x, n=n + 1)],
    torch="polygamma", domain=(0.5, 4.0),
    special=False,  # torch: NaN at infinity, huge numbers at the poles of the first
    explain="slope the next one: polygamma(n + 1, x)",
    source="polygamma(n, x) = d^(n+1)/dx^(n+1) log gamma(x)",
)  # fmt: skip


def _method_polygamma(self: Tensor, n: int) -> Any:
    """The n-th derivative of digamma at each element."""
    return polygamma(n, self)


# The method's arguments come in another order: it must be there before the function is entered.
setattr(Tensor, "polygamma", _method_polygamma)  # noqa: B010


@public(
    torch="polygamma",
    samples=lambda s: ((s.integer(0, 3), s.array(s.shape(), 0.5, 4.0)), {}),
)  # fmt: skip
def polygamma(n: int, input: Any) -> Any:
    """The n-th derivative of digamma at each element; n = 0 is digamma itself.

    Raises DTypeError for negative n, ArgumentError if n is no integer.
    """
    if not isinstance(n, (int, np.integer)):
        raise ArgumentError(f"polygamma: n must be an int, not {type(n).__name__}")
    if n < 0:
        raise DTypeError("polygamma: n must not be negative")
    return polygamma_op(input, n=int(n))


@method(Tensor)
def polygamma_(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of digamma at each element, in this tensor's own memory."""
    return in_place(_method_polygamma, self, n)


_method_polygamma.__name__ = "polygamma"  # what errors about polygamma_ say


def _sinc(x: Any) -> Any:
    y = x * math.pi
    return np.where(y == 0, 1, np.sin(y) / y)


def _sinc_code(code: Any, x: Any) -> Any:
    y = code.mul(x, code.number(math.pi, x))
    curve = code.div(code.call("sin", y), y)
    return code.select(code.compare("oeq", y, code.number(0.0, y)), code.number(1.0, y), curve)


def _sinc_slope(x: Any) -> Any:
    y = x * math.pi
    area = x * y
    # The line is the slope's own tangent at 0, so that the second derivative is right there.
    curve = (y * np.cos(y) - np.sin(y)) / np.where(area == 0, 1, area)
    return np.where(area == 0, x * (-math.pi * math.pi / 3), curve)


sinc = publish(elementwise(
    "sinc", _sinc, partials=[_sinc_slope], torch="sinc", numpy=(np.sinc,),
    ulps=3, cancels=True, lower=_sinc_code,
    latex=r"\mathrm{{sinc}}\left({}\right)",
    explain="slope (cos(pi x) - sinc(x)) / x: 0 at 0, then waves that die away",
    source="sinc(x) = sin(pi x) / (pi x), and 1 at 0",
), in_place=True)  # fmt: skip


def _logit(x: Any, *, eps: float | None) -> Any:
    refuse("logit", "c", x)
    if eps is not None:
        x = np.minimum(np.maximum(x, eps), 1 - eps)
    return np.log(x / (1 - x))


def _logit_code(code: Any, x: Any, eps: float | None) -> Any:
    if eps is not None:
        x = code.smaller(code.larger(x, code.number(eps, x)), code.number(1 - eps, x))
    return code.call("log", code.div(x, code.sub(code.number(1.0, x), x)))


def _logit_pullback(ct: Any, x: Any, eps: float | None) -> Any:
    low, outside = (0, math.nan) if eps is None else (eps, 0)
    inside = (x >= low) & (x <= 1 - low)
    return np.where(inside, ct / (x * (1 - x)), outside)


logit_op = pointwise(
    "logit", _logit, pullbacks=[_logit_pullback], torch="logit",
    ulps=3, cancels=True, lower=_logit_code,
    explain="slope 1 / (x (1 - x)): 4 at 1/2, infinite at 0 and 1",
    source="logit(x) = log(x / (1 - x))",
)  # fmt: skip


@public(
    torch="logit",
    samples=lambda s: ((s.array(s.shape(), 0.1, 0.9), s.choice([None, 1e-6, 0.3])), {}),
    in_place=True,
)  # fmt: skip
def logit(input: Any, eps: float | None = None) -> Any:
    """log(x / (1 - x)), the inverse of sigmoid.

    eps: if given, x is first clamped to [eps, 1 - eps]; otherwise NaN outside of [0, 1].
    """
    return logit_op(input, eps=None if eps is None else number("logit: eps", eps))
