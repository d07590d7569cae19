"""The laws find what they are for: operations that are broken on purpose break them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laws import test_derivatives, test_graphs, test_memory, test_values
from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.ops.define import Function

counter = iter(range(10**9))


def square(
    forward: Callable[[Any], Any] = lambda x: x * x,
    partial: Callable[..., Any] = lambda x: 2 * x,
    **facts: Any,
) -> Function:
    """x * x, or what is made of it."""
    op = Op("square", "elementwise", forward, (partial,), inputs=("x",), promotion="float", **facts)
    return Function("square", op, torch=None, op=op)


def without_history(x: Any) -> Any:
    return getattr(x, "_data", x)


def overwriting(x: Any) -> Any:
    if isinstance(x, np.ndarray) and x.flags.writeable:
        x[...] = x * 2
    return x * x / 4


BROKEN = {
    "a wrong slope": (
        test_derivatives.test_pullback,
        square(partial=lambda x: x),
    ),
    "a wrong slope, seen along a direction": (
        test_derivatives.test_adjoint,
        square(partial=lambda x: 2 * x + 1e-4),
    ),
    "a slope that forgets the conjugate": (
        test_derivatives.test_complex,
        square(holomorphic=False),
    ),
    "a second derivative that is lost": (
        test_derivatives.test_second,
        square(partial=lambda x: 2 * without_history(x)),
    ),
    "a shape rule that is wrong": (
        test_graphs.test_aval,
        square(aval=lambda x: Aval((*x.shape, 1), x.dtype)),
    ),
    "an input that is overwritten": (
        test_memory.test_purity,
        square(forward=overwriting),
    ),
    "a result that shares memory": (
        test_memory.test_purity,
        square(forward=lambda x: x, partial=lambda x: 1 + 0 * x),
    ),
    "numbers that change": (
        test_values.test_determinism,
        square(forward=lambda x: x * x + next(counter)),
    ),
    "a memory layout that is taken for the order of the elements": (
        test_values.test_layout,
        square(forward=lambda x: np.reshape(np.ravel(x * x, order="K"), np.shape(x))),
    ),
}


@pytest.mark.parametrize("defect", BROKEN)
def test_the_law_finds(defect):
    test, function = BROKEN[defect]

    assert fails(test.check, function)


@pytest.mark.parametrize("test", dict.fromkeys(test for test, _ in BROKEN.values()))
def test_the_law_holds_for_what_is_sound(test):
    assert not fails(test.check, square())


def fails(check: Callable[..., Any], function: Function) -> bool:
    """Whether Hypothesis finds a call for which the check fails."""
    try:
        settings(database=None)(given(data=st.data())(lambda data: check(function, data)))()
    except AssertionError:
        return True
    return False
