"""Indices that are known while compiling and evenly spaced become parts; others stay indices."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from compiler.equal import assert_same
from compiler.programs import operations
from wengert.ops.bounds import OutOfBoundsError

F = wg.nn.functional
X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
X[1, 2] = -0.0

PARTS = {
    "the first rows": lambda x: F.embedding(wg.arange(3), x),
    "backwards": lambda x: x[wg.tensor([4, 2, 0])],
    "from the end": lambda x: x[:, [-2, -1]],
    "a list": lambda x: x[[0, 2, 4]],
    "one": lambda x: x.index_select(1, wg.tensor([2])),
    "one by a number": lambda x: x[:, wg.tensor(-1)],
    "all": lambda x: x[wg.arange(5)],
}
LOOKUPS = {
    "in no order": lambda x: x[wg.tensor([0, 1, 3])],
    "twice": lambda x: x[wg.tensor([2, 2])],
    "a matrix": lambda x: x[wg.tensor([[0, 1], [2, 3]])],
    "two": lambda x: x[wg.arange(2), wg.arange(2)],
}


def slope(function):
    return wg.func.grad(lambda x: (function(x) * x[:1, :1]).sum())


@pytest.mark.parametrize("name", PARTS)
def test_parts(name):
    x, function = wg.tensor(X), PARTS[name]

    assert not {"index", "index_select"} & set(operations(function, x))
    assert not {"index_put", "index_add"} & set(operations(slope(function), x))
    assert_same([wg.compile(function)(x)], [function(x)])
    np.testing.assert_allclose(
        wg.compile(slope(function))(x).numpy(), slope(function)(x).numpy(), rtol=1e-5
    )


@pytest.mark.parametrize("name", LOOKUPS)
def test_lookups(name):
    x, function = wg.tensor(X), LOOKUPS[name]

    assert "index" in operations(function, x)
    assert_same([wg.compile(function)(x)], [function(x)])


def test_a_sum_of_minus_zero_alone_is_zero():
    def added(x):
        return wg.zeros(5, 4).index_add(0, wg.arange(5), x)

    assert_same([wg.compile(added)(wg.tensor(X))], [added(wg.tensor(X))])


def test_an_index_out_of_range_is_refused_at_the_call():
    compiled = wg.compile(lambda x: x.index_select(0, wg.arange(6)))

    with pytest.raises(OutOfBoundsError, match="index 5 is out of bounds"):
        compiled(wg.tensor(X))
