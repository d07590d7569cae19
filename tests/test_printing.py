"""What an array reads like, as golden strings; each was printed by torch 2.13."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from wengert.printing import format_array, get_printoptions, printoptions, set_printoptions

DEFAULTS = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}
INF = float("inf")
NAN = float("nan")


@pytest.fixture(autouse=True)
def default_options():
    set_printoptions(profile="default")
    yield
    set_printoptions(profile="default")


def text(values, dtype="float32", **how):
    return format_array(np.array(values, dtype), dtype_name=dtype, **how)


ONE_LINE = [
    # Whole floats, and those that are not.
    ([6.0], "float32", "tensor([6.])"),
    (3.0, "float32", "tensor(3.)"),
    ([0.0, 0.5, -0.5], "float32", "tensor([ 0.0000,  0.5000, -0.5000])"),
    ([1.0, 1000.0], "float32", "tensor([   1., 1000.])"),
    # Scientific notation: ratio above 1000, greatest above 1e8, least below 1e-4.
    ([1.0, 1001.0], "float32", "tensor([1.0000e+00, 1.0010e+03])"),
    ([1e8], "float32", "tensor([100000000.])"),
    ([1.1e8], "float32", "tensor([1.1000e+08])"),
    ([0.99e-4], "float32", "tensor([9.9000e-05])"),
    ([1e10, INF], "float32", "tensor([1.0000e+10,        inf])"),
    # The float32 next to 1e-4 is below it; the float64 and the float16 are not.
    ([1e-4], "float32", "tensor([1.0000e-04])"),
    ([1e-4], "float64", "tensor([0.0001], dtype=torch.float64)"),
    ([1e-4], "float16", "tensor([0.0001], dtype=torch.float16)"),
    # Zeros, infinities and NaN do not choose notation or width.
    ([-0.0], "float32", "tensor([-0.])"),
    ([0.0, -0.0], "float32", "tensor([0., -0.])"),
    ([NAN], "float32", "tensor([nan])"),
    (NAN, "float32", "tensor(nan)"),
    ([1.0, NAN], "float32", "tensor([1., nan])"),
    ([1.5, NAN, INF, -INF], "float32", "tensor([1.5000,    nan,    inf,   -inf])"),
    # Booleans and integers.
    (True, "bool", "tensor(True)"),
    ([True, False], "bool", "tensor([ True, False])"),
    (3, "int64", "tensor(3)"),
    ([-3, 10, 100], "int64", "tensor([ -3,  10, 100])"),
    (3, "uint8", "tensor(3, dtype=torch.uint8)"),
    # Complex numbers.
    (1e10 + 1j, "complex64", "tensor(1.0000e+10+1.j)"),
    (complex(NAN, -NAN), "complex64", "tensor(nan+nanj)"),
    ([complex(1, NAN), 1 + 2.5j], "complex64", "tensor([1.+nanj, 1.+2.5000j])"),
    ([1 + 2j], "complex128", "tensor([1.+2.j], dtype=torch.complex128)"),
    (
        [1 + 2j, -1.5, complex(NAN, -INF), complex(0.0, -0.0)],
        "complex64",
        "tensor([ 1.0000+2.j, -1.5000+0.j,     nan-infj,  0.0000-0.j])",
    ),
    # float16.
    (
        [65504.0, 1e-7, 60000],
        "float16",
        "tensor([6.5504e+04, 1.1921e-07, 6.0000e+04], dtype=torch.float16)",
    ),
]


@pytest.mark.parametrize(("values", "dtype", "expected"), ONE_LINE)
def test_one_line(values, dtype, expected):
    assert text(values, dtype) == expected


@pytest.mark.parametrize(
    ("shape", "dtype", "expected"),
    [
        ((0,), "float32", "tensor([])"),
        ((0,), "int64", "tensor([], dtype=torch.int64)"),
        ((0,), "bool", "tensor([], dtype=torch.bool)"),
        ((0,), "complex64", "tensor([], dtype=torch.complex64)"),
        ((0, 3), "float32", "tensor([], size=(0, 3))"),
        ((0, 3), "float64", "tensor([], size=(0, 3), dtype=torch.float64)"),
        ((2, 0, 3), "float32", "tensor([], size=(2, 0, 3))"),
    ],
)
def test_empty(shape, dtype, expected):
    assert text(np.zeros(shape), dtype) == expected


@pytest.mark.parametrize(
    ("dtype", "default", "expected"),
    [
        ("float64", "float64", "tensor([1.])"),
        ("float32", "float64", "tensor([1.], dtype=torch.float32)"),
        ("complex128", "float64", "tensor([1.+0.j])"),
        ("complex64", "float64", "tensor([1.+0.j], dtype=torch.complex64)"),
        ("float16", "float16", "tensor([1.])"),
        ("complex64", "float16", "tensor([1.+0.j])"),
        ("complex128", "float16", "tensor([1.+0.j], dtype=torch.complex128)"),
    ],
)
def test_the_default_dtype_goes_without_saying(dtype, default, expected):
    assert text([1], dtype, default_dtype_name=default) == expected


def test_numpy_scalars_print_as_0d_arrays():
    assert format_array(np.float32(2.5), dtype_name="float32") == "tensor(2.5000)"
    assert format_array(np.bool_(True), dtype_name="bool") == "tensor(True)"


def test_module_and_prefix_are_the_callers():
    assert text([1], "float64", module="wengert") == "tensor([1.], dtype=wengert.float64)"
    values = np.zeros((2, 1))
    assert text(values, prefix="Parameter(") == "Parameter([[0.],\n           [0.]])"


def test_higher_dimensions_are_parted_by_blank_lines():
    assert text(np.zeros((2, 2, 1, 1))) == (
        "tensor([[[[0.]],\n\n         [[0.]]],\n\n\n        [[[0.]],\n\n         [[0.]]]])"
    )


def test_a_strided_array_prints_in_its_own_order():
    values = np.arange(6).reshape(2, 3)
    assert format_array(values.T[::-1], dtype_name="int64") == (
        "tensor([[2, 5],\n        [1, 4],\n        [0, 3]])"
    )


def test_long_rows_wrap():
    assert text(np.arange(40)) == (
        "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n"
        "        14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 24., 25., 26., 27.,\n"
        "        28., 29., 30., 31., 32., 33., 34., 35., 36., 37., 38., 39.])"
    )


@pytest.mark.parametrize(
    ("count", "end"),
    [
        (9, "1.5000],\n       dtype=torch.float64, requires_grad=True)"),
        (10, "        1.5000], dtype=torch.float64, requires_grad=True)"),
        (12, "1.5000, 1.5000], dtype=torch.float64, requires_grad=True)"),
        (13, "1.5000], dtype=torch.float64,\n       requires_grad=True)"),
        (16, "1.5000],\n       dtype=torch.float64, requires_grad=True)"),
    ],
)
def test_suffixes_wrap(count, end):
    printed = text([1.5] * count, "float64", suffixes=["requires_grad=True"])
    assert printed.endswith(end)


def test_suffixes_follow_size_and_dtype():
    assert text([6], suffixes=["grad_fn=<MulBackward0>"]) == "tensor([6.], grad_fn=<MulBackward0>)"
    printed = text(np.zeros((0, 2)), "float64", suffixes=["requires_grad=True"])
    assert printed == "tensor([], size=(0, 2), dtype=torch.float64, requires_grad=True)"


def test_summarised_above_the_threshold():
    assert "..." not in text(np.arange(1000), "int64")
    assert text(np.arange(1001), "int64") == "tensor([   0,    1,    2,  ...,  998,  999, 1000])"


def test_summarised_in_every_long_axis():
    assert text(np.arange(10000).reshape(100, 100), "int64") == (
        "tensor([[   0,    1,    2,  ...,   97,   98,   99],\n"
        "        [ 100,  101,  102,  ...,  197,  198,  199],\n"
        "        [ 200,  201,  202,  ...,  297,  298,  299],\n"
        "        ...,\n"
        "        [9700, 9701, 9702,  ..., 9797, 9798, 9799],\n"
        "        [9800, 9801, 9802,  ..., 9897, 9898, 9899],\n"
        "        [9900, 9901, 9902,  ..., 9997, 9998, 9999]])"
    )


def test_only_shown_elements_choose_the_notation():
    values = np.ones(2000)
    values[1000] = 1e20
    assert text(values) == "tensor([1., 1., 1.,  ..., 1., 1., 1.])"


@pytest.mark.parametrize(
    ("options", "values", "expected"),
    [
        ({"precision": 2}, [1.23456], "tensor([1.23])"),
        ({"precision": 0}, [0.2, 1.6], "tensor([0, 2])"),
        ({"profile": "short"}, [1.23456], "tensor([1.23])"),
        ({"profile": "short", "precision": 7}, [0.5], "tensor([0.5000000])"),
        ({"sci_mode": True}, [NAN, 1.5], "tensor([       nan, 1.5000e+00])"),
        ({"sci_mode": True}, [NAN, 0.0], "tensor([nan, 0.])"),
        ({"sci_mode": False}, [1e9, 2.0], "tensor([1000000000.,          2.])"),
        ({"linewidth": 0}, [1.0, 2.0], "tensor([1.,\n        2.])"),
        ({"threshold": 5, "edgeitems": 1}, range(6), "tensor([0.,  ..., 5.])"),
        ({"threshold": 5, "edgeitems": 0}, range(6), "tensor([...], size=(6,))"),
        ({"threshold": 5, "edgeitems": 0}, [range(3), range(3)], "tensor([...], size=(2, 3))"),
        ({"threshold": 0, "edgeitems": 0}, 3.0, "tensor(3., size=())"),
        ({"edgeitems": 0}, [1.0], "tensor([1.], size=(1,))"),
        ({"threshold": -1, "edgeitems": 1}, [1.0, 2.0, 3.0], "tensor([1.,  ..., 3.])"),
    ],
)
def test_options_change_the_text(options, values, expected):
    with printoptions(**options):
        assert text(values) == expected


def test_the_full_profile_never_summarises():
    with printoptions(profile="full"):
        assert "..." not in text(np.arange(1001))


def test_options_stay_until_they_are_set_again():
    set_printoptions(precision=2, edgeitems=np.int64(1), sci_mode=True)
    assert get_printoptions() == DEFAULTS | {"precision": 2, "edgeitems": 1, "sci_mode": True}
    # As in torch: a call that does not give sci_mode takes it back.
    set_printoptions(linewidth=100)
    assert get_printoptions() == DEFAULTS | {"precision": 2, "edgeitems": 1, "linewidth": 100}
    set_printoptions(profile="default")
    assert get_printoptions() == DEFAULTS


def test_get_printoptions_is_a_copy_that_set_printoptions_takes():
    with printoptions(precision=7, sci_mode=False):
        options = get_printoptions()
    options["threshold"] = 5
    assert get_printoptions() == DEFAULTS
    set_printoptions(**options)
    assert get_printoptions() == options


def test_the_context_manager_returns_what_was():
    set_printoptions(precision=3, sci_mode=True)
    before = get_printoptions()

    def interrupted():
        set_printoptions(linewidth=9)
        raise KeyError

    with pytest.raises(KeyError), printoptions(precision=1):
        interrupted()
    assert get_printoptions() == before


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"profile": "ful"}, ValueError, "no profile 'ful'; .* 'default', 'short', 'full'"),
        ({"profile": 3}, ValueError, "no profile 3"),
        ({"precision": -1}, ValueError, "precision must be 0 or more, not -1"),
        ({"precision": 2.5}, TypeError, "precision must be an integer, not 2.5"),
        ({"precision": True}, TypeError, "precision must be an integer, not True"),
        ({"edgeitems": -1}, ValueError, "edgeitems must be 0 or more"),
        ({"edgeitems": "3"}, TypeError, "edgeitems must be an integer, not '3'"),
        ({"threshold": "all"}, TypeError, "threshold must be a number, not 'all'"),
        ({"threshold": NAN}, ValueError, "threshold must be a number, not NaN"),
        ({"linewidth": NAN}, ValueError, "linewidth must be a number, not NaN"),
        ({"linewidth": INF}, ValueError, "linewidth must be finite"),
        ({"sci_mode": "never"}, TypeError, "sci_mode must be True, False or None, not 'never'"),
        ({"presicion": 3}, TypeError, "presicion"),
    ],
)
def test_wrong_options_are_refused_and_change_nothing(options, error, message):
    set_printoptions(precision=6, sci_mode=True)
    before = get_printoptions()
    with pytest.raises(error, match=message):
        set_printoptions(**{"linewidth": 7, "threshold": 7} | options)
    with pytest.raises(error, match=message), printoptions(**options):
        pass
    assert get_printoptions() == before


def test_a_printing_sees_one_set_of_options():
    """Another thread that changes the options never mixes two sets in one text."""
    wanted = {"tensor([1.23, 2.35])", "tensor([1.2346e+00, 2.3457e+00])"}
    done = threading.Event()

    def change():
        while not done.is_set():
            set_printoptions(precision=2, sci_mode=False)
            set_printoptions(precision=4, sci_mode=True)

    set_printoptions(precision=4, sci_mode=True)
    other = threading.Thread(target=change)
    other.start()
    try:
        seen = {text([1.23456, 2.34567]) for _ in range(2000)}
    finally:
        done.set()
        other.join()
    assert seen <= wanted
