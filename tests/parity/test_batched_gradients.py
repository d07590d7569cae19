"""autograd.grad with is_grads_batched beside torch's."""

from __future__ import annotations

import pytest

from parity.scenario import raised
from parity.transforms import agrees_with_torch, grid, numbers

PROGRAMS = {
    "elementwise": lambda m, x, w: (x * w).sin() / (1 + x * x),
    "broadcast": lambda m, x, w: x[:, None] * w + w[0],
    "product": lambda m, x, w: (x[:, None] * w) @ w,
    "softmax": lambda m, x, w: (x * w).softmax(0),
    "index": lambda m, x, w: x[m.tensor([0, 2, 2])] * w[1:].sum(),
    "parts": lambda m, x, w: m.cat([x[1:] * 2, w[:1], x.flip(0)]),
    "several outputs": lambda m, x, w: (x * w).sort()[0] * x.max(0)[0],
    "reductions": lambda m, x, w: m.stack([x.prod(), w.norm(), x.var(), (x * w).logsumexp(0)]),
    "relu": lambda m, x, w: (x - w).relu() + (x * w).abs(),
    "constant": lambda m, x, w: x * w.detach(),
}


@pytest.mark.parametrize("retain", [None, True])
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", list(PROGRAMS))
def test_programs(name, create_graph, retain):
    def scenario(m):
        x, w = grid(m, 3).requires_grad_(), grid(m, 3, start=1.0).requires_grad_()
        y = PROGRAMS[name](m, x, w)
        cts = grid(m, 4, *y.shape, start=0.3)
        options = {"is_grads_batched": True, "allow_unused": True, "retain_graph": retain}
        found = m.autograd.grad(y, (x, w), cts, create_graph=create_graph, **options)
        again = raised(lambda: m.autograd.grad(y, (x, w), cts, **options))
        return [g if g is None else g.detach() for g in found], isinstance(again, Exception)

    agrees_with_torch(scenario)()


@agrees_with_torch
def test_several_outputs(m):
    x = grid(m, 3).requires_grad_()
    y, z = x.sin(), (x * x).sum()
    cts = grid(m, 5, 3), grid(m, 5)
    return m.autograd.grad((y, z), x, cts, is_grads_batched=True)


@agrees_with_torch
def test_unused_inputs(m):
    x, w = numbers(m, 1.0, 2.0).requires_grad_(), numbers(m, 3.0).requires_grad_()
    y = x * x
    eye = m.eye(2, dtype=m.float64)

    def grad(**options):
        return m.autograd.grad(y, (x, w), eye, retain_graph=True, is_grads_batched=True, **options)

    return raised(grad), grad(allow_unused=True)


@agrees_with_torch
def test_what_does_not_fit(m):
    x = numbers(m, 1.0, 2.0).requires_grad_()
    y = x * x

    def grad(ct):
        return raised(lambda: m.autograd.grad(y, x, ct, retain_graph=True, is_grads_batched=True))

    return grad(grid(m, 4, 3)), grad(grid(m, 2)), grad(3.0)


@agrees_with_torch
def test_hooks_and_retained_gradients(m):
    x = numbers(m, 1.0, 2.0).requires_grad_()
    y = x * x
    y.register_hook(lambda g: g * 3)
    return m.autograd.grad(y.sin(), x, m.eye(2, dtype=m.float64), is_grads_batched=True)


@agrees_with_torch
def test_hooks_of_the_inputs(m):
    x = numbers(m, 1.0, 2.0).requires_grad_()
    x.register_hook(lambda g: g * 3)
    return m.autograd.grad(x.sin(), x, m.eye(2, dtype=m.float64), is_grads_batched=True)


@agrees_with_torch
def test_through_writes_and_views(m):
    x = numbers(m, 1.0, 2.0, 3.0).requires_grad_()
    y = x.clone()
    y[1:].mul_(2)
    y[0] = x[2] * x[1]
    return m.autograd.grad(y, x, m.eye(3, dtype=m.float64), is_grads_batched=True)


@agrees_with_torch
def test_stale_values(m):
    x = numbers(m, 1.0, 2.0).requires_grad_()
    h = x * 1
    y = h * h
    h.add_(1)
    eye = m.eye(2, dtype=m.float64)
    return raised(lambda: m.autograd.grad(y, x, eye, is_grads_batched=True))
