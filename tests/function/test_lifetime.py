"""Who holds what: a Function's graph goes at once, and what it saved goes with a backward pass."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest

import wengert as wg
from function.functions import Both, Cube, Double_, Exp, vector
from wengert.autograd import Function


class ViewOfOutput(Function):
    @staticmethod
    def forward(ctx, x):
        y, z = x * 2, x * 3
        ctx.save_for_backward(y[:1], z)
        ctx.save_for_forward(y)
        return y, z

    @staticmethod
    def backward(ctx, g, h):
        ctx.saved_tensors  # noqa: B018  # reading it is what is tested
        return g * 2 + h * 3


def made(function):
    x = vector(1.0, 2.0)
    inputs = {Both: (x, x), Double_: (x * 1,)}.get(function, (x,))
    return function.apply(*inputs)


@pytest.mark.parametrize("function", [Cube, Both, Exp, ViewOfOutput, Double_])
@pytest.mark.parametrize("pulled", [False, True])
def test_a_graph_is_freed_at_once(function, pulled, without_collector):
    outputs = made(function)
    first = outputs[0] if isinstance(outputs, tuple) else outputs
    if pulled:
        wg.autograd.grad(first.sum(), _leaf_behind(first), create_graph=True)
    node, tensor = weakref.ref(first.grad_fn), weakref.ref(first)
    del outputs, first
    assert node() is None
    assert tensor() is None


def _leaf_behind(tensor):
    node = tensor.grad_fn
    while node.next_functions:
        node = node.next_functions[0][0]
    return node.variable


def test_what_was_saved_goes_with_a_backward_pass(without_collector):
    kept = []

    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            h = x * 1
            ctx.save_for_backward(h)
            kept.append(weakref.ref(h._data))
            return h * h

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    y = Square.apply(wg.ones(1000, requires_grad=True)).sum()
    assert kept[0]() is not None
    y.backward()
    assert kept[0]() is None


def test_what_was_saved_goes_when_it_is_read_once(without_collector):
    seen = []

    class Once(Function):
        clear_saved_tensors_on_access = True

        @staticmethod
        def forward(ctx, x):
            h = x * 1
            ctx.save_for_backward(h)
            seen.append(weakref.ref(h._data))
            return h * 2

        @staticmethod
        def backward(ctx, g):
            (h,) = ctx.saved_tensors
            g = g * h
            del h
            seen.append(seen[0]() is None)
            return g

    Once.apply(wg.ones(1000, requires_grad=True)).sum().backward()
    assert seen[1]


def test_hooks_that_let_go_let_go(without_collector):
    array = np.ones(1000, np.float32)
    held = weakref.ref(array)

    class Square(Function):
        @staticmethod
        def forward(ctx, x, c):
            ctx.save_for_backward(c)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0], None

    x = wg.ones(1000, requires_grad=True)
    with wg.autograd.graph.saved_tensors_hooks(lambda t: t.sum().item(), lambda s: wg.ones(1000)):
        y = Square.apply(x, wg.from_numpy(array) * 1)
    del array
    assert held() is None
    y.sum().backward()


def test_a_context_may_outlive_its_graph():
    contexts = []

    class Keeping(Function):
        @staticmethod
        def forward(ctx, x):
            contexts.append(ctx)
            y = x * 2
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx, g):
            return g

    y = Keeping.apply(vector(1.0))
    del y
    _, saved = contexts[0].saved_tensors
    assert saved.item() == 2
    assert saved.grad_fn is None


def test_a_long_chain(without_collector):
    x = vector(1.0)
    y = x
    for _ in range(2000):
        y = Cube.apply(y, 1)
    y.backward()
    del y


def test_threads_share_a_function():
    x = wg.ones(3, requires_grad=True)

    def run():
        for _ in range(50):
            Both.apply(x, x)[0].sum().backward()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad.tolist() == [400.0] * 3


def test_a_tangent_outlives_the_output_that_was_saved(without_collector):
    """jvp of grad needs the tangent of an output that nobody holds but the Function."""

    class Both(Function):
        @staticmethod
        def forward(ctx, x):
            z = x.exp()
            ctx.save_for_backward(z)
            ctx.save_for_forward(x)
            return z * z / 2, z

        @staticmethod
        def backward(ctx, g, h):
            (z,) = ctx.saved_tensors
            return g * z * z + h * z

        @staticmethod
        def jvp(ctx, t):
            (x,) = ctx.saved_tensors
            return (2 * x).exp() * t, x.exp() * t

    def first(x):
        return Both.apply(x)[0]

    x = wg.tensor(0.5)
    _, tangent = wg.func.jvp(wg.func.grad(first), (x,), (wg.tensor(1.0),))
    assert tangent.item() == pytest.approx(2 * np.e)
    assert wg.func.hessian(first)(x).item() == pytest.approx(2 * np.e)


def test_maps_of_a_function_share_one_rule(without_collector):
    class Sine(Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x.sin()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0].cos()

    x = wg.ones(3, 1000, requires_grad=True)
    wg.func.vmap(Sine.apply)(x)
    before = len(Function.__subclasses__())
    y = wg.func.vmap(Sine.apply)(x)
    assert len(Function.__subclasses__()) == before
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None
