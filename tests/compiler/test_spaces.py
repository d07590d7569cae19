"""Reshapes between elementwise operations and reductions do not part them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wengert as wg
from compiler.programs import outputs_of
from wengert.compiler.rewrite import gathered, rewritten
from wengert.compiler.rewrite.blocks import axes_before, blocks, shape_after
from wengert.graphs.graph import Graph

RNG = np.random.default_rng(0)


def drawn(*shape):
    return wg.from_numpy(RNG.standard_normal(shape))


def shapes(function, *args):
    """Per operation that is left, its name and its shape; after a look at the results."""
    graph = Graph(rewritten(outputs_of(function, *args)))
    graph.verify()
    mine, other = wg.compile(function)(*args), function(*args)
    assert mine.shape == other.shape
    tolerance = 1e-13 if mine.dtype == wg.float64 else 1e-6
    np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=tolerance)
    return {v.op.name: tuple(v.aval.shape) for v in graph.nodes if v.is_operation}


@given(st.lists(st.integers(1, 4), max_size=5), st.data())
def test_blocks_hold_the_same_elements(lengths, data):
    before = tuple(lengths)
    cuts = sorted(data.draw(st.sets(st.integers(1, 4), max_size=3)))
    bounds = [0, *[c for c in cuts if c < len(before)], len(before)]
    after = tuple(int(np.prod(before[a:b])) for a, b in itertools.pairwise(bounds))

    for pair in ((before, after), (after, before)):
        found = blocks(*pair)
        for block in found:
            sizes = [np.prod([s[a] for a in axes]) for s, axes in zip(pair, block, strict=True)]
            assert sizes[0] == sizes[1] > 1
        assert sum((b.before for b in found), ()) == tuple(
            a for a, length in enumerate(pair[0]) if length != 1
        )


def test_blocks():
    assert blocks((8, 128, 256), (1024, 256)) == [((0, 1), (0,)), ((2,), (1,))]
    assert blocks((2, 3, 4), (4, 6)) == [((0, 1, 2), (0, 1))]
    assert blocks((1, 5), (5, 1, 1)) == [((1,), (0,))]
    assert shape_after((256,), (8, 128, 256), (1024, 256)) == (1, 256)
    assert shape_after((8, 128, 1), (8, 128, 256), (1024, 256)) == (1024, 1)
    assert shape_after((8, 1, 256), (8, 128, 256), (1024, 256)) is None
    assert axes_before((0,), (8, 128, 256), (1024, 256)) == (0, 1)
    assert axes_before((1,), (1024, 256), (8, 128, 256)) is None


def test_what_is_used_in_another_shape_is_computed_in_that():
    def function(x, row, column):
        h = (x.exp() + row) * column
        return h.reshape(6, 4).softmax(1)

    found = shapes(function, drawn(2, 3, 4), drawn(4), drawn(2, 3, 1))

    assert found["exp"] == found["add"] == found["mul"] == (6, 4)


def test_through_several_operations_with_one_user_each():
    found = shapes(lambda x: ((x.sin() * 2).exp() * x).view(12).cos(), drawn(3, 4))

    assert {found[name] for name in ("sin", "mul", "exp", "cos")} == {(12,)}


def test_other_dtypes_and_numbers():
    found = shapes(lambda x: wg.where(x > 0, x.float(), 1.5).view(12).cos(), drawn(3, 4))

    assert found["where"] == found["to"] == found["gt"] == (12,)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.exp().view(12).cos().view(3, 4) * x.exp(),  # another user
        lambda x: x.T.exp().reshape(12).cos(),  # the operand would have to be copied
        lambda x: (x.exp() * x[:, :1].expand(3, 4)[None, 0].T.mT).view(12) @ wg.arange(12).double(),
    ],
)
def test_what_stays_in_its_own_shape(function):
    assert shapes(function, drawn(3, 4))["exp"] in ((3, 4), (4, 3))


def test_what_repeats_along_a_part_of_a_block_stays():
    found = shapes(lambda x, y: (x * y).view(6, 4).exp(), drawn(2, 3, 4), drawn(2, 1, 4))

    assert found["mul"] == (2, 3, 4)


def test_an_output_stays():
    def function(x):
        h = x.exp()
        return h, h.view(12).cos()

    graph = Graph(rewritten(outputs_of(function, drawn(3, 4))))

    assert {v.op.name: v.aval.shape for v in graph.nodes if v.is_operation}["exp"] == (3, 4)


@pytest.mark.parametrize(
    ("dim", "keepdim", "found"),
    [((0, 1), False, (4,)), (2, True, (6,)), ((0, 1, 2), True, ())],
)
def test_what_is_only_reduced_in_another_shape_is_reduced_in_its_own(dim, keepdim, found):
    function = lambda x: x.exp().view(2, 3, 4).sum(dim, keepdim=keepdim)  # noqa: E731

    assert shapes(function, drawn(6, 4))["sum"] == found
    assert shapes(lambda x: x.exp().view(2, 3, 4).amax(dim), drawn(6, 4))["amax"] == found


def test_reductions_over_a_part_of_an_axis_stay():
    assert shapes(lambda x: x.exp().view(2, 3, 4).sum(1), drawn(6, 4))["sum"] == (2, 4)


def test_numbers_without_dimensions_promote_as_before():
    found = shapes(lambda x, y: (x.float() * y).view(12).exp(), drawn(3, 4), drawn())

    assert found["mul"] == (12,)


def test_reductions_with_and_without_their_axes_are_one():
    def function(x):
        return x.sum(1, keepdim=True) * x.sum(1)

    names = [v.op.name for v in Graph(rewritten(outputs_of(function, drawn(3, 4)))).nodes
             if v.is_operation]  # fmt: skip
    assert names.count("sum") == 1


def test_gathering_twice_is_gathering_once():
    def function(x, w):
        return ((x @ w).exp() + 1).reshape(6, 4).log_softmax(1).sum()

    once = rewritten(outputs_of(wg.func.grad(function), drawn(2, 3, 4), drawn(4, 4)))
    again = gathered(once)

    assert len(Graph(again).nodes) == len(Graph(once).nodes)
