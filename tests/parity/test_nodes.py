"""grad_fn: names, next_functions, metadata, AccumulateGrad, by experiment."""

from __future__ import annotations

import pytest

from parity.scenario import leaf, raised, same_as_torch


@same_as_torch
def test_nodes(m):
    x = leaf(m, 1.0, 2.0)
    y = x * 2
    node = y.grad_fn
    node.metadata["mine"] = 1
    accumulate = node.next_functions[0][0]
    later = (y + 1).grad_fn
    return (
        isinstance(node, m.autograd.graph.Node),
        isinstance(accumulate, m.autograd.graph.Node),
        isinstance(3, m.autograd.graph.Node),
        y.grad_fn.metadata,
        accumulate.variable is x,
        accumulate.metadata,
        later._sequence_nr() > node._sequence_nr(),
        [list(meta.shape) for meta in node._input_metadata],
        node.requires_grad,
        [name in dir(node) for name in ("name", "next_functions", "register_hook", "variable")],
    )


FUNCTIONS = {
    "pow": lambda m, x, y: x**2,
    "pow of a number": lambda m, x, y: 2**x,
    "pow by a tensor": lambda m, x, y: x**y,
    "add a number": lambda m, x, y: x + 1,
    "mul by a constant": lambda m, x, y: m.ones(2) * x,
    "where": lambda m, x, y: m.where(x > 0, x, y),
    "where with a number": lambda m, x, y: m.where(x > 0, x, 0.0),
    "index": lambda m, x, y: x[m.tensor([0, 1])],
    "clamp": lambda m, x, y: x.clamp(0, 1),
    "gather": lambda m, x, y: x.gather(0, m.tensor([0])),
    "masked_fill": lambda m, x, y: x.masked_fill(x > 1, 0.0),
    "index_add": lambda m, x, y: x.index_add(0, m.tensor([0, 1]), y),
    "scatter": lambda m, x, y: x.scatter(0, m.tensor([0, 1]), y),
    "mse_loss": lambda m, x, y: m.nn.functional.mse_loss(x, m.ones(2)),
    "cat": lambda m, x, y: m.cat([x, m.ones(1), y]),
    "lerp": lambda m, x, y: m.lerp(x, y, 0.5),
    "remainder": lambda m, x, y: x % 2,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_next_functions(name):
    @same_as_torch
    def test(m):
        node = FUNCTIONS[name](m, leaf(m, 1.0, 2.0), leaf(m, 4.0, 0.5)).grad_fn
        return [source is not None for source, _ in node.next_functions]

    test()


@same_as_torch
def test_a_node_is_a_function(m):
    x, y = leaf(m, 1.0, 2.0), leaf(m, 3.0, 4.0)
    node = (x * y).grad_fn
    with m.no_grad():
        plain = node(m.ones(2))
    return (
        (x * 2).grad_fn(m.ones(2)),
        (x * y).grad_fn(m.tensor([1.0, 10.0])),
        plain,
        m.autograd.grad((x * x).grad_fn(m.ones(2))[0].sum(), x),
        x.neg().grad_fn(m.ones(2)),
        x.exp().grad_fn(None),
    )


@same_as_torch
def test_the_node_of_a_leaf_accumulates(m):
    x, seen = leaf(m, 1.0, 2.0), []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.clone()))
    node = (x * 2).grad_fn.next_functions[0][0]
    return node(m.ones(2)), node(m.ones(2)), x.grad, seen, node.next_functions


@same_as_torch
def test_nodes_called_wrongly(m):
    x = leaf(m, 1.0, 2.0)
    y = x * x
    y.sum().backward()
    node = (x * x).grad_fn
    return raised(lambda: y.grad_fn(m.ones(2))), isinstance(raised(lambda: node(3)), TypeError)


@same_as_torch
def test_a_dead_leaf_is_accumulated_into(m):
    def build():
        x = leaf(m, 1.0, 2.0)
        return x * 3

    y = build()
    y.sum().backward()
    return y.grad_fn.next_functions[0][0].variable.grad
