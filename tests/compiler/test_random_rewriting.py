"""Random programs keep every bit through each pass: NaN, infinities, and the sign of 0."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from compiler.equal import bits
from compiler.programs import outputs_of
from wengert.compiler.rewrite import PASSES, rewritten
from wengert.core.node import Leaf
from wengert.graphs.evaluate import evaluate_node
from wengert.graphs.graph import Graph, collect
from wengert.modes import silently

SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 1.5, -2.25, 1e-45, 3e38]

# Operations that are exact, or rounded once: on any one value, on two of the same shape.
ONE = [
    lambda v: -v, lambda v: v * 1, lambda v: 1.0 * v, lambda v: v / 1, lambda v: v - 0.0,
    lambda v: v + -0.0, lambda v: v + 0, lambda v: v * 0, lambda v: v - v, lambda v: v.abs(),
    lambda v: v.clone(), lambda v: v.detach(), lambda v: v.double().float(), lambda v: v.T,
    lambda v: v.mT.clone(), lambda v: v.reshape(v.numel()), lambda v: v.reshape(v.numel(), 1),
    lambda v: v.reshape(2, v.numel() // 2), lambda v: v.unsqueeze(0), lambda v: v.squeeze(),
    lambda v: v[None], lambda v: v.flip(0), lambda v: v[:1], lambda v: v[..., 1:],
    lambda v: v.expand(2, *v.shape), lambda v: v.amax(0), lambda v: v.amin(-1, keepdim=True),
    lambda v: v * wg.ones(v.shape), lambda v: v + wg.zeros(()), lambda v: v * wg.full((1,), 2.0),
    lambda v: wg.where(v > 0, v, 0.0), lambda v: wg.where(wg.ones(()) > 0, v, 1.0),
    lambda v: v.square(), lambda v: v**1, lambda v: v * wg.arange(v.numel()).reshape(v.shape),
    lambda v: wg.stack([v, -v]), lambda v: wg.cat([v, v]),
    lambda v: v.permute(*range(v.ndim)[::-1]),
]  # fmt: skip
TWO = [
    lambda a, b: a + b, lambda a, b: b + a, lambda a, b: a * b, lambda a, b: b * a,
    lambda a, b: a - b, lambda a, b: a / b, lambda a, b: wg.maximum(a, b),
    lambda a, b: wg.where(a > b, a, b), lambda a, b: wg.stack([a, b]).sum(0) * 0 + a,
]  # fmt: skip


def applied(function, *args):
    """What a step makes of values; None where it does not fit them."""
    try:
        made = function(*args)
    except (wg.errors.WengertError, ValueError, IndexError, ZeroDivisionError):
        return None
    return made if 1 < made.numel() <= 48 and made.ndim <= 4 else None


def program_of(steps):
    """A program that applies steps to what there is, and returns the newest values."""

    def program(x):
        values = [x]
        for kind, first, second in steps:
            a, b = values[first % len(values)], values[second % len(values)]
            made = applied(TWO[kind % len(TWO)], a, b) if a.shape == b.shape and kind % 2 else None
            made = applied(ONE[kind % len(ONE)], a) if made is None else made
            if made is not None:
                values.append(made)
        return tuple(values[1:][-3:]) or (x + x,)

    return program


def values_of(outputs, array):
    """The values of nodes, by their forward functions alone."""
    env = {}
    for node in collect(outputs):
        if isinstance(node, Leaf):
            env[node] = array if node.value is None else node.value
        else:
            numbers = node.operands or (None,) * len(node.inputs)
            operands = [
                n if s is None else env[s] for s, n in zip(node.inputs, numbers, strict=True)
            ]
            env[node] = silently(evaluate_node, node, operands)
    return [env[node] for node in outputs]


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from(SPECIAL), min_size=6, max_size=6),
    st.lists(st.tuples(*[st.integers(0, 500)] * 3), min_size=1, max_size=12),
)
def test_every_pass_keeps_every_bit(values, steps):
    array = np.array(values, np.float32).reshape(2, 3)
    before = outputs_of(program_of(steps), wg.tensor(array))
    wanted = values_of(before, array)

    for one in PASSES:
        after = one(before)
        Graph(after).verify()
        for mine, other in zip(values_of(after, array), wanted, strict=True):
            assert (np.shape(mine), mine.dtype) == (np.shape(other), other.dtype)
            assert bits(mine) == bits(other)
        before = after


@settings(max_examples=60)
@given(st.lists(st.tuples(*[st.integers(0, 500)] * 3), min_size=1, max_size=12))
def test_a_pass_twice_is_a_pass_once(steps):
    nodes = outputs_of(program_of(steps), wg.ones(2, 3))
    for one in PASSES:
        nodes = one(nodes)
        again = one(nodes)
        assert [n.op.name for n in collect(again)] == [n.op.name for n in collect(nodes)]


@settings(max_examples=60)
@given(st.lists(st.tuples(*[st.integers(0, 500)] * 3), min_size=1, max_size=10), st.data())
def test_derivatives_are_the_same_through_all_passes(steps, data):
    # Values among which sums are exact in any order.
    whole = st.integers(-8, 8).map(float)
    array = np.array(data.draw(st.lists(whole, min_size=6, max_size=6)), np.float32).reshape(2, 3)
    program = program_of(steps)

    def total(x):
        return sum(((v * v).sum() for v in program(x)), wg.zeros(()))

    before = outputs_of(wg.func.grad(total), wg.tensor(array))
    wanted = values_of(before, array)
    for one in PASSES:
        before = one(before)
        Graph(before).verify()
    for mine, other in zip(values_of(before, array), wanted, strict=True):
        np.testing.assert_allclose(mine + 0, other + 0, rtol=1e-5)


def test_outputs_that_are_inputs_and_constants_and_the_same():
    def program(x):
        y = x * 1
        return x, y, y, x.T.T, wg.ones(3)

    outputs = rewritten(outputs_of(program, wg.ones(2, 3)))

    assert len(outputs) == 5
    assert outputs[0] is outputs[1] is outputs[2] is outputs[3]
