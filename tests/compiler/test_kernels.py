"""Native code: masks, broadcasting, memory layouts, mixed dtypes; random programs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from compiler.equal import assert_same
from wengert.core.handles import _new

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -3.25, np.inf, -np.inf, np.nan, 1e-40, 3e38, -1e308]
FLOATS = [np.float32, np.float64]


def test_masks():
    """Logic, arithmetic and comparisons of masks are native."""
    x, y = _new(np.array([True, True, False, False]), None), wg.tensor([0.0, np.nan, -0.0, 2.0])

    def function(x, y):
        both, differ = wg.logical_and(x, y), wg.logical_xor(x, y)
        return both, wg.logical_not(y), wg.where(differ, x, both), x == both, x * differ, x + y

    compiled = wg.compile(function)
    assert_same(list(compiled(x, y)), list(function(x, y)))
    assert compiled.report(x, y).numpy == {}


@st.composite
def shapes(draw):
    """Three shapes that broadcast, some of them empty."""
    whole = draw(st.lists(st.integers(0, 5), max_size=4))
    made = []
    for _ in range(3):
        kept = whole[draw(st.integers(0, len(whole))) :]
        made.append([1 if draw(st.booleans()) and draw(st.booleans()) else n for n in kept])
    return made


@settings(max_examples=60)
@given(shapes=shapes(), dtypes=st.lists(st.sampled_from(FLOATS), min_size=3, max_size=3))
def test_broadcasting_and_mixed_dtypes(shapes, dtypes):
    generator = np.random.default_rng(0)
    tensors = [
        _new(generator.standard_normal(s).astype(d), None)
        for s, d in zip(shapes, dtypes, strict=True)
    ]

    def function(x, y, z):
        smooth = x * y - z / 3
        return smooth, wg.where(x > y, smooth, z), (z <= x), wg.maximum(x, 2 * z).sqrt()

    assert_same(list(wg.compile(function)(*tensors)), list(function(*tensors)))


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.T,
        lambda a: a[::-1],
        lambda a: a[:, ::2],
        lambda a: np.broadcast_to(a[0], a.shape),
        lambda a: np.frombuffer(b"x" + a.tobytes(), np.uint8)[1:].view(a.dtype).reshape(a.shape),
    ],
    ids=["transposed", "reversed", "strided", "expanded", "unaligned and read-only"],
)
def test_memory_layouts(change):
    array = change(np.arange(36.0).reshape(6, 6))
    compiled = wg.compile(lambda x: (x + 1) * x - abs(x))

    np.testing.assert_array_equal(compiled(array), (array + 1) * array - abs(array))


# Random programs ---------------------------------------------------------------------------------

STEPS = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x / y,
    lambda x, y: -x,
    lambda x, y: x.abs() + 1,
    lambda x, y: wg.where(x < y, y, x * 0),
    lambda x, y: wg.minimum(x, y),
    lambda x, y: x.relu(),
    lambda x, y: x * 1 + 0,
    lambda x, y: (x - 0) / 1,
    lambda x, y: y.erfinv(),
    lambda x, y: (x * y).sum(0, keepdim=True),
]
"""What random programs are made of; erfinv and sum split them."""


@settings(max_examples=60)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(STEPS), st.integers(0, 9), st.integers(0, 9)), max_size=25
    ),
    dtype=st.sampled_from(FLOATS),
    shape=st.sampled_from([(), (1,), (2, 3), (17,)]),
)
def test_random_programs(steps, dtype, shape):
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        values = np.resize(np.array(SPECIAL).astype(dtype), (2, count))
    a, b = (_new(v.reshape(shape), None) for v in (values[0], values[1][::-1].copy()))

    def program(x, y):
        made = [x, y]
        for step, i, j in steps:
            p, q = made[i % len(made)], made[j % len(made)]
            made.append(step(p, q) if p.ndim else step(p.reshape(1), q.reshape(1)).reshape(()))
        return made[2:]

    assert_same(wg.compile(program)(a, b), program(a, b))


def test_a_long_chain():
    """Code of this size is not optimised: it would take a minute."""

    def chain(x):
        for _ in range(2000):
            x = (x + 0.5) * x - x
        return x

    compiled = wg.compile(wg.func.value_and_grad(chain))

    assert compiled(0.25) == wg.func.value_and_grad(chain)(0.25)
    assert compiled.report(0.25).kernels == 1
