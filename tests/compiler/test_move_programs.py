"""Random programs of moves, arithmetic and indices: compiled and eagerly the same bits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from compiler.equal import assert_same
from wengert.errors import WengertError

F = wg.nn.functional
SPECIAL = [np.nan, np.inf, -0.0, 0.0, 1.5, -2.0]

ONE = [
    lambda x, i: x * 2,
    lambda x, i: -x,
    lambda x, i: x.T,
    lambda x, i: x.flip(0),
    lambda x, i: x.roll(1, 1),
    lambda x, i: x[1:],
    lambda x, i: x[:, ::2],
    lambda x, i: F.pad(x, (0, 1, 2, 0)),
    lambda x, i: F.pad(x, (-1, 1), value=3.0),
    lambda x, i: x.tril(),
    lambda x, i: x.repeat(2, 1),
    lambda x, i: x.cumsum(0),
    lambda x, i: x.cummax(1).values,
    lambda x, i: (x + 0).amax(1, keepdim=True),
    lambda x, i: wg.stack([x, x + 1], 1).reshape(-1, x.shape[1]),
    lambda x, i: x.sum() * x,
]
INDEXED = [
    lambda x, i: x.clone().index_put((i % max(x.shape[0], 1),), x[0]),
    lambda x, i: x.gather(1, (i % max(x.shape[1], 1)).expand(x.shape[0], 3)),
    lambda x, i: x[i % max(x.shape[0], 1)],
    lambda x, i: x.index_select(0, i % max(x.shape[0], 1)),
    lambda x, i: wg.zeros(4, x.shape[1], dtype=x.dtype).index_add(0, i, x[:3]),
]
"""Those that raise for an index out of range: only at the call, where they are compiled."""
TWO = [
    lambda x, y: wg.cat([x, y], 0),
    lambda x, y: wg.cat([x, y.T], 1) if x.shape[0] == y.shape[1] else x,
    lambda x, y: x + y if x.shape == y.shape else x,
    lambda x, y: wg.where(x > y, x, y) if x.shape == y.shape else y,
    lambda x, y: wg.stack([x, y], 2)[:, :, 1] if x.shape == y.shape else y,
]
LIMIT = 2000
STEPS = [*INDEXED, *ONE, *TWO]


def ran(steps, results, x, i):
    """The values of a program: each step takes earlier ones."""
    values = [x]
    for number, first, second in steps:
        a, b = values[first % len(values)], values[second % len(values)]
        if number < len(INDEXED) and 0 in a.shape:
            continue
        try:
            made = STEPS[number](a, b if number >= len(INDEXED + ONE) else i)
        except (WengertError, IndexError):
            continue  # it does not fit
        if made.numel() < LIMIT:
            values.append(made)
    return tuple(values[k % len(values)] for k in results)


STEP = st.tuples(
    st.integers(0, len(STEPS) - 1), st.integers(0, 30), st.integers(0, 30)
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(STEP, min_size=1, max_size=9),
    st.lists(st.integers(0, 20), min_size=1, max_size=3),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.lists(st.integers(0, 3), min_size=3, max_size=3),
    st.integers(0, 1 << 16),
)
def test_programs_of_moves(steps, results, shape, index, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(-8, 8, shape).astype(np.float64)  # sums of these are exact in any order
    x = wg.tensor(np.where(rng.random(shape) < 0.1, rng.choice(SPECIAL, shape), x))
    i = wg.tensor(index)

    def program(x, i):
        return ran(steps, results, x, i)

    assert_same([*wg.compile(program)(x, i)], [*program(x, i)])
