"""Derivations on pages and in index notation; ranks, costs and sensitivities."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

import wengert as wg
from ask.founding import founding
from wengert.ask.formula import Applied, Derivative, Equation, Name, Number, Over, Product, as_latex
from wengert.ask.mathml import as_mathml

GOLDEN = (
    "<p>Two paths lead from b to e. Multiply along each, add them up:</p>\n"
    "<table><tr><td>b → c → e</td><td>1 * 2 = 2</td></tr>"
    "<tr><td>b → d → e</td><td>1 * 3 = 3</td></tr></table>\n"
    '<math display="block"><mrow>'
    "<mfrac><mrow><mo>∂</mo><mi>e</mi></mrow><mrow><mo>∂</mo><mi>b</mi></mrow></mfrac>"
    "<mo>=</mo><mrow><mrow>"
    "<mfrac><mrow><mo>∂</mo><mi>e</mi></mrow><mrow><mo>∂</mo><mi>c</mi></mrow></mfrac><mo>⋅</mo>"
    "<mfrac><mrow><mo>∂</mo><mi>c</mi></mrow><mrow><mo>∂</mo><mi>b</mi></mrow></mfrac></mrow>"
    "<mo>+</mo><mrow>"
    "<mfrac><mrow><mo>∂</mo><mi>e</mi></mrow><mrow><mo>∂</mo><mi>d</mi></mrow></mfrac><mo>⋅</mo>"
    "<mfrac><mrow><mo>∂</mo><mi>d</mi></mrow><mrow><mo>∂</mo><mi>b</mi></mrow></mfrac></mrow></mrow>"
    "<mo>=</mo><mrow><mrow><mn>2</mn><mo>⋅</mo><mn>1</mn></mrow><mo>+</mo>"
    "<mrow><mn>3</mn><mo>⋅</mo><mn>1</mn></mrow></mrow><mo>=</mo><mn>5</mn></mrow></math>\n"
    "<p>Measured: moving b by 0.01 moved e by 0.0501 (predicted 0.05).</p>"
)


def test_the_founding_computation_on_a_page():
    assert founding().explain("e", "b").mathml() == GOLDEN


x = Name("x")


@pytest.mark.parametrize(
    "tree",
    [
        Equation((Derivative("L", "W", index="kj"), Over("i", Product((x, Name("y", "ik")))))),
        Applied("{} ** {}", "", 14, (Applied("{} + {}", "", 11, (x, x)), Number("2"))),
        Applied("{} / {}", "", 12, (x, Number("-1e-05"))),
        Applied("where({}, {}, 0)", "", 100, (x, Name("<b>&"))),
        Applied("{}.T", "", 100, (Name("h#2"),)),
        Product((Number("nan"), Number("-inf"), Number("-2"))),
    ],
)
def test_mathml_is_well_formed(tree):
    root = ElementTree.fromstring(as_mathml(tree))

    assert root.tag == "math"
    assert "<b>" not in "".join(root.itertext()).replace("<b>&", "")


def test_sums_in_latex():
    tree = Over("i", Product((Derivative("L", "z", index="ij"), Name("x", "ik"))))

    assert as_latex(tree) == r"\sum_{i} \frac{\partial L}{\partial z_{ij}} \cdot x_{ik}"


@pytest.mark.parametrize(
    ("shapes", "product", "line"),
    [
        (((4, 3), (3, 2)), lambda x, w: x @ w, "dy/dw[k,j] = sum_i dy/dz[i,j] * x[i,k]"),
        (((4, 3), (3,)), lambda x, w: x @ w, "dy/dw[k] = sum_i dy/dz[i] * x[i,k]"),
        (((5, 4, 3), (5, 3, 2)), lambda x, w: x @ w,
         "dy/dw[a,k,j] = sum_i dy/dz[a,i,j] * x[a,i,k]"),
        (((4, 3), (2, 3)), wg.nn.functional.linear, "dy/dw[j,k] = sum_i dy/dz[i,j] * x[i,k]"),
    ],
)  # fmt: skip
def test_products_element_by_element(shapes, product, line):
    wg.manual_seed(0)
    x, w = wg.randn(*shapes[0]), wg.randn(*shapes[1], requires_grad=True)
    z = product(x, w)
    y = z.sin().sum()

    assert line in str(wg.graph(y).explain("y", "w"))


def test_rank_and_condition():
    x = wg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = wg.tensor([[1.0, 0.0, 0.0], [0.0, 4.0, 0.0]]) @ x
    edge = wg.graph(y).edge("x", "y")

    assert edge.rank() == 2
    assert edge.condition() == pytest.approx(4)
    flat = wg.graph(x.relu() * 0).edges[0]
    assert flat.producer.name == "x"
    z = x * wg.tensor([1.0, 0.0, 0.0])
    assert wg.graph(z).edge("x", "z").condition() == np.inf


def test_cost():
    x, w = wg.randn(4, 3), wg.randn(3, 2, requires_grad=True)
    z = x @ w
    y = z.sum()
    graph = wg.graph(y)

    assert graph.cost("z", "w") == (24, 24 * 6, 24 * 8)
    assert graph.cost("y", "w").reverse == 24 + 8
    assert "reverse mode is cheaper" in str(graph.cost("w"))
    assert "each" in str(graph.cost("y", "y"))


def test_sensitivities():
    found = founding().sensitivities("b")

    assert [(row[0], row[-1]) for row in found.rows] == [
        ("b", "1"),
        ("c", "1"),
        ("d", "1"),
        ("e", "5"),
    ]
    n = wg.tensor([1, 2])
    y = wg.tensor([1.0, 2.0], requires_grad=True) * n
    with pytest.raises(wg.WengertError, match="only floats"):
        wg.graph(y).sensitivities(n)
