"""Nests store values straight into what they are joined to, where nobody else reads them."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from compiler.equal import assert_same
from wengert.compiler.pieces.moves import Move

F = wg.nn.functional
X = wg.tensor(np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32))

ALL = {
    "cat": lambda x: wg.cat([x * 2, x + 1], 0),
    "cat of columns": lambda x: wg.cat([x * 2, x + 1, x * x], 1),
    "stack": lambda x: wg.stack([x - 1, -x], 1),
    "turned": lambda x: wg.stack([(x - 1).T, -x.T], 2),
    "extremes of rows": lambda x: wg.stack([x.amin(1), x.amax(1)], 0),
    "embedded": lambda x: F.pad(x * 2, (2, 1, 0, 3)),
    "padded": lambda x: F.pad(x - 1, (0, 1), value=7.0),
}
SOME = {
    "an argument": (lambda x: wg.cat([x * 2, x], 0), 1),
    "read by others": (lambda x: (lambda y: (wg.cat([y, -x], 0), y))(x * 2), 1),
    "twice": (lambda x: (lambda y: wg.cat([y, y], 0))(x * 2), 2),
    "a part": (lambda x: (lambda y: wg.cat([y[1:], -x], 0))(x * 2), 1),
}


def copies(function, *args):
    """How many values the moves of a program copy."""
    parts = wg.compile(function)._asked(args, {}).parts
    moves = [p for part in parts for p in getattr(part, "pieces", ()) if isinstance(p, Move)]
    return sum(len(move.loads) for move in moves)


@pytest.mark.parametrize("name", ALL)
def test_no_value_is_copied(name):
    assert copies(ALL[name], X) == 0
    assert_same([wg.compile(ALL[name])(X)], [ALL[name](X)])


@pytest.mark.parametrize("name", SOME)
def test_what_is_given_or_read_by_others_is_copied(name):
    function, count = SOME[name]

    def several(x):
        found = function(x)
        return found if isinstance(found, tuple) else (found,)

    assert copies(several, X) == min(count, 1)
    assert_same([*wg.compile(several)(X)], [*several(X)])


def test_parts_without_elements():
    def joined(x):
        return wg.stack([x[3:] + 1, x[3:] * 2], 1)

    x = wg.ones(3, 2)
    assert_same([wg.compile(joined)(x)], [joined(x)])


def test_slopes_of_slices():
    slope = wg.func.grad(lambda x: ((x[1:] - x[:-1] ** 2) ** 2).sum() + (x[:, 2:] ** 3).sum())

    assert copies(slope, X) == 0
    np.testing.assert_allclose(wg.compile(slope)(X).numpy(), slope(X).numpy(), rtol=1e-5)
