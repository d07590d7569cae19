"""Every public function compiles, and does what it does eagerly: to the bit, but for rounding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from compiler.equal import Compiling, assert_same, bounds
from registry import distinct_functions, function_named
from sampling import Random, Sampler, calls, can_draw, draw_call
from wengert.errors import WengertError

# What cannot be traced, for the shape of its result, or its result itself, is a matter of values.
BY_VALUE = {
    "allclose", "argwhere", "bincount", "equal", "getitem_mask", "masked_select", "nonzero",
    "one_hot", "repeat_interleave", "unique",
}  # fmt: skip
FUNCTIONS = [f.name for f in distinct_functions() if can_draw(f)]


def tried(case: Compiling, how: str) -> None:
    """Call eagerly and compiled, where the call is valid."""
    function = getattr(case, how)
    try:
        wanted = function(*case.tensors)
    except (WengertError, UserWarning):
        return
    found = wg.compile(function, verify=how == "applied")(*case.tensors)
    if how == "applied":
        assert_same(found, wanted, bounds(function, case.tensors))
        return
    assert [(t.shape, t.dtype) for t in found] == [(t.shape, t.dtype) for t in wanted]
    for mine, other in zip(found, wanted, strict=True):
        # The rules run on tensors here and on arrays there: x ** 2 may round in another way.
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if n not in BY_VALUE])
@settings(max_examples=4)
@given(data=st.data())
def test_compiled_is_eager(name, data):
    function = function_named(name)
    rough = data.draw(st.booleans(), label="kinks, ties and ends of intervals")
    tried(Compiling(function, data.draw(calls(function, rough=rough), label="call")), "applied")


@pytest.mark.parametrize(
    "name", [n for n in FUNCTIONS if n not in BY_VALUE and function_named(n).differentiable]
)
@settings(max_examples=2)
@given(data=st.data())
def test_compiled_gradients_are_eager(name, data):
    function = function_named(name)
    tried(Compiling(function, data.draw(calls(function), label="call")), "with_gradient")


@pytest.mark.parametrize("name", sorted(BY_VALUE - {"repeat_interleave"}))
def test_what_depends_on_values_is_refused(name):
    case = Compiling(function_named(name), draw_call(Sampler(Random(1)), function_named(name)))

    with pytest.raises(WengertError):
        wg.compile(case.applied)(*case.tensors)
