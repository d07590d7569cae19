"""Keys of graphs: the same for the same computation, others for what computes differently."""

from __future__ import annotations

import pytest

import wengert as wg
from wengert.compiler.arguments import Parameters
from wengert.compiler.backend.key import graph_key
from wengert.compiler.tracing import trace

X = wg.tensor([[1.0, 2.0], [3.0, 4.0]])


def key(function, *args):
    traced = trace(function, Parameters(function, ()).call(args, {}), "f")
    return graph_key(traced.outputs(), [*traced.inputs, *(leaf for _, leaf in traced.hidden)])


def test_traced_twice():
    def step(x, y):
        return wg.func.value_and_grad(lambda x: (wg.softmax(x @ y, 1)[0] * 2).sum())(x)

    assert key(step, X, X) == key(step, X + 1, X * 2)
    assert len(key(step, X, X)) == 32


DIFFERENT = [
    lambda x: x * 2,
    lambda x: x * 3,
    lambda x: x * 2.0000005,
    lambda x: x * True,
    lambda x: x * -0.0,
    lambda x: x * 0.0,
    lambda x: x + 2,
    lambda x: x + x,
    lambda x: (x * 2) * 2,
    lambda x: [x * 2, x * 2 + 1],
    lambda x: [x * 2 + 1, x * 2],
    lambda x: x.sum(0),
    lambda x: x.sum(1),
    lambda x: x.sum(0, keepdim=True),
    lambda x: x[0],
    lambda x: x[:1],
    lambda x: x[[0]],
    lambda x: x[[0, 1]],
    lambda x: x - x.exp(),
    lambda x: x.exp() - x,
]


def test_what_computes_differently():
    keys = [key(function, X) for function in DIFFERENT]

    assert None not in keys
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("other", [X[:1], X[0], X.double(), X > 2])
def test_other_shapes_and_dtypes(other):
    assert key(lambda x: x + x, X) != key(lambda x: x + x, other)


def test_operations_that_are_not_ours():
    class Doubled(wg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            return ct * 2

    assert key(lambda x: Doubled.apply(x), X) is None
