"""Laws of values: bits, memory layouts, tensors without dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from laws.cases import Case, as_arrays, differentiable_in, gradients, tensors_in, weights
from laws.law import law
from sampling import calls, lay_out, map_arrays
from wengert.ops.define import Function


def drawn_case(function: Function, data: Any) -> Case:
    return Case(function, data.draw(calls(function), label="call"))


@law("the same call twice gives the same bits", one_in=20)
def test_determinism(function, data):
    case = drawn_case(function, data)

    assert everything(case) == everything(case)


def everything(case: Case) -> list[bytes]:
    """The bits of all outputs and gradients."""
    leaves = case.leaves()
    result = case.call(leaves)
    outputs = differentiable_in(result)
    grads = gradients(outputs, leaves, weights([y._data for y in outputs], seed=7))
    tensors = [*tensors_in(result), *(g for g in grads if g is not None)]
    return [np.asarray(t._data).tobytes() for t in tensors]


@law("the memory layout of the inputs changes nothing", one_in=20)
def test_layout(function, data):
    case = drawn_case(function, data)
    plain = map_arrays(lambda x: lay_out(np.array(x), 0), (case.args, case.kwargs))

    same(outputs_and_gradients(case), outputs_and_gradients(Case(function, plain)))


def outputs_and_gradients(case: Case) -> list[np.ndarray]:
    leaves = case.leaves()
    result = case.call(leaves)
    outputs = differentiable_in(result)
    grads = gradients(outputs, leaves, weights([y._data for y in outputs], seed=8))
    return [np.asarray(t._data) for t in tensors_in(result)] + as_arrays(grads, case.at)


def is_no_elementwise_op(function: Function) -> bool:
    """no elementwise operation: its samples draw tensors without dimensions where they fit."""
    return function.op is None or function.op.kind != "elementwise"


@law("without dimensions as with one element", unless=[is_no_elementwise_op], one_in=20)
def test_zero_dim(function, data):
    case = drawn_case(function, data)
    assume(all(x.size for x in case.arrays))
    boxed = data.draw(st.integers(0, 5), label="layout")
    first = map_arrays(lambda x: np.reshape(x, -1)[:1], (case.args, case.kwargs))
    zero_dim = map_arrays(lambda x: lay_out(x[0].reshape(()), boxed), first)

    lines = outputs_and_gradients(Case(function, first))
    points = outputs_and_gradients(Case(function, zero_dim))
    assert [p.shape for p in points] == [()] * len(points)
    same(points, [x.reshape(()) for x in lines])


def same(some: list[np.ndarray], others: list[np.ndarray]) -> None:
    """Equal but for rounding: sums may be formed in another order."""
    for mine, other in zip(some, others, strict=True):
        assert mine.dtype == other.dtype
        assert mine.shape == other.shape
        np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-12)
