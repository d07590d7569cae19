"""grad, grad_and_value and vjp beside torch.func."""

from __future__ import annotations

from collections import OrderedDict, namedtuple

import numpy as np
import pytest

from parity.scenario import raised
from parity.transforms import agrees_with_torch, grid, numbers

Point = namedtuple("Point", ["x", "y"])


def product(x, y, z):
    return (x * y.sin() * z.exp()).sum()


def three(m):
    return numbers(m, 1.0, 2.0), numbers(m, 0.5, -0.5), numbers(m, 0.1, 0.2)


@pytest.mark.parametrize("argnums", [0, 1, -1, -3, (0,), (1,), (0, 2), (2, 0), (-1, 0), (0, 1, 2)])
@pytest.mark.parametrize("name", ["grad", "grad_and_value", "jacrev", "jacfwd", "hessian"])
def test_argnums(name, argnums):
    if name in ("jacfwd", "hessian") and np.min(argnums) < 0:
        pytest.skip("torch's jacfwd takes negative positions and returns zeros for them")
    agrees_with_torch(lambda m: getattr(m.func, name)(product, argnums)(*three(m)))()


@agrees_with_torch
def test_argnums_that_are_none(m):
    def with_(argnums):
        return raised(lambda: m.func.grad(product, argnums)(*three(m)))

    return [
        with_(3),
        with_(-4),
        with_((0, 0)),
        with_("x"),
        with_((0, 5)),
        with_((0, -3)),
        with_(()),
    ]


@agrees_with_torch
def test_a_list_of_argnums(m):
    return raised(lambda: m.func.grad(product, [0, 1])(*three(m)))


@agrees_with_torch
def test_keywords_are_passed_on_and_not_differentiated(m):
    def f(x, *, power, w=None):
        return (x**power * w).sum()

    return m.func.grad(f)(numbers(m, 1.0, 2.0), power=3, w=numbers(m, 1.0, 5.0))


@agrees_with_torch
def test_aux_is_returned_beside_the_gradient(m):
    def f(x):
        y = x.exp()
        return y.sum(), {"y": y, "list": [x, (y * 2,)]}

    x = numbers(m, 1.0, 2.0)
    gradient, aux = m.func.grad(f, has_aux=True)(x)
    again, (value, more) = m.func.grad_and_value(f, has_aux=True)(x)
    return gradient, aux["y"], aux["list"], again, value, more["y"]


@agrees_with_torch
def test_aux_that_is_no_pair(m):
    x = numbers(m, 1.0, 2.0)

    def f(result):
        return raised(lambda: m.func.grad(lambda x: result(x), has_aux=True)(x))

    return f(lambda x: x.sum()), f(lambda x: (x.sum(),)), f(lambda x: (x.sum(), 1, 2))


@agrees_with_torch
def test_arguments_are_trees(m):
    def f(params, x):
        h = (params["w"][0] * x + params["w"][1]).tanh()
        return (params["p"].x * h).sum() + params["p"].y[0].sum() + params["o"]["z"].sum() ** 2

    w = [numbers(m, 1.0, 2.0), numbers(m, 0.3, 0.4)]
    tree = {
        "w": w,
        "p": Point(numbers(m, 2.0, 3.0), (numbers(m, 1.0),)),
        "o": OrderedDict(z=numbers(m, 1.0, 1.0)),
    }
    found = m.func.grad(f)(tree, numbers(m, 0.1, 0.2))
    return found, [type(v).__name__ for v in found.values()]


@agrees_with_torch
def test_what_is_no_scalar_tensor(m):
    x = numbers(m, 1.0, 2.0)

    def f(result):
        return raised(lambda: m.func.grad(result)(x))

    return (
        f(lambda x: x),
        f(lambda x: x.sum().reshape(1)),
        f(lambda x: 3.0),
        f(lambda x: (x.sum(), x.sum())),
        f(lambda x: None),
    )


@agrees_with_torch
def test_arguments_that_are_no_floats(m):
    return (
        raised(lambda: m.func.grad(lambda x: x.sum())(m.tensor([1, 2]))),
        raised(lambda: m.func.grad(lambda x: x.sum())(m.tensor([True]))),
    )


@agrees_with_torch
def test_an_unused_argument_has_gradient_zero(m):
    return m.func.grad(lambda x, y: (x * x).sum(), (0, 1))(*three(m)[:2])


@agrees_with_torch
def test_a_result_that_does_not_depend(m):
    return m.func.grad(lambda x: numbers(m, 3.0).sum())(numbers(m, 1.0, 2.0))


@agrees_with_torch
def test_under_no_grad_inside_and_outside(m):
    x = numbers(m, 2.0, 3.0)

    def cut(x):
        with m.no_grad():
            y = x * x
        return (x * y).sum()

    with m.no_grad():
        outside = m.func.grad(lambda x: (x**3).sum())(x)
        twice = m.func.grad(lambda x: m.func.grad(lambda x: (x**3).sum())(x).sum())(x)
    return outside, twice, m.func.grad(cut)(x), m.func.grad(lambda x: (x.detach() * x).sum())(x)


