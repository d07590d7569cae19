"""Stored gradients own their memory, and accumulate in it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import wengert as wg


def leaf(*shape):
    return wg.tensor(np.linspace(1, 2, int(np.prod(shape))).reshape(shape), requires_grad=True)


# Graphs whose rules return the cotangent itself, a view of it, a residual, or share one array
# among several inputs: leaves, and the results that are kept.
GRAPHS = {
    "sum of two": lambda x, y: [x + y],
    "the same twice": lambda x, y: [x + x, y + y],
    "product": lambda x, y: [x * y],
    "reshape and transpose": lambda x, y: [x.T, x.reshape(-1), y.T.T],
    "cat": lambda x, y: [wg.cat([x, y])],
    "stack": lambda x, y: [wg.stack([x, y, x])],
    "expand": lambda x, y: [x.expand(2, 3, 3), y.sum()],
    "slices": lambda x, y: [x[0], x[1:], y[:, None]],
    "identity of a chain": lambda x, y: [(x + 0.0).clone() + y],
    "matmul": lambda x, y: [x @ y],
    "split": lambda x, y: [*wg.split(x, 1), y],
}


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("retain", [False, True], ids=["leaves", "retained"])
def test_writing_into_a_gradient_changes_nothing_else(name, retain):
    x, y = leaf(3, 3), leaf(3, 3)
    kept = GRAPHS[name](x, y)
    tensors = [x, y, *(t for t in kept if not t.is_leaf)]
    if retain:
        for t in tensors:
            t.retain_grad()
    seeds = [wg.ones_like(t) for t in kept]
    wg.autograd.backward(kept, seeds)
    gradients = [t.grad for t in tensors if t.is_leaf or retain]
    others = [*tensors, *gradients, *seeds]
    for gradient in gradients:
        if gradient is None:
            continue
        before = [None if t is None else t.detach().numpy().copy() for t in others]
        gradient.mul_(0).add_(77)
        assert (gradient == 77).all()
        for t, value in zip(others, before, strict=True):
            if t is not None and t is not gradient:
                np.testing.assert_array_equal(t.detach().numpy(), value)


@pytest.mark.parametrize("name", GRAPHS)
def test_gradients_share_no_memory(name):
    x, y = leaf(3, 3), leaf(3, 3)
    kept = GRAPHS[name](x, y)
    given = [wg.ones_like(t) for t in kept]
    wg.autograd.backward(kept, given)
    arrays = [t.detach().numpy() for t in (x, y, x.grad, y.grad, *kept, *given) if t is not None]
    gradients = [t.grad.numpy() for t in (x, y)]
    for gradient, array in itertools.product(gradients, arrays):
        if array.ctypes.data != gradient.ctypes.data or array.shape != gradient.shape:
            assert not np.may_share_memory(gradient, array)
    assert not np.may_share_memory(*gradients)


def test_grad_is_one_object():
    x = leaf(3)
    x.sum().backward()
    assert x.grad is x.grad


@pytest.mark.parametrize("shape", [(3,), (2, 2)], ids=str)
def test_accumulation_is_in_place(shape):
    x = leaf(*shape)
    (x * 2).sum().backward()
    first, memory = x.grad, x.grad.data_ptr()
    (x * 3).sum().backward()
    assert x.grad is first
    assert x.grad.data_ptr() == memory
    assert (first == 5).all()


def test_an_assigned_gradient_accumulates_in_place():
    x = leaf(3)
    mine = wg.ones_like(x)
    x.grad = mine
    x.sum().backward()
    assert x.grad is mine
    assert mine.tolist() == [2, 2, 2]


def test_accumulation_under_create_graph_is_not_in_place():
    x = leaf(3)
    (x * x).sum().backward(create_graph=True)
    first = x.grad
    value = first.tolist()
    (x * 3).sum().backward(create_graph=True)
    assert x.grad is not first
    assert first.tolist() == value
    assert x.grad.requires_grad
    x.grad.sum().backward()


def test_what_grad_returns_is_the_callers():
    x, y = leaf(3), leaf(3)
    seed = wg.ones(3, dtype=wg.float64)
    first, second = wg.autograd.grad(x + y, (x, y), seed)
    first.zero_()
    assert second.tolist() == seed.tolist() == [1, 1, 1]
    assert x.grad is None
