"""Nests: fused operations and reductions against NumPy, whatever the shapes, strides and dtypes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wengert as wg
from compiler.nest_cases import (
    DTYPES,
    assert_equal,
    check_passes,
    layouts,
    numbers,
    reductions,
)  # fmt: skip
from compiler.nests import run


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


@given(reductions(), st.booleans())
def test_reductions_and_what_follows_them(drawn, backwards):
    _, arrays, dim = drawn
    if dim:
        check_passes(arrays, dim, backwards=backwards)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape", [(3, 5000), (70, 333), (1500, 70), (700, 3, 40), (20, 1301), (300, 10)]
)
@pytest.mark.parametrize("first", [False, True])
def test_long_rows_and_columns(parts, shape, first, dtype):
    dim = (0,) if first else (len(shape) - 1,)
    arrays = [numbers(shape, 1, dtype), np.broadcast_to(numbers(shape[-1:], 2, dtype), shape)]
    check_passes(arrays, dim)


@pytest.mark.parametrize("shape", [(9001,), (70, 333), (700, 3, 40)])
def test_everything_reduced(parts, shape):
    check_passes([numbers(shape, 1), numbers(shape, 2)], tuple(range(len(shape))), backwards=True)


@pytest.mark.parametrize("count", [1, 10, 3000])
def test_one_element(count):
    """Straight-line code, in one function or in several, whose values others read."""

    def function(x, y):
        values = [x, y]
        for i in range(count):
            first, second = values[-1], values[i * 7919 % len(values)]
            values.append(first * 0.5 + second if i % 3 else second - first)
        return values[-1], values[len(values) // 2], values[-1] > x

    arrays = [np.array(0.75), np.array(-1.25)]
    expected = function(*map(wg.tensor, arrays))
    for mine, other in zip(run(function, arrays, ()), expected, strict=True):
        assert_equal(mine, other.numpy())


INTEGERS = [np.bool_, np.uint8, np.int8, np.int16, np.int32, np.int64]


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("shape", [(9, 700), (300, 11), (2, 9000), (33,)])
@pytest.mark.parametrize("first", [False, True])
def test_reductions_of_integers(parts, shape, first, dtype):
    """Sums and products wrap around in int64, extremes keep the type."""
    dim = 0 if first else len(shape) - 1
    x = np.random.default_rng(0).integers(-120, 120, shape).astype(dtype)
    x[..., ::7] = 0

    def function(x):
        total, product = x.sum(dim, keepdim=True), x.prod(dim, keepdim=True)
        top, low = x.amax(dim, keepdim=True), x.amin(dim, keepdim=True)
        return total, product, top, low, x.any(dim, keepdim=True), x.all(dim, keepdim=True)

    expected = function(wg.tensor(x))
    for mine, other in zip(run(function, [x], shape, (dim,)), expected, strict=True):
        assert_equal(mine, other.numpy())


@pytest.mark.parametrize("shape", [(1000,), (40, 37), (0, 3), (3, 0)])
def test_many_dtypes_in_one_loop(parts, shape):
    kinds = [np.float32, np.float64, np.int8, np.int64, np.bool_]
    arrays = [(numbers(shape, i) * 50).astype(dtype) for i, dtype in enumerate(kinds)]

    def function(single, double, small, large, mask):
        mixed = single * double + wg.where(mask, small, large)
        both = wg.logical_and(large < single, mask)
        return mixed, small + mask, both, single.to(wg.float64) - large

    expected = function(*map(wg.tensor, arrays))
    for mine, other in zip(run(function, arrays, shape), expected, strict=True):
        assert_equal(mine, other.numpy())


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (2, 0, 3), (0,)])
def test_nothing_is_summed(shape):
    x = np.ones(shape, np.float32)
    dim = tuple(range(len(shape)))[-1:]

    def function(x):
        return x.sum(dim, keepdim=True), x.any(dim, keepdim=True), x.all(dim, keepdim=True)

    expected = function(wg.tensor(x))
    for mine, other in zip(run(function, [x], shape, dim), expected, strict=True):
        assert_equal(mine, other.numpy())


@pytest.mark.parametrize("dim", [(0,), (1,), (0, 1)])
def test_sums_are_as_exact_as_numpys_of_pairs(parts, dim):
    x = np.abs(numbers((1 << 10, 1 << 10), 0))
    exact = x.astype(np.float64).sum(dim, keepdims=True)
    # NumPy sums pairwise along the last axis only.
    pairwise = np.moveaxis(x, 0, 1).copy().sum(1).reshape(exact.shape) if dim == (0,) else None
    pairwise = x.sum(dim, keepdims=True) if pairwise is None else pairwise

    (mine,) = run(lambda x: x.sum(dim, keepdim=True), [x], x.shape, dim)

    allowed = max(1.1 * spread(pairwise - exact), np.spacing(np.float32(exact.max())))
    assert spread(mine - exact) <= allowed


def spread(errors):
    return np.sqrt(np.mean(errors**2))