@agrees_with_torch
def test_no_grad_between_two_levels(m):
    x = numbers(m, 2.0).sum()

    def f(x):
        with m.no_grad():
            c = x**2
        return x - c

    return (
        m.func.grad(f)(x),
        m.func.grad(m.func.grad(f))(x),
        m.func.grad(m.func.grad(lambda x: f(x) ** 2))(x),
    )


@agrees_with_torch
def test_tensors_outside_that_require_grad(m):
    w = m.tensor([3.0, 4.0], requires_grad=True)
    x = m.tensor([1.0, 2.0])
    gradient, value = m.func.grad_and_value(lambda x: (x * x * w).sum())(x)
    before = gradient.requires_grad, value.requires_grad
    (gradient.sum() + value).backward()
    return before, w.grad, gradient.is_leaf


@agrees_with_torch
def test_arguments_that_require_grad(m):
    x = m.tensor([1.0, 2.0], requires_grad=True)
    gradient = m.func.grad(lambda x: (x**3).sum())(x)
    gradient.sum().backward()
    return gradient, x.grad


@agrees_with_torch
def test_inside_is_a_tensor_that_requires_grad(m):
    seen = []

    def f(x):
        seen.append((x.requires_grad, x.is_leaf, (x * 2).requires_grad))
        return x.sum()

    m.func.grad(f)(numbers(m, 1.0))
    return seen


@agrees_with_torch
def test_complex_arguments(m):
    z = m.tensor([1 + 2j, 3 - 1j], dtype=m.complex128)
    return (
        m.func.grad(lambda z: (z * z.conj()).real.sum())(z),
        raised(lambda: m.func.grad(lambda z: (z * z).sum())(z)),
    )


@agrees_with_torch
def test_vjp_of_trees(m):
    def f(x, d):
        return {"a": x * d["k"], "b": [x.sum(), (d["k"].exp(),)]}

    x, k = numbers(m, 1.0, 2.0), numbers(m, 3.0, 4.0)
    output, pullback = m.func.vjp(f, x, {"k": k})
    ct = {"a": numbers(m, 1.0, 2.0), "b": [numbers(m, 5.0).sum(), (numbers(m, 1.0, 1.0),)]}
    return output, pullback(ct), pullback(ct)


@agrees_with_torch
def test_vjp_with_aux(m):
    x = numbers(m, 1.0, 2.0)
    output, pullback, aux = m.func.vjp(lambda x: (x.sin(), x.cos()), x, has_aux=True)
    return output, pullback(m.ones_like(output)), aux


@agrees_with_torch
def test_vjp_of_several_outputs(m):
    x, y = numbers(m, 1.0, 2.0), numbers(m, 3.0, 4.0)
    output, pullback = m.func.vjp(lambda x, y: (x * y, x.sum()), x, y)
    return output, pullback((numbers(m, 1.0, 0.5), numbers(m, 2.0).sum()))


@agrees_with_torch
def test_cotangents_that_do_not_fit(m):
    x = numbers(m, 1.0, 2.0)
    _, pullback = m.func.vjp(lambda x: (x, x.sum()), x)
    _, single = m.func.vjp(lambda x: x * x, x)
    return (
        raised(lambda: pullback(x)),
        raised(lambda: pullback((x,))),
        raised(lambda: single(numbers(m, 1.0, 2.0, 3.0))),
        raised(lambda: single((x, x))),
        raised(lambda: single(1.0)),
        raised(lambda: single()),
    )


@agrees_with_torch
def test_vjp_of_what_is_no_tensor(m):
    x = numbers(m, 1.0, 2.0)
    return (
        raised(lambda: m.func.vjp(lambda x: 3.0, x)),
        raised(lambda: m.func.vjp(lambda x: (x, "text"), x)),
        raised(lambda: m.func.vjp(lambda x: x)),
        raised(lambda: m.func.vjp(lambda x: x, 3)),
    )


@agrees_with_torch
def test_the_pullback_is_differentiated_too(m):
    x = numbers(m, 1.0, 2.0)

    def f(x, ct):
        _, pullback = m.func.vjp(lambda x: x.sin(), x)
        return pullback(ct)[0].sum()

    return m.func.grad(f, (0, 1))(x, numbers(m, 0.3, 0.4))


@agrees_with_torch
def test_writes_inside_of_grad(m):
    def f(x):
        y = x.clone()
        y.mul_(x)
        y[0] = x[1] ** 2
        y += 1
        return (y * x).sum()

    return m.func.grad(f)(numbers(m, 1.0, 2.0, 3.0)), grid(m, 2)


@agrees_with_torch
def test_a_write_into_the_argument(m):
    x = numbers(m, 1.0, 2.0, 3.0)

    def f(x):
        x.mul_(2)
        return (x * x).sum()

    return raised(lambda: m.func.grad(f)(x)), x
