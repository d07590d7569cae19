"""What a Function's backward may return, by experiment."""

from __future__ import annotations

from parity.functions import custom
from parity.scenario import leaf, raised, same_as_torch


def by(m, backward, forward=None):
    """The gradient that a backward leads to, or the error that it raises."""

    def run():
        x = leaf(m, 1.0, 2.0, 3.0)
        custom(m, forward or (lambda ctx, x: x * 2), backward).apply(x).sum().backward()
        return x.grad

    error = raised(run)
    return run() if error == "nothing" else error


def by_three(m, backward):
    def run():
        x, y = leaf(m, 1.0), leaf(m, 2.0)
        custom(m, lambda ctx, x, y, k: x * y * k, backward).apply(x, y, 2).sum().backward()
        return x.grad, y.grad

    error = raised(run)
    return run() if error == "nothing" else error


@same_as_torch
def test_how_many(m):
    return [
        by(m, lambda ctx, g: (g, g)),
        by(m, lambda ctx, g: (g, None)),
        by(m, lambda ctx, g: (g, None, None)),
        by(m, lambda ctx, g: (g,)),
        by(m, lambda ctx, g: ()),
        by_three(m, lambda ctx, g: (g,)),
        by_three(m, lambda ctx, g: g),
        by_three(m, lambda ctx, g: (g, g)),
        by_three(m, lambda ctx, g: (g, g, None)),
        by_three(m, lambda ctx, g: (g, g, None, None)),
    ]


@same_as_torch
def test_shapes(m):
    return [
        by(m, lambda ctx, g: g[:2]),
        by(m, lambda ctx, g: g.sum()),
        by(m, lambda ctx, g: g.reshape(1, 3)),
        by(m, lambda ctx, g: m.ones(2, 3)),
        by(m, lambda ctx, g: g.reshape(3, 1)),
        by(m, lambda ctx, g: m.ones(0)),
    ]


@same_as_torch
def test_dtypes(m):
    return [
        by(m, lambda ctx, g: g.double()),
        by(m, lambda ctx, g: g.half()),
        by(m, lambda ctx, g: g.long()),
        by(m, lambda ctx, g: g.bool()),
        by(m, lambda ctx, g: g.to(m.complex64)),
    ]


@same_as_torch
def test_things_that_are_no_gradients(m):
    return [
        by(m, lambda ctx, g: 3.0),
        by(m, lambda ctx, g: g.numpy()),
        by(m, lambda ctx, g: [g]),
        by(m, lambda ctx, g: "g"),
        by_three(m, lambda ctx, g: (g, g, g)),
    ]


@same_as_torch
def test_none(m):
    function = custom(m, lambda ctx, x: x * 2, lambda ctx, g: None)
    x = leaf(m, 1.0)
    function.apply(x).backward()
    allowed = m.autograd.grad(function.apply(x), x, allow_unused=True)
    return x.grad, raised(lambda: m.autograd.grad(function.apply(x), x)), allowed


@same_as_torch
def test_none_for_one_of_two(m):
    return by_three(m, lambda ctx, g: (None, g, None))


@same_as_torch
def test_a_gradient_for_an_input_that_needs_none(m):
    x, c = leaf(m, 1.0), m.ones(1)
    custom(m, lambda ctx, x, c: x * c, lambda ctx, g: (g, g * 2)).apply(x, c).backward()
    return x.grad, c.grad


@same_as_torch
def test_the_cotangent_itself(m):
    x = leaf(m, 1.0, 2.0)
    seed = m.tensor([3.0, 4.0])
    custom(m, lambda ctx, x: x * 1, lambda ctx, g: g).apply(x).backward(seed)
    x.grad.mul_(10)
    return seed, x.grad


@same_as_torch
def test_a_saved_value_as_the_gradient(m):
    def forward(ctx, x, w):
        ctx.save_for_backward(w)
        return x * w

    x, w = leaf(m, 1.0, 2.0), m.tensor([3.0, 4.0])
    y = custom(m, forward, lambda ctx, g: (ctx.saved_tensors[0], None)).apply(x, w)
    y.sum().backward()
    x.grad.mul_(10)
    return w


@same_as_torch
def test_an_error_in_backward(m):
    def backward(ctx, g):
        raise KeyError("mine")

    return by(m, backward)


@same_as_torch
def test_an_error_in_forward(m):
    def forward(ctx, x):
        raise KeyError("mine")

    return by(m, lambda ctx, g: g, forward)


@same_as_torch
def test_backward_inside_of_backward(m):
    w = leaf(m, 5.0)

    def backward(ctx, g):
        with m.enable_grad():
            (w * w).backward()
        return g

    x = leaf(m, 1.0)
    custom(m, lambda ctx, x: x * 1, backward).apply(x).backward()
    return w.grad, x.grad


@same_as_torch
def test_complex_inputs(m):
    def backward(ctx, g):
        return g * 2j

    x = m.tensor([1 + 2j], requires_grad=True)
    y = custom(m, lambda ctx, x: x * 2j, backward).apply(x)
    y.backward(m.tensor([1 + 1j]))
    return x.grad.real, x.grad.imag


@same_as_torch
def test_hooks_on_the_node(m):
    seen = []
    x, c = leaf(m, 1.0), m.ones(1)
    y = custom(m, lambda ctx, x, k, c: x * k, lambda ctx, g: (g * 2, None, None)).apply(x, 2, c)
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append((inputs, outputs)))
    y.grad_fn.register_prehook(lambda outputs: (outputs[0] * 10,))
    y.backward()
    return seen, x.grad


@same_as_torch
def test_retained_gradients(m):
    x = leaf(m, 1.0)
    y = custom(m, lambda ctx, x: x * 2, lambda ctx, g: g * 2).apply(x)
    y.retain_grad()
    (y * 3).backward()
    return y.grad, x.grad
