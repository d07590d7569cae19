"""What bad questions get: an error that says what is wrong and what to do, never other numbers."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg

ROWS = []


def fails(error, *says):
    """Enter a question into the table: the exception it raises, fragments of the message."""

    def enter(question):
        ROWS.append(pytest.param(question, error, says, id=question.__name__))
        return question

    return enter


@pytest.mark.parametrize(("question", "error", "says"), ROWS)
def test_bad_questions(question, error, says):
    with pytest.raises(error) as caught:
        question()
    assert isinstance(caught.value, wg.WengertError)
    message = str(caught.value)
    for fragment in says:
        assert fragment in message
    assert "# here" in caught.value.site.source


def founding():
    a = wg.tensor([2.0], requires_grad=True)
    b = wg.tensor([1.0], requires_grad=True)
    c = a + b
    d = b + 1
    e = c * d
    return wg.graph(e)


def other():
    z = wg.tensor([2.0], requires_grad=True)
    y = z * 2
    return wg.graph(y)


@fails(KeyError, "no node named 'C'", "Known names: a, b, c, d, e")
def an_unknown_name():
    founding().derivative("e", "C")  # here


@fails(KeyError, "no node named 'loss2'", "Did you mean 'loss'?")
def a_name_that_is_nearly_right():
    loss = wg.tensor(1.0, requires_grad=True).sin()
    wg.graph(loss).paths("loss2", "loss")  # here


@fails(ValueError, "is not in this graph")
def a_node_of_another_graph():
    node = other()["z"]
    founding().derivative("e", node)  # here


@fails(ValueError, "b does not depend on e", "Did you mean derivative('e', 'b')?")
def a_derivative_asked_the_wrong_way_round():
    founding().derivative("b", "e")  # here


@fails(ValueError, "a path does: a -> c -> e", "derivative('e', 'a')")
def an_edge_that_is_no_edge():
    founding().edge("a", "e")  # here


@fails(ValueError, "2 edges lead from x to y", "slot=")
def an_edge_that_is_two():
    x = wg.tensor(3.0, requires_grad=True)
    y = x * x
    wg.graph(y).edge("x", "y")  # here


@fails(RuntimeError, "a was written since this graph was recorded, by add_", "Ask before the write")
def a_leaf_that_was_written_since():
    a = wg.tensor([2.0], requires_grad=True)
    y = a * a
    with wg.no_grad():
        a.add_(1.0)
    wg.graph(y).derivative("y", "a")  # here


@fails(RuntimeError, "was dropped by an earlier backward pass", "retain_graph=True")
def a_constant_that_is_gone():
    x = wg.ones(100, requires_grad=True)
    y = (x * wg.full((100,), 2.0)).sum()
    y.backward()
    wg.graph(y).derivative("y", "x")  # here


@fails(TypeError, "the graph has several outputs: y, z", "Say which one")
def an_output_that_is_not_said():
    x = wg.tensor(1.0, requires_grad=True)
    y, z = x.sin(), x.cos()
    wg.graph(y, z).derivative("x")  # here


@fails(RuntimeError, "has no history")
def a_graph_of_nothing():
    wg.graph(wg.ones(2))  # here


@fails(TypeError, "graph needs a tensor")
def no_output_at_all():
    wg.graph()  # here


@fails(ValueError, "")
def a_damaged_file():
    text = founding().to_json()
    wg.Graph.from_json(text[: len(text) // 2])  # here


@fails(ValueError, "")
def a_file_that_goes_in_a_circle():
    text = founding().to_json().replace('"inputs": [0, 1]', '"inputs": [4, 1]')
    wg.Graph.from_json(text)  # here


@fails(TypeError, "n is computed, not an input")
def a_result_replaced():
    x = wg.tensor(1.0, requires_grad=True)
    n = x * 2
    wg.graph(n.sin()).at(n=3.0)  # here


@fails(RuntimeError, "a has shape (1,)")
def a_value_of_another_shape():
    founding().at(a=[1.0, 2.0])  # here


@fails(ValueError, "only floats and complex numbers have derivatives")
def a_derivative_by_integers():
    n = wg.tensor([1, 2])
    y = wg.tensor([1.0, 2.0], requires_grad=True) * n
    wg.graph(y).derivative(y, n)  # here


def test_unconnected_nodes_have_derivative_zero():
    a, b = wg.tensor(2.0, requires_grad=True), wg.tensor(3.0, requires_grad=True)
    p, q = a.sin(), b.cos()
    y = p * q

    assert wg.graph(y).derivative("p", "b").item() == 0


def test_values_that_are_not_finite_are_answers():
    x = wg.tensor([0.0, 1.0], requires_grad=True)
    y = wg.log(x)
    z = y.sum()
    g = wg.graph(z)

    assert np.isinf(g.derivative("z", "x").numpy()[0])
    assert "not finite" in str(g.table())
    assert "inf" in g.draw(gradients=True).text()
    assert g.paths("x", "z").top(1)[0].size == np.inf
    assert "-inf" in str(g.explain("z", "y")) or g.explain("z", "y")


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"/><b>', "a\u202eb", "]]>", "&amp;"]
)
def test_hostile_names_are_text(name):
    x = wg.tensor([2.0, 3.0], requires_grad=True, name=name)
    with wg.scope("<i>"):
        y = x * x
    g = wg.graph(y)

    for text in (g.draw(derivatives=True).svg(), g.draw(collapse=True).svg()):
        assert "<script" not in text
        assert "<b>" not in text
        assert "<i>" not in text
        assert "\u202e" not in text
    assert "<script" not in g.explain("y", x).mathml()
    assert wg.Graph.from_json(g.to_json()).names() == g.names()
