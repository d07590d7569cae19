"""Laws of what is saved: keeping it elsewhere, or watching each step, changes no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume

from laws.cases import Case, as_arrays, differentiable_in, gradients, weights
from laws.law import law, no_gradient
from sampling import calls
from wengert.autograd import graph, set_detect_anomaly
from wengert.core.tensor import Tensor
from wengert.ops.convert import from_numpy


@law("saved values that were put away give the same gradients", unless=[no_gradient], one_in=20)
def test_put_away(function, data):
    case = Case(function, data.draw(calls(function), label="call"))
    assume(case.at)
    expected = twice_differentiated(case)
    with graph.saved_tensors_hooks(put_away, from_numpy):
        found = twice_differentiated(case)
    agree(found, expected)


@law("hooks that return what they got change nothing", unless=[no_gradient], one_in=20)
def test_idle_hooks(function, data):
    case = Case(function, data.draw(calls(function), label="call"))
    assume(case.at)
    expected = twice_differentiated(case)
    with set_detect_anomaly(True, check_nan=False):
        found = twice_differentiated(case, hooked=True)
    agree(found, expected)


def put_away(tensor: Tensor) -> np.ndarray:
    return np.array(tensor.numpy(force=True))


def twice_differentiated(case: Case, hooked: bool = False) -> list[np.ndarray]:
    """The gradients of the weighted outputs, and those of the weighted gradients."""
    leaves = case.leaves()
    outputs = [y for y in differentiable_in(case.call(leaves)) if y.requires_grad]
    for tensor in [*leaves, *outputs] if hooked else ():
        hang_idle_hooks(tensor)
    by = weights([y._data for y in outputs], seed=4)
    first = gradients(outputs, leaves, by, create_graph=True)
    again = [g for g in first if g is not None and g.requires_grad]
    second = gradients(again, leaves, weights([g._data for g in again], seed=5))
    return as_arrays(first, case.at) + as_arrays(second, case.at)


def hang_idle_hooks(tensor: Tensor) -> None:
    made: Any = tensor
    made.register_hook(lambda gradient: gradient)
    if tensor.grad_fn is not None:
        tensor.grad_fn.register_prehook(lambda outputs: outputs)
        tensor.grad_fn.register_hook(lambda inputs, outputs: inputs)


def agree(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    """The same numbers: what was put away comes back in C order, and a product of it may round
    otherwise.
    """
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        largest = np.abs(other).max(initial=1.0)
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11 * largest)
