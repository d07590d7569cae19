"""Random nests: whatever is fused, in whatever layout and cut however, is as eagerly."""

from __future__ import annotations

import random

import numpy as np
import pytest

import wengert as wg
from compiler.nests import run
from wengert.compiler.loops import cost, plan, streaming, width

SIDES = [1, 1, 2, 3, 5, 10, 16, 17, 33, 64, 100, 257, 400]
DTYPES = ["f4", "f4", "f4", "f8", "?", "i1", "i8", "u1"]
MOST_POINTS = 60_000


def random_space(draw):
    while True:
        space = tuple(draw.choice(SIDES) for _ in range(draw.randint(1, 4)))
        if np.prod(space) < MOST_POINTS:
            return space


def random_view(draw, space, seed):
    """A view of the space: permuted, repeated, sliced, backwards."""
    shape = [1 if draw.random() < 0.2 else side for side in space]
    order = draw.sample(range(len(space)), len(space))
    steps = [draw.choice([1, 1, 1, 2, -1]) for _ in space]
    whole = [shape[d] * abs(steps[d]) + draw.randint(0, 1) for d in order]
    numbers = np.random.default_rng(seed).standard_normal(whole) * 3
    dtype = draw.choice(DTYPES)
    array = (np.abs(numbers) if dtype == "u1" else numbers).astype(dtype)
    view = array.transpose(np.argsort(order))[tuple(slice(None, None, s) for s in steps)]
    return np.broadcast_to(view[tuple(map(slice, shape))], space)


class Program:
    """Some operations, drawn once and applied to whatever they are given."""

    def __init__(self, draw, dim):
        self._seed = draw.random()
        self._dim = dim

    def __call__(self, *arrays):
        draw = random.Random(self._seed)
        floats = (wg.float32, wg.float64)
        full = [x if x.dtype in floats else x.to(wg.float32) for x in arrays]
        rows, others = [], []
        for _ in range(draw.randint(2, 9)):
            x, y = draw.choice(full), draw.choice(full + rows)
            if self._dim and draw.random() < 0.5:
                self._reduce(draw, x, y, draw.choice(arrays), rows, others)
            else:
                full.append(draw.choice(MAPS)(x, y))
        made = [value for value in full[len(arrays) :] + rows if draw.random() < 0.7]
        return [*(made or [full[-1] * 1.5]), *others]

    def _reduce(self, draw, x, y, given, rows, others):
        kind = draw.choice(["sum", "amax", "amin", "prod", "truth", "index", "integers"])
        if kind == "truth":
            others += [(x > y).any(self._dim, keepdim=True), (x < y).all(self._dim, keepdim=True)]
        elif kind == "integers":
            others.append(given.sum(self._dim, keepdim=True))
        elif kind in ("sum", "amax", "amin"):
            rows.append(getattr(x, kind)(self._dim, keepdim=True) * 0.01)
        elif len(self._dim) == 1 and kind == "prod":
            rows.append((x * 0.001 + 1.0).prod(self._dim[0], keepdim=True))
        elif len(self._dim) == 1:
            others.append(x.argmax(self._dim[0], keepdim=True))


MAPS = [
    lambda x, y: x * y,
    lambda x, y: x - y * 0.5,
    lambda x, y: wg.where(x > y, x, y + 1.0),
    lambda x, y: wg.sqrt(abs(x) + 0.5),
    lambda x, y: wg.floor(wg.sqrt(x * x + y * y) * 8.0) * 0.125,
]


@pytest.mark.parametrize("seed", range(60))
def test_random_nests(seed, monkeypatch):
    draw = random.Random(seed)
    monkeypatch.setattr(cost, "CHUNK", draw.choice([15_000.0, 300.0, 20.0]))
    monkeypatch.setattr(plan, "CACHE", draw.choice([0, 1 << 19]))
    monkeypatch.setattr(plan, "MANY", draw.choice([8, 128]))
    monkeypatch.setattr(streaming, "STREAMED_BYTES", draw.choice([0, 1 << 25]))
    nbytes = draw.choice([16, 32, 64])
    monkeypatch.setattr(width, "vector_bytes", lambda: nbytes)
    space = random_space(draw)
    dim = tuple(sorted(draw.sample(range(len(space)), draw.randint(0, len(space)))))
    arrays = [random_view(draw, space, i) for i in range(draw.randint(1, 4))]
    program = Program(draw, dim)

    expected = program(*(wg.tensor(np.array(a)) for a in arrays))
    made = run(program, arrays, space, dim, at_end=bool(seed % 2), backwards=bool(seed % 3))

    for mine, other in zip(made, expected, strict=True):
        assert_close(mine, other.numpy())


def assert_close(mine, other):
    """Equal but for rounding. A comparison may fall otherwise, and so may what is the largest."""
    assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
    if other.dtype.kind == "f":
        scale = np.abs(other).max(initial=1)
        np.testing.assert_allclose(mine, other, 3e-3, 1e-4 * scale)
    else:
        assert np.mean(mine != other) <= 0.03
