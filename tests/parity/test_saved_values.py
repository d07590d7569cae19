"""What a node saved for its backward pass, by experiment: `_saved_*` and `_raw_saved_*`."""

from __future__ import annotations

import pytest

from parity.scenario import leaf, raised, same_as_torch

SAVED = {
    "mul": (lambda m, x, y: x * y, ["self", "other"]),
    "mul by a number": (lambda m, x, y: x * 2, ["self", "other"]),
    "mul by a constant": (lambda m, x, y: x * m.ones(2), ["self", "other"]),
    "div": (lambda m, x, y: x / y, ["self", "other"]),
    "exp": (lambda m, x, y: x.exp(), ["result"]),
    "tanh": (lambda m, x, y: x.tanh(), ["result"]),
    "sigmoid": (lambda m, x, y: x.sigmoid(), ["result"]),
    "sqrt": (lambda m, x, y: x.sqrt(), ["result"]),
    "reciprocal": (lambda m, x, y: x.reciprocal(), ["result"]),
    "log": (lambda m, x, y: x.log(), ["self"]),
    "sin": (lambda m, x, y: x.sin(), ["self"]),
    "abs": (lambda m, x, y: x.abs(), ["self"]),
    "maximum": (lambda m, x, y: m.maximum(x, y), ["self", "other"]),
    "atan2": (lambda m, x, y: m.atan2(x, y), ["self", "other"]),
    "of an interior tensor": (lambda m, x, y: (x + 1).sin(), ["self"]),
}


@pytest.mark.parametrize("name", SAVED)
def test_saved_values(name):
    make, names = SAVED[name]

    @same_as_torch
    def test(m):
        node = make(m, leaf(m, 1.0, 2.0), leaf(m, 4.0, 0.5)).grad_fn
        listed = [f"_saved_{n}" in dir(node) for n in names]
        return [getattr(node, f"_saved_{n}") for n in names], listed

    test()


@same_as_torch
def test_saved_attributes(m):
    x = m.ones(2, 3, requires_grad=True)
    return x.softmax(0).grad_fn._saved_dim, x.cumsum(1).grad_fn._saved_dim


@same_as_torch
def test_saved_leaves_are_the_leaves(m):
    x = leaf(m, 1.0, 2.0)
    y = x.exp()
    return x.sin().grad_fn._saved_self is x, y.grad_fn._saved_result.grad_fn is y.grad_fn


@same_as_torch
def test_saved_values_are_freed(m):
    x = leaf(m, *map(float, range(100)))
    y = x * x
    node = y.grad_fn
    y.sum().backward()
    return raised(lambda: node._saved_self), hasattr(node, "_saved_nonsense")


@same_as_torch
def test_a_saved_value_that_was_overwritten(m):
    x = leaf(m, 1.0, 2.0)
    y = x * 1
    node = (y * y).grad_fn
    y.add_(1)
    return raised(lambda: node._saved_self)


@same_as_torch
def test_saved_values_are_differentiable(m):
    x = leaf(m, 1.0, 2.0)
    y = (x * 3).sin()
    return m.autograd.grad(y.grad_fn._saved_self.sum(), x)


@same_as_torch
def test_raw_saved_values_take_hooks(m):
    x = leaf(m, 1.0, 2.0)
    y = x.sin()
    raw = y.grad_fn._raw_saved_self
    raw.register_hooks(lambda t: t.detach() * 2, lambda t: t / 2)
    again = raised(lambda: y.grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t))
    y.sum().backward()
    return x.grad, again
