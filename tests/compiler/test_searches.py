"""Searches in sorted sequences in native code: equal elements, NaN, rows, every layout."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from compiler.equal import assert_same
from compiler.moving import assert_moved

NUMBERS = st.sampled_from([-np.inf, -2.0, -0.0, 0.0, 0.0, 1.0, 1.0, 3.5, np.inf, np.nan, np.nan])


@given(st.data(), st.sampled_from([np.float32, np.float64, np.int64, np.uint8]), st.booleans())
@settings(max_examples=80)
def test_places_in_sequences(data, dtype, right):
    rows = data.draw(st.sampled_from([(), (2,), (2, 3)]))
    length, width = data.draw(st.integers(1, 9)), data.draw(st.integers(0, 4))
    count = int(np.prod(rows)) * (length + width)
    values = np.array(data.draw(st.lists(NUMBERS, min_size=count, max_size=count)))
    if np.dtype(dtype).kind != "f":
        values = np.nan_to_num(values, nan=7, posinf=9, neginf=0)
    values = np.abs(values).astype(dtype) if dtype == np.uint8 else values.astype(dtype)
    values = values.reshape(*rows, length + width)
    sequences, x = np.sort(values[..., :length]), values[..., length:]
    attrs = {"right": right, "dtype": np.dtype(data.draw(st.sampled_from([np.int64, np.int32])))}
    way = data.draw(st.integers(0, 11))
    assert_moved("searchsorted", [sequences, np.ascontiguousarray(x), None], attrs, way)


@pytest.mark.parametrize("length", [1, 2, 3, 100, 1000])
def test_many_places_in_one_sequence(length):
    rng = np.random.default_rng(0)
    sequence = np.sort(rng.integers(0, 300, length)).astype(np.float32)
    x = rng.integers(-5, 305, (200, 300)).astype(np.float32)
    for right in (False, True):
        how = {"right": right, "dtype": np.dtype(np.int64)}
        assert_moved("searchsorted", [sequence, x, None], how)


def test_bucketize_is_compiled():
    bounds, x = wg.tensor([-1.0, 0.0, 2.0]), wg.tensor([[0.0, 5.0], [-3.0, 1.0]])

    def buckets(x, bounds):
        return wg.bucketize(x, bounds, right=True)

    compiled = wg.compile(buckets)
    assert_same([compiled(x, bounds)], [buckets(x, bounds)])
    assert not compiled.report(x, bounds).numpy
