"""Every public function that names a reference in torch gives what torch gives."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import assume
from hypothesis import strategies as st

from laws.applications import applications
from laws.cases import Case
from laws.law import law, no_gradient
from parity.pair import both, ours, same_gradients, same_second, same_values, theirs
from parity.theirs import builtin_of, cast, has_no_reference, quiet
from sampling import Random, Sampler, arrays_in, calls, can_draw, draw_call, map_arrays
from wengert.ops.define import Function

SPECIAL = np.array(
    [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -3.0, 1e30, -1e30, np.inf, -np.inf, np.nan]
)
FLOATS = st.sampled_from(["float64", "float32"])


def drawn(function: Function, data: Any) -> Any:
    """A call on the rough grid, in one of the two dtypes that most work is done in."""
    call = data.draw(calls(function, rough=True), label="call")
    return cast(call, data.draw(FLOATS, label="dtype"))


@law("values, shapes and dtypes are torch's", unless=[has_no_reference])
def test_torch_values(function, data):
    pair = both(function, drawn(function, data))

    same_values(function, *pair, signed_zero=by_element(function))  # sums have zeros of any sign


@law("gradients are torch's", unless=[has_no_reference, no_gradient])
def test_torch_gradients(function, data):
    same_gradients(function, *both(function, drawn(function, data)))


@law("second gradients are torch's", unless=[has_no_reference, no_gradient])
def test_torch_second(function, data):
    call = cast(data.draw(calls(function, rough=True), label="call"), "float64")

    same_second(function, *both(function, call))


def is_not_by_element(function: Function) -> bool:
    """not computed element by element."""
    return not by_element(function)


@functools.cache
def by_element(function: Function) -> bool:
    """Whether a call applies nothing but elementwise operations with comparable special values."""
    if not can_draw(function):
        return False
    try:
        case = Case(function, draw_call(Sampler(Random(0)), function))
        with applications() as applied:
            case.call(case.leaves())
    except Exception:  # the other laws show it; here it would stop the collection of all tests
        return False
    return all(
        (a.op.kind == "elementwise" and a.op.special)
        or (a.op.kind == "discrete" and isinstance(a.op.forward, np.ufunc))
        for a in applied
    )


@law("at 0, -0, infinities and NaN as torch", unless=[has_no_reference, is_not_by_element])
def test_torch_special(function, data):
    call = cast(special(drawn(function, data)), data.draw(FLOATS))

    same_values(function, *both(function, call), signed_zero=True)
    same_gradients(function, *both(function, call))


def special(call: Any) -> Any:
    """Each float array becomes all special values, along an axis of its own."""
    axes = iter(range(-1, -10, -1))

    def changed(array: Any) -> Any:
        if array.dtype.kind != "f":
            assume(array.size)
            return array.reshape(-1)[0]
        shape = (SPECIAL.size,) + (1,) * (-next(axes) - 1)
        return SPECIAL.reshape(shape)

    return map_arrays(changed, call)


def takes_no_tensor(function: Function) -> bool:
    """no tensor among the arguments."""
    return not arrays_in(draw_call(Sampler(Random(0)), function)) if can_draw(function) else True


def crashes_torch(function: Function) -> bool:
    """torch reads beyond empty factors, and crashes."""
    return (function.torch or "").endswith(("lu_solve", "lu_unpack"))


@law(
    "of empty tensors as torch, errors included",
    unless=[has_no_reference, takes_no_tensor, crashes_torch],
)
def test_torch_empty(function, data):
    call = data.draw(calls(function), label="call")
    every = data.draw(st.booleans(), label="cut every array, not only the first")
    call = emptied(call, every)
    try:
        other = theirs(function, call)
    except (RuntimeError, IndexError, ValueError, TypeError) as error:
        with pytest.raises(builtin_of(error)), quiet():
            ours(function, call)
        return

    with quiet():
        mine = ours(function, call)
    same_values(function, mine, other)
    same_gradients(function, mine, other)


def emptied(call: Any, every: bool) -> Any:
    """The call with the first array, or all arrays, cut to length 0 along the first dimension."""
    arrays = arrays_in(call)
    assume(arrays)
    assume(arrays[0].ndim)

    def cut(array: Any) -> Any:
        return array[:0] if array.ndim and (every or array is arrays[0]) else array

    return map_arrays(cut, call)
