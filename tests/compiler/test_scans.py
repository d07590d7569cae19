"""Running sums, products and extremes in native code, along any dimension of any layout."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from compiler.equal import assert_same
from compiler.moving import arrays, assert_moved, moved, shapes
from compiler.programs import operations
from wengert.core.registry import OPS, every_op

WAYS = st.integers(0, 11)
DTYPES = [np.float32, np.float64, np.int64, np.int32, np.uint8, np.bool_]


def a_dim(data, shape):
    return data.draw(st.integers(0, max(len(shape) - 1, 0)))


@given(st.data(), shapes(), st.sampled_from(DTYPES), WAYS)
@settings(max_examples=80)
def test_sums_and_products(data, shape, dtype, way):
    x = data.draw(arrays(shape, dtype))
    attrs = {"dim": a_dim(data, shape), "dtype": None}
    with np.errstate(all="ignore"):
        assert_moved("cumsum", [x], attrs, way)
        assert_moved("cumprod", [x], attrs, way)


@pytest.mark.parametrize(
    ("given", "wanted"), [(np.int64, np.float32), (np.bool_, np.int32), (np.float32, np.float64)]
)
def test_sums_in_another_dtype(given, wanted):
    x = np.array([[1, 0, 1 << 25], [1, 1, 1]]).astype(given)
    for dim in (0, 1):
        assert_moved("cumsum", [x], {"dim": dim, "dtype": np.dtype(wanted)})
        assert_moved("cumprod", [x], {"dim": dim, "dtype": np.dtype(wanted)})


@given(st.data(), shapes(), st.sampled_from(DTYPES), st.booleans(), WAYS)
@settings(max_examples=60)
def test_extremes_and_their_places(data, shape, dtype, largest, way):
    x = data.draw(arrays(shape, dtype))
    attrs = {"dim": a_dim(data, shape), "largest": largest}
    assert_moved("running_extremes", [x], attrs, way)
    assert_moved("running_extreme_places", [x], attrs, way)


@given(st.data(), shapes(), st.booleans(), st.booleans(), WAYS)
@settings(max_examples=60)
def test_recurrences(data, shape, has_terms, reverse, way):
    x = data.draw(arrays(shape, np.float64))
    y = data.draw(arrays(shape, np.float64)) if has_terms else None
    attrs = {"dim": a_dim(data, shape), "reverse": reverse}
    with np.errstate(all="ignore"):
        assert_moved("recurrence", [x, y], attrs, way)


@given(st.data(), shapes(), st.sampled_from([np.float32, np.float64]), WAYS)
@settings(max_examples=40)
def test_logarithms_of_sums(data, shape, dtype, way):
    x, dim = data.draw(arrays(shape, dtype)), a_dim(data, shape)
    found = moved("logcumsumexp", [x], {"dim": dim}, [way])
    with np.errstate(all="ignore"):
        expected = OPS["logcumsumexp"].forward(x, dim=dim)
    np.testing.assert_allclose(found, expected, rtol=8 * np.finfo(dtype).eps, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 70_000), (70_000, 3), (300, 150, 2), (100, 500)])
def test_long_and_many_lines(shape):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    for dim in range(len(shape)):
        assert_moved("cumsum", [x], {"dim": dim, "dtype": None}, 4)


SCANS = {
    "cumsum": lambda x: x.cumsum(1),
    "cumprod": lambda x: x.cumprod(0),
    "logcumsumexp": lambda x: x.logcumsumexp(1),
    "cummax": lambda x: x.cummax(1).values,
    "cummin": lambda x: x.cummin(0).values,
    "cummax places": lambda x: x.cummax(1).indices,
}


@pytest.mark.parametrize("name", SCANS)
def test_scans_are_compiled(name):
    x = wg.tensor(np.random.default_rng(0).normal(size=(3, 4)))
    ops = every_op()

    found = operations(SCANS[name], x)

    assert not [n for n in found if not (ops[n].lower or ops[n].piece or ops[n].view)], found
    if name == "logcumsumexp":
        np.testing.assert_allclose(wg.compile(SCANS[name])(x).numpy(), SCANS[name](x).numpy())
    else:
        assert_same([wg.compile(SCANS[name])(x)], [SCANS[name](x)])
    if name in ("cumsum", "cummax", "cummin"):
        slope = wg.func.grad(lambda x: (SCANS[name](x) * x).sum())
        assert_same([wg.compile(slope)(x)], [slope(x)])
