"""Paths: ranked, counted and summed without going through them; parts of a derivative."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg

CHOICES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 9)), max_size=9)

STEPS = [
    lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a.sin(), lambda a, b: b - a,
    lambda a, b: a.tanh() * b,
]  # fmt: skip


def random_graph(choices, start):
    """A computation on numbers: each step takes two of the values so far."""
    values = [start, start * 0.5]
    for kind, i, j in choices:
        values.append(STEPS[kind](values[i % len(values)], values[j % len(values)]))
    return sum(values[2:], values[0] * values[1])


@settings(max_examples=60)
@given(CHOICES)
def test_the_largest_are_those_of_all(choices):
    x = wg.tensor(0.7, dtype=wg.float64, requires_grad=True)
    y = random_graph(choices, x)
    paths = wg.graph(y).paths(x, y)

    every = sorted((abs(path.value.item()) for path in paths), reverse=True)

    assert len(every) == paths.count()
    assert [row.size for row in paths.top(7)] == pytest.approx(every[:7])
    assert paths.flow() == pytest.approx(sum(every))
    assert sum(path.value.item() for path in paths) == pytest.approx(paths.sum().item())


@settings(max_examples=60)
@given(CHOICES, st.integers(0, 30))
def test_parts_add_up(choices, which):
    x = wg.tensor(0.7, dtype=wg.float64, requires_grad=True)
    y = random_graph(choices, x)
    graph = wg.graph(y)
    node = graph.nodes[which % len(graph)]
    whole = graph.derivative(y, x).item()

    through = [p.value.item() for p in graph.paths(x, y) if node in p.nodes]

    contribution = graph.contribution(node, y, x).item()
    assert contribution == pytest.approx(sum(through))
    assert contribution + graph.without(node).derivative(y, x).item() == pytest.approx(whole)
    if not node.is_constant:
        paths = graph.paths(x, y).through(node)
        assert paths.count() == len(through)
        assert paths.sum().item() == pytest.approx(sum(through))
        assert sorted(p.value.item() for p in paths) == pytest.approx(sorted(through))


def network():
    wg.manual_seed(0)
    x = wg.randn(4, requires_grad=True)
    stream = x
    for layer in range(3):
        with wg.scope(f"block{layer}"):
            with wg.scope("attention"):
                stream = stream + 0.3 * (stream * stream.softmax(0))
            with wg.scope("mlp"):
                stream = stream + 0.1 * wg.tanh(stream)
    loss = stream.square().sum()
    return x, loss


def test_what_the_residual_stream_owes_to_its_layers():
    _, loss = network()
    graph = wg.graph(loss)
    whole = graph.derivative("loss", "x").numpy()

    for scope in ("block1/attention", "block2"):
        part = graph.contribution(scope, "loss", "x").numpy()
        rest = graph.without(scope).derivative("loss", "x").numpy()
        assert np.allclose(part + rest, whole, atol=1e-6)


def test_the_stream_alone_remains_if_all_layers_are_cut():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    with wg.scope("layer"):
        branch = wg.tanh(x)
    y = (x + branch).sum()
    graph = wg.graph(y)

    remaining = graph.without("layer")

    assert remaining.derivative("y", "x").tolist() == [1.0, 1.0]
    assert remaining.derivative("x").tolist() == [1.0, 1.0]
    assert repr(remaining) == "the graph without scope layer"


def test_an_edge_is_cut():
    x = wg.tensor(3.0, requires_grad=True)
    y = x * x
    graph = wg.graph(y)

    cut = graph.without(graph.edge("x", "y", slot=0))

    assert cut.derivative("y", "x").item() == 3
    assert graph.contribution(graph.edge("x", "y", slot=1), "x").item() == 3


def test_an_unknown_part():
    _, loss = network()
    with pytest.raises(KeyError, match=r"Did you mean 'block1'"):
        wg.graph(loss).without("blok1")


def test_arrays_are_ranked_by_bounds_or_exactly():
    wg.manual_seed(1)
    W, x = wg.randn(3, 3, requires_grad=True), wg.randn(3)
    h = wg.tanh(W @ x)
    y = (h * h).sum() + h.sum()
    paths = wg.graph(y).paths("W", "y")

    bounds, exact = paths.top(3), paths.top(3, exact=True)

    assert all(row.is_bound for row in bounds)
    assert not any(row.is_bound for row in exact)
    assert "at most" in str(bounds)
    assert "norm" in str(exact)
    assert max(row.size for row in exact) <= bounds[0].size * (1 + 1e-6)
    norms = sorted((np.linalg.norm(p.value.numpy()) for p in paths), reverse=True)
    assert [row.size for row in exact] == pytest.approx(norms, rel=1e-5)


def test_what_was_left_out_is_counted():
    x = wg.tensor(2.0, requires_grad=True)
    y = x * x * x
    top = wg.graph(y).paths("x", "y").top(1)

    assert str(top).endswith("... and 2 more paths, each of them smaller")
    assert len(top[:5]) == len(top) == 1
    with pytest.raises(ValueError, match="0 is no number of paths"):
        wg.graph(y).paths("x", "y").top(0)


def test_more_paths_than_anybody_can_count():
    x = wg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(5_000):
        y = y * y
    paths = wg.graph(y).paths(x, y)

    assert paths.count() == 2**5_000
    assert paths.through(x).count() == 2**5_000
    assert "... and about 10^1505 more" in str(paths)
    assert "... and about 10^1505 more paths" in str(paths.top(1))
    assert [row.size for row in paths.top(3)] == [1.0, 1.0, 1.0]


def test_no_path():
    x, z = wg.tensor(1.0, requires_grad=True), wg.tensor(1.0, requires_grad=True)
    y = (x * 2) * (z * 3)
    graph = wg.graph(y)
    paths = graph.paths("x", "y").through("z")

    assert not paths
    assert paths.count() == 0
    assert paths.sum().item() == 0
    assert paths.flow() == 0
    assert len(paths.top()) == 0
