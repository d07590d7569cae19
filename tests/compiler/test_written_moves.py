"""Moves that are compiled as views, joins and selections by position: the same elements."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from compiler.equal import assert_same
from compiler.programs import operations
from wengert.core.registry import every_op
from wengert.errors import ShapeError

F = wg.nn.functional
X = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
X[0, 1, 2], X[1, 0, 3], X[2, 2, 2], X[0, 0, 0] = np.nan, np.inf, -0.0, -np.inf

MOVES = {
    "flip": lambda x: x.flip(0, 2),
    "flip nothing": lambda x: x.flip(()),
    "fliplr": lambda x: x.fliplr(),
    "roll": lambda x: x.roll(2, 1),
    "roll back": lambda x: x.roll((-1, 7), (2, 1)),
    "roll twice": lambda x: x.roll((1, 1), (2, 2)),
    "roll all": lambda x: x.roll(13),
    "rot90": lambda x: x.rot90(),
    "rot90 twice": lambda x: x.rot90(2, (1, 2)),
    "rot90 back": lambda x: x.rot90(-1, (2, 0)),
    "rot90 never": lambda x: x.rot90(4),
    "repeat": lambda x: x.repeat(2, 1, 3, 1),
    "repeat never": lambda x: x.repeat(0, 1, 1),
    "tile": lambda x: x.tile((2,)),
    "repeat_interleave": lambda x: x.repeat_interleave(3, 1),
    "pad": lambda x: F.pad(x, (1, 2, 0, 3)),
    "pad by a value": lambda x: F.pad(x, (1, 2), value=7.0),
    "pad and crop": lambda x: F.pad(x, (-1, 2, 1, -2), value=-np.inf),
    "crop": lambda x: F.pad(x, (-1, -2)),
    "reflect": lambda x: F.pad(x, (4, 3, 2, 1), mode="reflect"),
    "replicate": lambda x: F.pad(x, (4, 0, 2, 6), mode="replicate"),
    "circular": lambda x: F.pad(x, (5, 0, 2, 4), mode="circular"),
    "circular and crop": lambda x: F.pad(x, (-1, 3, 2, -1), mode="circular"),
    "tril": lambda x: x.tril(),
    "tril above": lambda x: x.tril(1),
    "triu below": lambda x: x.triu(-2),
    "triu of nothing": lambda x: x.triu(100),
    "diag_embed": lambda x: x.diag_embed(1),
    "stack": lambda x: wg.stack([x, x * 2], 1),
    "hstack": lambda x: wg.hstack([x, x[:, :1]]),
    "take": lambda x: x.take(wg.tensor([0, -1, 59])),
    "take_along_dim": lambda x: x.take_along_dim(wg.tensor([[[-1, 0]]]), 2),
    "index_add": lambda x: x.index_add(1, wg.tensor([1, 1]), x[:, :2], alpha=2.5),
    "mask by a number": lambda x: put(x, x > 0, 3),
    "mask": lambda x: x.index_put((x > 0,), wg.tensor(3.0)),
    "mask of rows": lambda x: x.index_put((x[:, :, 0] > 0,), x[0, 0]),
    "mask, added": lambda x: x.index_put((x > 0,), wg.tensor(3.0), accumulate=True),
    "max": lambda x: x.max(1).values,
    "min kept": lambda x: x.min(2, keepdim=True).values,
    "argmax": lambda x: x.max(0, keepdim=True).indices,
    "cross": lambda x: wg.linalg.cross(x, x[:, :1].flip(0), dim=0),
    "a part": lambda x: x[1:, ::2],
}  # fmt: skip

ONLY_VALUES = ("mask", "mask of rows", "mask, added")
"""The gradient of what a mask puts has as many elements as the mask says: it is not traced."""


def put(x, mask, value):
    y = x.clone()
    y[mask] = value
    return y


def gradient(function):
    return wg.func.grad(lambda x: (function(x) * 0.5).sum())


@pytest.mark.parametrize("name", MOVES)
def test_moves_are_as_eagerly(name):
    x, function = wg.tensor(X), MOVES[name]

    assert_same([wg.compile(function)(x)], [function(x)])
    if name not in ONLY_VALUES:
        assert_same([wg.compile(gradient(function))(x)], [gradient(function)(x)])


@pytest.mark.parametrize("name", MOVES)
def test_nothing_is_left_but_pieces_and_loops(name):
    found = operations(MOVES[name], wg.tensor(X))

    ops = every_op()
    assert not [n for n in found if not (ops[n].lower or ops[n].piece or ops[n].view
                                     or ops[n].reduces)], found  # fmt: skip


@pytest.mark.parametrize("dtype", [wg.int64, wg.bool, wg.float64])
@pytest.mark.parametrize("name", ["flip", "roll", "rot90", "repeat", "tril", "stack", "a part"])
def test_moves_of_other_dtypes(name, dtype):
    x = wg.tensor(np.arange(60).reshape(3, 4, 5)).to(dtype)

    assert_same([wg.compile(MOVES[name])(x)], [MOVES[name](x)])


@pytest.mark.parametrize("shape", [(0, 3, 2), (1, 1, 1), (2, 3, 0)])
def test_moves_of_few_elements(shape):
    x = wg.ones(shape)
    for name in ("flip", "roll", "roll all", "rot90", "repeat", "tril above", "diag_embed", "pad"):
        assert_same([wg.compile(MOVES[name])(x)], [MOVES[name](x)])


@pytest.mark.parametrize("p", [0.0, 1.0, 2.0, 3.0, np.inf])
def test_distances(p):
    x, y = wg.tensor(X[0, 1:]), wg.tensor(X[1, 1:])

    def apart(x, y):
        return wg.cdist(x, y, p=p)

    np.testing.assert_allclose(wg.compile(apart)(x, y).numpy(), apart(x, y).numpy(), rtol=1e-6)
    ops = every_op()
    found = operations(apart, x, y)
    assert not [n for n in found if not (ops[n].lower or ops[n].reduces or ops[n].view)
                and n != "pow"], found  # fmt: skip


@pytest.mark.parametrize("how", [{}, {"rtol": 0.0, "atol": 0.0}, {"equal_nan": True}])
def test_isclose(how):
    x = wg.tensor(X)

    def close(x):
        return wg.isclose(x, x * (1 + 1e-6 * (x > 0)), **how)

    assert_same([wg.compile(close)(x)], [close(x)])


def test_a_choice_between_truth_values_and_numbers():
    x = wg.tensor([True, False, True])

    for chosen in (lambda x: wg.where(x, x, 0), lambda x: wg.where(x, 3, x)):
        assert_same([wg.compile(chosen)(x)], [chosen(x)])


def test_writing_into_parts():
    def written(x):
        y = x * 2
        y[1:, 0] = x[0, 1]
        y[..., -1] = 7.0
        y.select(0, 1).zero_()
        y.t_() if y.ndim == 2 else y[0].fill_(3)
        return y

    x = wg.tensor(X)
    assert_same([wg.compile(written)(x)], [written(x)])
    assert_same([wg.compile(gradient(written))(x)], [gradient(written)(x)])


def test_one_hot():
    x = wg.tensor([[0, 3], [1, 1]])

    assert_same([wg.compile(lambda x: F.one_hot(x, 4))(x)], [F.one_hot(x, 4)])
    with pytest.raises(ShapeError, match="smaller than num_classes"):
        wg.compile(lambda x: F.one_hot(x, 3))(x)
    with pytest.raises(ShapeError, match="non-negative"):
        wg.compile(lambda x: F.one_hot(x, 4))(x - 1)
