"""Nests: fused operations and reductions against NumPy, whatever the shapes, strides and dtypes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wengert as wg
from compiler.nests import nest_of, run
from wengert.compiler.loops import cost, plan, streaming
from wengert.compiler.pieces.piece import Module

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


@pytest.fixture(params=[15000.0, 30.0], ids=["", "parts"])
def parts(request, monkeypatch):
    """Chunks of the usual time, and of next to none, which cut all that can be cut."""
    monkeypatch.setattr(cost, "CHUNK", request.param)


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


def passes(x, y, dim):
    """Reductions that read others, and what reads those: five passes."""
    z = x * y
    top = z.amax(dim, keepdim=True)
    total = (z - top).sum(dim, keepdim=True)
    costly = wg.floor(wg.sqrt(abs(z - total) + y * y) * z) - x
    squares = wg.square(costly - top).sum(dim, keepdim=True)
    low = (-x).amin(dim, keepdim=True)
    large = (z > 0).any(dim, keepdim=True)
    small = (costly < squares).all(dim, keepdim=True)
    factors = x / (1.0 + x * x) + 1.0
    product = factors.prod(dim[0], keepdim=True) if len(dim) == 1 else low
    outer = top * 2.0 - total
    return top, total, squares, large, small, costly / squares, outer, product, low


def check_passes(arrays, dim, **how):
    x, y = arrays
    expected = passes(*(wg.tensor(np.array(a)) for a in arrays), dim)
    for mine, other in zip(
        run(lambda x, y: passes(x, y, dim), [x, y], x.shape, dim, **how), expected, strict=True
    ):
        other = other.numpy()
        assert mine.dtype == other.dtype
        tolerance = 1e-3 if other.dtype == np.float32 else 1e-9
        np.testing.assert_allclose(mine.reshape(other.shape), other, tolerance, tolerance)


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


@pytest.mark.parametrize("shape", [(700, 333), (300, 3, 100), (2, 150, 70)])
def test_walks_down_wide_arrays(shape, monkeypatch):
    """One pass over the rows in order, with the sums of all columns in memory."""
    monkeypatch.setattr(plan, "CACHE", 0)
    dim = (1,) if shape[0] == 2 else tuple(range(len(shape) - 1))
    arrays = [numbers(shape, 1), np.broadcast_to(numbers(shape[-1:], 2), shape)]

    def function(x, y):
        z = x * y + y * 2.0
        total, top = z.sum(dim, keepdim=True), x.amax(dim, keepdim=True)
        return z, total, total * 2.0 - top, (z > 0).all(dim, keepdim=True)

    assert first_step(function, arrays, dim).startswith("walk")
    expected = function(*(wg.tensor(np.array(a)) for a in arrays))
    for mine, other in zip(run(function, arrays, shape, dim), expected, strict=True):
        np.testing.assert_allclose(mine, other.numpy(), 1e-4, 1e-4)


def first_step(function, arrays, dim):
    """What the loops are that a nest begins with."""
    nest, _, _ = nest_of(function, arrays, arrays[0].shape, dim)
    module = Module({node: i for i, node in enumerate([*nest.loads, *nest.stores])})
    nest.write(module)
    return module.steps[0].function


@pytest.mark.parametrize("dim", [0, 1])
def test_vectors_lie_where_least_is_gathered(dim):
    """Along the last axis, although two of three arrays are contiguous along the other one."""
    whole = numbers((40, 50), 1)
    arrays = [whole if dim == 0 else whole.T]
    arrays += [np.broadcast_to(numbers((40, 1), i), (40, 50)) for i in (2, 3)]
    arrays[1:] = arrays[1:] if dim == 0 else [a.T for a in arrays[1:]]

    def function(x, y, z):
        return ((x - y) * z).sum(dim, keepdim=True)

    assert first_step(function, arrays, (dim,)).startswith("columns")
    (mine,) = run(function, arrays, arrays[0].shape, (dim,))
    x, y, z = arrays
    np.testing.assert_allclose(mine, ((x - y) * z).sum(dim, keepdims=True), 1e-4, 1e-5)


@pytest.mark.parametrize("shape", [(9001,), (70, 333), (700, 3, 40)])
def test_everything_reduced(parts, shape):
    check_passes([numbers(shape, 1), numbers(shape, 2)], tuple(range(len(shape))), backwards=True)


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("streamed", [1 << 25, 0])
@pytest.mark.parametrize("shape", [(9001,), (3, 4099), (70, 33)])
def test_maps_in_parts(parts, shape, streamed, at_end, monkeypatch):
    """Also past the caches, where the result is aligned, and where it is not."""
    monkeypatch.setattr(streaming, "STREAMED_BYTES", streamed)
    x, y = numbers(shape, 1), np.broadcast_to(numbers(shape[-1:], 2), shape)

    (mine,) = run(lambda x, y: x * y - x, [x, y], shape, at_end=at_end)

    assert_equal(mine, x * y - x)


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


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("order", [(0, 2, 1), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.bool_])
def test_maps_of_transposed_arrays(parts, dtype, order, at_end):
    shape = (33, 3, 301) if order[-1] else (301, 40, 5)
    x = numbers(shape, 1)
    whole = (numbers(tuple(shape[d] for d in np.argsort(order)), 2) * 3).astype(dtype)
    y = whole.transpose(order)
    assert y.shape == shape

    (mine,) = run(lambda x, y: wg.where(x > 0, x, y), [x, y], shape, at_end=at_end)

    assert_equal(mine, wg.where(wg.tensor(x) > 0, wg.tensor(x), wg.tensor(y)).numpy())


@pytest.mark.parametrize("dim", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_indices_of_extremes(parts, name, dim):
    """The first of several; a NaN is before all numbers."""
    check_indices(name, dim, np.round(numbers((637, 541), 0) * 2))


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_indices_in_short_rows(name):
    check_indices(name, (2,), np.round(numbers((501, 2, 31), 0)))


def check_indices(name, dim, x):
    x[5, 1] = x[5, -1] = x[500, 1] = np.nan
    x[6] = np.inf
    x[7] = -np.inf
    index = dim[0] if len(dim) == 1 else None

    (mine,) = run(lambda x: getattr(x, name)(index, keepdim=True), [x], x.shape, dim)

    assert_equal(mine, getattr(np, name)(x, index, keepdims=True))


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


def test_what_belongs_to_rows_does_not_turn_the_vectors():
    """As many arrays lie along rows as along columns, but the large ones along columns."""
    x, ct = numbers((64, 48), 0), numbers((64, 48), 1)
    mean, scale = numbers((64, 1), 2), numbers((64, 1), 3)

    def slopes(x, mean, scale, ct):
        return (ct * ((x - mean) * scale)).sum(0, keepdim=True)

    nest, leaves, _ = nest_of(slopes, [x, mean, scale, ct], (64, 48), [0])
    module = Module({node: i for i, node in enumerate([*leaves, *nest.stores])})
    nest.write(module)

    assert "masked.gather" not in module.text()
    (found,) = run(slopes, [x, mean, scale, ct], (64, 48), [0])
    np.testing.assert_allclose(found, (ct * ((x - mean) * scale)).sum(0, keepdims=True), atol=1e-4)
