"""Smooth activations: sigmoid, softplus, silu, mish, gelu and their relatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.write import in_place
from wengert.ops.arguments import one_of
from wengert.ops.checks import number, own_dtype, refuse
from wengert.ops.define import public, publish
from wengert.ops.kinds import elementwise
from wengert.ops.magnitude import abs_
from wengert.ops.special import erfc


def _sigmoid(x: Any) -> Any:
    # exp overflows to infinity for very negative x, and 1 / infinity is the right 0.
    return 1 / (1 + np.exp(-x))


def _log_of_sigmoid(x: Any) -> Any:
    refuse("logsigmoid", "biuc", x)
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def _softplus(x: Any, *, beta: float, threshold: float) -> Any:
    refuse("softplus", "biuc", x)
    scaled = x * beta
    curve = np.log1p(np.exp(scaled)) / beta
    return np.where(scaled > threshold, x, curve)


def _softplus_code(code: Any, x: Any, beta: float, threshold: float) -> Any:
    scaled = code.mul(x, code.number(beta, x))
    curve = code.div(code.call("softplus", scaled), code.number(beta, x))
    return code.select(code.compare("ogt", scaled, code.number(threshold, x)), x, curve)


def _softplus_slope(x: Any, beta: float, threshold: float) -> Any:
    scaled = x * beta
    return np.where(scaled > threshold, 1, sigmoid(scaled))


sigmoid = publish(elementwise(
    "sigmoid", _sigmoid, partials=[lambda out: out * (1 - out)], torch="sigmoid",
    latex=r"\sigma\left({}\right)",
    vanishing="saturated sigmoid",
    ulps=2, lower=lambda code, x: code.call("sigmoid", x),
    explain="slope out (1 - out): 1/4 at 0, dying away on both sides",
    source="sigmoid(x) = 1 / (1 + exp(-x))",
), in_place=True)  # fmt: skip
logsigmoid = publish(elementwise(
    "logsigmoid", _log_of_sigmoid, partials=[lambda x: sigmoid(-x)], promotion="common",
    torch="nn.functional.logsigmoid", grad_name="LogSigmoidBackward0",
    ulps=3, lower=lambda code, x: code.call("logsigmoid", x),
    latex=r"\log\sigma\left({}\right)",
    vanishing="saturated logsigmoid",
    explain="slope sigmoid(-x): 1 for very negative x, dying away for large x",
    source="logsigmoid(x) = min(x, 0) - log(1 + exp(-|x|))",
), method=False)  # fmt: skip
softplus_op = elementwise(
    "softplus", _softplus, partials=[_softplus_slope], promotion="common",
    torch="nn.functional.softplus",
    ulps=4, lower=_softplus_code,
    vanishing="saturated softplus",
    explain="slope sigmoid(beta x): from 0 to 1",
    source="softplus(x) = log(1 + exp(beta x)) / beta",
)  # fmt: skip


@public(
    torch="nn.functional.softplus", method=False,
    samples=lambda s: ((s.array(s.shape()), s.choice([1, 0.5, 3])), {"threshold": 20}),
)  # fmt: skip
def softplus(input: Any, beta: float = 1, threshold: float = 20) -> Any:
    """log(1 + exp(beta x)) / beta: a smooth relu; x itself where beta x > threshold."""
    beta, threshold = number("softplus: beta", beta), number("softplus: threshold", threshold)
    return softplus_op(input, beta=beta, threshold=threshold)


# silu, mish and gelu: x times something that goes from 0 to 1


def _silu(x: Any) -> Any:
    refuse("silu", "biu", x)
    return x / (1 + np.exp(-x))


def _silu_slope(x: Any) -> Any:
    s = sigmoid(x)
    return s * (1 + x * (1 - s))


def _mish(x: Any) -> Any:
    refuse("mish", "biuc", x)
    return x * np.tanh(np.log1p(np.exp(x)))


def _mish_slope(x: Any) -> Any:
    t = np.tanh(softplus_op(x, beta=1, threshold=20))
    return t + x * sigmoid(x) * (1 - t * t)


_ROOT_HALF = math.sqrt(0.5)
_BELL = 1 / math.sqrt(2 * math.pi)
_TANH_SCALE = math.sqrt(2 / math.pi)
_TANH_CUBE = 0.044715


def _gelu(x: Any) -> Any:
    refuse("gelu", "biuc", x)
    return 0.5 * x * erfc(-x * _ROOT_HALF)


def _gelu_slope(x: Any) -> Any:
    return 0.5 * erfc(-x * _ROOT_HALF) + x * (_BELL * np.exp(-0.5 * x * x))


def _gelu_tanh(x: Any) -> Any:
    refuse("gelu", "biuc", x)
    inner = _TANH_SCALE * (x + _TANH_CUBE * x**3)
    return 0.5 * x * (1 + np.tanh(inner))


def _gelu_tanh_slope(x: Any) -> Any:
    # From |x| = 20 on all is saturated, and a larger square might overflow: 0 * inf.
    square = np.minimum(x * x, 400)
    t = np.tanh(_TANH_SCALE * (x + _TANH_CUBE * (square * x)))
    inner = _TANH_SCALE * (1 + 3 * _TANH_CUBE * square)
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner


silu_op = elementwise(
    "silu", _silu, partials=[_silu_slope], torch="nn.functional.silu", promotion="common",
    vanishing="dead silu",
    ulps=2, lower=lambda code, x: code.call("silu", x),
    explain="slope 1/2 at 0, near 0 for very negative x, near 1 for large x",
    source="silu(x) = x sigmoid(x)",
)  # fmt: skip
mish_op = elementwise(
    "mish", _mish, partials=[_mish_slope], torch="nn.functional.mish", promotion="common",
    vanishing="dead mish",
    ulps=4, lower=lambda code, x: code.call("mish", x),
    explain="slope 0.6 at 0, near 0 for very negative x, near 1 for large x",
    source="mish(x) = x tanh(softplus(x))",
)  # fmt: skip
gelu_op = elementwise(
    "gelu", _gelu, partials=[_gelu_slope], torch="nn.functional.gelu", promotion="common",
    aval=own_dtype("gelu", "biuc"),
    special=False,  # torch gives NaN at infinity, or infinity, depending on the vector length
    vanishing="dead gelu",
    ulps=4, cancels=True, lower=lambda code, x: code.call("gelu", x),
    explain="slope 1/2 at 0, near 0 for very negative x, near 1 for large x",
    source="gelu(x) = x Phi(x), Phi the normal distribution's cumulative one",
)  # fmt: skip
gelu_tanh = elementwise(
    "gelu_tanh", _gelu_tanh, partials=[_gelu_tanh_slope], torch="nn.functional.gelu",
    promotion="common", grad_name="GeluBackward0",
    special=False,  # in torch the slope of very large numbers is NaN
    ulps=4, cancels=True, lower=lambda code, x: code.call("gelu_tanh", x),
    explain="slope 1/2 at 0, near 0 for very negative x, near 1 for large x",
    source="gelu with Phi approximated: (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2",
)  # fmt: skip


def _one(s: Any) -> Any:
    return (s.array(s.shape()),), {}


@public(torch="nn.functional.silu", method=False, samples=_one)
def silu(input: Any, inplace: bool = False) -> Any:
    """x * sigmoid(x), also called swish. inplace: written into the input's own memory."""
    return in_place(silu_op, input) if inplace else silu_op(input)


@public(torch="nn.functional.mish", method=False, samples=_one)
def mish(input: Any, inplace: bool = False) -> Any:
    """x * tanh(softplus(x)). inplace: written into the input's own memory."""
    return in_place(mish_op, input) if inplace else mish_op(input)


@public(
    torch="nn.functional.gelu", method=False,
    samples=lambda s: ((s.array(s.shape()),), {"approximate": s.choice(["none", "tanh"])}),
)  # fmt: skip
def gelu(input: Any, approximate: str = "none") -> Any:
    """x * Phi(x), with the normal distribution's Phi or, approximate="tanh", the quicker form.

    Raises ArgumentValueError for another word.
    """
    way = one_of("gelu: approximate", approximate, ["none", "tanh"])
    return gelu_op(input) if way == "none" else gelu_tanh(input)


@public(torch="nn.functional.softsign", method=False, samples=_one)
def softsign(input: Any) -> Any:
    """x / (1 + |x|): like tanh, but slower to saturate."""
    return input / (abs_(input) + 1)
