"""Hooks inside of func's transforms, batched passes and custom functions, by experiment."""

from __future__ import annotations

import wengert as wg
from parity.scenario import leaf, noting, same_as_torch


def square(x):
    return x * x


@same_as_torch
def test_hooks_in_a_batched_pass(m):
    x = leaf(m, 1.0, 2.0)
    y, seen = x * x, []
    y.register_hook(lambda grad: seen.append(tuple(grad.shape)) or grad * 2)
    y.grad_fn.register_prehook(lambda o: (o[0] * 3,))
    y.grad_fn.register_hook(lambda i, o: (i[0] * 5, i[1]))
    x.register_hook(lambda grad: grad + 1)
    return m.autograd.grad(y, x, m.eye(2), is_grads_batched=True), seen


@same_as_torch
def test_a_batched_pass_with_a_graph(m):
    x = leaf(m, 1.0, 2.0)
    y = x * x * x
    y.register_hook(lambda grad: grad * x)
    (rows,) = m.autograd.grad(y, x, m.eye(2), is_grads_batched=True, create_graph=True)
    return rows.detach(), m.autograd.grad(rows.sum(), x)


@same_as_torch
def test_hooks_in_grad(m):
    seen = []

    def f(x):
        y = square(x)
        y.register_hook(lambda grad: seen.append(1) or grad * 2)
        y.grad_fn.register_prehook(lambda o: (o[0] * 3,))
        x.register_hook(lambda grad: grad * 5)
        return y.sum()

    return m.func.grad(f)(m.tensor([1.0, 2.0])), seen


@same_as_torch
def test_hooks_in_grad_of_grad_and_in_a_map(m):
    def f(x):
        y = square(x) * x
        y.register_hook(lambda grad: grad * 2)
        return y.sum()

    rows = m.tensor([[1.0, 2.0], [3.0, 4.0]])
    twice = m.func.grad(lambda x: m.func.grad(f)(x).sum())(rows)
    return twice, m.func.vmap(m.func.grad(f))(rows), m.autograd.functional.jacobian(f, rows)


@same_as_torch
def test_a_hook_for_several_in_grad(m):
    seen = []

    def f(x):
        y, z = square(x), x * 3
        m.autograd.graph.register_multi_grad_hook([y, z], lambda g: seen.append(len(g)))
        return (y + z).sum()

    return m.func.grad(f)(m.tensor([1.0, 2.0])), seen


@same_as_torch
def test_saved_tensors_hooks_in_a_map(m):
    def f(x):
        with m.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            return square(x).sum()

    return m.func.vmap(f)(m.ones(2, 2))


def test_saved_tensors_hooks_in_grad():
    """torch does not support them there."""
    seen = []
    with wg.autograd.graph.saved_tensors_hooks(lambda t: seen.append(1) or t, lambda t: t):
        slope = wg.func.grad(lambda x: square(x).sum())(wg.tensor([1.0, 2.0]))
    assert slope.tolist() == [2.0, 4.0]
    assert seen == [1, 1]


def product_and_sum(m):
    class Both(m.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x, y)
            return x * y, x + y

        @staticmethod
        def backward(ctx, g, h):
            x, y = ctx.saved_tensors
            return g * y + h, g * x + h

    return Both


@same_as_torch
def test_hooks_of_a_custom_function(m):
    x, y, seen = leaf(m, 2.0), leaf(m, 3.0), []
    a, _ = product_and_sum(m).apply(x, y)
    a.grad_fn.register_prehook(noting(seen, "before"))
    a.grad_fn.register_hook(noting(seen, "after"))
    a.register_hook(lambda grad: grad * 2)
    a.sum().backward()
    return seen, x.grad, y.grad


@same_as_torch
def test_what_a_custom_function_saves_is_packed(m):
    x, y, seen = leaf(m, 2.0), leaf(m, 3.0), []

    def pack(t):
        seen.append(t.tolist())
        return t.detach()

    with m.autograd.graph.saved_tensors_hooks(pack, lambda t: seen.append("unpacked") or t):
        a, b = product_and_sum(m).apply(x, y)
    (a + b).sum().backward()
    return seen, x.grad, y.grad
