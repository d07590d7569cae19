"""Derivatives of derivatives through Functions, by experiment."""

from __future__ import annotations

from parity.functions import custom
from parity.scenario import graph_of, leaf, raised, same_as_torch


def cube(m):
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x * x * g

    return custom(m, forward, backward)


@same_as_torch
def test_three_times(m):
    x = leaf(m, 2.0)
    y = cube(m).apply(x)
    (first,) = m.autograd.grad(y, x, create_graph=True)
    (second,) = m.autograd.grad(first, x, create_graph=True)
    (third,) = m.autograd.grad(second, x, create_graph=True)
    return first, second, third


@same_as_torch
def test_by_the_cotangent(m):
    x, v = leaf(m, 2.0), leaf(m, 5.0)
    (g,) = m.autograd.grad(cube(m).apply(x), x, v, create_graph=True)
    return m.autograd.grad(g, [x, v])


@same_as_torch
def test_through_a_saved_output(m):
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    x = leaf(m, 0.0)
    y = custom(m, forward, lambda ctx, g: ctx.saved_tensors[0] * g).apply(x)
    (g,) = m.autograd.grad(y, x, create_graph=True)
    return m.autograd.grad(g, x, retain_graph=True), m.autograd.grad(g, y)


@same_as_torch
def test_through_one_of_several_saved_outputs(m):
    def forward(ctx, x):
        y, z = x * x, x * 3
        ctx.save_for_backward(x, z)
        return y, z

    def backward(ctx, g, h):
        x, z = ctx.saved_tensors
        return 2 * x * g + 3 * h + z * 0.5 * g

    x = leaf(m, 2.0)
    y, z = custom(m, forward, backward).apply(x)
    del z
    (g,) = m.autograd.grad(y, x, create_graph=True)
    return m.autograd.grad(g, x)


@same_as_torch
def test_an_intermediate_has_no_history(m):
    def forward(ctx, x):
        h = x * x
        ctx.save_for_backward(h)
        return h * x

    x = leaf(m, 2.0)
    y = custom(m, forward, lambda ctx, g: 3 * ctx.saved_tensors[0] * g).apply(x)
    (g,) = m.autograd.grad(y, x, create_graph=True)
    return g, g.requires_grad


@same_as_torch
def test_an_intermediate_that_is_an_output(m):
    def forward(ctx, x):
        h = x * x
        ctx.save_for_backward(x, h)
        return h * x, h

    def backward(ctx, g, k):
        x, h = ctx.saved_tensors
        return 3 * h * g + 2 * x * k

    x = leaf(m, 2.0)
    y, _ = custom(m, forward, backward).apply(x)
    (g,) = m.autograd.grad(y, x, create_graph=True)
    return g, m.autograd.grad(g, x)


@same_as_torch
def test_a_function_in_the_backward_of_another(m):
    inner = cube(m)

    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.detach() ** 4 / 4

    x = leaf(m, 2.0)
    y = custom(m, forward, lambda ctx, g: inner.apply(ctx.saved_tensors[0]) * g).apply(x)
    (g,) = m.autograd.grad(y, x, create_graph=True)
    return g, m.autograd.grad(g, x)


@same_as_torch
def test_a_function_in_the_forward_of_another(m):
    inner = cube(m)
    x = leaf(m, 2.0)
    y = custom(m, lambda ctx, x: inner.apply(x) * 2, lambda ctx, g: g * 5).apply(x)
    y.backward()
    return y, x.grad, graph_of(y)


@same_as_torch
def test_functions_one_after_the_other(m):
    x = leaf(m, 2.0)
    y = cube(m).apply(cube(m).apply(x))
    (g,) = m.autograd.grad(y, x, create_graph=True)
    return g, m.autograd.grad(g, x)


@same_as_torch
def test_backward_with_create_graph(m):
    x, w = leaf(m, 2.0), leaf(m, 3.0)
    g = m.autograd.grad(cube(m).apply(x) * w, x, create_graph=True)[0]
    (g * g).sum().backward()
    return x.grad, w.grad


def square_once(m):
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @m.autograd.function.once_differentiable
    def backward(ctx, g):
        grad_modes.append(m.is_grad_enabled())
        return 2 * ctx.saved_tensors[0] * g

    grad_modes = []
    return custom(m, forward, backward), grad_modes


@same_as_torch
def test_once_differentiable(m):
    function, grad_modes = square_once(m)
    x = leaf(m, 2.0)
    function.apply(x).backward()
    w = leaf(m, 3.0)
    (g,) = m.autograd.grad(function.apply(x) * w, x, create_graph=True)
    return x.grad, grad_modes, raised(g.backward)


@same_as_torch
def test_the_name_of_a_wrapped_backward(m):
    function, _ = square_once(m)
    return function.backward.__name__


@same_as_torch
def test_a_penalty_on_the_gradient(m):
    x, w = leaf(m, 1.0, 2.0), leaf(m, 3.0, 4.0)

    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * w * w

    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w * w, g * 2 * x * w

    y = custom(m, forward, backward).apply(x, w)
    (g,) = m.autograd.grad(y.sum(), x, create_graph=True)
    ((g * g).sum() + y.sum()).backward()
    return x.grad, w.grad
