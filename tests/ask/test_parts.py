"""Parts of a graph: selected nodes, subgraphs, other people's formats."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.errors import GraphError, UnknownNameError


@pytest.fixture
def g():
    x = wg.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], requires_grad=True)
    W = wg.ones(3, 2, requires_grad=True)
    with wg.scope("encoder"):
        h = wg.tanh(x @ W)
        with wg.scope("norm"):
            n = h / h.sum()
    loss = (n * n).sum() + h.mean()
    return wg.graph(loss)


def names(vertices):
    return [vertex.name for vertex in vertices]


def test_select_by_operation_scope_name_and_shape(g):
    assert names(g.select(op="tanh")) == ["h"]
    assert names(g.select(op="div", scope="encoder")) == ["n"]
    assert names(g.select(scope="encoder/norm", shape=(2, 2))) == ["n"]
    assert names(g.select(name="?", shape=(None, 3))) == ["x"]
    assert names(g.select(where=lambda v: v.is_input)) == ["x", "W"]
    assert g.select(scope="norm") == []
    with pytest.raises(TypeError, match="shape is a tuple"):
        g.select(shape=3)


def test_producers_and_consumers(g):
    assert names(g["h"].consumers)[-1] == "v5"
    assert names(g["n"].producers) == ["h", "v2"]


def test_a_scope_as_a_graph(g):
    part = g.subgraph("encoder")

    assert names(part.inputs) == ["x", "W"]
    assert names(part.outputs) == ["h", "n"]
    assert np.allclose(part["n"].value.numpy(), g["n"].value.numpy())
    assert part["n"].scope == "encoder/norm"
    part.verify()


def test_what_lies_between_two_nodes(g):
    part = g.subgraph("h", "n")

    assert names(part.inputs) == ["h"]
    assert names(part) == ["h", "v2", "n"]
    assert part.derivative("n", "h").shape == (2, 2, 2, 2)
    assert np.allclose(part.derivative("n", "h").numpy(), g.derivative("n", "h").numpy())


def test_no_way_and_no_scope(g):
    with pytest.raises(GraphError, match="x is not computed from n"):
        g.subgraph("n", "x")
    with pytest.raises(UnknownNameError, match="Did you mean 'encoder'"):
        g.subgraph("enkoder")


def test_several_outputs_stay_together():
    x = wg.tensor([3.0, 1.0, 2.0], requires_grad=True)
    with wg.scope("sorting"):
        ordered, _ = x.sort()
    y = ordered[0] * 2

    part = wg.graph(y).subgraph("sorting")

    assert part["ordered"].value.tolist() == [1.0, 2.0, 3.0]


def test_values_that_are_gone_leave_the_structure():
    x = wg.ones(1000, requires_grad=True)
    h = wg.tanh(x * wg.full((1000,), 2.0))
    y = (h * h).sum()
    y.backward()

    part = wg.graph(y).subgraph("h", "y")

    assert part.paths("h", "y").count() == 2


def test_networkx(g):
    networkx = pytest.importorskip("networkx")

    made = g.to_networkx()

    assert networkx.is_directed_acyclic_graph(made)
    assert made.nodes["n"]["op"] == "div"
    assert made.nodes["n"]["scope"] == "encoder/norm"
    assert made.number_of_edges() == len(g.edges)
    square = wg.tensor(3.0, requires_grad=True)
    y = square * square
    assert sorted(wg.graph(y).to_networkx()["square"]["y"]) == [0, 1]
