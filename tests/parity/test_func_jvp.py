"""jvp and linearize beside torch.func."""

from __future__ import annotations

from collections import namedtuple

from parity.scenario import raised
from parity.transforms import agrees_with_torch, numbers

Point = namedtuple("Point", ["x", "y"])


@agrees_with_torch
def test_several_primals(m):
    x, y, t, s = (
        numbers(m, 1.0, 2.0),
        numbers(m, 3.0, 4.0),
        numbers(m, 0.1, 0.2),
        numbers(m, 5.0, 6.0),
    )
    return m.func.jvp(lambda x, y: (x * y, x.sin()), (x, y), (t, s))


@agrees_with_torch
def test_trees(m):
    def f(p, d):
        return {"a": p.x * d["k"][0], "b": [p.y.sum(), (d["k"][1].exp(),)]}

    x, t = numbers(m, 1.0, 2.0), numbers(m, 0.5, -0.5)
    primals = (Point(x, x * 2), {"k": [x + 1, x / 3]})
    tangents = (Point(t, t * 3), {"k": [t + 1, t / 3]})
    return m.func.jvp(f, primals, tangents)


@agrees_with_torch
def test_aux(m):
    x = numbers(m, 1.0, 2.0)
    return m.func.jvp(lambda x: (x.sin(), {"c": x.cos()}), (x,), (x,), has_aux=True)


@agrees_with_torch
def test_aux_that_is_no_pair(m):
    x = numbers(m, 1.0, 2.0)
    return raised(lambda: m.func.jvp(lambda x: x, (x,), (x,), has_aux=True))


@agrees_with_torch
def test_outputs_that_do_not_depend(m):
    x = numbers(m, 1.0, 2.0)

    def f(x):
        return x * 2, numbers(m, 7.0)

    return m.func.jvp(f, (x,), (x,)), raised(lambda: m.func.jvp(f, (x,), (x,), strict=True))


@agrees_with_torch
def test_what_does_not_fit(m):
    x = numbers(m, 1.0, 2.0)

    def jvp(primals, tangents, f=lambda *x: x[0]):
        return raised(lambda: m.func.jvp(f, primals, tangents))

    return (
        jvp(x, (x,)),
        jvp((x,), x),
        jvp([x], (x,)),
        jvp((x,), ()),
        jvp((), ()),
        jvp((x, x), (x,)),
        jvp((x,), ({"a": x},)),
        jvp((3.0,), (x,)),
        jvp((x,), (3.0,)),
        jvp((x,), (numbers(m, 1.0, 2.0, 3.0),)),
        jvp((x,), (x,), lambda x: 3.0),
        jvp((x,), (x,), lambda x: (x, "text")),
        jvp((x,), (x,), lambda x: None),
    )


@agrees_with_torch
def test_the_argument_and_what_shares_its_memory(m):
    x, t = numbers(m, 1.0, 2.0), numbers(m, 0.5, -0.5)
    return (
        m.func.jvp(lambda x: x, (x,), (t,)),
        m.func.jvp(lambda x: x[1:], (x,), (t,)),
        m.func.jvp(lambda x: x.reshape(2, 1).T, (x,), (t,)),
        m.func.jvp(lambda x: x.detach() * x, (x,), (t,)),
    )


@agrees_with_torch
def test_no_grad_inside_and_outside(m):
    x, t = numbers(m, 1.0, 2.0), numbers(m, 0.5, -0.5)

    def cut(x):
        with m.no_grad():
            y = x * x
        return x * y

    with m.no_grad():
        outside = m.func.jvp(lambda x: x**3, (x,), (t,))
    return outside, m.func.jvp(cut, (x,), (t,))


@agrees_with_torch
def test_writes(m):
    x, t = numbers(m, 1.0, 2.0, 3.0), numbers(m, 0.5, -0.5, 1.0)

    def f(x):
        y = x.clone()
        y.mul_(x)
        y[0] = x[1] ** 2
        y[1:] += x[:2]
        z = m.zeros_like(x)
        z.copy_(y)
        z.add_(1)
        return z

    return m.func.jvp(f, (x,), (t,))


