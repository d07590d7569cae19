"""Functions that users write, inside of checkpoints."""

from __future__ import annotations

import tracemalloc

import pytest

import wengert as wg
from wengert.utils.checkpoint import CheckpointError, checkpoint

SIZE = 200_000


class Exp(wg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class Sin(wg.autograd.Function):
    """What it saves is neither an input nor an output."""

    @staticmethod
    def forward(ctx, x):
        slope = x.cos()
        ctx.save_for_backward(slope)
        return x.sin()

    @staticmethod
    def backward(ctx, g):
        (slope,) = ctx.saved_tensors
        return g * slope


def chain(function, x):
    for _ in range(8):
        x = function.apply(x * -0.5)
    return x


@pytest.mark.parametrize("function", [Exp, Sin])
def test_gradients_are_as_without(function):
    x = wg.tensor([0.5, 1.0], dtype=wg.float64, requires_grad=True)
    (expected,) = wg.autograd.grad(chain(function, x).sum(), x)
    y = checkpoint(lambda x: checkpoint(chain, function, x.cos().acos()), x)
    found = wg.autograd.grad(y.sum(), x, retain_graph=True)
    again = wg.autograd.grad(y.sum(), x)
    wg.testing.assert_close(found, (expected,))
    wg.testing.assert_close(again, (expected,))


def test_second_derivatives():
    x = wg.tensor([0.5, 1.0], dtype=wg.float64, requires_grad=True)
    assert wg.autograd.gradgradcheck(lambda x: checkpoint(chain, Exp, x), x)


@pytest.mark.parametrize("function", [Exp, Sin])
def test_what_they_save_is_not_kept(function):
    x = wg.zeros(SIZE, requires_grad=True)
    tracemalloc.start()
    try:
        y = checkpoint(chain, function, x)
        assert tracemalloc.get_traced_memory()[0] < 1.2 * 4 * SIZE
        del y
    finally:
        tracemalloc.stop()


def test_another_function_is_named():
    functions = [Exp, Sin]
    x = wg.tensor([0.5], requires_grad=True)
    y = checkpoint(lambda x: functions.pop(0).apply(x.tanh()) * 1, x)
    with pytest.raises(CheckpointError) as raised:
        y.backward()
    text = str(raised.value)
    assert "operation 2 is another one" in text
    assert "in the forward run:   Exp -> float32[1] at test_functions.py" in text
    assert "in the recomputation: Sin -> float32[1] at test_functions.py" in text
