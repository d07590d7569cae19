"""Tensors from data, of a shape, and evenly spaced."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import wengert as wg
from wengert.errors import (
    ArgumentError,
    ArgumentValueError,
    DeviceError,
    DTypeError,
    ShapeError,
)

# tensor() ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (2.0, wg.float32, ()),
        (2, wg.int64, ()),
        (True, wg.bool, ()),
        (2j, wg.complex64, ()),
        ([1, 2.5], wg.float32, (2,)),
        ([True, 2], wg.int64, (2,)),
        ([[1.0], [2j]], wg.complex64, (2, 1)),
        ([], wg.float32, (0,)),
        ([[], []], wg.float32, (2, 0)),
        ((1, 2), wg.int64, (2,)),
        (range(3), wg.int64, (3,)),
        (np.float64(2), wg.float64, ()),
        ([np.float64(2), 1], wg.float64, (2,)),
        ([np.float16(2), 1], wg.float16, (2,)),
        (np.zeros((2, 3)), wg.float64, (2, 3)),
        ([np.zeros(3, np.int8), np.zeros(3, np.int8)], wg.int8, (2, 3)),
        (np.zeros(3, ">f8"), wg.float64, (3,)),
        (np.arange(4)[::-1], wg.int64, (4,)),
        ([wg.tensor(1.0), 2], wg.float32, (2,)),
        ([[1, 2], wg.tensor([3, 4])], wg.int64, (2, 2)),
    ],
)
def test_dtype_and_shape_are_inferred(data, dtype, shape):
    made = wg.tensor(data)

    assert made.dtype is dtype
    assert made.shape == shape


def test_the_data_is_copied():
    source = np.zeros(2)
    made = wg.tensor(source)
    source[0] = 1

    assert made.tolist() == [0.0, 0.0]


def test_nested_lists_keep_their_order():
    data = np.arange(24).reshape(2, 3, 4)

    assert wg.tensor(data.tolist()).tolist() == data.tolist()


@pytest.mark.parametrize(
    ("data", "error", "place"),
    [
        ([[1, 2], [3]], ArgumentValueError, "data[1]"),
        ([[[1], [2]], [[3], [4, 5]]], ArgumentValueError, "data[1][1]"),
        ([[1, 2], 3], ArgumentError, "data[1]"),
        ([1, None], DTypeError, "data[1]"),
        ([[1, 2], [3, object()]], DTypeError, "data[1][1]"),
        (None, DTypeError, "NoneType"),
        ({1: 2}, DTypeError, "dict"),
        ("abc", ArgumentError, "str"),
        ([["a"]], ArgumentValueError, "data[0][0]"),
        ([wg.zeros(2), wg.zeros(2)], ArgumentValueError, "data[0]"),
        (np.array(["a"]), ArgumentError, "<U1"),
        (np.array([None]), ArgumentError, "object"),
        ([2**63], ArgumentValueError, "integer"),
    ],
)
def test_bad_data_is_named_by_its_place(data, error, place):
    with pytest.raises(error) as caught:
        wg.tensor(data)

    assert place in str(caught.value)
    assert "test_create.py" in str(caught.value)  # the user's line


def test_a_list_that_contains_itself():
    data: list = []
    data.append(data)

    with pytest.raises(ArgumentValueError, match="too many dimensions"):
        wg.tensor(data)


@pytest.mark.parametrize("data", [2, [2], [True], np.zeros(2, int)])
def test_integers_cannot_require_grad(data):
    with pytest.raises(DTypeError, match="only floating-point and complex") as caught:
        wg.tensor(data, requires_grad=True)

    assert "Write 2. instead of 2" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "dtype", "expected"),
    [
        ([1.5, -2.7], wg.int32, [1, -2]),
        (-1, wg.uint8, 255),
        ([0.5, 0.0], wg.bool, [True, False]),
        (float("nan"), wg.bool, True),
        (2**70, wg.float32, float(2**70)),
        (1, float, 1.0),
        ([1], "float64", [1.0]),
        (1, np.float32, 1.0),
        (np.array([300]), wg.uint8, [44]),
    ],
)
def test_a_given_dtype(data, dtype, expected):
    assert wg.tensor(data, dtype=dtype).tolist() == expected


@pytest.mark.parametrize(
    ("data", "dtype", "error"),
    [
        (300, wg.uint8, DTypeError),
        (-300, wg.uint8, DTypeError),
        ([1e20], wg.int64, DTypeError),
        (float("nan"), wg.int64, DTypeError),
        (1j, wg.float32, ArgumentError),
        (1.0, "float31", ArgumentError),
    ],
)
def test_numbers_that_do_not_fit_a_dtype(data, dtype, error):
    with pytest.raises(error):
        wg.tensor(data, dtype=dtype)


def test_large_floats_become_infinite_without_a_warning():
    assert wg.tensor([1e300, -1e300]).tolist() == [float("inf"), float("-inf")]
    assert wg.tensor(1e300).item() == float("inf")


def test_the_default_dtype_is_what_floats_become():
    wg.set_default_dtype(wg.float64)
    try:
        assert wg.tensor(1.0).dtype is wg.float64
        assert wg.tensor([1.0, 2.0]).dtype is wg.float64
        assert wg.zeros(1).dtype is wg.float64
        assert wg.tensor(1j).dtype is wg.complex128
    finally:
        wg.set_default_dtype(wg.float32)


def test_devices():
    assert wg.tensor(1.0, device="cpu").device == wg.device("cpu")
    with pytest.raises(DeviceError, match="'cuda' does not exist"):
        wg.tensor(1.0, device="cuda")


def test_a_name_is_what_graphs_show():
    x = wg.tensor(2.0, requires_grad=True, name="speed")
    y = x * 3

    assert "speed" in [vertex.name for vertex in wg.graph(y).nodes]


def test_a_tensor_of_a_tensor_warns_and_is_cut_off():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.warns(UserWarning, match="copy construct"):
        y = wg.tensor(x)

    assert not y.requires_grad
    assert y.tolist() == [1.0, 2.0]


def test_numbers_out_of_tensors_that_require_grad_warn():
    x = wg.tensor(1.0, requires_grad=True)
    with pytest.warns(UserWarning, match="wengert.stack"):
        y = wg.tensor([x, 2.0])

    assert not y.requires_grad


# as_tensor, asarray ------------------------------------------------------------------------------


def test_as_tensor_shares_where_it_can():
    x = wg.tensor([1.0], requires_grad=True)
    array = np.zeros(2)

    assert wg.as_tensor(x) is x
    assert wg.as_tensor(x, dtype=wg.float64).requires_grad
    shared = wg.as_tensor(array)
    array[0] = 1
    assert shared.tolist() == [1.0, 0.0]
    assert wg.as_tensor([1, 2]).dtype is wg.int64


def test_asarray_copies_on_demand():
    array = np.zeros(2)
    shared, copied = wg.asarray(array), wg.asarray(array, copy=True)
    array[0] = 1

    assert shared.tolist() == [1.0, 0.0]
    assert copied.tolist() == [0.0, 0.0]
    with pytest.raises(ArgumentValueError):
        wg.asarray(array, dtype=wg.float32, copy=False)
    with pytest.raises(ArgumentValueError):
        wg.asarray([1.0], copy=False)


def test_asarray_leaves_history_unless_told_otherwise():
    x = wg.tensor([1.0], requires_grad=True) * 2

    assert wg.asarray(x) is x
    assert not wg.asarray(x, requires_grad=False).requires_grad
    assert wg.asarray(np.zeros(2), requires_grad=True).is_leaf


# Of a shape --------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [wg.zeros, wg.ones, wg.empty, wg.rand, wg.randn])
@pytest.mark.parametrize(
    ("size", "shape"),
    [((2, 3), (2, 3)), (((2, 3),), (2, 3)), (([2, 3],), (2, 3)), (((),), ()), ((0,), (0,)),
     ((wg.Size([2]),), (2,)), ((wg.tensor(2), 3), (2, 3))],
)  # fmt: skip
def test_sizes(make, size, shape):
    assert make(*size).shape == shape


@pytest.mark.parametrize("make", [wg.zeros, wg.ones, wg.empty, wg.rand, wg.randn])
@pytest.mark.parametrize(
    ("size", "error"), [((-1,), ShapeError), ((2.5,), ArgumentError), (("a",), ArgumentError),
                        ((), ArgumentError), ((2**62, 4), ShapeError)]
)  # fmt: skip
def test_impossible_sizes(make, size, error):
    with pytest.raises(error):
        make(*size)


def test_options_of_creation():
    x = wg.zeros(2, dtype=wg.float64, device="cpu", requires_grad=True, layout=None)

    assert x.dtype is wg.float64
    assert x.requires_grad
    assert x.is_leaf
    with pytest.raises(ArgumentError, match="unexpected keyword argument 'nonsense'"):
        wg.zeros(2, nonsense=1)
    with pytest.raises(DTypeError):
        wg.ones(2, dtype=wg.int64, requires_grad=True)


def test_full():
    assert wg.full((2,), 3).tolist() == [3, 3]
    assert wg.full((2,), 3).dtype is wg.int64
    assert wg.full((2,), 3.0).dtype is wg.float32
    assert wg.full((), True).item() is True
    assert wg.full((1,), wg.tensor(3.0)).tolist() == [3.0]
    with pytest.raises(DTypeError):
        wg.full((2,), 300, dtype=wg.uint8)
    with pytest.raises(ArgumentError, match="expand"):
        wg.full((2,), wg.tensor(3.0, requires_grad=True))


def test_eye():
    assert wg.eye(2, 3).tolist() == np.eye(2, 3).tolist()
    with pytest.raises(ShapeError):
        wg.eye(-1)


def test_forms_after_another_tensor():
    x = wg.tensor([[1.0, 2.0]], dtype=wg.float64, requires_grad=True)

    assert wg.zeros_like(x).dtype is wg.float64
    assert not wg.ones_like(x).requires_grad
    assert wg.full_like(x, 7, dtype=wg.int64).tolist() == [[7, 7]]
    assert wg.empty_like(x).shape == (1, 2)
    assert np.zeros_like(x).shape == (1, 2)
    assert x.new_zeros(3).dtype is wg.float64
    assert x.new_tensor([1]).dtype is wg.float64
    assert x.new_full((2,), 1, dtype=wg.int8).tolist() == [1, 1]
    with pytest.raises(ArgumentError):
        wg.zeros_like(2.0)


# Evenly spaced -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "expected"),
    [((5,), range(5)), ((1, 5), range(1, 5)), ((1, 8, 3), range(1, 8, 3)), ((0,), []),
     ((5, 0, -2), range(5, 0, -2)), ((2**62, 2**62 + 2), [2**62, 2**62 + 1])],
)  # fmt: skip
def test_arange_of_integers(args, expected):
    made = wg.arange(*args)

    assert made.dtype is wg.int64
    assert made.tolist() == list(expected)


def test_arange_of_floats():
    assert wg.arange(0, 1, 0.25).tolist() == [0.0, 0.25, 0.5, 0.75]
    assert wg.arange(3.0).dtype is wg.float32
    assert wg.arange(end=3, dtype=wg.float64).dtype is wg.float64


@pytest.mark.parametrize("args", [(5, 0), (0, 5, -1), (0, 5, 0), (float("inf"),), (float("nan"),)])
def test_arange_without_end(args):
    with pytest.raises(ShapeError):
        wg.arange(*args)


def test_linspace_ends_exactly():
    made = wg.linspace(0.1, 0.7, 7, dtype=wg.float64)

    assert made[0].item() == 0.1
    assert made[-1].item() == 0.7
    np.testing.assert_allclose(np.diff(made.numpy()), 0.1)
    assert wg.linspace(0, 10, 5, dtype=wg.int64).tolist() == [0, 2, 5, 7, 10]
    assert wg.linspace(3, 4, 1).tolist() == [3.0]
    assert wg.linspace(0, 1j, 3).dtype is wg.complex64


def test_logspace():
    np.testing.assert_allclose(wg.logspace(0, 2, 3).numpy(), [1, 10, 100], rtol=1e-6)
    np.testing.assert_allclose(wg.logspace(0, 3, 4, base=2).numpy(), [1, 2, 4, 8], rtol=1e-6)


# Complex -----------------------------------------------------------------------------------------


def test_complex_by_parts_keeps_infinities_apart():
    made = wg.complex(wg.tensor([np.inf]), wg.tensor([0.0]))

    assert made.dtype is wg.complex64
    assert made.numpy().real.tolist() == [np.inf]
    assert made.numpy().imag.tolist() == [0.0]
    with pytest.raises(DTypeError):
        wg.complex(wg.tensor([1]), wg.tensor([1]))


def test_nothing_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wg.tensor([1e300, float("nan")], dtype=wg.float16)
        wg.linspace(0, float("inf"), 3)
        wg.logspace(0, 2, 5, base=-2)


@pytest.mark.parametrize("make", [wg.tensor, wg.as_tensor, wg.asarray])
def test_data_is_not_written_into_what_is_given(make):
    with pytest.raises(TypeError, match="out"):
        make(2.0, out=wg.zeros(()))
