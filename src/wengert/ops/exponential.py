"""Exponentials and logarithms."""

from __future__ import annotations


import numpy as np

from wengert.ops.define import in_place_method, publish
from wengert.ops.kinds import elementwise

_LN2 = float(np.log(2.0))
_LN10 = float(np.log(10.0))

exp = publish(elementwise(
    "exp", np.exp, partials=[lambda out: out], torch="exp", latex=r"\exp\left({}\right)",
    explain="its slope is its own value",
))  # fmt: skip
exp2 = publish(elementwise(
    "exp2", np.exp2, partials=[lambda out: out * _LN2], torch="exp2", latex="2^{{{}}}",
    explain="slope log 2 times its own value",
))  # fmt: skip
expm1 = publish(elementwise(
    "expm1", np.expm1, partials=[lambda out: out + 1], torch="expm1",
    latex=r"\exp\left({}\right) - 1", precedence=11,
    explain="slope exp(x), which is its own value and 1",
))  # fmt: skip
log = publish(elementwise(
    "log", np.log, partials=[lambda x: 1 / x], torch="log", domain=(0.1, 4.0),
    latex=r"\log\left({}\right)",
    explain="slope 1/x: steep near 0, flat for large x",
))  # fmt: skip
log2 = publish(elementwise(
    "log2", np.log2, partials=[lambda x: 1 / (x * _LN2)], torch="log2", domain=(0.1, 4.0),
    latex=r"\log_2\left({}\right)",
    explain="slope 1 / (x log 2)",
))  # fmt: skip
log10 = publish(elementwise(
    "log10", np.log10, partials=[lambda x: 1 / (x * _LN10)], torch="log10", domain=(0.1, 4.0),
    latex=r"\log_{{10}}\left({}\right)",
    explain="slope 1 / (x log 10)",
))  # fmt: skip
log1p = publish(elementwise(
    "log1p", np.log1p, partials=[lambda x: 1 / (x + 1)], torch="log1p", domain=(-0.9, 3.0),
    latex=r"\log\left(1 + {}\right)", grad_name="Log1PBackward0",
    explain="slope 1 / (1 + x)",
))  # fmt: skip

for _op in (exp, exp2, expm1, log, log2, log10, log1p):
    in_place_method(_op)
