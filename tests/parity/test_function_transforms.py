"""Functions under grad, jvp and vmap, by experiment."""

from __future__ import annotations

import pytest

from parity.functions import custom
from parity.scenario import raised
from parity.transforms import agrees_with_torch, grid, numbers


def setup(ctx, inputs, output):
    ctx.save_for_backward(*inputs)
    ctx.save_for_forward(*inputs)


def forward(x, w):
    return x.sin() * w


def backward(ctx, g):
    x, w = ctx.saved_tensors
    return g * x.cos() * w, g * x.sin()


def jvp(ctx, tx, tw):
    x, w = ctx.saved_tensors
    return tx * x.cos() * w + tw * x.sin()


def product(m):
    """sin(x) * w with a generated batching rule."""
    return custom(m, forward, backward, setup, jvp=jvp, generate_vmap_rule=True).apply


def ruled(m):
    """The same with a rule of its own."""

    def vmap(info, in_dims, x, w):
        sizes.append((info.batch_size, info.randomness))
        front = [t if d is None else t.movedim(d, 0) for t, d in zip((x, w), in_dims)]
        if in_dims[0] is None:
            front[0] = front[0].expand(info.batch_size, *front[0].shape)
        return function.apply(*front), 0

    sizes = []
    function = custom(m, forward, backward, setup, jvp=jvp, vmap=vmap)
    return function.apply


def with_rule(make):
    def made(scenario):
        @agrees_with_torch
        def test(m):
            return scenario(m.func, make(m), grid(m, 3, 2), numbers(m, 0.5, 0.7))

        return test

    return made


def both_rules(scenario):
    """A test of a scenario with either batching rule."""
    tests = [with_rule(make)(scenario) for make in (product, ruled)]

    def test(which):
        tests[which]()

    test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
    return pytest.mark.parametrize("which", [0, 1], ids=["generated", "own"])(test)


@both_rules
def test_grad(func, f, x, w):
    return func.grad(lambda x, w: f(x, w).sum(), argnums=(0, 1))(x, w)


@both_rules
def test_vjp_and_jvp(func, f, x, w):
    output, pull = func.vjp(f, x, w)
    return output, pull(x), func.jvp(f, (x, w), (x, w))


@both_rules
def test_hessians(func, f, x, w):
    def g(x):
        return f(x, w).sum()

    # Not jacfwd of jacfwd: torch gives zeros.
    forms = [func.hessian(g), func.jacrev(func.jacrev(g)), func.jacrev(func.jacfwd(g))]
    return [form(x) for form in forms]


@both_rules
def test_vmap(func, f, x, w):
    return [
        func.vmap(f, (0, None))(x, w),
        func.vmap(f, (1, 1))(x, x),
        func.vmap(f, (None, 0))(x, x),
        func.vmap(f, (0, 0), 1)(x, x),
    ]


@both_rules
def test_vmap_of_vmap(func, f, x, w):
    return [
        func.vmap(func.vmap(f))(x, x),
        func.vmap(func.vmap(f, (0, None)), (None, 0))(x[0], x[1]),
        func.vmap(func.vmap(f, (None, 0)), (0, None))(x, w),
    ]


@both_rules
def test_vmap_of_grad(func, f, x, w):
    g = func.grad(lambda x, w: f(x, w).sum(), argnums=(0, 1))
    return func.vmap(g, (0, None))(x, w), func.vmap(g)(x, x)


@both_rules
def test_grad_of_vmap(func, f, x, w):
    def g(x, w):
        return (func.vmap(f, (0, None))(x, w) ** 2).sum()

    return func.grad(g, argnums=(0, 1))(x, w)


@both_rules
def test_vmap_of_a_second_derivative(func, f, x, w):
    return func.vmap(func.hessian(lambda x, w: f(x, w).sum()), (0, None))(x, w)


