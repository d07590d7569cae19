"""jacrev, jacfwd and hessian beside torch.func."""

from __future__ import annotations

from collections import namedtuple

import pytest

from parity.scenario import raised
from parity.transforms import agrees_with_torch, grid, numbers

Point = namedtuple("Point", ["x", "y"])
BOTH = pytest.mark.parametrize("name", ["jacrev", "jacfwd"])


@BOTH
def test_shapes_of_outputs_and_inputs(name):
    def scenario(m):
        return getattr(m.func, name)(lambda x: x.sin() @ x.T)(grid(m, 2, 3))

    agrees_with_torch(scenario)()


@BOTH
def test_numbers_in_and_out(name):
    def scenario(m):
        jac = getattr(m.func, name)
        x = numbers(m, 2.0).sum()
        return (
            jac(lambda x: x**3)(x),
            jac(lambda x: m.stack([x, x * x]))(x),
            jac(lambda x: x.sum())(grid(m, 3)),
        )

    agrees_with_torch(scenario)()


@BOTH
def test_trees_of_outputs_and_arguments(name):
    def f(p, d, x):
        return {"a": p.x * d["k"], "b": (p.y.sum() * x, [d["k"].exp()])}

    def scenario(m):
        x = numbers(m, 1.0, 2.0)
        args = Point(x, x * 2), {"k": x + 1}, numbers(m, 0.5)
        jac = getattr(m.func, name)
        return jac(f)(*args), jac(f, (0, 1))(*args), jac(f, (2,))(*args), jac(f, 1)(*args)

    agrees_with_torch(scenario)()


@BOTH
def test_aux(name):
    def scenario(m):
        def f(x):
            return x.sin(), {"c": x.cos(), "l": [x * 2]}

        return getattr(m.func, name)(f, has_aux=True)(numbers(m, 1.0, 2.0))

    agrees_with_torch(scenario)()


@BOTH
def test_an_output_that_does_not_depend(name):
    def scenario(m):
        return getattr(m.func, name)(lambda x: (numbers(m, 1.0, 2.0), x * 2))(numbers(m, 3.0, 4.0))

    agrees_with_torch(scenario)()


@BOTH
def test_results_that_are_no_tensors(name):
    def scenario(m):
        x = numbers(m, 1.0, 2.0)
        jac = getattr(m.func, name)
        return (
            raised(lambda: jac(lambda x: 3.0)(x)),
            raised(lambda: jac(lambda x: (x, None))(x)),
            raised(lambda: jac(lambda x: x)(m.tensor([1, 2]))),
            raised(lambda: jac(lambda x, y: x, 2)(x, x)),
            raised(lambda: jac(lambda x: x, has_aux=True)(x)),
        )

    agrees_with_torch(scenario)()


@pytest.mark.parametrize("chunk_size", [None, 1, 2, 3, 100])
def test_chunks(chunk_size):
    def scenario(m):
        x = grid(m, 3)
        jac = m.func.jacrev(lambda x, y: (x * y, x.sum()), (0, 1), chunk_size=chunk_size)
        return jac(x, x + 1)

    agrees_with_torch(scenario)()


@agrees_with_torch
def test_chunks_that_are_none(m):
    return raised(lambda: m.func.jacrev(lambda x: x, chunk_size=0))


@agrees_with_torch
def test_randomness_of_jacfwd(m):
    x = numbers(m, 1.0, 2.0)

    def f(x):
        return x * m.rand(2, dtype=m.float64)

    shape = m.func.jacfwd(f, randomness="same")(x)
    return raised(lambda: m.func.jacfwd(f)(x)), tuple(shape.shape), bool((shape[0, 1] == 0).item())


@agrees_with_torch
def test_hessian_of_trees(m):
    def f(p, x):
        return (p["a"] ** 2 * p["b"].sum() * x.sin()).sum()

    x = numbers(m, 1.0, 2.0)
    args = {"a": x, "b": x + 1}, x * 0.3
    return m.func.hessian(f)(*args), m.func.hessian(f, (0, 1))(*args), m.func.hessian(f, 1)(*args)


@agrees_with_torch
def test_hessian_of_a_vector_function(m):
    return m.func.hessian(lambda x: x.sin() * x.sum())(numbers(m, 1.0, 2.0, 3.0))


@agrees_with_torch
def test_rosenbrock(m):
    def rosenbrock(x):
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    x = grid(m, 7)
    return (
        m.func.hessian(rosenbrock)(x),
        m.func.jacrev(m.func.jacrev(rosenbrock))(x),
        m.func.jacfwd(m.func.jacfwd(rosenbrock))(x),
        m.func.jacrev(m.func.jacfwd(rosenbrock))(x),
        m.func.jacfwd(m.func.grad(rosenbrock))(x),
    )


@agrees_with_torch
def test_what_depends_on_parameters_outside(m):
    w = m.tensor([3.0, 4.0], requires_grad=True)
    x = m.tensor([1.0, 2.0])
    reverse = m.func.jacrev(lambda x: x * x * w)(x)
    forward = m.func.jacfwd(lambda x: x * x * w)(x)
    second = m.func.hessian(lambda x: (x**3 * w).sum())(x)
    (reverse.sum() + 2 * forward.sum() + 3 * second.sum()).backward()
    return reverse, forward, second, w.grad


@agrees_with_torch
def test_complex_jacobians(m):
    z = m.tensor([1 + 2j, 3 - 1j], dtype=m.complex128)
    x = numbers(m, 1.0, 2.0)
    return (
        raised(lambda: m.func.jacfwd(lambda z: z * z.sum())(z)),
        raised(lambda: m.func.jacrev(lambda z: z * z.sum())(z)),
        raised(lambda: m.func.jacfwd(lambda x: x * 1j)(x)),
        raised(lambda: m.func.jacrev(lambda x: x * 1j)(x)),
    )


@agrees_with_torch
def test_jacobians_of_maps_and_maps_of_jacobians(m):
    x = grid(m, 4, 3)
    f = m.func.vmap(lambda x: (x.sin() * x.sum()).tanh())
    return (
        m.func.vmap(m.func.jacrev(lambda x: x.sin() * x.sum()))(x),
        m.func.vmap(m.func.jacfwd(lambda x: x.sin() * x.sum()))(x),
        m.func.jacrev(f)(x),
        m.func.jacfwd(f)(x),
        m.func.vmap(m.func.hessian(lambda x: (x.sin() * x.sum()).sum()), in_dims=1)(x),
    )
