"""allow_mutation_on_saved_tensors and increment_version, by experiment."""

from __future__ import annotations

import pytest

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
def test_a_graph_from_before(m):
    x = leaf(m, 1.0, 2.0)
    y = x * 1
    z = (y * y).sum()
    with m.autograd.graph.allow_mutation_on_saved_tensors():
        y.sin_()
        return raised(z.backward)


def test_backward_outside():
    """An AssertionError in torch."""
    x = leaf(wg, 1.0, 2.0)
    with wg.autograd.graph.allow_mutation_on_saved_tensors():
        y = (x.clone() ** 2).sum()
    with pytest.raises(RuntimeError, match="outside of the allow_mutation_on_saved_tensors"):
        y.backward()
    with (
        wg.autograd.graph.allow_mutation_on_saved_tensors(),
        pytest.raises(RuntimeError, match="in which the graph was recorded"),
    ):
        y.backward()


def test_writes_at_an_index():
    """torch clones the part that is written, not the whole: its gradients are 16, 0, 16."""
    x = wg.ones(3, requires_grad=True)
    with wg.autograd.graph.allow_mutation_on_saved_tensors():
        y = x.clone()
        first = (y * y).sum()
        y[1] = 7.0
        y += 1
        y.mul_(2)
        second = (y * y).sum()
        y.zero_()
        (first + second).backward()
    assert x.grad.tolist() == [2 + 2 * 8, 2, 2 + 2 * 8]


@same_as_torch
def test_increment_version_of_what_is_no_tensor(m):
    increment = m.autograd.graph.increment_version
    return raised(lambda: increment(3)), raised(lambda: increment([3]))


@same_as_torch
def test_increment_version(m):
    x = leaf(m, 1.0, 2.0)
    y, other = x * 1, m.ones(2)
    z = y * y
    before = y._version
    m.autograd.graph.increment_version(y)
    m.autograd.graph.increment_version([y, other])
    return y._version - before, other._version, raised(z.sum().backward)
