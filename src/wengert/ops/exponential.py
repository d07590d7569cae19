"""Exponentials and logarithms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.ops.checks import pointwise, refuse
from wengert.ops.define import publish
from wengert.ops.kinds import elementwise

_LN2 = math.log(2)
_LN10 = math.log(10)

exp = publish(elementwise(
    "exp", np.exp, partials=[lambda out: out], torch="exp", latex=r"\exp\left({}\right)",
    ulps=2, lower=lambda code, x: code.call("exp", x),
    explain="its slope is its own value",
), in_place=True)  # fmt: skip
exp2 = publish(elementwise(
    "exp2", np.exp2, partials=[lambda out: out * _LN2], torch="exp2", latex="2^{{{}}}",
    ulps=2, lower=lambda code, x: code.call("exp2", x),
    explain="slope log 2 times its own value",
), in_place=True)  # fmt: skip
expm1 = publish(elementwise(
    "expm1", np.expm1, partials=[lambda out: out + 1], torch="expm1",
    latex=r"\mathrm{{expm1}}\left({}\right)",
    ulps=2, lower=lambda code, x: code.call("expm1", x),
    explain="slope exp x: its own value and 1",
    source="expm1(x) = exp(x) - 1, exact for small x",
), in_place=True)  # fmt: skip
log = publish(elementwise(
    "log", np.log, partials=[lambda x: 1 / x], torch="log", domain=(0.1, 4.0),
    latex=r"\log\left({}\right)",
    ulps=2, lower=lambda code, x: code.call("log", x),
    explain="slope 1/x: steep near 0, flat for large x",
), in_place=True)  # fmt: skip
log2 = publish(elementwise(
    "log2", np.log2, partials=[lambda x: 1 / (x * _LN2)], torch="log2", domain=(0.1, 4.0),
    latex=r"\log_2\left({}\right)",
    ulps=2, lower=lambda code, x: code.call("log2", x),
    explain="slope 1 / (x log 2)",
), in_place=True)  # fmt: skip
log10 = publish(elementwise(
    "log10", np.log10, partials=[lambda x: 1 / (x * _LN10)], torch="log10", domain=(0.1, 4.0),
    latex=r"\log_{{10}}\left({}\right)",
    ulps=2, lower=lambda code, x: code.call("log10", x),
    explain="slope 1 / (x log 10)",
), in_place=True)  # fmt: skip
log1p = publish(elementwise(
    "log1p", np.log1p, partials=[lambda x: 1 / (x + 1)], torch="log1p", domain=(-0.9, 3.0),
    latex=r"\log\left(1 + {}\right)", grad_name="Log1PBackward0",
    ulps=2, lower=lambda code, x: code.call("log1p", x),
    explain="slope 1 / (1 + x)",
), in_place=True)  # fmt: skip


def _logaddexp(x: Any, y: Any) -> Any:
    refuse("logaddexp", "biu", x)
    if x.dtype.kind != "c":
        return np.logaddexp(x, y)
    larger = np.where(x.real >= y.real, x, y)
    smaller = np.where(x.real >= y.real, y, x)
    return larger + np.log1p(np.exp(smaller - larger))


def _logaddexp2(x: Any, y: Any) -> Any:
    refuse("logaddexp2", "biuc", x)
    return np.logaddexp2(x, y)


def _xlogy(x: Any, y: Any) -> Any:
    refuse("xlogy", "c", x)
    return np.where((x == 0) & ~np.isnan(y), 0, x * np.log(y))


def _xlogy_code(code: Any, x: Any, y: Any) -> Any:
    zero = code.number(0.0, x)
    nothing = code.both(code.compare("oeq", x, zero), code.inverse(code.isnan(y)))
    return code.select(nothing, zero, code.mul(x, code.call("log", y)))


def _xlogy_pullback(ct: Any, x: Any, y: Any) -> Any:
    """ct log y; 0 where x and y are both 0, and 0 log 0 is 0."""
    return np.where((x == 0) & (y <= 0), 0, xlogy(ct, y))


logaddexp = publish(elementwise(
    "logaddexp", _logaddexp, torch="logaddexp", promotion="common", numpy=(np.logaddexp,),
    ulps=3, cancels=True, lower=lambda code, x, y: code.call("logaddexp", x, y),
    partials=[lambda x, y: 1 / (1 + np.exp(y - x)), lambda x, y: 1 / (1 + np.exp(x - y))],
    latex=r"\log\left(e^{{{}}} + e^{{{}}}\right)",
    explain="slopes that add up to 1: each term's share of the sum",
    source="logaddexp(x, y) = log(exp(x) + exp(y))",
))  # fmt: skip
logaddexp2 = publish(elementwise(
    "logaddexp2", _logaddexp2, torch="logaddexp2", promotion="common", numpy=(np.logaddexp2,),
    ulps=3, cancels=True, lower=lambda code, x, y: code.call("logaddexp2", x, y),
    partials=[lambda x, y: 1 / (1 + np.exp2(y - x)), lambda x, y: 1 / (1 + np.exp2(x - y))],
    latex=r"\log_2\left(2^{{{}}} + 2^{{{}}}\right)",
    explain="slopes that add up to 1: each term's share of the sum",
    source="logaddexp2(x, y) = log2(2^x + 2^y)",
))  # fmt: skip


def _xlogy_call(s: Any) -> Any:
    first, second = s.broadcastable(2)
    return (s.array(first), s.array(second, 0.1, 4.0)), {}


xlogy = publish(pointwise(
    "xlogy", _xlogy, torch="xlogy", samples=_xlogy_call,
    ulps=3, lower=_xlogy_code,
    pullbacks=[_xlogy_pullback, lambda ct, x, y: ct * (x / y)],
    latex=r"{} \log {}",
    explain="slope log y in x, x/y in y",
    source="xlogy(x, y) = x log y, and 0 where x = 0",
), in_place=True)  # fmt: skip
