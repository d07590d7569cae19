"""Values joined or placed among zeros by native code: cat, stack, embed, diag_embed, pad."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.moving import arrays, assert_moved, moved, shapes

WAYS = st.integers(0, 11)
DTYPES = st.sampled_from([np.float32, np.float64, np.int32, np.bool_, np.complex64, np.float16])


@given(st.data(), shapes(1), WAYS)
@settings(max_examples=60)
def test_cat(data, shape, way):
    dim = data.draw(st.integers(0, len(shape) - 1))
    dtype = data.draw(DTYPES)
    lengths = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
    parts = [data.draw(arrays((*shape[:dim], n, *shape[dim + 1 :]), dtype)) for n in lengths]
    bounds = tuple(int(n) for n in np.cumsum([0, *lengths]))
    assert_moved("cat", parts, {"dim": dim, "bounds": bounds}, way)


@given(st.data(), shapes(), WAYS)
@settings(max_examples=40)
def test_stack(data, shape, way):
    dtype = data.draw(DTYPES)
    parts = data.draw(st.lists(arrays(shape, dtype), min_size=1, max_size=3))
    assert_moved("stack", parts, {"dim": data.draw(st.integers(0, len(shape)))}, way)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (np.float32, np.float64), (np.int64, np.float32), (np.bool_, np.float64),
        (np.uint8, np.int64), (np.bool_, np.int32), (np.int32, np.float64),
    ],
)  # fmt: skip
def test_cat_promotes(first, second):
    x = np.array([0, 1, 200, 3]).astype(first)
    y = np.array([0, 1, 2]).astype(second)
    wide = np.result_type(first, second) if first != np.int64 else np.dtype(np.float32)
    out = moved("cat", [x, y], {"dim": 0, "bounds": (0, 4, 7)}, (0, 1))
    assert out.dtype == wide
    assert out.tolist() == np.concatenate([x, y]).tolist()


@given(st.data(), shapes(), WAYS)
@settings(max_examples=60)
def test_embed(data, shape, way):
    index = []
    for side in shape:
        start = data.draw(st.integers(0, side))
        step = data.draw(st.sampled_from([1, 2, -1]))
        entries = [slice(start, None, step)]
        if start < side:
            entries.append(start)
        index.append(data.draw(st.sampled_from(entries)))
    index.insert(data.draw(st.integers(0, len(index))), None)
    part = np.empty(shape)[tuple(index)].shape
    x = data.draw(arrays(part))
    assert_moved("embed", [x], {"index": tuple(index), "shape": shape}, way)


@given(st.data(), shapes(1, 2), st.integers(-2, 2), WAYS)
@settings(max_examples=40)
def test_diag_embed(data, shape, offset, way):
    side = shape[-1] + abs(offset)
    whole = (*shape[:-1], side, side)
    attrs = {"offset": offset, "dim1": len(whole) - 2, "dim2": len(whole) - 1, "shape": whole}
    assert_moved("diag_embed", [data.draw(arrays(shape))], attrs, way)


def test_large_parts_are_cut_into_chunks():
    x = np.arange(3 * 50_000, dtype=np.float32).reshape(3, 50_000)
    assert_moved("cat", [x, -x], {"dim": 1, "bounds": (0, 50_000, 100_000)})
    assert_moved("cat", [x.T.copy(), -x.T.copy()], {"dim": 0, "bounds": (0, 50_000, 100_000)}, 4)
    assert_moved(
        "embed", [x], {"index": (slice(1, 4), slice(None, None, 2)), "shape": (5, 100_000)}
    )


def test_many_small_parts():
    parts = [np.full((), float(i)) for i in range(600)]
    assert_moved("stack", parts, {"dim": 0})
