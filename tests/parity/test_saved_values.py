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
    "mm": (lambda m, x, y: x[None].mm(y[:, None]), ["self", "mat2"]),
    "mv": (lambda m, x, y: x[None].mv(y), ["self", "vec"]),
    "dot": (lambda m, x, y: x.dot(y), ["self", "tensor"]),
    "matmul": (lambda m, x, y: x[None] @ y[:, None], ["self", "mat2"]),
    "pow": (lambda m, x, y: x**y, ["self", "exponent", "result"]),
    "sort": (lambda m, x, y: x.sort()[0], ["indices"]),
    "aminmax": (lambda m, x, y: x.aminmax()[0], ["self", "min", "max"]),
    "mse_loss": (lambda m, x, y: m.nn.functional.mse_loss(x, y), ["self", "target"]),
    "index by one tensor": (lambda m, x, y: x[m.tensor([1, 1])], ["indices"]),
    "gather": (lambda m, x, y: x.gather(0, m.tensor([1])), ["index"]),
    "left out": (lambda m, x, y: m.nn.functional.binary_cross_entropy(x / 9, y / 9), ["weight"]),
    "of a promoted tensor": (lambda m, x, y: x * y.double(), ["self", "other"]),
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


@same_as_torch
def test_a_node_lists_what_it_saved_and_nothing_else(m):
    x = leaf(m, 1.0, 2.0)
    return [
        [name for name in dir(y.grad_fn) if name.startswith(("_raw_saved", "_saved"))]
        for y in (x.sin(), x.exp(), x.neg())
    ]


@same_as_torch
def test_raw_saved_values(m):
    x = leaf(m, 1.0, 2.0)
    raw = x.sin().grad_fn._raw_saved_self
    return raw.data, raw.unpack(), raw.data is x, type(raw).__name__
