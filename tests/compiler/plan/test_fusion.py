"""What is fused into one nest, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.compiler.parts import NativePart
from wengert.compiler.pieces.nest import Nest


def pieces(function, *arguments):
    """The pieces of native code that a function becomes."""
    compiled = wg.compile(function)
    program = compiled._asked(arguments, {})
    parts = [part for part in program.parts if isinstance(part, NativePart)]
    return [piece for part in parts for piece in part.pieces]


def nests(function, *arguments):
    """Of the nests among these the operations, and the reduced axes."""
    found = [piece for piece in pieces(function, *arguments) if isinstance(piece, Nest)]
    return [([n.op.name for n in nest.nodes], nest.reduced) for nest in found]


def test_a_chain_is_one_nest():
    x = wg.ones(4, 5)

    assert nests(lambda x: ((x + 1) * x - 2).relu(), x) == [(["add", "mul", "sub", "relu"], ())]


def test_branches_meet_in_one_nest():
    x, y = wg.ones(4, 5), wg.ones(5)

    assert len(nests(lambda x, y: (x + 1) * (y - 1).abs() + x.abs() * (x - 3), x, y)) == 2
    assert len(nests(lambda x, y: (x + 1) * y.abs() + x.abs() * (x - 3), x, x)) == 1


def test_a_row_is_walked_again_after_its_sum():
    def normalised(x):
        return x / x.sum(-1, keepdim=True)

    assert nests(normalised, wg.ones(4, 5)) == [(["sum", "div"], (1,))]


def test_columns_are_not():
    def normalised(x):
        return x / x.sum(0, keepdim=True)

    assert nests(normalised, wg.ones(4, 5)) == [(["sum"], (0,)), (["div"], ())]


def test_what_follows_a_whole_sum_is_in_its_nest():
    assert nests(lambda x: (x * x).sum().sqrt() + 1, wg.ones(4, 5)) == [
        (["mul", "sum", "sqrt", "add"], (0, 1))
    ]


def test_reductions_over_other_axes_are_other_nests():
    found = nests(lambda x: ((x + 1).sum(0), (x + 1).sum(1)), wg.ones(4, 5))

    assert sorted(reduced for _, reduced in found) == [(0,), (1,)]


def test_nothing_waits_for_itself():
    """Something between two operations of one space that only NumPy does."""

    def around(x):
        y = x + 1
        return y * np.linalg.det(y.reshape(4, 4)) + y

    x = wg.rand(16)
    assert np.allclose(wg.compile(around)(x).numpy(), around(x).numpy(), rtol=1e-5)


def test_a_plain_value_is_computed_again_rather_than_stored():
    """x - mean, of which only what it is computed from is in memory anyway."""

    def centred(x):
        d = x - x.mean(-1, keepdim=True)
        return (d * d).sum(-1), (d * x).sum(0)

    found = pieces(centred, wg.ones(64, 32))
    stored = [node.aval.shape for piece in found for node in piece.stores]
    assert (64, 32) not in stored


@pytest.mark.parametrize("how", ["whole", "part", "twice", "argument"])
def test_results_are_buffers_of_their_own(how):
    functions = {
        "whole": lambda x: (x + 1).reshape(20),
        "part": lambda x: (x + 1)[1:],
        "twice": lambda x: (y := x + 1, y, y.T),
        "argument": lambda x: (x, x.T, x[0]),
    }
    x = wg.rand(4, 5)
    results = wg.compile(functions[how])(x)
    several = results if isinstance(results, tuple) else (results,)

    for i, one in enumerate(several):
        for other in (x, *several[:i]):
            assert not np.shares_memory(one.numpy(), other.numpy())
    wanted = functions[how](x)
    for mine, other in zip(several, wanted if isinstance(wanted, tuple) else (wanted,)):
        assert np.array_equal(mine.numpy(), other.numpy())


@pytest.mark.parametrize(
    "function",
    [
        lambda z: z.cos().expand(2, 3).sum(),
        lambda z: z.cos().expand(2, 2).sum(0),
        lambda z: (z.cos() * 2).expand(2, 3).sum(1) + 1,
        lambda z: (z.cos().expand(3, 2) * 2).sum(0),
        lambda z: z.cos().expand(3, 2).prod() + z,
    ],
)
def test_reductions_of_what_is_repeated(function):
    z = wg.tensor(0.5)

    wg.testing.assert_close(wg.compile(function)(z), function(z))
