"""Logic on truth values, and on the bits of integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.ops.checks import broadcast_aval, refuse
from wengert.ops.define import public, publish
from wengert.ops.kinds import discrete


def _logical(name: str, function: Any, lower: Callable[..., Any]) -> Op:
    return publish(discrete(
        name, function, torch=name, aval=broadcast_aval(function), lower=lower,
        explain="no slope: true or false",
    ), in_place=True)  # fmt: skip


logical_and = _logical(
    "logical_and", np.logical_and, lambda code, x, y: code.both(code.truth(x), code.truth(y))
)
logical_or = _logical(
    "logical_or", np.logical_or, lambda code, x, y: code.either(code.truth(x), code.truth(y))
)
logical_xor = _logical(
    "logical_xor", np.logical_xor, lambda code, x, y: code.differ(code.truth(x), code.truth(y))
)
logical_not = _logical(
    "logical_not", np.logical_not, lambda code, x: code.differ(code.truth(x), code.true)
)


def _bitwise_and(x: Any, y: Any) -> Any:
    refuse("bitwise_and", "fc", x)
    return x & y


def _bitwise_or(x: Any, y: Any) -> Any:
    refuse("bitwise_or", "fc", x)
    return x | y


def _bitwise_xor(x: Any, y: Any) -> Any:
    refuse("bitwise_xor", "fc", x)
    return x ^ y


def _bitwise_not(x: Any) -> Any:
    refuse("bitwise_not", "fc", x)
    return ~x


def _left_shift(x: Any, y: Any) -> Any:
    refuse("left_shift", "bfc", x)
    return np.where(_beyond(x, y), 0, np.left_shift(x, np.maximum(y, 0)))


def _right_shift(x: Any, y: Any) -> Any:
    refuse("right_shift", "bfc", x)
    # Shifted beyond its width, a number leaves nothing but its sign.
    return np.where(_beyond(x, y), x >> (8 * x.dtype.itemsize - 1), x >> np.maximum(y, 0))


def _beyond(x: Any, y: Any) -> Any:
    """Whether a shift is negative or as wide as the number."""
    return (y < 0) | (y >= 8 * x.dtype.itemsize)


def _integers(count: int) -> Callable[[Any], Any]:
    def draw(s: Any) -> Any:
        return tuple(s.integers(shape, -40, 40) for shape in s.broadcastable(count)), {}

    return draw


def _left_shift_code(code: Any, x: Any, y: Any) -> Any:
    zero = code.number(0, y)
    beyond = _beyond_code(code, x, y)
    return code.select(beyond, zero, code.shifted_left(x, code.select(beyond, zero, y)))


def _right_shift_code(code: Any, x: Any, y: Any) -> Any:
    most = code.number(code.width(x) - 1, y)
    return code.shifted_right(x, code.select(_beyond_code(code, x, y), most, y))


def _beyond_code(code: Any, x: Any, y: Any) -> Any:
    below = code.compare("olt", y, code.number(0, y))
    return code.either(below, code.compare("oge", y, code.number(code.width(x), y)))


def _bits(
    name: str, forward: Callable[..., Any], symbol: str, precedence: int, numpy: Any,
    lower: Callable[..., Any],
) -> Op:  # fmt: skip
    return discrete(
        name, forward, torch=f"bitwise_{name.removeprefix('bitwise_')}", promotion="common",
        symbol=symbol, precedence=precedence, aval=broadcast_aval(forward), numpy=(numpy,),
        lower=lower,
        samples=_integers(forward.__code__.co_argcount), explain="no slope: bits",
    )  # fmt: skip


bitwise_and = _bits(
    "bitwise_and", _bitwise_and, "{} & {}", 9, np.bitwise_and, lambda code, x, y: code.both(x, y)
)
bitwise_or = _bits(
    "bitwise_or", _bitwise_or, "{} | {}", 7, np.bitwise_or, lambda code, x, y: code.either(x, y)
)
bitwise_xor = _bits(
    "bitwise_xor", _bitwise_xor, "{} ^ {}", 8, np.bitwise_xor, lambda code, x, y: code.differ(x, y)
)
bitwise_not = _bits(
    "bitwise_not", _bitwise_not, "~{}", 13, np.invert, lambda code, x: code.inverse(x)
)
for _op in (bitwise_and, bitwise_or, bitwise_xor, bitwise_not):
    publish(_op, in_place=True)

left_shift = _bits("left_shift", _left_shift, "{} << {}", 10, np.left_shift, _left_shift_code)
right_shift = _bits("right_shift", _right_shift, "{} >> {}", 10, np.right_shift, _right_shift_code)


def _shift_call(s: Any) -> Any:
    first, second = s.broadcastable(2)
    return (s.integers(first, -40, 40), s.integers(second, 0, 8)), {}


@public(
    torch="bitwise_left_shift", samples=_shift_call, numpy=(np.left_shift,), differentiable=False,
    in_place=True,
)  # fmt: skip
def bitwise_left_shift(input: Any, other: Any) -> Any:
    """input << other: the bits of integers moved up; 0 where the shift is negative or too wide."""
    return left_shift(input, other)


@public(
    torch="bitwise_right_shift", samples=_shift_call, numpy=(np.right_shift,),
    differentiable=False, in_place=True,
)  # fmt: skip
def bitwise_right_shift(input: Any, other: Any) -> Any:
    """input >> other: the bits of integers moved down; the sign where the shift is too wide."""
    return right_shift(input, other)