@agrees_with_torch
def test_a_write_of_what_depends_into_what_does_not(m):
    x, t = numbers(m, 1.0, 2.0), numbers(m, 0.5, -0.5)

    def f(x):
        z = m.zeros(2, dtype=m.float64)
        z += x * x
        z.mul_(2)
        w = m.zeros(3, dtype=m.float64)
        w[:2] = x
        return z, w

    return m.func.jvp(f, (x,), (t,))


@agrees_with_torch
def test_closures_over_tensors_that_require_grad(m):
    w = m.tensor([3.0, 4.0], requires_grad=True)
    x, t = m.tensor([1.0, 2.0]), m.tensor([0.5, -0.5])
    value, tangent = m.func.jvp(lambda x: x * x * w, (x,), (t,))
    before = value.requires_grad, tangent.requires_grad
    (value.sum() + tangent.sum()).backward()
    return before, w.grad


@agrees_with_torch
def test_primals_and_tangents_that_require_grad(m):
    x = m.tensor([1.0, 2.0], requires_grad=True)
    t = m.tensor([0.5, -0.5], requires_grad=True)
    value, tangent = m.func.jvp(lambda x: x**3, (x,), (t,))
    tangent.sum().backward()
    return value, tangent, x.grad, t.grad


@agrees_with_torch
def test_complex_numbers(m):
    z = m.tensor([1 + 2j, 3 - 1j], dtype=m.complex128)
    t = m.tensor([0.5j, 1 + 1j], dtype=m.complex128)
    return m.func.jvp(lambda z: (z * z, z.conj(), z.abs(), z.real, z.angle()), (z,), (t,))


@agrees_with_torch
def test_operations_without_derivative(m):
    x, t = numbers(m, 1.5, 2.5), numbers(m, 0.5, -0.5)
    return m.func.jvp(lambda x: (x.floor() * x, x.argmax(), (x > 2).to(m.float64) * x), (x,), (t,))


@agrees_with_torch
def test_linearize(m):
    x, t = numbers(m, 1.0, 2.0), numbers(m, 0.5, -0.5)
    output, derivative = m.func.linearize(lambda x: x.sin() * x, x)
    return output, derivative(t), derivative(2 * t), derivative(m.zeros_like(x))


@agrees_with_torch
def test_linearize_trees(m):
    x, t = numbers(m, 1.0, 2.0), numbers(m, 0.5, -0.5)
    output, derivative = m.func.linearize(
        lambda a, d: {"p": a * d["k"], "q": (a.sum(), d["k"].exp())}, x, {"k": x + 1}
    )
    return output, derivative(t, {"k": 3 * t})


@agrees_with_torch
def test_linearize_and_what_does_not_fit(m):
    x = numbers(m, 1.0, 2.0)
    _, derivative = m.func.linearize(lambda x, y: x * y, x, x)
    return (
        raised(lambda: derivative(x)),
        raised(lambda: derivative(x, numbers(m, 1.0))),
        raised(lambda: derivative(x, x.to(m.float32))),
        raised(lambda: derivative(x, {"a": x})),
    )


@agrees_with_torch
def test_linearize_inside_of_vmap(m):
    x, t = numbers(m, 1.0, 2.0), numbers(m, 0.5, -0.5)
    _, derivative = m.func.linearize(lambda x: x.sin() * x, x)
    return m.func.vmap(derivative)(m.stack([t, 2 * t, 3 * t]))


@agrees_with_torch
def test_linearize_sees_what_is_done_under_no_grad_as_jvp_does(m):
    def constant(x):
        with m.no_grad():
            c = x * x
        return c * x + x.detach() * x

    def written(x):
        y = x * 1
        with m.no_grad():
            y.mul_(x)
        return y

    x, t = numbers(m, 1.0, 2.0), numbers(m, 0.5, -0.5)
    return [(m.func.linearize(f, x)[1](t), m.func.jvp(f, (x,), (t,))) for f in (constant, written)]
