"""Functions that saturate, and their relatives: sigmoid, softplus, silu, mish, gelu, softsign."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ops.define import in_place_method, publish
from wengert.ops.kinds import elementwise


def _sigmoid(x: Any) -> Any:
    # exp overflows to infinity for very negative x, and 1 / infinity is the right 0.
    return 1 / (1 + np.exp(-x))


sigmoid = publish(elementwise(
    "sigmoid", _sigmoid, partials=[lambda out: out * (1 - out)], torch="sigmoid",
    latex=r"\sigma\left({}\right)",
    explain="slope out (1 - out): 1/4 at 0, dying away on both sides",
    source="sigmoid(x) = 1 / (1 + exp(-x))",
))  # fmt: skip
tanh = publish(elementwise(
    "tanh", np.tanh, partials=[lambda out: 1 - out * out], torch="tanh",
    latex=r"\tanh\left({}\right)",
    explain="slope 1 at 0, dying away as |x| grows",
    source="d/dx tanh x = 1 - tanh(x)^2",
))  # fmt: skip

for _op in (sigmoid, tanh):
    in_place_method(_op)
