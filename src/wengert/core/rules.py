"""Derivative rules: what they are, and what their signatures and those of forwards say."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from wengert.core.registry import OPS

Rule = Callable[..., Any]


class Select:
    """A partial derivative that is 1 where `rule` is true and 0 elsewhere.

    The cotangent is selected, not multiplied: an infinite one stays zero where the mask is off.
    """

    __slots__ = ("rule",)

    def __init__(self, rule: Rule) -> None:
        self.rule = rule


Partial = Rule | Select | int | float | None


def parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a plain function's parameters, without inspect's cost at import."""
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def forward_signature(
    function: Callable[..., Any],
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Inputs, attributes and variadicity of a forward function: f(inputs, *xs, attributes)."""
    code = function.__code__
    count, attrs = code.co_argcount, code.co_kwonlyargcount
    inputs = code.co_varnames[:count]
    attributes = code.co_varnames[count : count + attrs]
    variadic = bool(code.co_flags & inspect.CO_VARARGS)
    if variadic:
        inputs += (code.co_varnames[count + attrs],)
    return inputs, attributes, variadic


_BITS: Final = {np.dtype(np.float32): np.int32, np.dtype(np.float64): np.int64}


def select(mask: Any, value: Any) -> Any:
    """`value` where `mask`, else 0. On tensors the operation `where` does it."""
    if not isinstance(value, (np.ndarray, np.generic)):
        return OPS["where"](mask, value, 0)
    bits = _BITS.get(value.dtype)
    if bits is not None and type(value) is np.ndarray and value.shape == np.shape(mask):
        # A product of bits is exact for infinities and NaN, and has no branches: on a mask
        # without a pattern ten times faster than np.where.
        return (value.view(bits) * mask).view(value.dtype)
    return np.where(mask, value, value.dtype.type(0))[()]
