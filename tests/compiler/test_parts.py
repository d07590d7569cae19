"""Values of which only parts are used are computed part by part."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from compiler.equal import bits
from compiler.programs import outputs_of
from wengert.compiler.rewrite import cut_apart, rewritten
from wengert.graphs.graph import Graph

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 8))
X[0, :3] = np.nan, np.inf, -0.0


def shapes(function, *arrays):
    """The shapes that sums and products are computed in; the results are the same to the bit."""
    args = [wg.from_numpy(a) for a in arrays]
    graph = Graph(rewritten(outputs_of(function, *args)))
    graph.verify()
    for mine, other in zip(wg.compile(function)(*args), function(*args), strict=True):
        assert bits(mine.numpy()) == bits(other.numpy())
    return [tuple(v.aval.shape) for v in graph.nodes if v.is_operation and v.op.name == "add"]


def test_what_is_used_in_parts_is_computed_in_parts():
    def function(x, row, column):
        a, b = (x + row + column).chunk(2, 1)
        return -a, b * 2

    assert shapes(function, X, X[1], X[:, :1]) == [(3, 4)] * 4


def test_along_another_axis_and_by_parts_of_it():
    def function(x):
        y = x + 1
        return -y[:1], y[2:] * 2

    assert shapes(function, X) == [(1, 8)] * 2


def test_numbers_and_other_dtypes():
    def function(x):
        a, b = wg.where(x > 0, x.float() + 0.5, 1).split([3, 5], 1)
        return -a, b * 2

    assert shapes(function, X) == [(3, 3), (3, 5)]


@pytest.mark.parametrize(
    "function",
    [
        lambda y: (-y[:, :5], y[:, 3:] * 2),  # what is in both would be computed twice
        lambda y: (-y[:, :4], y[:, 4:] * 2, y * 3),  # it is used whole, too
        lambda y: (y[:, :4].clone(), y[:, 4:].clone()),  # nothing is computed with the parts
        lambda y: (-y[:, ::2], y[:, 1::2] * 2),
        lambda y: (-y[:1], y[1:, :4] * 2),
        lambda y: [-part for part in y.reshape(24).split(1)],  # too many
    ],
)
def test_what_is_computed_whole(function):
    assert shapes(lambda x: function(x + 1), X) in ([(3, 8)], [(24,)])


def test_an_output_is_computed_whole():
    def function(x):
        y = x + 1
        return y, -y[:, :4]

    assert shapes(function, X) == [(3, 8)]


def test_a_long_chain_is_cut_at_its_end():
    def function(x):
        for _ in range(200):
            x = x + 1
        a, b = x.chunk(2, 1)
        return -a, -b

    found = shapes(function, X)

    assert 0 < found.count((3, 8)) < 200
    assert 0 < found.count((3, 4)) < 200


def test_cutting_twice_is_cutting_once():
    def function(x, row):
        a, b = (x + row).exp().chunk(2, 1)
        return (a * b).sum()

    once = rewritten(outputs_of(wg.func.grad(function), wg.from_numpy(X), wg.from_numpy(X[0])))

    assert len(Graph(cut_apart(once)).nodes) == len(Graph(once).nodes)
