"""check: a wrong rule, and it alone, is named."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from planting import planted
from wengert.ask.check import check
from wengert.core.op import Op
from wengert.core.registry import OPS


def graph_with(op: Op) -> wg.Graph:
    x = wg.tensor([0.5, 1.0, 2.0], requires_grad=True)
    h = wg.exp(x)
    s = op(h)
    y = (s * h).sum()
    return wg.graph(y)


@pytest.mark.parametrize(
    "partial",
    [
        lambda x: np.cos(x) * 1.01,
        lambda x: -np.cos(x),
        lambda x: 0 * x,
        lambda x: x * np.nan,
        lambda out: out,
    ],
)
def test_a_wrong_rule_is_named(partial):
    g = graph_with(planted("sin", rules=(partial,)))
    found = g.check()
    assert not found
    assert [(e.producer.name, e.consumer.name) for e in found.wrong] == [("h", "s")]
    assert found.note.startswith("the rule is wrong in sin (input 0 of s) at test_check.py:")
    assert "s = op(h)" in found.note
    assert str(found).count("WRONG") == 1
    assert str(found).count("ok") == len(g.edges) - 1


def test_a_right_rule_is_not():
    assert graph_with(planted("sin", rules=(lambda x: np.cos(x),))).check()
    assert graph_with(OPS["sin"]).check()


def test_one_wrong_input_of_two():
    op = planted("mul", rules=(lambda y: y, lambda x: 2 * x))
    a, b = wg.tensor(2.0, requires_grad=True), wg.tensor(3.0, requires_grad=True)
    c = op(a, b)
    d = c * a
    found = wg.graph(d).check()
    assert [(e.consumer.name, e.slot) for e in found.wrong] == [("c", 1)]
    assert "mul (input 1 of c)" in found.note


def test_the_derivation_shows_the_rule_that_was_used():
    g = graph_with(planted("sin", rules=(lambda x: np.cos(x) * 2,)))
    assert "dy/dh = dy/ds * (cos(h) * 2) + dy/dv1 * s" in str(g.explain("y", "x"))
    assert "differs" in str(g.table())


def test_a_rule_that_is_right_at_float32_precision():
    x = wg.tensor(np.linspace(1e-3, 1e3, 50, dtype=np.float32), requires_grad=True)
    y = (wg.log(x) * wg.sqrt(x)).sum()
    assert wg.graph(y).check()


def test_a_kink_is_no_wrong_rule():
    x = wg.tensor([0.0, 1.0, -1.0], requires_grad=True)
    h = wg.relu(x)
    m = wg.maximum(h, wg.tensor([0.0, 0.5, 0.5]))
    y = m.sum()
    g = wg.graph(y)
    found = g.check()
    assert found
    assert "x -> h could not be checked: it bends there" in str(found)
    x = wg.tensor(0.0, requires_grad=True)
    h = wg.relu(x)
    assert [row[-1] for row in wg.graph(h).table().rows] == ["a kink", "ok"]


def test_a_steep_rule_is_no_kink():
    x = wg.tensor([1e-3, 2e-3], requires_grad=True)
    h = planted("log", rules=(lambda x: 2 / x,))(x)
    y = h.sum()
    assert not wg.graph(y).check()


def test_a_function_that_oscillates_within_a_step_is_not_wrong():
    x = wg.tensor([0.5, 1.0], dtype=wg.float64, requires_grad=True)
    h = x * 1e9
    y = h.sin()
    assert wg.graph(y).check()
    wrong = planted("sin", rules=(lambda x: np.cos(x) * 1.1,))(x * 1e9)
    assert not wg.graph(wrong).check()


def test_a_sum_with_a_large_number_is_not_wrong():
    x = wg.tensor([0.5, 1.0], dtype=wg.float64, requires_grad=True)
    y = x + 1e10
    assert wg.graph(y).check()
    wrong = planted("add", rules=(lambda: 1.01, lambda: 1.0))(x, 1e10)
    assert not wg.graph(wrong).check()


def test_a_tolerance_finds_smaller_errors():
    op = planted("sin", rules=(lambda x: np.cos(x) + 1e-5,))
    x = wg.tensor([0.5, 1.0], requires_grad=True)
    y = op(x)
    assert check(wg.graph(y))
    assert not check(wg.graph(y), tolerance=1e-6)


def test_small_errors_are_found_where_the_slope_is_known_exactly():
    op = planted("sin", rules=(lambda x: np.cos(x) + 1e-6,))
    x = wg.tensor([0.5, 1.0], dtype=wg.float64, requires_grad=True)
    assert not wg.graph(op(x)).check()
    assert wg.graph(wg.sin(x)).check()


def test_a_right_formula_that_loses_its_precision():
    # In float32 nothing is left of 1 - cos(x) at 1e-3; the same formula is right in double.
    op = planted("cos", rules=(lambda x: (1 - np.cos(x)) / (x / 2) * -1,))
    x = wg.tensor([1e-4, 2e-4], requires_grad=True)
    y = op(x) * 1e4
    found = wg.graph(y).check(tolerance=1e-6)

    assert not found
    assert found.wrong == []
    assert found.causes[0].what == "cos (input 0 of v1)"
    assert "the formula is right, and loses its precision in cos" in found.note


def test_a_wrong_formula_in_single_precision_is_wrong():
    assert graph_with(planted("sin", rules=(lambda x: np.cos(x) * 1.01,))).check().rounded == []
