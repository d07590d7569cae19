"""Transforms within transforms, beside torch.func: nothing is confused with anything."""

from __future__ import annotations

import itertools

import pytest

from parity.transforms import agrees_with_torch, grid, numbers


def derivative(m, mode, f):
    """f' of a function of one number."""
    if mode == "grad":
        return m.func.grad(f)
    if mode == "jvp":
        return lambda x: m.func.jvp(f, (x,), (m.ones_like(x),))[1]
    if mode == "vjp":
        return lambda x: m.func.vjp(f, x)[1](m.ones_like(x))[0]
    if mode == "linearize":
        return lambda x: m.func.linearize(f, x)[1](m.ones_like(x))
    return getattr(m.func, mode)(f)


MODES = ["grad", "jvp", "vjp", "jacrev", "jacfwd"]


def number(m, value):
    return numbers(m, value).sum()


@pytest.mark.parametrize("modes", list(itertools.product(MODES, repeat=2)), ids="-".join)
def test_two_levels(modes):
    def scenario(m):
        first, second = modes
        f = derivative(m, first, lambda x: (x**4).sin() / x)
        return derivative(m, second, f)(number(m, 0.7))

    agrees_with_torch(scenario)()


@pytest.mark.parametrize("modes", list(itertools.product(["grad", "jvp"], repeat=3)), ids="-".join)
def test_three_levels(modes):
    def scenario(m):
        f = m.sin
        for mode in modes:
            f = derivative(m, mode, lambda x, f=f: f(x) * x)
        return f(number(m, 0.7))

    agrees_with_torch(scenario)()


@pytest.mark.parametrize("inner", MODES)
@pytest.mark.parametrize("outer", MODES)
def test_an_inner_function_that_closes_over_the_outer_variable(outer, inner):
    def scenario(m):
        def f(x):
            return x * derivative(m, inner, lambda y: x * y * y + x.exp())(x * 2)

        return derivative(m, outer, f)(number(m, 0.7))

    agrees_with_torch(scenario)()


@pytest.mark.parametrize("inner", MODES)
@pytest.mark.parametrize("outer", MODES)
def test_an_inner_derivative_at_a_constant(outer, inner):
    def scenario(m):
        def f(x):
            return x * derivative(m, inner, lambda y: x * y)(number(m, 1.0))

        return derivative(m, outer, f)(number(m, 3.0))

    agrees_with_torch(scenario)()


@pytest.mark.parametrize("inner", MODES)
@pytest.mark.parametrize("outer", MODES)
def test_a_map_between_two_derivatives(outer, inner):
    def scenario(m):
        def f(x):
            inside = m.func.vmap(derivative(m, inner, lambda y: y.sin() * x))
            return inside(numbers(m, 1.0, 2.0) * x).sum()

        return derivative(m, outer, f)(number(m, 0.7))

    agrees_with_torch(scenario)()


@pytest.mark.parametrize("inner", MODES)
@pytest.mark.parametrize("outer", MODES)
def test_a_map_over_two_derivatives(outer, inner):
    def scenario(m):
        def f(x, w):
            return derivative(m, outer, derivative(m, inner, lambda y: (y * w).sin() * x))(x)

        return m.func.vmap(f, in_dims=(0, None))(numbers(m, 0.1, 0.2, 0.3), number(m, 2.0))

    agrees_with_torch(scenario)()


@agrees_with_torch
def test_map_gradient_map_gradient(m):
    def row(x, w):
        return m.func.grad(lambda w: m.func.vmap(m.func.grad(lambda x: (x * w).sin()))(x).sum())(w)

    return m.func.vmap(row, in_dims=(0, None))(grid(m, 3, 4), number(m, 2.0))


@agrees_with_torch
def test_map_over_gradient_over_map(m):
    x = grid(m, 3, 2, 4)

    def loss(x):
        return m.func.vmap(lambda row: (row.sin() * row.sum()).prod())(x).sum()

    return m.func.vmap(m.func.grad(loss))(x), m.func.grad(lambda x: m.func.vmap(loss)(x).sum())(x)


@agrees_with_torch
def test_reverse_mode_outside_of_every_transform(m):
    found = []
    for mode in MODES:
        x = m.tensor(0.7, dtype=m.float64, requires_grad=True)
        w = m.tensor(1.3, dtype=m.float64, requires_grad=True)
        y = derivative(m, mode, lambda x, w=w: (x * w).sin() * w)(x)
        found.append((y, m.autograd.grad(y, (x, w))))
    return found


@agrees_with_torch
def test_backward_through_a_map(m):
    x = grid(m, 3, 2).requires_grad_()
    w = grid(m, 2).requires_grad_()
    y = m.func.vmap(lambda x: (x * w).tanh().sum())(x)
    y.sum().backward()
    return y, x.grad, w.grad


@agrees_with_torch
def test_a_hessian_vector_product_in_four_ways(m):
    def f(x):
        return (x.sin() * x.sum()).sum()

    x, v = grid(m, 4), grid(m, 4, start=2.0)
    return (
        m.func.jvp(m.func.grad(f), (x,), (v,))[1],
        m.func.grad(lambda x: m.func.jvp(f, (x,), (v,))[1])(x),
        m.func.grad(lambda x: (m.func.grad(f)(x) * v).sum())(x),
        m.func.vjp(m.func.grad(f), x)[1](v)[0],
        m.func.hessian(f)(x) @ v,
    )
