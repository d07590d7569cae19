"""Printed arrays read exactly as torch prints them."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wengert.printing import format_array, get_printoptions, printoptions, set_printoptions

FLOATS = ["float16", "float32", "float64"]
COMPLEXES = ["complex64", "complex128"]
DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", *FLOATS, *COMPLEXES]
# On both sides of each limit in the choice of a notation, and values that take no part in it.
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, 1000.0, 1000.1, 1e8, 1.1e8, 1e-4, 0.99e-4, 0.05]


@st.composite
def numbers(draw):
    """A value of some magnitude; half of those above 1 are whole."""
    value = draw(st.sampled_from([-1, 1])) * draw(st.floats(1, 10))
    value *= 10.0 ** draw(st.integers(-12, 12))
    return float(round(value)) if abs(value) > 1 and draw(st.booleans()) else value


@st.composite
def alike(draw):
    """Values of one magnitude, so that notations other than the scientific one are seen."""
    scale = 10.0 ** draw(st.integers(-4, 7))
    values = draw(st.lists(st.floats(-10, 10), min_size=1, max_size=8))
    digits = draw(st.sampled_from([0, 1, 5, 17]))
    return [round(value * scale, digits) for value in values]


def float_pools():
    mixed = st.lists(st.one_of(numbers(), st.sampled_from(SPECIAL)), min_size=1, max_size=8)
    with_special = st.builds(list.__add__, alike(), st.lists(st.sampled_from(SPECIAL), max_size=3))
    at_limits = st.lists(st.sampled_from(SPECIAL), min_size=1, max_size=4)
    return st.one_of(mixed, alike(), with_special, at_limits)


def integer_pools(dtype):
    info = np.iinfo(dtype)
    small = st.integers(max(info.min, -200), min(info.max, 200))
    return st.lists(st.one_of(small, st.integers(info.min, info.max)), min_size=1, max_size=8)


def spread(draw, pool, shape, dtype):
    """An array of values from the pool, so that Hypothesis need not draw every element."""
    seed = draw(st.integers(0, 2**32 - 1))
    with np.errstate(over="ignore"):
        values = np.array(pool).astype(dtype)
    return np.asarray(values[np.random.default_rng(seed).integers(len(pool), size=shape)])


@st.composite
def arrays(draw, dtypes=DTYPES, max_side=8):
    dtype = draw(st.sampled_from(dtypes))
    shape = tuple(draw(st.lists(st.integers(0, max_side), max_size=4)))
    if dtype in COMPLEXES:
        part = f"float{int(dtype[len('complex') :]) // 2}"
        array = np.empty(shape, dtype)
        array.real = spread(draw, draw(float_pools()), shape, part)
        array.imag = spread(draw, draw(float_pools()), shape, part)
    elif dtype in FLOATS:
        array = spread(draw, draw(float_pools()), shape, dtype)
    else:
        pool = [False, True] if dtype == "bool" else draw(integer_pools(dtype))
        array = spread(draw, pool, shape, dtype)
    return array.T if draw(st.booleans()) else array


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "precision": st.integers(0, 12),
        "threshold": st.one_of(st.integers(-1, 60), st.just(np.inf)),
        "edgeitems": st.integers(0, 5),
        "linewidth": st.one_of(st.integers(-2, 200), st.floats(0, 100)),
        "profile": st.sampled_from(["default", "short", "full"]),
        "sci_mode": st.sampled_from([None, True, False]),
    },
)


@contextlib.contextmanager
def both(options, default_dtype="float32"):
    """Both libraries under the same options and torch under the same default dtype."""
    torch.set_default_dtype(getattr(torch, default_dtype))
    torch.set_printoptions(profile="default")
    torch.set_printoptions(**options)
    try:
        with printoptions(profile="default"):
            set_printoptions(**options)
            yield
    finally:
        torch.set_printoptions(profile="default")
        torch.set_default_dtype(torch.float32)


def ours(array, **how):
    return format_array(array, dtype_name=array.dtype.name, **how)


@settings(max_examples=500, deadline=None)
@given(arrays(), OPTIONS, st.sampled_from(FLOATS))
def test_any_array_under_any_options(array, options, default):
    with both(options, default):
        printed = repr(torch.from_numpy(array))
        assert ours(array, default_dtype_name=default) == printed


@settings(max_examples=100, deadline=None)
@given(arrays(max_side=12))
def test_any_array_under_the_defaults(array):
    with both({}):
        assert ours(array) == repr(torch.from_numpy(array))


@settings(max_examples=100, deadline=None)
@given(arrays(FLOATS + COMPLEXES, max_side=5), OPTIONS, st.integers(1, 60))
def test_suffixes_of_any_length(array, options, length):
    leaf = torch.from_numpy(array).requires_grad_()
    name = "F" * length
    function = type(
        name,
        (torch.autograd.Function,),
        {
            "forward": staticmethod(lambda ctx, x: x.clone()),
            "backward": staticmethod(lambda ctx, ct: ct),
        },
    )
    with both(options):
        assert ours(array, suffixes=["requires_grad=True"]) == repr(leaf)
        printed = repr(function.apply(leaf))
        assert ours(array, suffixes=[f"grad_fn=<{name}Backward>"]) == printed


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (2, 2)])
@pytest.mark.parametrize("edgeitems", [0, 3])
def test_suffixes_at_every_linewidth(shape, edgeitems):
    array = np.ones(shape)
    leaf = torch.from_numpy(array).requires_grad_()
    for linewidth in range(120):
        with both({"linewidth": linewidth, "edgeitems": edgeitems}):
            assert ours(array, suffixes=["requires_grad=True"]) == repr(leaf)


@settings(max_examples=100, deadline=None)
@given(arrays(max_side=5), OPTIONS, st.integers(1, 40))
def test_prefixes_of_any_length(array, options, length):
    kind = type("P" * length, (torch.Tensor,), {})
    with both(options):
        printed = repr(torch.from_numpy(array).as_subclass(kind))
        assert ours(array, prefix="P" * length + "(") == printed


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("values", [[1e8], [1e-4], [1, 1000], [0.25, 250], [0.1, 100]])
def test_on_both_sides_of_each_limit(values, dtype):
    with np.errstate(over="ignore"):
        array = np.array(values).astype(dtype)
        below = np.nextafter(array, array.dtype.type(0))
        above = np.nextafter(array, array.dtype.type(np.inf))
    with both({}):
        for side in (below, array, above, np.append(array[:-1], above[-1])):
            assert ours(side) == repr(torch.from_numpy(side))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1000,), (1001,), (2, 501), (12, 7, 13), (11, 2, 9, 8)])
def test_about_the_threshold(shape, dtype):
    with np.errstate(over="ignore", invalid="ignore"):
        array = (np.arange(np.prod(shape)).reshape(shape) % 120).astype(dtype)
    with both({}):
        assert ours(array) == repr(torch.from_numpy(array))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("side", [7, 20])
def test_hidden_elements_do_not_count(side, dtype):
    array = np.ones((side, side), dtype)
    array[3:-3] = 100
    array[:, 3:-3] = 100
    for linewidth in range(10, 100):
        with both({"threshold": 5, "linewidth": linewidth}):
            assert ours(array) == repr(torch.from_numpy(array))


@settings(max_examples=100, deadline=None)
@given(st.lists(OPTIONS, max_size=4))
def test_options_add_up_as_in_torch(steps):
    # torch 2.13 exports set_printoptions only; what it set is seen in the private record.
    with both({}):
        for options in steps:
            set_printoptions(**options)
            torch.set_printoptions(**options)
            assert get_printoptions() == vars(torch._tensor_str.PRINT_OPTS)
