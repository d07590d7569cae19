"""The dtype of a result, for every pair of dtypes in every form, is torch's."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from laws.cases import as_tensor
from parity.theirs import name_of, quiet, translated
from sampling import map_arrays
from wengert.core.dtype import as_dtype
from wengert.ops.define import FUNCTIONS

DTYPES = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64",
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
REFUSED = "an error"
TAKES_MIXED = ["lerp"]  # torch wants one dtype; here the inputs are promoted as everywhere
OPERATORS = [
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "eq", "ne", "lt", "le", "gt", "ge",
    "and_", "or_", "xor", "lshift", "rshift",
]  # fmt: skip


def tensors(form: str) -> list[tuple[str, Any]]:
    """One value per dtype: a tensor of one dimension, one of none, or a Python number."""
    if form == "number":
        return [(type(value).__name__, value) for value in SCALARS]
    shape = (2,) if form == "1-d" else ()
    dtypes = {name: as_dtype(name).numpy for name in DTYPES}
    return [(f"{name} {form}", np.full(shape, 2).astype(d)[()]) for name, d in dtypes.items()]


def outcome(call: Callable[..., Any], args: list[Any]) -> str:
    """The dtype of the result, or that there is none."""
    try:
        with quiet():
            result = call(*args)
    except (RuntimeError, TypeError, ValueError, IndexError):
        return REFUSED
    return name_of(result.dtype)


def arguments(function: str, x: Any, y: Any) -> list[Any]:
    """The arguments of a call with x and y, for functions that take them in their own way."""
    if function == "where":
        return [np.array([True, False]), x, y]
    if function == "lerp":
        return [x, y, 0.5]
    if function == "cat":
        return [[x, y]]
    return [x, y]


def differences(function: str, ours: Any, theirs: Any, xs: str, ys: str) -> list[str]:
    """The pairs of values for which the two do not give the same dtype.

    Numbers and mixed dtypes may be taken where torch refuses them; nothing else may.
    """
    found = []
    for x_name, x in tensors(xs):
        for y_name, y in tensors(ys):
            if needs_complex32(x_name, y_name):
                continue
            args = arguments(function, x, y)
            expected = outcome(theirs, translated(args))
            if expected == REFUSED and (function in TAKES_MIXED or "number" in (xs, ys)):
                continue
            result = outcome(ours, map_arrays(as_tensor, args))
            if result != expected:
                found.append(f"{x_name}, {y_name}: {result}; torch: {expected}")
    return found


def needs_complex32(x_name: str, y_name: str) -> bool:
    """float16 and a complex number make complex32 in torch, which we do not have."""
    names = (x_name + y_name).replace("bfloat16", "")
    return "float16" in names and "complex" in names


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
