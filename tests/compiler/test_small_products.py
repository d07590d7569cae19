"""Batches of small products become few large ones, with the same results."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from compiler.programs import outputs_of
from wengert.compiler.rewrite import rewritten
from wengert.graphs.graph import Graph

RNG = np.random.default_rng(0)


def drawn(*shape):
    return wg.from_numpy(RNG.standard_normal(shape))


def products(function, *args):
    """The shapes of the products that are left, and whether the results are the same."""
    graph = Graph(rewritten(outputs_of(function, *args)))
    graph.verify()
    mine, other = wg.compile(function)(*args), function(*args)
    assert mine.shape == other.shape
    np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-12, atol=1e-12)
    return [tuple(v.aval.shape) for v in graph.nodes if v.is_operation and v.op.name == "matmul"]


@pytest.mark.parametrize(
    ("x", "y", "found"),
    [
        ((4, 3), (7, 3, 1), [(7, 4)]),
        ((1, 4, 3), (7, 3, 1), [(7, 4)]),
        ((1, 5, 4, 3), (7, 5, 3, 1), [(5, 7, 4)]),
        ((5, 1, 4, 3), (5, 7, 3, 1), [(5, 7, 4)]),
        ((5, 4, 3), (7, 5, 3, 1), [(5, 7, 4)]),
        ((1, 5, 1, 4, 3), (2, 5, 7, 3, 1), [(5, 14, 4)]),
        ((7, 5, 1, 3), (5, 3, 4), [(5, 7, 4)]),
        ((7, 1, 3), (3, 4), [(7, 4)]),
        ((5, 4, 3), (7, 1, 3, 1), [(7, 20)]),
        ((2, 5, 4, 3), (7, 2, 1, 3, 1), [(2, 7, 20)]),
        ((7, 1, 1, 3), (5, 3, 4), [(7, 20)]),
    ],
)
def test_vectors_that_meet_one_matrix(x, y, found):
    assert products(lambda x, y: x @ y, drawn(*x), drawn(*y)) == found


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ((7, 4, 3), (7, 3, 1)), ((7, 4, 3), (1, 3, 1)),
        ((1, 4, 3), (7, 3, 2)), ((4, 3), (3, 1)),
    ],
)  # fmt: skip
def test_other_products_stay(x, y):
    shape = np.matmul(np.zeros(x), np.zeros(y)).shape

    assert products(lambda x, y: x @ y, drawn(*x), drawn(*y)) == [shape]


@pytest.mark.parametrize(
    ("dim", "keepdim", "found"),
    [(0, False, [(6, 4, 3)]), ((0, 1), True, [(4, 3)]), (1, False, [(5, 4, 3)]),
     ((-4,), True, [(6, 4, 3)])],
)  # fmt: skip
def test_columns_times_rows_are_added_up_by_the_product(dim, keepdim, found):
    x, y = drawn(5, 6, 4, 1), drawn(5, 6, 1, 3)

    assert products(lambda x, y: (x @ y).sum(dim, keepdim=keepdim), x, y) == found


@pytest.mark.parametrize(
    ("x", "y", "dim"),
    [
        ((5, 4, 2), (5, 2, 3), 0), ((5, 4, 1), (5, 1, 3), 1), ((5, 4, 1), (5, 1, 3), (0, 2)),
        ((5, 4, 1), (1, 1, 3), 0), ((5, 4, 1), (5, 1, 3), None),
    ],
)  # fmt: skip
def test_other_sums_of_products_stay(x, y, dim):
    assert products(lambda x, y: (x @ y).sum(dim), drawn(*x), drawn(*y)) == [(5, 4, 3)]


@pytest.mark.parametrize(
    ("x", "y", "dim", "found"),
    [
        ((9, 5, 4, 1), (9, 1, 1, 3), 0, [(20, 3)]), ((9, 1, 4, 1), (9, 5, 1, 3), 0, [(4, 15)]),
        ((9, 6, 1, 4, 1), (9, 6, 2, 1, 3), 0, [(6, 4, 6)]),
        ((9, 6, 2, 1, 4, 1), (9, 6, 1, 5, 1, 3), 1, [(9, 8, 15)]),
    ],
)  # fmt: skip
def test_columns_times_rows_of_which_one_repeats(x, y, dim, found):
    assert products(lambda x, y: (x @ y).sum(dim), drawn(*x), drawn(*y)) == found


def test_derivatives_of_a_batch_of_quadratic_forms():
    x, a = drawn(20, 3), drawn(4, 3, 3)

    def total(a, x):
        return ((a[None] @ x[:, None, :, None])[..., 0] ** 2).sum()

    assert products(wg.func.grad(total), a, x) == [(20, 12), (12, 3)]
    assert all(len(shape) < 4 for shape in products(wg.func.grad(total, 1), a, x))


def test_empty_products():
    products(lambda x, y: x @ y, drawn(1, 4, 3), drawn(0, 3, 1))
    products(lambda x, y: x @ y, drawn(1, 4, 0), drawn(5, 0, 1))
    products(lambda x, y: (x @ y).sum(0), drawn(0, 4, 1), drawn(0, 1, 3))
