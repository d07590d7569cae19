"""Mixtures of three: lerp, addcmul, addcdiv."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ops.checks import named_by_numbers, number, refuse
from wengert.ops.define import public, publish
from wengert.ops.kinds import elementwise


def _lerp(input: Any, end: Any, weight: Any) -> Any:
    refuse("lerp", "biu", input)
    # From the nearer end, so that weights 0 and 1 give the ends exactly.
    apart = end - input
    return np.where(np.abs(weight) < 0.5, input + weight * apart, end - apart * (1 - weight))


def _addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Any) -> Any:
    refuse("addcmul", "b", input)
    if input.dtype.kind in "iu":
        value = int(value)  # as torch does
    return input + value * tensor1 * tensor2


def _addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Any) -> Any:
    refuse("addcdiv", "biu", input)
    return input + value * tensor1 / tensor2


def _lerp_code(code: Any, start: Any, end: Any, weight: Any) -> Any:
    apart = code.sub(end, start)
    near = code.add(start, code.mul(weight, apart))
    far = code.sub(end, code.mul(apart, code.sub(code.number(1.0, weight), weight)))
    below = code.compare("olt", code.abs(weight), code.number(0.5, weight))
    return code.select(below, near, far)


def _addcmul_code(code: Any, x: Any, a: Any, b: Any, value: Any) -> Any:
    return code.add(x, code.mul(code.mul(code.number(value, a), a), b))


def _addcdiv_code(code: Any, x: Any, a: Any, b: Any, value: Any) -> Any:
    return code.add(x, code.div(code.mul(code.number(value, a), a), b))


lerp = publish(elementwise(
    "lerp", _lerp, torch="lerp", promotion="common", lower=_lerp_code,
    grad_name=named_by_numbers("Lerp", 2),
    partials=[lambda weight: 1 - weight, lambda weight: weight, lambda input, end: end - input],
    explain="slope 1 - weight in the start, weight in the end, their distance in the weight",
    source="lerp(a, b, w) = a + w (b - a)",
), in_place=True)  # fmt: skip
addcmul_op = elementwise(
    "addcmul", _addcmul, torch="addcmul", promotion="common", lower=_addcmul_code,
    special=False,  # in torch the product is not rounded before the sum, and cannot overflow
    partials=[
        1, lambda tensor2, value: tensor2 * value, lambda tensor1, value: tensor1 * value,
    ],
    explain="slope 1 in the input, value times the other factor in each factor",
    source="addcmul(x, a, b) = x + value a b",
)  # fmt: skip
addcdiv_op = elementwise(
    "addcdiv", _addcdiv, torch="addcdiv", promotion="common", lower=_addcdiv_code,
    partials=[
        1, lambda tensor2, value: value / tensor2,
        lambda tensor1, tensor2, value: -value * (tensor1 / (tensor2 * tensor2)),
    ],
    explain="slope 1 in the input, as in value a / b in the quotient",
    source="addcdiv(x, a, b) = x + value a / b",
)  # fmt: skip


def _three(s: Any) -> Any:
    shapes = s.broadcastable(3)
    arrays = [s.array(shapes[0]), s.array(shapes[1]), s.array(shapes[2], 0.5, 3.0)]
    return tuple(arrays), {"value": s.choice([1, 2, -0.5])}


@public(torch="addcmul", samples=_three, in_place=True)
def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """input + value * tensor1 * tensor2, broadcast against each other."""
    return addcmul_op(input, tensor1, tensor2, value=number("addcmul: value", value))


@public(torch="addcdiv", samples=_three, in_place=True)
def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """input + value * tensor1 / tensor2, broadcast against each other; not for integers."""
    return addcdiv_op(input, tensor1, tensor2, value=number("addcdiv: value", value))
