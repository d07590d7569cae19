"""Rewriting keeps graphs well formed, and every bit of the values."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from compiler.programs import operations, outputs_of
from wengert.compiler.rewrite import PASSES
from wengert.graphs.graph import Graph


def loss(x, w):
    h = (x @ w).tanh()
    unused = h.exp()
    del unused
    return (h * h + (x @ w).tanh() * 1 - 0).sum()


FUNCTIONS = [loss, wg.func.grad(loss), wg.func.hessian(lambda x, w: loss(x, w))]


@pytest.mark.parametrize("function", FUNCTIONS, ids=["loss", "grad", "hessian"])
@pytest.mark.parametrize("one", PASSES, ids=lambda one: one.__name__)
def test_every_pass_keeps_a_graph_well_formed(one, function):
    outputs = outputs_of(function, wg.ones(2, 3), wg.ones(3, 2))

    Graph(outputs).verify()
    Graph(one(outputs)).verify()


def test_repeats_and_dead_code_go():
    found = operations(loss, wg.ones(2, 3), wg.ones(3, 2))

    assert sorted(found) == ["add", "matmul", "mul", "sum", "tanh"]


@pytest.mark.parametrize(
    "function",
    [lambda x: x * 1, lambda x: 1.0 * x, lambda x: x / 1, lambda x: x - 0, lambda x: x + -0.0],
)
def test_neutral_numbers_go(function):
    assert operations(lambda x: -function(x), wg.ones(2)) == ["neg"]


@pytest.mark.parametrize(
    "function",
    [lambda x: x * 0, lambda x: x - x, lambda x: x / x, lambda x: x + 0, lambda x: 0 - x,
     lambda x: x - -0.0, lambda x: 1 / x, lambda x: x * -1],
)  # fmt: skip
def test_what_is_not_the_same_for_all_values_stays(function):
    special = wg.tensor([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0])

    assert len(operations(function, special)) == 1
    mine, other = wg.compile(function)(special).numpy(), function(special).numpy()
    np.testing.assert_array_equal(mine, other)
    known = ~np.isnan(other)
    np.testing.assert_array_equal(np.signbit(mine)[known], np.signbit(other)[known])


def test_what_is_expanded_for_an_operation_is_broadcast_by_it():
    x, row, point = wg.ones(2, 3), wg.ones(3), wg.tensor(2.0, dtype=wg.float64)

    assert operations(lambda x, row: x * row.expand(2, 3), x, row) == ["mul"]
    assert operations(lambda x, p: wg.where(x > 0, p.float().expand(2, 3), 0), x, point) == [
        "gt", "to", "where",
    ]  # fmt: skip
    assert "expand" in operations(lambda x, p: x * p.expand(2, 3), x, point)  # it is a float64 then
    assert "expand" in operations(lambda row: row.expand(2, 3) * 2, row)  # nothing else has rows


def test_a_number_that_changes_the_dtype_stays():
    assert operations(lambda x: x * 1.0, wg.tensor([1, 2])) == ["mul"]


def test_numbers_that_are_equal_but_differ():
    assert operations(lambda x: (x + 0.0) * (x + -0.0), wg.ones(2)) == ["add", "mul"]
    assert operations(lambda x: (x + 1) + (x + 1.0), wg.tensor([1, 2])) == ["add", "add", "add"]
