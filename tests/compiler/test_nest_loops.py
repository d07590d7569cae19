"""How nests become loops: walks, tiles, blocks, parts, vectors of any width; and indices."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from compiler import native
from compiler.nest_cases import assert_equal, check_passes, first_step, numbers
from compiler.nests import nest_of, run
from wengert.compiler.loops import plan, streaming, width
from wengert.compiler.pieces.nest import Nest
from wengert.compiler.pieces.piece import Access, Module, contiguous


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


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("streamed", [1 << 25, 0])
@pytest.mark.parametrize("shape", [(9001,), (3, 4099), (70, 33)])
def test_maps_in_parts(parts, shape, streamed, at_end, monkeypatch):
    """Also past the caches, where the result is aligned, and where it is not."""
    monkeypatch.setattr(streaming, "STREAMED_BYTES", streamed)
    x, y = numbers(shape, 1), np.broadcast_to(numbers(shape[-1:], 2), shape)

    (mine,) = run(lambda x, y: x * y - x, [x, y], shape, at_end=at_end)

    assert_equal(mine, x * y - x)


def test_rows_of_several_axes_are_not_written_past_the_caches(parts, monkeypatch):
    """They may begin where a vector can be written so, and go on where it cannot."""
    monkeypatch.setattr(streaming, "STREAMED_BYTES", 0)
    x = numbers((257, 100), 1)
    y = np.broadcast_to(numbers((257, 1), 2), x.shape)

    def function(x, y):
        z = x * y
        return z, z.sum((0, 1), keepdim=True)

    found, _ = run(function, [x, y], x.shape, (0, 1), at_end=False)

    assert_equal(found, x * y)


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


@pytest.mark.parametrize("rows", [128, 150, 300])
def test_short_rows_are_not_cut(parts, rows):
    """One pass over few blocks, which would not be enough for all threads."""
    x = numbers((rows, 10), 1)
    (mine,) = run(lambda x: wg.sqrt(x * x + 1.0).sum(1, keepdim=True), [x], x.shape, (1,))
    np.testing.assert_allclose(mine, np.sqrt(x * x + 1).sum(1, keepdims=True), 1e-5)


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


@pytest.mark.parametrize("shape", [(5, 700), (200, 9), (40, 40)])
@pytest.mark.parametrize("dim", [0, 1])
def test_what_belongs_to_rows_is_stored_for_each_point(parts, dim, shape):
    """And reduced, as the sum of a value that is repeated."""
    x = numbers(shape, 1)

    def function(x):
        return x.sum(dim, keepdim=True) * 2.0

    nest, (leaf,), (node,) = nest_of(function, [x], shape, (dim,))
    place = Access(node, 0, contiguous(shape))
    repeated = Nest(shape, (dim,), nest.nodes, nest.sources, nest.loads, {node: place})
    given = {leaf: x, node: np.zeros(shape, np.float32)}

    (found,) = native.run(repeated, given)[-1:]

    expected = np.broadcast_to(x.sum(dim, keepdims=True) * 2, shape)
    np.testing.assert_allclose(found, expected, 1e-4, 1e-4)


@pytest.mark.parametrize("nbytes", [16, 32])
@pytest.mark.parametrize("shape", [(3, 1000), (300, 10), (150, 70)])
@pytest.mark.parametrize("first", [False, True])
def test_narrower_vectors(shape, first, nbytes, monkeypatch):
    monkeypatch.setattr(width, "vector_bytes", lambda: nbytes)
    arrays = [numbers(shape, 1), np.broadcast_to(numbers(shape[-1:], 2), shape)]
    check_passes(arrays, (0,) if first else (1,))


@pytest.mark.parametrize("dim", [(0,), (1,), (0, 1)])
def test_the_order_of_chunks_does_not_show(parts, dim):
    x = numbers((301, 703), 1)
    forwards, backwards = (
        run(lambda x: (x * x).sum(dim, keepdim=True), [x], x.shape, dim, backwards=order)
        for order in (False, True)
    )
    assert_equal(forwards[0], backwards[0])
