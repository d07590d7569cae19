"""Elements picked, put and added by index in native code, with negative and refused indices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.moving import arrays, assert_moved, moved, shapes
from compiler.native import Refused

WAYS = st.integers(0, 11)
KINDS = st.sampled_from([np.int64, np.int32])
SUMMED = st.sampled_from([np.float32, np.float64, np.int64, np.int16, np.bool_])


@st.composite
def indices(draw, shape, size, *, wraps=False):
    """Indices in range; none if there is nothing to choose."""
    if not size:
        shape = (*shape[:-1], 0)
    rng = np.random.default_rng(draw(st.integers(0, 1 << 20)))
    return rng.integers(-size if wraps else 0, max(size, 1), shape).astype(draw(KINDS))


@st.composite
def along(draw, *, dtype=None):
    """(x, index, dim) as gather takes them, 0-d tensors among them."""
    shape = draw(shapes(0))
    if not shape:
        return draw(arrays((), dtype)), np.zeros((), draw(KINDS)), 0
    dim = draw(st.integers(0, len(shape) - 1))
    lengths = [draw(st.integers(0, n)) for n in shape]
    lengths[dim] = draw(st.integers(0, 6)) if shape[dim] else 0
    rng = np.random.default_rng(draw(st.integers(0, 1 << 20)))
    index = rng.integers(0, max(shape[dim], 1), lengths).astype(draw(KINDS))
    return draw(arrays(shape, dtype)), index, dim


@given(along(), WAYS)
@settings(max_examples=60)
def test_gather(drawn, way):
    x, index, dim = drawn
    assert_moved("gather", [x, index], {"dim": dim}, way)


@given(st.data(), along(), st.booleans(), WAYS)
@settings(max_examples=60)
def test_scatter(data, drawn, has_start, way):
    x, index, dim = drawn
    src = data.draw(arrays(index.shape, x.dtype))
    attrs = {"dim": dim, "shape": x.shape}
    assert_moved("scatter", [x if has_start else None, index, src], attrs, way)
    assert_moved("scatter_value", [x, index], {**attrs, "value": 2.5}, way)


@given(st.data(), SUMMED, st.booleans(), WAYS)
@settings(max_examples=60)
def test_scatter_add(data, dtype, has_start, way):
    x, index, dim = data.draw(along(dtype=dtype))
    src = data.draw(arrays(index.shape, dtype))
    attrs = {"dim": dim, "shape": x.shape}
    with np.errstate(all="ignore"):
        assert_moved("scatter_add", [x if has_start else None, index, src], attrs, way)


@st.composite
def slices(draw, *, dtype=None):
    """(x, index, source, dim) as index_add takes them."""
    shape = draw(shapes(1))
    dim = draw(st.integers(0, len(shape) - 1))
    index = draw(indices((draw(st.integers(0, 6)),), shape[dim]))
    source = draw(arrays((*shape[:dim], index.size, *shape[dim + 1 :]), dtype))
    return draw(arrays(shape, source.dtype)), index, source, dim


@given(slices(), WAYS)
@settings(max_examples=60)
def test_index_select(drawn, way):
    x, index, _, dim = drawn
    assert_moved("index_select", [x, index], {"dim": dim}, way)


def test_index_select_of_one_number():
    for index in (np.array(0), np.array([0])):
        assert_moved("index_select", [np.array(2.5), index], {"dim": 0})


@given(slices(), WAYS)
@settings(max_examples=60)
def test_slices_copied_and_filled(drawn, way):
    x, index, source, dim = drawn
    attrs = {"dim": dim, "shape": x.shape}
    assert_moved("index_copy", [x, index, source], attrs, way)
    assert_moved("index_fill", [x, index], {**attrs, "value": 3}, way)
    assert_moved("index_fill_from", [x, index, np.array(1, x.dtype)], attrs, way)


@given(st.data(), SUMMED, WAYS)
@settings(max_examples=40)
def test_index_add(data, dtype, way):
    x, index, source, dim = data.draw(slices(dtype=dtype))
    attrs = {"dim": dim, "shape": x.shape, "alpha": 1}
    with np.errstate(all="ignore"):
        assert_moved("index_add", [None, index, source], attrs, way)


@st.composite
def advanced(draw, *, shape=None):
    """(shape, dims, indices): an index of one to three tensors, anywhere, broadcast."""
    shape = draw(shapes(1, 4)) if shape is None else shape
    dims = tuple(d for d in range(len(shape)) if draw(st.booleans())) or (0,)
    picked = draw(st.lists(st.integers(1, 3), max_size=2).map(tuple))
    if any(shape[d] == 0 for d in dims):
        picked = (*picked, 0)
    found = []
    for dim in dims:
        own = tuple(n if draw(st.booleans()) else min(n, 1) for n in picked)
        own = own if shape[dim] else picked
        found.append(draw(indices(own, shape[dim], wraps=True)))
    return shape, dims, found


@given(st.data(), advanced(), WAYS)
@settings(max_examples=80)
def test_index(data, drawn, way):
    shape, dims, index = drawn
    assert_moved("index", [data.draw(arrays(shape)), *index], {"dims": dims}, way)


@given(st.data(), SUMMED, st.booleans(), st.booleans(), WAYS)
@settings(max_examples=100)
def test_index_put(data, dtype, accumulate, has_start, way):
    shape, dims, index = data.draw(advanced())
    x = data.draw(arrays(shape, dtype))
    with np.errstate(all="ignore"):
        part = x[tuple(index[dims.index(d)] if d in dims else slice(None) for d in range(x.ndim))]
        value = data.draw(arrays(part.shape, dtype))
        if data.draw(st.booleans()) and value.size and (has_start or not accumulate):
            value = value.reshape(-1)[0].reshape(())
        attrs = {"basic": (), "dims": dims, "shape": shape, "accumulate": accumulate}
        assert_moved("index_put", [x if has_start else None, value, *index], attrs, way)


def test_index_put_into_a_part():
    x = np.arange(24.0).reshape(4, 6)
    rows = np.array([1, 0, -1])
    attrs = {"basic": (slice(1, None), None, slice(None, None, -2)), "dims": (0,)}
    attrs |= {"shape": x.shape}
    for accumulate in (False, True):
        how = {**attrs, "accumulate": accumulate}
        assert_moved("index_put", [x, np.ones((3, 1, 3)), rows], how, 3)
        assert_moved("index_put", [x, 0, rows], how, 3)
        assert_moved("index_put", [x, np.ones(3)], {**how, "dims": ()}, 3)


LARGE = np.random.default_rng(0)


def test_large_ones_are_cut_into_chunks():
    table = LARGE.normal(size=(500, 300)).astype(np.float32)
    rows = LARGE.integers(0, 500, 700)
    given = LARGE.normal(size=(700, 300)).astype(np.float32)
    assert_moved("index_select", [table, rows], {"dim": 0}, 4)
    assert_moved("index", [table, rows], {"dims": (0,)})
    attrs = {"dim": 0, "shape": table.shape}
    assert_moved("index_add", [None, rows, given], {**attrs, "alpha": 1})
    places = LARGE.integers(0, 500, (700, 300))
    assert_moved("scatter_add", [table, places, given], attrs)
    assert_moved("gather", [table, places], {"dim": 0})
    put = {"basic": (), "dims": (0,), "shape": table.shape, "accumulate": True}
    assert_moved("index_put", [None, given, rows], put)


REFUSED = [
    ("gather", [np.zeros((2, 3)), np.array([[0, 3]])], {"dim": 1}),
    ("gather", [np.zeros((2, 3)), np.array([[0, -1]])], {"dim": 1}),
    ("gather", [np.zeros(0), np.array([0])], {"dim": 0}),
    ("index_select", [np.zeros((2, 3)), np.array([1 << 40, 0])], {"dim": 1}),
    ("index_select", [np.zeros((2, 3)), np.array([-1], np.int32)], {"dim": 0}),
    ("index", [np.zeros((2, 3)), np.array([-3])], {"dims": (0,)}),
    ("index", [np.zeros((2, 3)), np.array([1]), np.array([3])], {"dims": (0, 1)}),
    ("scatter_add", [None, np.array([5]), np.ones(1)], {"dim": 0, "shape": (5,)}),
    ("scatter", [np.zeros(5), np.array([-1]), np.ones(1)], {"dim": 0, "shape": (5,)}),
    ("index_fill", [np.zeros(5), np.array([5])], {"dim": 0, "shape": (5,), "value": 1}),
    ("index_add", [None, np.array([2]), np.ones(1)], {"dim": 0, "shape": (2,), "alpha": 1}),
    (
        "index_put", [np.zeros(5), np.ones(1), np.array([-6])],
        {"basic": (), "dims": (0,), "shape": (5,), "accumulate": False},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "inputs", "attrs"), REFUSED)
def test_indices_out_of_range_are_refused(name, inputs, attrs):
    """Whatever they are, nothing outside of the buffers is touched: these are guarded."""
    for at_end in (False, True):
        with pytest.raises(Refused):
            moved(name, inputs, attrs, [0] * len(inputs), at_end=at_end)
