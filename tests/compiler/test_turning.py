"""Transposes of products are products of transposes, which nobody has to copy."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from compiler.programs import outputs_of
from wengert.compiler.rewrite import rewritten, turned
from wengert.graphs.graph import Graph

RNG = np.random.default_rng(0)


def drawn(*shape):
    return wg.from_numpy(RNG.standard_normal(shape))


def products(function, *args):
    """The shapes of the products, and the permutations; the results are the same."""
    graph = Graph(rewritten(outputs_of(function, *args)))
    graph.verify()
    mine, other = wg.compile(function)(*args), function(*args)
    np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-12, atol=1e-12)
    found = [v for v in graph.nodes if v.is_operation]
    return (
        [tuple(v.aval.shape) for v in found if v.op.name == "matmul"],
        [v.key.attrs["dims"] for v in found if v.op.name == "permute"],
    )


@pytest.mark.parametrize(
    ("dims", "shape", "left"),
    [
        ((0, 2, 1), (5, 4, 3), []), ((2, 0, 1), (5, 4, 3), [(1, 0, 2)]),
        ((2, 1, 0), (5, 4, 3), [(1, 2, 0)]), ((0, 1, 2), (5, 3, 4), []),
        ((1, 0, 2), (5, 3, 4), [(1, 0, 2)]), ((1, 2, 0), (5, 3, 4), [(1, 2, 0)]),
    ],
)  # fmt: skip
def test_a_product_is_made_as_it_is_read(dims, shape, left):
    found, permuted = products(lambda x, y: (x @ y).permute(dims), drawn(5, 3, 2), drawn(5, 2, 4))

    assert found == [shape]
    assert [d for d in permuted if d != (0, 2, 1)] == left


def test_factors_with_fewer_dimensions():
    assert products(lambda x, y: (x @ y).mT, drawn(5, 3, 2), drawn(2, 4))[0] == [(5, 4, 3)]
    assert products(lambda x, y: (x @ y).T, drawn(3, 2), drawn(2, 4))[0] == [(4, 3)]


def test_gradients_of_weights_that_are_used_transposed():
    function = wg.func.grad(lambda w, x: (x @ w.T).sin().sum())

    assert products(function, drawn(4, 3), drawn(5, 3))[0] == [(5, 4), (4, 3)]


def test_a_product_that_is_used_as_it_is_stays():
    assert products(lambda x, y: (x @ y).T @ (x @ y), drawn(3, 2), drawn(2, 4))[0][0] == (3, 4)
    assert products(lambda x, y: (x @ y.T) * 1 + 0.5, drawn(3, 2), drawn(4, 2))[0] == [(3, 4)]


def test_a_product_with_a_vector_stays():
    assert products(lambda x, y: (x @ y).T, drawn(5, 3, 2), drawn(2))[0] == [(5, 3)]


def test_turning_twice_is_turning_once():
    once = rewritten(outputs_of(lambda x, y: (x @ y).T.exp(), drawn(3, 2), drawn(2, 4)))

    assert len(Graph(turned(once)).nodes) == len(Graph(once).nodes)
