"""Random stacks of transforms, each a function of vectors made from another, beside torch's."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert
from parity.theirs import quiet
from parity.transforms import numbers
from wengert.errors import WengertError

SIDE = 3


def first(m, x):
    return x.sin() * x.sum()


def second(m, x):
    return (x @ m.outer(x, x)).tanh() + x[m.tensor([2, 0, 1])]


def third(m, x):
    y = x.clone()
    y[0] = x[1] * x[2]
    y[1:].mul_(x[:2])
    return y + x.softmax(0)


def fourth(m, x):
    y = x * 1
    v = y[:2]
    y.mul_(x + 1)
    v.view(2, 1)[1].add_(y[2])
    return y * v.sum()


def fifth(m, x):
    y = x.clone()
    v = y[1:]
    with m.no_grad():
        y.mul_(2)
        w = y[:2]
        w.add_(x[0])
    return y * x + v.sum()


def sixth(m, x):
    low, high = m.split(x.sort().values, [1, 2])
    return m.cat([high.cumprod(0), low.exp()]) * m.where(x > 0.1, x, x**3)


BASES = [first, second, third, fourth, fifth, sixth]


def gradient(m, f):
    return lambda x: m.func.grad(lambda x: f(x).sum())(x)


def pushed(m, f):
    return lambda x: m.func.jvp(f, (x,), (x.cos(),))[1]


def pulled(m, f):
    return lambda x: m.func.vjp(f, x)[1](x.cos())[0]


def rows(m, f):
    return lambda x: m.func.jacrev(f)(x).sum(0)


def columns(m, f):
    return lambda x: m.func.jacfwd(f)(x).sum(1)


def mapped(m, f):
    return lambda x: m.func.vmap(lambda s: f(x * s))(x).sum(0)


def mapped_over_parts(m, f):
    return lambda x: m.func.vmap(lambda s: f(m.stack([s, s * 2, s + 1])).prod())(x)


def mapped_twice(m, f):
    def outer(x):
        inner = m.func.vmap(lambda a: m.func.vmap(lambda b: f(x * a + b).sum())(x))
        return inner(x).sum(0)

    return outer


def written(m, f):
    def outer(x):
        y = x.clone()
        y[0] = f(x)[1]
        y.mul_(x)
        return y

    return outer


def second_order(m, f):
    return lambda x: m.func.hessian(lambda x: f(x).prod())(x) @ x


def overwritten(m, f):
    def outer(x):
        y = f(x) * 1
        v = y[1:]
        z = v * v
        y.mul_(2)
        return m.cat([z, v])[:SIDE] + y

    return outer


def written_under_no_grad(m, f):
    def outer(x):
        y = f(x) * 1
        v = y[1:]
        with m.no_grad():
            v.mul_(x[1:])
            y[0] = 0.5
        return y * x + v.sum()

    return outer


def cut(m, f):
    def outer(x):
        with m.no_grad():
            c = f(x)
        return c * x + x.detach() * f(x)

    return outer


def closed_over(m, f):
    return lambda x: f(x) * x + m.func.grad(lambda y: (f(y) * x).sum())(x * 0.5)


STEPS = [
    gradient, pushed, pulled, rows, columns, mapped, mapped_over_parts, mapped_twice,
    written, cut, closed_over, second_order, overwritten, written_under_no_grad,
]  # fmt: skip
# What makes a map of a function multiplies its cost: three in a row are enough. linearize is left
# out: torch's sees neither other levels nor, in part, what is done under no_grad, as its jvp does.
programs = st.tuples(
    st.sampled_from(BASES), st.lists(st.sampled_from(STEPS), min_size=1, max_size=3)
)


def made(m, program):
    base, steps = program

    def f(x):
        return base(m, x)

    for step in steps:
        f = step(m, f)
    return f


def derivative(m, program, at, backward):
    """What the program makes of a point, or its gradient there; or what was raised."""
    x = numbers(m, *at).requires_grad_(backward)
    try:
        y = made(m, program)(x)
        if backward:
            y = m.autograd.grad(y.sum(), x)[0] if y.requires_grad else m.zeros_like(x)
    except (RuntimeError, WengertError) as error:
        return error
    return y.detach().numpy()


@settings(max_examples=80, deadline=None)
@given(programs, st.integers(0, 99), st.booleans())
def test_stacks_of_transforms(program, seed, backward):
    """Equal; no error where torch has none. It raises where zeros of its own are written into, too,
    and where what was overwritten had slope zero.
    """
    at = np.random.default_rng(seed).uniform(-1, 1, SIDE).tolist()

    with quiet():
        wanted = derivative(torch, program, at, backward)
    found = derivative(wengert, program, at, backward)

    if not isinstance(wanted, Exception):
        assert not isinstance(found, Exception), found
        scale = max(1.0, np.abs(wanted).max())  # sixth derivatives of products are a million
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-7 * scale)
