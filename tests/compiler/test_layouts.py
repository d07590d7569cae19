"""Copies that reshapes need, and parts that are put together."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from compiler.equal import bits
from compiler.programs import operations, outputs_of
from compiler.test_rules import left
from wengert.compiler.rewrite import rewritten
from wengert.graphs.graph import Graph

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
X[0, 0, :3] = np.nan, -np.inf, -0.0


def test_a_reshape_that_needs_a_copy_is_one_and_a_view_of_it():
    assert left(lambda x: x.permute(2, 0, 1).reshape(8, 3), X) == ["permute", "clone", "view"]
    assert left(lambda x: x.permute(1, 0, 2).reshape(3, 8).reshape(24).exp(), X) == [
        "permute", "clone", "view", "exp",
    ]  # fmt: skip


def test_reshapes_of_the_same_share_their_copy():
    def function(x):
        turned = x.permute(2, 0, 1)
        return turned.reshape(8, 3) * 2, turned.reshape(4, 6) * 3

    graph = Graph(rewritten(outputs_of(function, wg.tensor(X))))

    assert [v.op.name for v in graph.nodes if v.is_operation].count("clone") == 1


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.reshape(6, 4), lambda x: x.permute(1, 2, 0).reshape(12, 2),
        lambda x: x[:, None].reshape(6, 4), lambda x: x.flip(0)[0].reshape(12),
        lambda x: x[1].reshape(2, 6), lambda x: x[:, 1:2, :].reshape(2, 4),
        lambda x: x.permute(0, 2, 1)[0].T.reshape(12), lambda x: x[:1, :1].expand(2, 3, 4).mT[0],
    ],
)  # fmt: skip
def test_a_reshape_that_needs_none_is_a_view(function):
    assert "clone" not in left(lambda x: function(x).exp(), X)


def test_a_copy_of_a_copy_is_one():
    assert left(lambda x: x.permute(2, 0, 1).contiguous().clone().view(8, 3), X) == [
        "permute", "clone", "view",
    ]  # fmt: skip
    assert left(lambda x: x.clone().contiguous().exp(), X) == ["exp"]


def slope(function):
    """The gradient of a sum over weighted pieces of x."""

    def total(x):
        return sum(((i + 1.5) * part.sin()).sum() for i, part in enumerate(function(x)))

    return wg.func.grad(total)


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (lambda x: x.unbind(0), "stack"), (lambda x: x.unbind(2), "stack"),
        (lambda x: x.split([1, 2], 1), "cat"), (lambda x: x.chunk(2, -1), "cat"),
        (lambda x: (x[1], x[0]), "stack"), (lambda x: (x[:, 2:], x[:, :2]), "cat"),
        (lambda x: x.permute(1, 0, 2).unbind(1), "stack"),
    ],
)  # fmt: skip
def test_parts_that_make_up_the_whole_are_joined(function, found):
    names = operations(slope(function), wg.tensor(X))

    assert found in names
    assert "embed" not in names
    check(function)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (x[:, 1:], x[:, :2]), lambda x: (x[0], x[0]),
        lambda x: (x[:, 0], x[:, 1]), lambda x: (x[::2], x[1::2]), lambda x: (x[0], x[1:]),
        lambda x: (x[0, 0], x[1]), lambda x: (x[0], x),
    ],
)  # fmt: skip
def test_other_parts_are_added(function):
    assert not {"stack", "cat"} & set(operations(slope(function), wg.tensor(X)))
    check(function)


@pytest.mark.parametrize("order", [(0, 1, 1), (1, 1, 0), (1, 0, 1), (0, 0, 1, 1)])
def test_a_part_that_is_taken_twice_counts_twice(order):
    check(lambda x: [x[i] for i in order])


def test_the_whole_that_a_part_makes_up_is_the_part():
    function = wg.func.grad(lambda x: (x[None, :, :, 0].exp() * x[..., None].sum()).sum())

    assert operations(wg.func.grad(lambda x: x[None].exp().sum()), wg.tensor(X)) == [
        "view", "exp", "view",
    ]  # fmt: skip
    assert "embed" not in operations(function, wg.tensor(X[..., :1]))
    assert "embed" in operations(function, wg.tensor(X))


def test_many_parts():
    def total(x):
        return sum((row.exp() for row in x.unbind(0)), wg.zeros(())).sum()

    found = operations(wg.func.grad(total), wg.ones(600, 2))

    assert "stack" in found
    assert "embed" not in found


def check(function):
    """Compiled, the gradient is the eager one, but that -0 is not made 0."""
    x = wg.tensor(X)
    mine, other = wg.compile(slope(function))(x).numpy(), slope(function)(x).numpy()
    np.testing.assert_allclose(mine + 0, other + 0, rtol=1e-6)


def test_joined_values_in_another_order_are_joined_in_that_order():
    def function(x):
        return wg.stack([x.exp(), x.sin(), x.cos()]).permute(1, 0, 3, 2).reshape(6, 12)

    assert "clone" not in operations(function, wg.tensor(X))
    found, wanted = wg.compile(function)(wg.tensor(X)), function(wg.tensor(X))
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-6)
    cat = lambda x: wg.cat([x, -x], 1).permute(2, 0, 1).reshape(8, 6)  # noqa: E731
    assert "clone" not in operations(cat, wg.tensor(X))
    assert bits(wg.compile(cat)(wg.tensor(X)).numpy()) == bits(cat(wg.tensor(X)).numpy())
