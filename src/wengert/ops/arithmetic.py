"""Sums, products, quotients and opposites of elements."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from wengert.core.registry import OPERATORS
from wengert.errors import DTypeError
from wengert.ops.arguments import array_of
from wengert.ops.checks import number, refuse
from wengert.ops.define import public, publish
from wengert.ops.kinds import elementwise


def _inverse(y: Any) -> Any:
    # Python's 1 / 0 raises; a number that divides a tensor divides as IEEE says.
    if isinstance(y, (int, float)) and y == 0:
        return float(np.divide(1.0, y))
    return 1 / y


# operator.add is five times faster than np.add on NumPy scalars, and the same on arrays.
mul = publish(elementwise(
    "mul", operator.mul, partials=[lambda y: y, lambda x: x], torch="mul",
    promotion="common", symbol="{} * {}", latex=r"{} \cdot {}", precedence=12,
    numpy=(np.multiply,), lower=lambda code, x, y: code.mul(x, y), neutral=(1.0, 1.0),
    commutes=True,
    vanishing="zero factor",
    explain="the slope in one factor is the other factor",
), "multiply", in_place=True)  # fmt: skip
add_op = elementwise(
    "add", operator.add, partials=[1, 1], torch="add",
    promotion="common", symbol="{} + {}", latex="{} + {}", precedence=11,
    lower=lambda code, x, y: code.add(x, y), neutral=(-0.0, -0.0),
    commutes=True,
    explain="slope 1 in each term: a sum passes its change on",
)  # fmt: skip
sub_op = elementwise(
    "sub", operator.sub, partials=[1, -1], torch="sub",
    promotion="numeric", symbol="{} - {}", latex="{} - {}", precedence=11,
    lower=lambda code, x, y: code.sub(x, y), neutral=(None, 0.0),
    explain="slope 1 in the first term, -1 in the second",
)  # fmt: skip
div_op = elementwise(
    "div", operator.truediv, torch="div",
    partials=[_inverse, lambda x, y: -(x / y / y)],
    promotion="float", symbol="{} / {}", latex=r"\frac{{{}}}{{{}}}", precedence=12,
    lower=lambda code, x, y: code.div(x, y), neutral=(None, 1.0),
    explain="slope 1/y in the numerator x, -x/y^2 in the denominator y",
    source="d/dy (x / y) = -x / y^2",
)  # fmt: skip
neg = publish(elementwise(
    "neg", operator.neg, partials=[-1], torch="neg", promotion="common",
    symbol="-{}", latex="-{}", precedence=13, numpy=(np.negative,),
    lower=lambda code, x: code.neg(x), undoes_itself=True,
    explain="slope -1 everywhere",
), "negative", in_place=True)  # fmt: skip


@public(torch="positive", samples=lambda s: ((s.array(s.shape()),), {}), numpy=(np.positive,))
def positive(input: Any) -> Any:
    """The tensor itself. Raises DTypeError for booleans."""
    refuse("positive", "b", array_of(input))
    return input


OPERATORS.positive = positive  # what +x calls


# Sums with a factor: one node, as in torch.


def _add_scaled(x: Any, y: Any, *, alpha: Any) -> Any:
    _check_alpha("add", x.dtype, alpha)
    if x.dtype.kind == "b":
        return x | (y & bool(alpha))
    return x + alpha * y


def _sub_scaled(x: Any, y: Any, *, alpha: Any) -> Any:
    refuse("sub", "b", x)
    _check_alpha("sub", x.dtype, alpha)
    return x - alpha * y


def _rsub(x: Any, y: Any, *, alpha: Any) -> Any:
    return _sub_scaled(y, x, alpha=alpha)


def _check_alpha(name: str, dtype: Any, alpha: Any) -> None:
    if isinstance(alpha, bool) and dtype.kind != "b":
        raise DTypeError(f"{name}: a boolean alpha goes with boolean tensors only")
    if isinstance(alpha, float) and dtype.kind in "biu":
        raise DTypeError(
            f"{name}: with tensors of {dtype}, alpha must not be a floating-point number",
            "Cast one of them first: x.float().",
        )


add_scaled = elementwise(
    "add_scaled", _add_scaled, partials=[1, lambda alpha: alpha], torch="add",
    promotion="common", grad_name="AddBackward0",
    lower=lambda code, x, y, alpha: code.add(x, code.mul(code.number(alpha, y), y)),
    explain="slope 1 in the first term, alpha in the second",
)  # fmt: skip
rsub_op = elementwise(
    "rsub", _rsub, partials=[lambda alpha: -alpha, 1], torch="rsub", promotion="common",
    lower=lambda code, x, y, alpha: code.sub(y, code.mul(code.number(alpha, x), x)),
    explain="slope -alpha in the first term, 1 in the second",
)  # fmt: skip
sub_scaled = elementwise(
    "sub_scaled", _sub_scaled, partials=[1, lambda alpha: -alpha], torch="sub",
    promotion="common", grad_name="SubBackward0",
    lower=lambda code, x, y, alpha: code.sub(x, code.mul(code.number(alpha, y), y)),
    explain="slope 1 in the first term, -alpha in the second",
)  # fmt: skip


def _is_one(alpha: Any) -> bool:
    return type(alpha) is int and alpha == 1


def _two_terms(s: Any) -> Any:
    first, second = s.broadcastable(2)
    return (s.array(first), s.array(second)), {"alpha": s.choice([1, 2, -0.5])}


@public(torch="add", samples=_two_terms, numpy=(np.add,), in_place=True)
def add(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input + alpha * other, broadcast against each other.

    Raises ShapeError where the shapes do not broadcast, DTypeError for a float alpha with
    integers.

    >>> import wengert as wg
    >>> wg.add(wg.tensor([1., 2.]), 10, alpha=2)
    tensor([21., 22.])
    """
    if _is_one(alpha):
        return add_op(input, other)
    return add_scaled(input, other, alpha=number("add: alpha", alpha))


@public(torch="sub", samples=_two_terms, numpy=(np.subtract,), names=("subtract",), in_place=True)
def sub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """input - alpha * other, broadcast against each other.

    Raises ShapeError where the shapes do not broadcast, DTypeError for booleans, and for a float
    alpha with integers.
    """
    if _is_one(alpha):
        return sub_op(input, other)
    return sub_scaled(input, other, alpha=number("sub: alpha", alpha))


@public(torch="rsub", method=False, samples=_two_terms)
def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """other - alpha * input."""
    return rsub_op(input, other, alpha=number("rsub: alpha", alpha))
