"""Transforms beside the modes, hooks and views around them, beside torch.func."""

from __future__ import annotations

from parity.scenario import raised
from parity.transforms import agrees_with_torch, grid, numbers


@agrees_with_torch
def test_under_inference_mode(m):
    x = grid(m, 3, 2)
    with m.inference_mode():
        return (
            m.func.vmap(lambda x: x[1:] * 2)(x).clone(),
            m.func.grad(lambda x: (x**3).sum())(x).clone(),
            m.func.jacfwd(lambda x: x.sin().sum(0))(x).clone(),
        )


@agrees_with_torch
def test_maps_of_views(m):
    x = grid(m, 4, 3, 2)
    f = m.func.vmap(lambda a, b: (a * b).sum(0))
    return f(x[1:3], x.flip(0)[::2]), f(x.permute(1, 0, 2), x.transpose(0, 1)), f(x[:2].T, x[:2].T)


@agrees_with_torch
def test_enable_grad_inside(m):
    x = numbers(m, 1.0, 2.0)

    def f(x):
        with m.no_grad(), m.enable_grad():
            return (x**3).sum()

    with m.no_grad():
        return m.func.grad(f)(x), m.func.hessian(f)(x)


@agrees_with_torch
def test_hessian_sees_through_no_grad_in_forward_mode_only(m):
    def f(x):
        with m.no_grad():
            c = x * x
        return (x * c).sum()

    x = numbers(m, 1.0, 2.0)
    return (
        m.func.hessian(f)(x),
        m.func.jacrev(m.func.jacrev(f))(x),
        m.func.jacfwd(m.func.jacfwd(f))(x),
    )


@agrees_with_torch
def test_hooks_inside_of_grad(m):
    seen = []

    def f(x):
        y = x * x
        y.register_hook(lambda g: seen.append(tuple(g.shape)) or g * 2)
        return y.sum()

    return m.func.grad(f)(numbers(m, 1.0, 2.0)), seen


@agrees_with_torch
def test_several_uses_of_one_transform(m):
    f = m.func.vmap(m.func.grad(lambda x, w: (x * w).sin().sum()), in_dims=(0, None))
    x = grid(m, 3, 2)
    return f(x, x[0]), f(x * 2, x[1]), f(x[:1], x[2])


@agrees_with_torch
def test_an_error_inside_leaves_no_level_open(m):
    def fail(x):
        raise KeyError("inside")

    x = numbers(m, 1.0, 2.0)
    each = [m.func.vmap(fail), m.func.grad(fail), m.func.jacfwd(fail), m.func.jacrev(fail)]
    errors = [raised(lambda f=f: f(x)) for f in each]
    errors.append(raised(lambda: m.func.jvp(fail, (x,), (x,))))
    return errors, m.func.grad(lambda x: (x * x).sum())(x), m.func.jvp(m.sin, (x,), (x,))


@agrees_with_torch
def test_dtypes(m):
    for dtype in (m.float32, m.float64):
        x = m.tensor([1.0, 2.0], dtype=dtype)
        found = m.func.hessian(lambda x: (x**3).sum())(x), m.func.vmap(m.sin)(x)
    half = m.tensor([1.0, 2.0], dtype=m.float16)
    return found, m.func.grad(lambda x: (x * x).sum())(half), m.func.vmap(lambda x: x * 2)(half)


@agrees_with_torch
def test_promotion_inside_of_maps(m):
    i, x, d = m.tensor([1, 2, 3]), m.tensor([0.5, 1.5, 2.5]), grid(m, 3)
    f = m.func.vmap
    return (
        f(lambda i, x: i * x)(i, x),
        f(lambda x, d: x + d)(x, d),
        f(lambda i: i / 2)(i),
        f(lambda i: i * 2.5)(i),
        f(lambda i, d: m.where(i > 1, i, d))(i, d),
        f(lambda x: x * m.tensor(2.0, dtype=m.float64))(x),
        f(lambda x: (x > 1, x.long(), x.double()))(x),
    )
