"""How questions are meant, and what is said to those that make no sense."""

from __future__ import annotations

import pytest

import wengert as wg
from ask.founding import founding
from wengert.core.op import Op
from wengert.errors import ArgumentError, GraphError, UnknownNameError


def square():
    x = wg.tensor(3.0, requires_grad=True)
    y = x * x
    return wg.graph(y)


def test_parallel_edges_want_a_slot():
    g = square()
    with pytest.raises(GraphError, match="2 edges lead from x to y") as error:
        g.edge("x", "y")
    assert "Say which with slot=; they are 0, 1." in str(error.value)
    assert [g.edge("x", "y", slot=i).derivative.item() for i in (0, 1)] == [3, 3]
    with pytest.raises(GraphError, match="no edge leads from x into input 2 of y"):
        g.edge("x", "y", slot=2)


def test_parallel_edges_are_two_paths():
    g = square()
    assert str(g.paths("x", "y")) == "x -> y (input 0): 3\nx -> y (input 1): 3\nsum: 6"
    assert "dy/dx = dy/dx|0 + dy/dx|1 = 3 + 3 = 6" in str(g.explain("y", "x"))
    assert r"\left.\frac{\partial y}{\partial x}\right|_{1}" in g.explain("y", "x").latex()


def test_the_way_from_a_node_to_itself():
    g = square()
    (path,) = g.paths("y", "y")
    assert str(path) == "y: 1"
    assert g.paths("y", "y").count() == 1
    assert g.derivative("y", "y").item() == 1


def test_no_path_is_derivative_zero():
    g = founding()
    assert g.derivative("d", "a").item() == 0
    assert g.paths("a", "d").count() == 0
    assert list(g.paths("a", "d")) == []
    assert str(g.paths("a", "d")) == "no path leads from a to d"
    assert str(g.explain("d", "a")) == "No path leads from a to d: the derivative is 0."


@pytest.mark.parametrize(
    ("ask", "suggestion"),
    [
        (lambda g: g.derivative("b", "e"), "derivative('e', 'b')"),
        (lambda g: g.explain("b", "e"), "explain('e', 'b')"),
        (lambda g: g.paths("e", "b"), "paths('b', 'e')"),
    ],
)
def test_the_wrong_way_round(ask, suggestion):
    with pytest.raises(GraphError, match="b does not depend on e; e depends on b") as error:
        ask(founding())
    assert f"Did you mean {suggestion}?" in str(error.value)


def test_an_edge_the_wrong_way_round():
    with pytest.raises(GraphError, match="the edge leads from c to e") as error:
        founding().edge("e", "c")
    assert "edge('c', 'e')" in str(error.value)


def test_an_edge_that_is_none_shows_the_path():
    with pytest.raises(GraphError, match="but a path does: b -> d -> e") as error:
        founding().edge("b", "e")
    assert "derivative('e', 'b') multiplies along all paths" in str(error.value)
    with pytest.raises(GraphError, match=r"^d does not depend on a"):
        founding().edge("a", "d")


def test_unknown_names_everywhere():
    g = founding()
    for ask in (g.derivative, g.explain, g.paths, lambda name: g.edge(name, "e"), g.why):
        with pytest.raises(UnknownNameError, match="no node named 'f'"):
            ask("f")
    for ask in (g.nudge, g, g.at):
        with pytest.raises(UnknownNameError, match="no node named 'f'"):
            ask(f=1.0)


def test_a_nudge_needs_a_step():
    with pytest.raises(ArgumentError, match="needs a node and a step"):
        founding().nudge()


def test_moves_add_up():
    g = founding()
    table = g.nudge(b=0.1, c=0.2)
    assert [row[0] for row in table.rows] == ["b", "c", "d", "e"]
    assert {row[0]: row[3] for row in table.rows} == {
        "b": "0.1", "c": "0.3", "d": "0.1", "e": "0.9",
    }  # fmt: skip
    assert table.rows[-1][4] == "0.93"  # 3.3 * 2.1 - 6


def test_parts_are_named_in_markdown_safely():
    x = wg.tensor(2.0, requires_grad=True)
    y = x * x
    g = wg.graph(y, **{"<b>|*x*|</b>": x})
    markdown = g.table()._repr_markdown_() + g.explain(x).markdown()
    assert "<b>" not in markdown
    assert r"\|\*x\*\|" in markdown
    assert "<b>" not in g.draw(derivatives=True).svg()
    assert "&lt;b&gt;" in g.draw().svg()


def test_the_graph_of_derivatives():
    x = wg.tensor(3.0, requires_grad=True)
    y = x**3
    (d,) = wg.autograd.grad(y, x, create_graph=True)
    g = wg.graph(d)
    assert g.verify()
    assert g["d"].value.item() == 27
    assert g.derivative("x").item() == 18
    assert g.check()


def test_a_path_is_highlighted():
    g = founding()
    picture = g.draw(paths=("b", "e"))
    links = [(link.source, link.target) for link in picture.scene.links if link.highlighted]
    assert links == [(1, 2), (1, 3), (2, 4), (3, 4)]
    with pytest.raises(GraphError, match=r"Did you mean draw\(paths=\('b', 'e'\)\)"):
        g.draw(paths=("e", "b"))


def test_a_number_of_paths_that_len_cannot_tell():
    x = wg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100):
        y = y + y
    paths = wg.graph(y).paths(x, y)
    assert paths
    assert paths.count() == 2**100
    assert f"... and {2**100 - 20} more" in str(paths)


def test_a_rule_that_fails_is_named():
    def fails(ct):
        raise ValueError("no such thing")

    op = Op("faulty", "general", lambda x: x * 2, (fails,), inputs=("x",))
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    y = op(x)
    g = wg.graph(y)
    with pytest.raises(GraphError, match=r"derivative of y = faulty.* cannot be computed"):
        g.derivative("y", "x")
    assert "x -> y could not be checked: the derivative of y" in str(g.check())


def test_an_operation_that_fails_at_other_inputs_is_named():
    def picky(x):
        if x.sum() > 100:
            raise ValueError("too large")
        return x[x < 10]

    op = Op("picky", "general", picky, (lambda ct: ct,), inputs=("x",))
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    y = op(x)
    g = wg.graph(y)
    with pytest.raises(GraphError, match="picky cannot be computed: too large"):
        g(x=1000.0)
    with pytest.raises(GraphError, match=r"picky gives float32\[1\] here, and .* float32\[2\]"):
        g(x=[1.0, 20.0])