@both_rules
def test_jvp_around_and_inside_of_vmap(func, f, x, w):
    around = func.jvp(lambda x: func.vmap(f, (0, None))(x, w), (x,), (x,))
    inside = func.vmap(lambda x: func.jvp(lambda x: f(x, w), (x,), (x,)))(x)
    return around, inside


@both_rules
def test_a_second_derivative_around_vmap(func, f, x, w):
    return func.hessian(lambda x: func.vmap(f, (0, None))(x, w).sum())(x)


@agrees_with_torch
def test_reverse_mode_around_vmap(m):
    x, w = grid(m, 3, 2).requires_grad_(), numbers(m, 0.5, 0.7).requires_grad_()
    y = m.func.vmap(product(m), (0, None))(x, w)
    first = m.autograd.grad((y * y).sum(), (x, w), create_graph=True)
    return y, first, m.autograd.grad(first[0].sum(), (x, w))


@agrees_with_torch
def test_several_outputs_and_no_tensors(m):
    def split(x, k):
        return x * k, x.sum(), None

    def backward(ctx, g, h, nothing):
        (x,) = ctx.saved_tensors
        return g * ctx.k + h * x.cos(), None

    def setup(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])
        ctx.k = inputs[1]

    f = custom(m, split, backward, setup, generate_vmap_rule=True)
    x = grid(m, 3, 2)

    def mapped(x):
        y, z, _ = f.apply(x, 4)
        return y, z

    def loss(x):
        y, z = m.func.vmap(mapped)(x)
        return (y * y).sum() + z.prod()

    return m.func.vmap(mapped)(x), m.func.grad(loss)(x)


@agrees_with_torch
def test_outputs_that_are_not_mapped(m):
    def vmap(info, in_dims, x):
        return (x * 2, x.sum()), (0, None)

    f = custom(m, lambda x: (x * 2, x * 3), None, lambda c, i, o: None, vmap=vmap).apply
    return m.func.vmap(f, out_dims=(0, None))(grid(m, 3, 2))


@agrees_with_torch
def test_batched_cotangents(m):
    x, w = numbers(m, 1.0, 2.0).requires_grad_(), numbers(m, 0.5, 0.7)
    y = product(m)(x, w)
    return m.autograd.grad(y, x, m.eye(2, dtype=m.float64), is_grads_batched=True)


@agrees_with_torch
def test_what_vmap_refuses(m):
    x = grid(m, 3)
    nothing = lambda ctx, inputs, output: None  # noqa: E731
    double = lambda x: x * 2  # noqa: E731
    old = custom(m, lambda ctx, x: x * 2, lambda ctx, g: g * 2)
    no_rule = custom(m, double, lambda ctx, g: g, nothing)
    two_rules = custom(m, double, None, nothing, generate_vmap_rule=True, vmap=lambda i, d, x: x)
    no_pair = custom(m, double, None, nothing, vmap=lambda i, d, x: x)
    three = custom(m, double, None, nothing, vmap=lambda i, d, x: (x, 0, 1))
    wrong_dims = custom(m, double, None, nothing, vmap=lambda i, d, x: (x, (0, 0)))
    functions = (old, no_rule, two_rules, no_pair, three, wrong_dims)
    return [raised(lambda f=f: m.func.vmap(f.apply)(x)) for f in functions]


@agrees_with_torch
def test_jvp_that_is_missing(m):
    f = custom(m, lambda x: x * 2, lambda ctx, g: g, lambda ctx, inputs, output: None).apply
    x = grid(m, 3)
    return raised(lambda: m.func.jvp(f, (x,), (x,)))


@agrees_with_torch
def test_a_closure_is_a_constant(m):
    x, w = grid(m, 3), grid(m, 3)

    def loss(w):
        f = custom(m, lambda x: x * w, lambda ctx, g: g, lambda ctx, inputs, output: None)
        return f.apply(x).sum() + w.sum()

    return m.func.grad(loss)(w)
