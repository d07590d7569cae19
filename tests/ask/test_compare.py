"""compare: two graphs that should be the same, and where they are not."""

from __future__ import annotations

import random

import pytest

import wengert as wg
from wengert.ask.matching import common_subsequence


def leaf():
    return wg.tensor([0.1, 0.2, 0.3], requires_grad=True)


def kinds(comparison):
    return [difference.kind for difference in comparison.differences]


def model(x, scale=2.0):
    h = wg.tanh(x * scale)
    return (h * h).sum()


def test_two_runs_are_equal():
    found = wg.graph(model(leaf())).compare(wg.graph(model(leaf())))

    assert found
    assert not found.causes
    assert "equal: 5 nodes match" in str(found)


def test_other_names_and_another_order_are_the_same_graph():
    x = leaf()
    first, second = wg.sin(x), wg.cos(x)
    a = (first * second).sum()
    other, one = wg.cos(x), wg.sin(x)
    b = (one * other).sum()

    assert wg.graph(a).compare(wg.graph(b))


def test_a_changed_number():
    x = leaf()

    found = wg.graph(model(x)).compare(wg.graph(model(x, scale=3.0)))

    assert kinds(found) == ["changed"]
    assert "x * 2  ->" in str(found)
    assert found.values.theirs.op.name == "mul"


def test_a_changed_attribute():
    x = wg.ones(2, 3, requires_grad=True)

    found = wg.graph(x.sum(0).exp()).compare(wg.graph(x.sum(1).exp()))

    assert kinds(found) == ["changed"]
    assert found.causes[0].what == "changed: sum"


def test_exchanged_operands():
    x, y = leaf(), leaf()

    found = wg.graph(x - y, x=x, y=y).compare(wg.graph(y - x, x=x, y=y))

    assert kinds(found) == ["rewired"]


def test_a_step_in_between():
    x = leaf()

    found = wg.graph(x.exp().sum()).compare(wg.graph(x.exp().relu().sum()))

    assert kinds(found) == ["inserted"]
    assert found.differences[0].theirs.op.name == "relu"
    assert kinds(wg.graph(x.exp().relu().sum()).compare(wg.graph(x.exp().sum()))) == ["removed"]


def test_another_operation_in_the_same_place():
    x = leaf()

    found = wg.graph(x.exp().sum()).compare(wg.graph(x.sin().sum()))

    assert kinds(found) == ["replaced"]
    assert "test_compare.py" in str(found)


def test_steps_that_changed_places():
    x = leaf()

    found = wg.graph(x.exp().sin().sum()).compare(wg.graph(x.sin().exp().sum()))

    assert "moved" in kinds(found)
    assert "inserted" not in kinds(found)


def test_values_diverge_where_the_inputs_do():
    x, mask = leaf(), wg.tensor([1.0, 0.0, 1.0])
    other = wg.tensor([1.0, 1.0, 1.0])

    found = wg.graph((x * mask).sum()).compare(wg.graph((x * other).sum()))

    assert kinds(found) == []
    assert found.values.theirs.is_constant
    assert found.values.site is not None


def test_tolerances():
    x = leaf()
    graph, other = wg.graph((x * 2.0).sum()), wg.graph((x * 2.0 * 1.0001).sum())

    assert graph.compare(other).values is not None
    assert graph.compare(other, rtol=1e-2).values is None


def test_nan_equals_nan():
    x = wg.tensor([-1.0], requires_grad=True)

    assert wg.graph(wg.sqrt(x)).compare(wg.graph(wg.sqrt(x))).values is None


@pytest.mark.parametrize("edit", ["inserted", "changed", "replaced"])
def test_one_edit_among_ten_thousand_steps(edit):
    def chain(edited):
        h = leaf()
        for k in range(10_000):
            h = h * 1.5 if edited and edit == "changed" and k == 6_006 else h
            h = wg.sin(h) if edited and edit == "replaced" and k == 6_007 else wg.cos(h)
            h = h + 0.5 if edited and edit == "inserted" and k == 6_008 else h
        return h.sum()

    found = wg.graph(chain(False)).compare(wg.graph(chain(True)))

    assert kinds(found) == ["inserted" if edit == "changed" else edit]


def test_two_edits_far_apart():
    def chain(edited):
        h = leaf()
        for k in range(3_000):
            h = wg.cos(h) if edited and k in (500, 2_500) else wg.sin(h)
        return h.sum()

    found = wg.graph(chain(False)).compare(wg.graph(chain(True)))

    assert len(found.matched) == 3_000
    assert {d.theirs.op.name for d in found.differences if d.theirs is not None} == {"cos"}


def test_graphs_without_anything_in_common():
    x = leaf()

    found = wg.graph(x.sin().sum()).compare(wg.graph(wg.tensor(2.0, requires_grad=True).exp()))

    assert not found


def test_what_is_gone_is_said():
    x, large = wg.ones(100, requires_grad=True), wg.ones(100)
    y = ((x * large) * large).sum()
    del large
    y.backward()

    found = wg.graph(y).compare(wg.graph(y))

    assert not found.differences
    assert "values were not compared" in str(found)


def test_only_graphs_are_compared():
    with pytest.raises(TypeError, match="takes a graph, not a Tensor"):
        wg.graph(model(leaf())).compare(leaf())


def test_the_common_part_is_the_longest():
    def longest(a, b):
        table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(
                    table[i][j + 1], table[i + 1][j]
                )  # fmt: skip
        return table[-1][-1]

    draw = random.Random(0)
    for _ in range(300):
        a, b = ([draw.choice("abc") for _ in range(draw.randint(0, 9))] for _ in "ab")
        pairs = common_subsequence(a, b)
        assert all(a[i] == b[j] for i, j in pairs)
        assert pairs == sorted(pairs)
        assert len(pairs) == longest(a, b)
