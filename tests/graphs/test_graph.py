"""Graph: structure, lookup, values, verification, size."""

from __future__ import annotations

import gc
import sys
import weakref

import numpy as np
import pytest

import wengert as wg
from wengert.core.node import Node
from wengert.errors import (
    ArgumentError,
    GradientError,
    GraphError,
    MissingValueError,
    StaleError,
    UnknownNameError,
)


def affine():
    """h = x @ W + b, large enough that backward() drops constants and values."""
    W = wg.tensor(np.linspace(-1, 1, 600).reshape(30, 20), requires_grad=True)
    x = wg.tensor(np.linspace(0, 1, 300).reshape(10, 30))
    h = wg.tanh(x @ W)
    loss = (h * h).sum()
    return W, x, loss


def chain(length):
    x = wg.tensor(1.0, requires_grad=True)
    h = x
    for _ in range(length):
        h = h * 0.5 + x
    return wg.graph(h)


# Structure


def test_x_times_x_has_two_edges():
    x = wg.tensor(3.0, requires_grad=True)
    y = x * x
    g = wg.graph(y)
    assert [(e.producer.name, e.consumer.name, e.slot) for e in g.edges] == [
        ("x", "y", 0), ("x", "y", 1),
    ]  # fmt: skip
    assert g["y"].inputs == (g["x"], g["x"])
    assert g["x"].consumers == (g["y"],)


def test_a_constant_stands_before_its_first_use():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    k = wg.tensor([4.0, 5.0])
    z = y + k
    w = z * k
    g = wg.graph(w)
    assert g.names() == ["x", "y", "k", "z", "w"]
    assert [v.name for v in g.inputs] == ["x"]
    assert [v.name for v in g.constants] == ["k"]
    assert [v.name for v in g.outputs] == ["w"]
    assert g["k"].consumers == (g["z"], g["w"])
    assert g["k"].expression == "constant"
    assert g[k] == g["k"]


def test_operands_are_vertices_and_numbers():
    x = wg.tensor(1.0, requires_grad=True)
    y = x + 2
    g = wg.graph(y)
    assert g["y"].operands == (g["x"], 2)
    assert g["x"].operands == ()
    assert g["y"].op.name == "add"
    assert g["x"].op is None


def test_the_node_behind_several_outputs_is_hidden():
    x = wg.tensor([3.0, 1.0, 2.0], requires_grad=True)
    values, places = wg.sort(x)
    low, high = values[0], values[2]
    spread = high - low
    g = wg.graph(spread)
    assert "places" not in g
    assert g["values"].expression.endswith("[0]")
    assert g["values"].output_index == 0
    assert g["values"].inputs == (g["x"],)
    assert len(g.order()) == len(g) + 1
    assert g.derivative("spread", "x").tolist() == [1, -1, 0]
    assert not places.requires_grad


def test_several_outputs():
    x = wg.tensor(2.0, requires_grad=True)
    y, z = x * 3, x * x
    g = wg.graph(y, z)
    assert [v.name for v in g.outputs] == ["y", "z"]
    assert g.derivative("z", "x").item() == 4
    assert [t.item() for t in g(x=3.0)] == [9, 9]
    with pytest.raises(ArgumentError, match="several outputs: y, z"):
        g.derivative("x")
    assert wg.graph([y, z]).names() == g.names()
    assert str(g.table()).endswith("the last of 2 outputs")


def test_a_leaf_alone_is_a_graph():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    g = wg.graph(x)
    assert g.names() == ["x"]
    assert g.derivative("x").tolist() == [[1, 0], [0, 1]]
    assert str(g.explain("x")) == "x moves exactly as itself: the derivative is 1."
    assert g.check()
    assert g(x=[3.0, 4.0]).tolist() == [3, 4]
    assert wg.Graph.from_json(g.to_json()).names() == ["x"]


def test_a_constant_that_later_requires_grad_stays_a_constant():
    k = wg.tensor(2.0)
    x = wg.tensor(3.0, requires_grad=True)
    y = x * k
    k.requires_grad_()
    z = y + k
    g = wg.graph(z)
    assert len(g.constants) == 1
    assert [v.is_input for v in g.nodes if v.key is k._node] == [True]
    assert g.derivative("z", "x").item() == 2


def test_graphs_that_share_parts():
    x = wg.tensor(2.0, requires_grad=True)
    s = x * x
    p, q = s + 1, s * 3
    first, second = wg.graph(p), wg.graph(q)
    assert first["s"] == second["s"]
    assert first[second["s"]].name == "s"
    with pytest.raises(GraphError, match="not in this graph"):
        first[q]


def test_walk_carries_values():
    x = wg.tensor(2.0, requires_grad=True)
    y = (x * 3 + 1) * x
    g = wg.graph(y)
    seen = []

    def visit(node: Node, operands: list) -> str:
        seen.append(node.op.name)
        return f"{node.op.name}({', '.join(map(str, operands))})"

    (text,) = g.walk({g["x"].key: "x"}, visit)
    assert seen == ["mul", "add", "mul"]
    assert text == "mul(add(mul(x, 3), 1), x)"


# Lookup


def test_nearest_names():
    g = chain(3)
    with pytest.raises(
        UnknownNameError, match=r"no node named 'hh'\n.*\n  Did you mean 'h"
    ) as error:
        g["hh"]
    assert "Known names" not in str(error.value)
    with pytest.raises(UnknownNameError, match=r"Known names: x, v1, h#1"):
        g["weights"]
    assert "h#1" in g._ipython_key_completions_()


