"""Every question, asked of the founding computation; the answers in full."""

from __future__ import annotations

import pytest

import wengert as wg
from ask.founding import founding

EVERY_FORM = pytest.mark.parametrize(
    "g",
    [founding(zero_d=z, backward=b) for z in (False, True) for b in (False, True)],
    ids=["shape (1,)", "shape (1,), after backward", "0-d", "0-d, after backward"],
)


def lines(text: str) -> str:
    """A golden text as it is indented in a test."""
    import textwrap

    return textwrap.dedent(text).strip("\n")


@EVERY_FORM
def test_names_come_from_the_code(g):
    assert g.names() == ["a", "b", "c", "d", "e"]
    assert [v.expression for v in g.nodes] == ["input", "input", "a + b", "b + 1", "c * d"]


@EVERY_FORM
def test_values_and_derivatives(g):
    assert [v.value.item() for v in g.nodes] == [2, 1, 3, 2, 6]
    assert [g.derivative(name).item() for name in g.names()] == [2, 5, 2, 3, 1]
    assert g.derivative("e", "b").shape == ()
    assert g.derivative("c", "d").item() == 0


@EVERY_FORM
def test_edges_hold_the_partial_derivatives(g):
    found = {(e.producer.name, e.consumer.name): g.edge(e.producer, e.consumer) for e in g.edges}
    assert {ends: edge.derivative.item() for ends, edge in found.items()} == {
        ("a", "c"): 1, ("b", "c"): 1, ("b", "d"): 1, ("c", "e"): 2, ("d", "e"): 3,
    }  # fmt: skip
    edge = g.edge("c", "e")
    assert repr(edge) == "Edge(c -> e: ∂e/∂c = 2)"
    assert edge.derivative.shape == ()
    assert edge.norm == 2
    assert edge.vjp(3.0).item() == 6
    assert edge.jvp(3.0).item() == 6


@EVERY_FORM
def test_table(g):
    assert str(g.table()) == lines("""
        node   expression   value   gradient   measured
        a      input        2       2          2.000      ok
        b      input        1       5          5.000      ok
        c      a + b        3       2          2.000      ok
        d      b + 1        2       3          3.000      ok
        e      c * d        6       1          1.000      ok
    """)
    assert g.table()._repr_markdown_().splitlines()[:3] == [
        "| node | expression | value | gradient | measured |  |",
        "|---|---|---|---|---|---|",
        "| a | input | 2 | 2 | 2.000 | ok |",
    ]


@EVERY_FORM
def test_paths(g):
    paths = g.paths("b", "e")
    assert str(paths) == lines("""
        b -> c -> e: 1 * 2 = 2
        b -> d -> e: 1 * 3 = 3
        sum: 5
    """)
    assert paths.count() == len(paths) == 2
    assert paths.sum().item() == 5
    assert [path.value.item() for path in paths] == [2, 3]
    assert [node.name for node in next(iter(paths)).nodes] == ["b", "c", "e"]


@EVERY_FORM
def test_explain_by_paths(g):
    assert str(g.explain("e", "b")) == lines("""
        Two paths lead from b to e. Multiply along each, add them up:
          b -> c -> e    1 * 2 = 2
          b -> d -> e    1 * 3 = 3
          de/db = de/dc * dc/db + de/dd * dd/db = 2 * 1 + 3 * 1 = 5
        Measured: moving b by 0.01 moved e by 0.0501 (predicted 0.05).
    """)


@EVERY_FORM
def test_explain_by_speeds(g):
    assert str(g.explain("a")) == lines("""
        One path leads from a to e. Speeds: a at 1 -> c at 1 -> e at 2.
          c = a + b    moves at 1 * 1 = 1    slope 1 in each term: a sum passes its change on
          e = c * d    moves at 2 * 1 = 2    the slope in one factor is the other factor
          de/da = de/dc * dc/da = 2 * 1 = 2
        Measured: moving a by 0.01 moved e by 0.02 (predicted 0.02).
    """)


