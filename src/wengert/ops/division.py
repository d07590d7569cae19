"""Division, rounded or not, and its remainders."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.errors import ArgumentError, ArgumentValueError
from wengert.ops.arithmetic import div_op
from wengert.ops.checks import NOWHERE, named_by_numbers, nonzero_divisor, refuse
from wengert.ops.define import public, publish
from wengert.ops.kinds import elementwise


def _floor_divide(x: Any, y: Any) -> Any:
    refuse("floor_divide", "bc", x)
    nonzero_divisor("floor_divide", y)
    return np.floor_divide(x, y)


def _trunc_divide(x: Any, y: Any) -> Any:
    """Integer quotients rounded towards zero; float ones are truncated after the division."""
    if x.dtype.kind == "f":
        return np.trunc(x / y)
    quotient = np.floor_divide(x, y)
    return quotient + ((quotient < 0) & (quotient * y != x)).astype(x.dtype)


def _div_rounded(x: Any, y: Any, *, rounding_mode: str) -> Any:
    refuse("div with rounding_mode", "bc", x)
    nonzero_divisor("div", y)
    return np.floor_divide(x, y) if rounding_mode == "floor" else _trunc_divide(x, y)


def _remainder(x: Any, y: Any) -> Any:
    refuse("remainder", "bc", x)
    nonzero_divisor("remainder", y)
    if x.dtype.kind != "f":
        return np.remainder(x, y)
    # As np.remainder, but a remainder of 0 keeps the sign of x, as in torch.
    rest = np.fmod(x, y)
    return np.where((rest != 0) & ((y < 0) != (rest < 0)), rest + y, rest)


def _fmod(x: Any, y: Any) -> Any:
    refuse("fmod", "bc", x)
    nonzero_divisor("fmod", y)
    return np.fmod(x, y)


def _divides(node: Any) -> bool:
    """Whether no divisor can be an integer 0, which is an error: it is a float, or a number."""
    divisor = node.operands[1] if node.operands and node.inputs[1] is None else 0
    return node.aval.dtype.kind == "f" or bool(divisor)


def _quotient_code(code: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """The quotient of integers towards 0, and what is left; y is a number."""
    if y.number == -1:  # the lowest integer has no opposite: its quotient stays as it is
        return code.neg(x), code.number(0, x)
    quotient = code.quotient(x, y)
    return quotient, code.sub(x, code.mul(quotient, y))


def _differ_in_sign(code: Any, x: Any, y: Any) -> Any:
    """Whether x is not 0, and one of them is negative."""
    zero = code.number(0, x)
    signs = code.differ(code.compare("olt", x, zero), code.compare("olt", y, zero))
    return code.both(code.truth(x), signs)


def _floor_divide_code(code: Any, x: Any, y: Any) -> Any:
    if not code.whole(x):
        return _float_floor_code(code, x, y)
    quotient, rest = _quotient_code(code, x, y)
    one = code.number(1, x)
    return code.select(_differ_in_sign(code, rest, y), code.sub(quotient, one), quotient)


def _float_floor_code(code: Any, x: Any, y: Any) -> Any:
    """As NumPy: from the remainder, so that the quotient is that of the exact division."""
    zero, one, half = (code.number(n, x) for n in (0.0, 1.0, 0.5))
    rest = code.call("fmod", x, y)
    quotient = code.div(code.sub(x, rest), y)
    quotient = code.select(_differ_in_sign(code, rest, y), code.sub(quotient, one), quotient)
    whole = code.rounded("floor", quotient)
    above = code.compare("ogt", code.sub(quotient, whole), half)
    whole = code.select(above, code.add(whole, one), whole)
    plain = code.div(x, y)
    whole = code.select(code.truth(quotient), whole, code.copysign(zero, plain))
    return code.select(code.truth(y), whole, plain)


def _div_rounded_code(code: Any, x: Any, y: Any, rounding_mode: str) -> Any:
    if rounding_mode == "floor":
        return _floor_divide_code(code, x, y)
    if not code.whole(x):
        return code.rounded("trunc", code.div(x, y))
    return _quotient_code(code, x, y)[0]


def _remainder_code(code: Any, x: Any, y: Any) -> Any:
    rest = _quotient_code(code, x, y)[1] if code.whole(x) else code.call("fmod", x, y)
    return code.select(_differ_in_sign(code, rest, y), code.add(rest, y), rest)


def _fmod_code(code: Any, x: Any, y: Any) -> Any:
    return _quotient_code(code, x, y)[1] if code.whole(x) else code.call("fmod", x, y)


floor_divide = publish(elementwise(
    "floor_divide", _floor_divide, partials=[NOWHERE, NOWHERE], torch="floor_divide",
    lower=_floor_divide_code, lowers=_divides,
    promotion="common", symbol="{} // {}", precedence=12, numpy=(np.floor_divide,),
    latex=r"\left\lfloor \frac{{{}}}{{{}}} \right\rfloor",
    explain="slope 0: the quotient moves in steps",
), in_place=True)  # fmt: skip
div_rounded = elementwise(
    "div_rounded", _div_rounded, partials=[NOWHERE, NOWHERE], torch="div",
    lower=_div_rounded_code, lowers=_divides,
    promotion="common", grad_name="DivBackward2",
    explain="slope 0: the quotient moves in steps",
)  # fmt: skip
remainder = publish(elementwise(
    "remainder", _remainder, torch="remainder", promotion="common",
    lower=_remainder_code, lowers=_divides,
    grad_name=named_by_numbers("Remainder", 1),
    partials=[1, lambda x, y: -floor_divide(x, y)],
    symbol="{} % {}", latex=r"{} \bmod {}", precedence=12, numpy=(np.remainder,),
    explain="slope 1 in x; minus the whole quotient in y",
    source="x % y = x - y * floor(x / y)",
), in_place=True)  # fmt: skip
fmod = publish(elementwise(
    "fmod", _fmod, torch="fmod", promotion="common",
    lower=_fmod_code, lowers=_divides, grad_name=named_by_numbers("Fmod", 1),
    partials=[1, lambda x, y: -div_rounded(x, y, rounding_mode="trunc")], numpy=(np.fmod,),
    explain="slope 1 in x; minus the truncated quotient in y",
    source="fmod(x, y) = x - y * trunc(x / y)",
), in_place=True)  # fmt: skip


def _quotient(s: Any) -> Any:
    first, second = s.broadcastable(2)
    mode = s.choice([None, "floor", "trunc"])
    return (s.array(first), s.array(second, 0.5, 3.0)), {"rounding_mode": mode} if mode else {}


def _check_mode(mode: Any) -> None:
    if not isinstance(mode, str):
        raise ArgumentError(f"div: rounding_mode must be a str, not {type(mode).__name__}")
    if mode not in ("floor", "trunc"):
        raise ArgumentValueError(
            f"div: rounding_mode must be None, 'trunc' or 'floor', not {mode!r}"
        )


@public(
    torch="div", samples=_quotient, numpy=(np.true_divide,), names=("divide", "true_divide"),
    in_place=True,
)  # fmt: skip
def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """input / other, broadcast against each other; integers give floats.

    rounding_mode: "floor" rounds the quotient down, "trunc" towards zero; then integers give
    integers, and the slope is 0. Raises DivisionError for rounded division of integers by zero.

    >>> import wengert as wg
    >>> wg.div(wg.tensor([-7, 7]), 2, rounding_mode="trunc")
    tensor([-3,  3])
    """
    if rounding_mode is None:
        return div_op(input, other)
    _check_mode(rounding_mode)
    return div_rounded(input, other, rounding_mode=rounding_mode)
