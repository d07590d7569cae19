"""On branch cuts the sign of a zero says which side is meant: values and slopes there as torch."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from laws.cases import gradients
from laws.law import LAWS  # noqa: F401  # the laws' settings
from parity.pair import ours, seeds, their_gradients, theirs
from parity.test_complex_operations import attempt
from parity.theirs import as_array, to_torch
from registry import distinct_functions
from wengert.ops.define import Function

PARTS = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0]
AXES = np.array([complex(a, b) for a in PARTS for b in PARTS if a == 0 or b == 0])

UNARY = [
    f
    for f in distinct_functions()
    if f.torch and f.op is not None and f.op.kind in ("elementwise", "general", "discrete")
    and len(f.op.inputs) == 1 and not f.op.attributes
]  # fmt: skip
TAKES_COMPLEX = [f for f in UNARY if not isinstance(attempt(theirs, f, ((AXES,), {})), Exception)]

WRONG_IN_TORCH = {"acosh": "its slope below the cut is that above the cut; its value is not"}


@pytest.fixture(params=TAKES_COMPLEX, ids=lambda f: f.name)
def function(request) -> Function:
    return request.param


def same(mine, other, where) -> None:
    for part in (np.real, np.imag):
        np.testing.assert_allclose(part(mine)[where], part(other)[where], rtol=1e-12, atol=1e-15)


def test_values(function):
    call = ((AXES,), {})
    mine, other = ours(function, call).result._data, as_array(theirs(function, call).result)

    assert mine.dtype == other.dtype
    if mine.dtype == bool:
        np.testing.assert_array_equal(mine, other)
    else:
        same(mine, other, slice(None))


def test_slopes(function):
    """Where torch's is finite; at poles both say that it is not, each in its own way."""
    call = ((AXES,), {})
    mine, other = ours(function, call), theirs(function, call)
    by = seeds(mine.outputs, 1)
    if not mine.outputs or not mine.outputs[0].requires_grad:
        pytest.skip("it has no slope")
    found = gradients(mine.outputs, mine.leaves, by)[0]._data
    expected = as_array(their_gradients(other.outputs, other.leaves, list(map(to_torch, by)))[0])
    finite = np.isfinite(expected)

    np.testing.assert_array_equal(np.isfinite(found), finite)
    if function.name in WRONG_IN_TORCH:
        with pytest.raises(AssertionError):
            same(found, expected, finite)
        above = finite & ~np.signbit(AXES.imag)
        same(found, expected, above)
    else:
        same(found, expected, finite)


def test_products_of_zeros():
    """0 to the power 0 is 1, as in Python; with tensors of complex numbers torch says NaN."""
    assert wg.tensor([0j]).pow(wg.tensor([0j])).tolist() == [1]
