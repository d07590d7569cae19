"""Nests: fused operations and reductions against NumPy, whatever the shapes, strides and dtypes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wengert as wg
from compiler.nests import run

DTYPES = [np.float32, np.float64]


def numbers(shape: tuple[int, ...], seed: int, dtype: type = np.float32) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@st.composite
def layouts(draw, count):
    """A space, and views of contiguous arrays of it: permuted, broadcast, sliced, backwards."""
    space = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 7, 16, 17, 40]), max_size=3)))
    return space, [draw(views(space, seed)) for seed in range(count)]


@st.composite
def views(draw, space, seed):
    shape = [1 if draw(st.integers(0, 3)) == 0 else n for n in space]
    order = draw(st.permutations(range(len(space))))
    steps = [draw(st.sampled_from([1, 1, 2, -1])) for _ in space]
    whole = [shape[d] * abs(steps[d]) + draw(st.integers(0, 1)) for d in order]
    array = numbers(tuple(whole), seed, draw(st.sampled_from(DTYPES)))
    view = array.transpose(np.argsort(order)) if space else array
    view = view[tuple(slice(None, None, step) for step in steps)][tuple(map(slice, shape))]
    return np.broadcast_to(view, space)


def assert_equal(mine, other):
    assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
    np.testing.assert_array_equal(mine, other)


@given(layouts(2), st.booleans())
def test_maps_equal_numpy_to_the_bit(drawn, at_end):
    space, (x, y) = drawn

    def function(x, y):
        z = x * y
        return z + x, z < y, wg.where(z > 0, z, -y)

    with np.errstate(all="ignore"):
        expected = function(*map(wg.tensor, (np.array(x), np.array(y))))
    for mine, other in zip(run(function, [x, y], space, at_end=at_end), expected, strict=True):
        assert_equal(mine, other.numpy())


@st.composite
def reductions(draw):
    space, arrays = draw(layouts(2))
    axes = draw(st.lists(st.sampled_from(range(len(space))), unique=True)) if space else []
    return space, arrays, tuple(sorted(axes))


@given(reductions(), st.booleans())
def test_reductions_and_what_follows_them(drawn, backwards):
    space, (x, y), dim = drawn
    if not dim:
        return

    def function(x, y):
        z = x * y
        top = z.amax(dim, keepdim=True)
        total = (z - top).sum(dim, keepdim=True)
        squares = wg.square(z - total).sum(dim, keepdim=True)
        low = (-x).amin(dim, keepdim=True)
        large = (z > 0).any(dim, keepdim=True)
        return top, total, squares, low, large, z / squares, squares * 2.0 - low

    expected = function(*(wg.tensor(np.array(a)) for a in (x, y)))
    for mine, other in zip(run(function, [x, y], space, dim, backwards=backwards), expected,
                           strict=True):  # fmt: skip
        other = other.numpy()
        assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
        tolerance = 1e-4 if other.dtype == np.float32 else 1e-10
        np.testing.assert_allclose(mine, other, tolerance, tolerance)


@pytest.mark.parametrize("dim", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_indices_of_extremes(name, dim):
    """The first of several; a NaN is before all numbers."""
    x = np.round(numbers((37, 41), 0) * 2)
    x[5, 7] = x[5, 30] = x[30, 7] = np.nan
    x[6] = np.inf
    x[7] = -np.inf
    index = dim[0] if len(dim) == 1 else None

    (mine,) = run(lambda x: getattr(x, name)(index, keepdim=True), [x], x.shape, dim)

    assert_equal(mine, getattr(np, name)(x, index, keepdims=True))
