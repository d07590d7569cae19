"""The dtype of a result, for every pair of dtypes in every form, is torch's."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from laws.cases import as_tensor
from parity.theirs import name_of, quiet
from registry import FUNCTIONS

DTYPES = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
    "complex64", "complex128",
]  # fmt: skip
SCALARS = [True, 2, 2.5, 2.5 + 1j]
BINARY = [
    "add", "sub", "mul", "div", "true_divide", "floor_divide", "remainder", "fmod", "pow",
    "float_power", "atan2", "hypot", "maximum", "minimum", "fmax", "fmin", "logaddexp",
    "logaddexp2", "xlogy", "copysign", "eq", "ne", "lt", "le", "gt", "ge", "logical_and",
    "logical_or", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor",
    "bitwise_left_shift", "bitwise_right_shift", "lerp", "where", "cat", "isclose",
]  # fmt: skip
OPERATORS = [
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "eq", "ne", "lt", "le", "gt", "ge",
    "and_", "or_", "xor", "lshift", "rshift",
]  # fmt: skip


def tensors(form: str) -> list[tuple[str, Any]]:
    """One value per dtype: a tensor of one dimension, one of none, or a Python number."""
    if form == "number":
        return [(type(value).__name__, value) for value in SCALARS]
    shape = (2,) if form == "1-d" else ()
    return [(f"{name} {form}", np.full(shape, 2).astype(name)[()]) for name in DTYPES]


def outcome(call: Callable[..., Any], args: list[Any]) -> str:
    """The dtype of the result, or that there is none."""
    try:
        with quiet():
            result = call(*args)
    except (RuntimeError, TypeError, ValueError, IndexError):
        return "an error"
    return name_of(result.dtype).replace("complex32", "complex64")  # we have no complex32


def arguments(function: str, x: Any, y: Any) -> list[Any]:
    """The arguments of a call with x and y, for functions that take them in their own way."""
    if function == "where":
        return [np.array([True, False]), x, y]
    if function == "lerp":
        return [x, y, 0.5]
    return [x, y]


def differences(function: str, ours: Any, theirs: Any, xs: str, ys: str) -> list[str]:
    found = []
    for x_name, x in tensors(xs):
        for y_name, y in tensors(ys):
            args = arguments(function, x, y)
            mine = [as_tensor(a) if isinstance(a, (np.ndarray, np.generic)) else a for a in args]
            others = [
                torch.tensor(a) if isinstance(a, (np.ndarray, np.generic)) else a for a in args
            ]
            if function == "cat":
                mine, others = [mine], [others]
            result, expected = outcome(ours, mine), outcome(theirs, others)
            if result != expected:
                found.append(f"{x_name}, {y_name}: {result}; torch: {expected}")
    return found


FORMS = [("1-d", "1-d"), ("1-d", "0-d"), ("0-d", "1-d"), ("0-d", "0-d")]
WITH_NUMBERS = [("1-d", "number"), ("number", "1-d"), ("0-d", "number"), ("number", "0-d")]


@pytest.mark.parametrize("function", BINARY)
@pytest.mark.parametrize("forms", FORMS + WITH_NUMBERS, ids=" and ".join)
def test_functions(function, forms):
    ours, theirs = FUNCTIONS[function].call, getattr(torch, function)

    assert differences(function, ours, theirs, *forms) == []


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("forms", FORMS + WITH_NUMBERS, ids=" and ".join)
def test_operators(name, forms):
    operation = getattr(operator, name)

    assert differences(name, operation, operation, *forms) == []
