"""Every public function takes complex numbers where torch does, and gives what torch gives."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import assume
from hypothesis import strategies as st

from laws.cases import tensors_in
from laws.law import law, no_gradient
from parity.close import assert_close
from parity.pair import (
    Side,
    ours,
    same_gradients,
    same_second,
    same_values,
    theirs,
)
from parity.tangents import same_tangents
from parity.theirs import as_array, has_no_reference, quiet, theirs_in
from sampling import Random, Sampler, arrays_in, calls, can_draw, draw_call, map_arrays
from wengert.ops.define import Function

# On the branch cuts and the axes, and off them.
ANGLES = st.sampled_from([0.0, 0.7, -0.7, 2.5, np.pi / 2, np.pi])
COMPLEX = st.sampled_from(["complex128", "complex128", "complex64"])
REAL = {"complex128": "float64", "complex64": "float32"}

# torch wants one dtype in these; here inputs are promoted, as they are everywhere else.
TAKES_MIXED = {"meshgrid", "lerp", "addr", "linalg.vecdot", "linalg.householder_product"}
# Where torch differentiates no complex results, it gives the values if no gradient is asked for.
NO_DERIVATIVE = "does not support automatic differentiation"


def has_no_floats(function: Function) -> bool:
    """no floating-point tensor among the arguments."""
    if not can_draw(function):
        return True
    drawn = [draw_call(Sampler(Random(seed)), function) for seed in range(4)]
    return not any(x.dtype.kind == "f" for call in drawn for x in arrays_in(call))


def drawn(function: Function, data: Any, dtypes: Any = COMPLEX) -> tuple[Any, bool, Any]:
    """A call in complex numbers, in part real ones; whether some are real; and all in reals."""
    rough = data.draw(st.booleans(), label="rough")
    call = data.draw(calls(function, rough=rough), label="call")
    dtype = data.draw(dtypes, label="dtype")
    may_mix = data.draw(st.integers(0, 2), label="mixed if 0") == 0

    def turned(array: Any) -> Any:
        if array.dtype.kind != "f":
            return array
        if may_mix and data.draw(st.booleans(), label="real"):
            return array.astype(REAL[dtype])
        return np.asarray(array * np.exp(1j * data.draw(ANGLES, label="angle"))).astype(dtype)[()]

    made = map_arrays(turned, call)
    kinds = {x.dtype.kind for x in arrays_in(made)}
    assume("c" in kinds)
    return made, "f" in kinds, call


def attempt(side: Any, function: Function, call: Any) -> Side | Exception:
    """What one side makes of a call; or why it does not."""
    try:
        with quiet():
            return side(function, call)
    except (RuntimeError, TypeError, IndexError, ValueError) as error:
        return error


UNLESS = [has_no_reference, has_no_floats]


@law("of complex numbers as torch: values, dtypes, gradients, refusals", unless=UNLESS)
def test_torch_complex(function, data):
    call, is_mixed, real = drawn(function, data)
    mine, other = attempt(ours, function, call), attempt(theirs, function, call)

    if isinstance(other, Exception) and NO_DERIVATIVE in str(other):
        assume(isinstance(mine, Side))  # or refused altogether
        other = theirs(function, call, requires_grad=False)
        for y, z in zip(tensors_in(mine.result), theirs_in(other.result), strict=True):
            assert_close(function.name, y._data, as_array(z))
    elif isinstance(other, Exception):
        assume(isinstance(attempt(theirs, function, real), Side))  # refused for another reason
        if not (is_mixed and function.name in TAKES_MIXED):
            assert isinstance(mine, Exception), f"torch refuses: {other}"
    else:
        assert isinstance(mine, Side), f"torch takes it; here: {mine}"
        same_values(function, mine, other)
        if function.differentiable:
            same_gradients(function, mine, other)


@functools.cache
def torch_takes_none(function: Function) -> bool:
    """torch does not differentiate it for complex numbers."""
    for seed in range(4):
        call = draw_call(Sampler(Random(seed)), function)
        turned = map_arrays(lambda x: x * (0.8 + 0.6j) if x.dtype.kind == "f" else x, call)
        if isinstance(attempt(theirs, function, turned), Side):
            return False
    return True


@law(
    "second gradients and tangents of complex numbers are torch's",
    unless=[*UNLESS, no_gradient, torch_takes_none],
)
def test_torch_complex_again(function, data):
    call, _, _ = drawn(function, data, st.just("complex128"))
    mine, other = attempt(ours, function, call), attempt(theirs, function, call)
    assume(isinstance(mine, Side) and isinstance(other, Side))

    same_second(function, mine, other)
    same_tangents(function, call)


@pytest.mark.parametrize("function", sorted(TAKES_MIXED))
def test_the_list_of_those_that_take_mixed_dtypes_is_exact(function):
    from registry import function_named

    entry = function_named(function)
    for seed in range(20):
        call = draw_call(Sampler(Random(seed)), entry)
        first = arrays_in(call)[0]
        mixed = map_arrays(lambda x, first=first: x if x is not first else x * (1 + 0j), call)
        if isinstance(attempt(theirs, entry, mixed), Exception) or _gradient_fails(entry, mixed):
            return
    pytest.fail("torch takes mixed dtypes here")


def _gradient_fails(function: Function, call: Any) -> bool:
    other = attempt(theirs, function, call)
    assert isinstance(other, Side)
    try:
        sum(y.abs().sum() for y in other.outputs).backward()
    except RuntimeError:
        return True
    return False