def test_explain_as_markdown():
    assert founding().explain("e", "b").markdown() == lines(r"""
        Two paths lead from b to e. Multiply along each, add them up:

        |  |  |
        |---|---|
        | b → c → e | 1 \* 2 = 2 |
        | b → d → e | 1 \* 3 = 3 |

        $$\frac{\partial e}{\partial b} = \frac{\partial e}{\partial c} \cdot \frac{\partial c}{\partial b} + \frac{\partial e}{\partial d} \cdot \frac{\partial d}{\partial b} = 2 \cdot 1 + 3 \cdot 1 = 5$$

        Measured: moving b by 0.01 moved e by 0.0501 (predicted 0.05).
    """)  # noqa: E501


def test_explain_as_latex():
    assert founding().explain("e", "b").latex() == lines(r"""
        Two paths lead from b to e. Multiply along each, add them up:

        \begin{tabular}{ll}
        b \(\to\) c \(\to\) e & 1 * 2 = 2 \\
        b \(\to\) d \(\to\) e & 1 * 3 = 3
        \end{tabular}

        \[ \frac{\partial e}{\partial b} = \frac{\partial e}{\partial c} \cdot \frac{\partial c}{\partial b} + \frac{\partial e}{\partial d} \cdot \frac{\partial d}{\partial b} = 2 \cdot 1 + 3 \cdot 1 = 5 \]

        Measured: moving b by 0.01 moved e by 0.0501 (predicted 0.05).
    """)  # noqa: E501


@EVERY_FORM
def test_nudge(g):
    assert str(g.nudge(b=0.01)) == lines("""
        node   expression   value   predicted   measured
        b      input        1       0.01        0.01
        c      a + b        3       0.01        0.01
        d      b + 1        2       0.01        0.01
        e      c * d        6       0.05        0.0501
    """)


@EVERY_FORM
def test_other_inputs(g):
    assert g(a=5.0, b=7.0).item() == 96
    assert g(b=7).item() == 72
    there = g.at(a=5.0, b=7.0)
    assert there["e"].value.item() == 96
    assert there.derivative("e", "a").item() == 8
    assert there.derivative("e", "b").item() == 20
    assert g["e"].value.item() == 6


@EVERY_FORM
def test_check(g):
    found = g.check()
    assert found
    assert str(found) == lines("""
        edge     in          derivative   measured
        a -> c   c = a + b   1            1          ok
        b -> c   c = a + b   1            1          ok
        b -> d   d = b + 1   1            1          ok
        c -> e   e = c * d   2            2          ok
        d -> e   e = c * d   3            3          ok
        all 5 local derivatives agree with finite differences
    """)


def test_listing():
    assert founding().listing() == lines("""
        a: float32[1] = input
        b: float32[1] = input
        c: float32[1] = add(a, b)
        d: float32[1] = add(b, 1)
        e: float32[1] = mul(c, d)
        return e
    """)


def test_gradients_are_shown_where_they_are_kept():
    assert founding(backward=False)["c"].grad is None
    g = founding()
    assert [v.grad.item() for v in g.nodes] == [2, 5, 2, 3, 1]
    assert repr(g["c"]).startswith("Node(c = a + b, value 3, grad 2, founding.py:")


def test_the_notebook_gets_picture_and_text():
    bundle = founding()._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml"}
    assert "∂e/∂c = 2" in bundle["text/plain"]
    assert str(founding()) == bundle["text/plain"]


def test_tensors_stand_for_their_names():
    x = wg.tensor(3.0, requires_grad=True)
    y = x * x
    g = wg.graph(y)
    assert g.derivative(y, x).item() == 6
    assert g.derivative(x).item() == 6
    assert g[y].name == "y"
    assert g[y.grad_fn].name == "y"
    assert x in g
    assert "z" not in g
