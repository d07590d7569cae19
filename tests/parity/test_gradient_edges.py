"""backward and grad from and to gradient edges, by experiment."""

from __future__ import annotations

import pytest

import wengert as wg
from parity.scenario import leaf, raised, same_as_torch


@same_as_torch
def test_gradients_to_and_from_edges(m):
    x = leaf(m, 1.0, 2.0)
    y = x * 3
    z = (y * y).sum()
    edge = m.autograd.graph.get_gradient_edge
    return (
        m.autograd.grad(z, edge(y), retain_graph=True),
        m.autograd.grad(z, [edge(x), y], retain_graph=True),
        m.autograd.grad(edge(z), x, retain_graph=True),
        m.autograd.grad(edge(y), x, grad_outputs=m.tensor([1.0, 10.0]), retain_graph=True),
        raised(lambda: m.autograd.grad(edge(y), x)),
        edge(x).node.name().endswith("AccumulateGrad"),
        edge(y).node is y.grad_fn,
        edge(y).output_nr,
    )


@same_as_torch
def test_backward_from_and_to_edges(m):
    x, w = leaf(m, 1.0, 2.0), leaf(m, 5.0, 6.0)
    y = x * w
    edge = m.autograd.graph.get_gradient_edge
    m.autograd.backward(edge(y), grad_tensors=m.ones(2), retain_graph=True)
    first = x.grad.clone(), w.grad.clone()
    m.autograd.backward(y.sum(), inputs=[edge(x)], retain_graph=True)
    y.sum().backward(inputs=edge(w))
    return first, x.grad, w.grad


@same_as_torch
def test_edges_of_several_outputs(m):
    x = leaf(m, 1.0, 5.0, 3.0)
    values, places = m.topk(x, 2)
    edge = m.autograd.graph.get_gradient_edge(values)
    loss = (values * values).sum()
    del values
    return (
        m.autograd.grad(loss, edge, retain_graph=True),
        m.autograd.grad(edge, x, grad_outputs=m.ones(2)),
        edge.output_nr,
        places,
    )


@same_as_torch
def test_edges_from_next_functions(m):
    x = leaf(m, 1.0, 2.0)
    y = (x * 3).exp()
    loss = (y * y).sum()
    edge = m.autograd.graph.GradientEdge(*y.grad_fn.next_functions[0])
    return m.autograd.grad(edge, x, m.ones(2), retain_graph=True), edge.node.name(), loss.shape


@same_as_torch
def test_edges_and_their_options(m):
    x, unused = leaf(m, 1.0, 2.0), leaf(m, 1.0, 2.0) * 2
    y, edge = x * 2, m.autograd.graph.get_gradient_edge
    (first,) = m.autograd.grad((y**3).sum(), edge(y), create_graph=True)
    loss = (y * 5).sum()
    return (
        m.autograd.grad(first.sum(), x, retain_graph=True),
        m.autograd.grad(y, edge(x), m.eye(2), is_grads_batched=True, retain_graph=True),
        raised(lambda: m.autograd.grad(loss, edge(unused), retain_graph=True)),
        m.autograd.grad(loss, [edge(unused)], allow_unused=True, retain_graph=True),
        raised(lambda: m.autograd.backward(edge(y), m.ones(3))),
        raised(lambda: m.autograd.backward(edge(y))),
    )


@same_as_torch
def test_an_edge_stays_with_the_value_before_an_in_place_change(m):
    x = leaf(m, 1.0, 2.0)
    y = x * 2
    edge = m.autograd.graph.get_gradient_edge(y)
    y.mul_(3)
    return m.autograd.grad(y.sum(), edge)


@same_as_torch
def test_edges_are_values(m):
    y = leaf(m, 1.0) * 2
    edge = m.autograd.graph.get_gradient_edge
    return edge(y) == edge(y), hash(edge(y)) == hash(edge(y)), len(edge(y)), edge(y)._fields


def test_edges_that_do_not_exist():
    """torch ends the process."""
    y = leaf(wg, 1.0) * 2
    edge = wg.autograd.graph.GradientEdge
    with pytest.raises(TypeError, match="needs a node, not int"):
        wg.autograd.grad(y.sum(), edge(3, 0))
    with pytest.raises(IndexError, match="there is no output 5"):
        wg.autograd.grad(y.sum(), edge(y.grad_fn, 5))


@same_as_torch
def test_what_has_no_edge(m):
    return raised(lambda: m.autograd.graph.get_gradient_edge(3))


@same_as_torch
def test_there_is_no_edge_without_a_gradient(m):
    return raised(lambda: m.autograd.graph.get_gradient_edge(m.ones(1)))
