"""Rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.ops.arguments import integer
from wengert.ops.checks import NOWHERE, refuse
from wengert.ops.define import public, publish
from wengert.ops.kinds import elementwise


def _rounded(name: str, function: Callable[[Any], Any], x: Any) -> Any:
    """Integers are round as they are."""
    refuse(name, "bc", x)
    return function(x) if x.dtype.kind == "f" else +x


def _floor(x: Any) -> Any:
    return _rounded("floor", np.floor, x)


def _ceil(x: Any) -> Any:
    return _rounded("ceil", np.ceil, x)


def _trunc(x: Any) -> Any:
    return _rounded("trunc", np.trunc, x)


def _round(x: Any) -> Any:
    return _rounded("round", np.rint, x)


def _round_decimals(x: Any, *, decimals: int) -> Any:
    refuse("round to decimals", "biuc", x)
    factor = 10.0 ** abs(decimals)
    if decimals > 0:
        return np.rint(x * factor) / factor
    return np.rint(x / factor) * factor


def _round_decimals_code(code: Any, x: Any, decimals: int) -> Any:
    factor = code.number(10.0 ** abs(decimals), x)
    if decimals > 0:
        return code.div(code.rounded("rint", code.mul(x, factor)), factor)
    return code.mul(code.rounded("rint", code.div(x, factor)), factor)


def _frac(x: Any) -> Any:
    refuse("frac", "biuc", x)
    return x - np.trunc(x)


floor = publish(elementwise(
    "floor", _floor, partials=[NOWHERE],
    lower=lambda code, x: code.rounded("floor", x),
    torch="floor", promotion="common", numpy=(np.floor,),
    latex=r"\left\lfloor {} \right\rfloor",
    vanishing="flat steps", explain="slope 0: it moves in steps",
), in_place=True)  # fmt: skip
ceil = publish(elementwise(
    "ceil", _ceil, partials=[NOWHERE],
    lower=lambda code, x: code.rounded("ceil", x),
    torch="ceil", promotion="common", numpy=(np.ceil,),
    latex=r"\left\lceil {} \right\rceil",
    vanishing="flat steps", explain="slope 0: it moves in steps",
), in_place=True)  # fmt: skip
trunc = publish(elementwise(
    "trunc", _trunc, partials=[NOWHERE],
    lower=lambda code, x: code.rounded("trunc", x),
    torch="trunc", promotion="common",
    numpy=(np.trunc, np.fix), vanishing="flat steps", explain="slope 0: it moves in steps",
), "fix", in_place=True)  # fmt: skip
frac = publish(elementwise(
    "frac", _frac, partials=[1], torch="frac", promotion="common",
    lower=lambda code, x: code.sub(x, code.rounded("trunc", x)),
    explain="slope 1 between its jumps",
    source="frac(x) = x - trunc(x)",
), in_place=True)  # fmt: skip
round_op = elementwise(
    "round", _round, partials=[NOWHERE],
    lower=lambda code, x: code.rounded("rint", x),
    torch="round", promotion="common", numpy=(np.rint,),
    vanishing="flat steps",
    explain="slope 0: it moves in steps",
)  # fmt: skip
round_decimals = elementwise(
    "round_decimals", _round_decimals, partials=[NOWHERE], torch="round", promotion="common",
    lower=_round_decimals_code, grad_name="RoundBackward1", explain="slope 0: it moves in steps",
)  # fmt: skip


@public(
    torch="round", numpy=(np.round, np.around, np.rint),
    samples=lambda s: ((s.array(s.shape()),), s.choice([{}, {"decimals": 1}, {"decimals": -1}])),
    in_place=True,
)  # fmt: skip
def round_(input: Any, decimals: int = 0) -> Any:
    """The nearest integer, or multiple of 10^-decimals; halves go to the even one.

    >>> import wengert as wg
    >>> wg.round(wg.tensor([0.5, 1.5, 2.5]))
    tensor([0., 2., 2.])
    """
    if decimals == 0:
        return round_op(input)
    return round_decimals(input, decimals=integer("round: decimals", decimals))