def test_what_has_no_graph():
    x = wg.tensor(2.0, requires_grad=True)
    with pytest.raises(GradientError, match=r"computed from nothing that requires grad"):
        wg.graph(wg.tensor(1.0) * 2)
    cut = x.detach()
    with pytest.raises(GradientError, match=r"it was cut by detach at test_graph.py:\d+    cut ="):
        wg.graph(cut * 2)
    with pytest.raises(ArgumentError, match="int is no tensor and no function"):
        wg.graph(3)
    with pytest.raises(ArgumentError, match="needs a tensor, or a function"):
        wg.graph()


# Values: kept, computed again, or gone


def test_large_values_are_computed_again_after_backward():
    W, x, loss = affine()
    g = wg.graph(loss)
    h = g["h"].value.numpy()
    loss.backward()
    g = wg.graph(loss)
    assert g["h"].key.value is None
    np.testing.assert_array_equal(g["h"].value.numpy(), h)
    np.testing.assert_allclose(g.derivative("loss", "W").numpy(), W.grad.numpy(), rtol=1e-12)
    assert g.check()
    assert x is not None


def test_a_dropped_constant_is_named_with_the_line():
    _, x, loss = affine()
    loss.backward()
    del x
    g = wg.graph(loss)
    assert g["x"].is_constant
    assert g["x"].shape == (10, 30)
    assert "h = tanh(v1)" in str(g)
    with pytest.raises(MissingValueError) as error:
        g.derivative("loss", "W")
    assert "x, a constant float64[10, 30], was dropped by an earlier backward pass at " in str(
        error.value
    )
    assert "loss.backward()" in str(error.value)
    assert "graph.at(x=...)" in str(error.value)
    there = g.at(x=np.ones((10, 30)))
    assert there.derivative("loss", "W").shape == (30, 20)


def test_retain_graph_keeps_constants():
    _, x, loss = affine()
    loss.backward(retain_graph=True)
    del x
    assert wg.graph(loss).derivative("loss", "W").shape == (30, 20)


def test_a_leaf_written_since_is_not_answered_with_other_numbers():
    W, x, loss = affine()
    loss.backward()
    with wg.no_grad():
        W -= 0.1 * W.grad
    g = wg.graph(loss)
    with pytest.raises(StaleError) as error:
        g.derivative("loss", "W")
    assert "W was written since this graph was recorded, by sub_ at test_graph.py:" in str(
        error.value
    )
    assert "W -= 0.1 * W.grad" in str(error.value)
    assert g["loss"].value.item() == loss.item()
    assert repr(g["W"]).startswith("Node(W, float64[30, 20], grad")
    assert g(W=np.zeros((30, 20))).item() == 0
    x += 1
    with pytest.raises(StaleError, match="x was written since"):
        g(W=np.zeros((30, 20)))


def test_a_small_constant_written_since():
    x = wg.tensor(2.0, requires_grad=True)
    k = wg.tensor([3.0])
    y = x * k
    k += 1
    with pytest.raises(StaleError, match="k was written since"):
        wg.graph(y).derivative("y", "x")


def test_an_intermediate_overwritten_in_place_is_computed_again():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    y += 1
    g = wg.graph(y)
    assert g["y#1"].value.tolist() == [2, 4]
    assert g["y"].value.tolist() == [3, 5]


# Verification


def test_verify_accepts_what_was_recorded():
    _, _, loss = affine()
    g = wg.graph(loss)
    assert g.verify() is g
    assert g.at().verify()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda node: setattr(node, "_aval", wg.Aval((3,), np.dtype("float32"))), "mul gives"),
        (lambda node: setattr(node, "attrs", {"power": 2}), "mul has no attribute power"),
        (lambda node: setattr(node, "inputs", node.inputs[:1]), "mul takes 2 inputs, not 1"),
        (lambda node: setattr(node, "sequence", 0), "uses a value before it is made"),
    ],
)
def test_verify_finds_what_is_wrong(change, message):
    x = wg.ones(100, requires_grad=True)
    y = x * x
    change(y.grad_fn)
    with pytest.raises(GraphError, match=message):
        wg.graph(y).verify()


# Scale


def test_a_long_chain_without_recursion():
    length = 20_000
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        with wg.large_graph():
            g = chain(length)
            assert len(g) == 2 * length + 1
            assert g["h"].name == f"h#{length}"
            assert g.paths("x", "h").count() == length + 1
            assert g.verify()
            assert g.derivative("h", "x").item() == pytest.approx(2.0)
            assert g(x=2.0).item() == pytest.approx(4.0)
            assert "40001 nodes: 1 input, 0 constants, 40000 results" in str(g)
    finally:
        sys.setrecursionlimit(limit)


def test_a_graph_is_gone_at_once():
    g = chain(3)
    g.table(), g.explain("x"), g.check(), str(g), g.derivative("x"), g.names()
    node = weakref.ref(g["h#2"].key)
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        del g
        assert node() is None
    finally:
        if was_enabled:
            gc.enable()


def test_names_keep_nothing_else_alive():
    bystander = wg.tensor([1.0, 2.0])
    gone = weakref.ref(bystander)
    g = chain(2)
    del bystander
    assert gone() is None
    assert g.names()
