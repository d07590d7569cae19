"""Other dtypes, NumPy's arrays, DLPack, comparisons, assert_close."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.errors import (
    ArgumentError,
    ArgumentValueError,
    DeviceError,
    DTypeError,
    ExportError,
    GradientError,
    ShapeError,
)

# Dtypes ------------------------------------------------------------------------------------------

CASTS = {
    "float": wg.float32, "double": wg.float64, "half": wg.float16, "int": wg.int32,
    "long": wg.int64, "short": wg.int16, "char": wg.int8, "byte": wg.uint8, "bool": wg.bool,
    "cfloat": wg.complex64, "cdouble": wg.complex128,
}  # fmt: skip


@pytest.mark.parametrize(("name", "dtype"), CASTS.items())
def test_casts(name, dtype):
    assert getattr(wg.tensor([1, 0]), name)().dtype is dtype


@pytest.mark.parametrize(
    "convert",
    [
        lambda x: x.to(wg.float64),
        lambda x: x.to("cpu", wg.float64),
        lambda x: x.to(device="cpu", dtype=wg.float64, non_blocking=True),
        lambda x: x.to(wg.zeros(1, dtype=wg.float64)),
        lambda x: x.to(np.dtype("float64")),
        lambda x: x.to(float),
        lambda x: x.type(wg.float64),
        lambda x: x.type("torch.DoubleTensor"),
        lambda x: x.type_as(wg.zeros(1, dtype=wg.float64)),
        lambda x: x.double(),
    ],
)
def test_conversions_pass_the_gradient_on(convert):
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    y = convert(x)
    (y * y).sum().backward()

    assert y.dtype is wg.float64
    assert y.grad_fn.name() == "ToCopyBackward0"
    assert x.grad.dtype is wg.float32
    assert x.grad.tolist() == [2.0, 4.0]


def test_conversions_that_change_nothing():
    x = wg.tensor([1.0])

    for same in (x.to(wg.float32), x.to("cpu"), x.to(None), x.float(), x.cpu(), x.type_as(x)):
        assert same is x
    assert x.to(wg.float32, copy=True) is not x
    assert x.type() == "wengert.FloatTensor"


def test_conversions_of_special_values():
    x = wg.tensor([float("nan"), 0.0, 1e-30, -1.5])

    assert x.bool().tolist() == [True, False, True, True]
    assert x[1:].int().tolist() == [0, 0, -1]
    assert wg.tensor([1e30]).half().tolist() == [float("inf")]


def test_conversions_to_integers_end_history():
    assert not wg.tensor([1.0], requires_grad=True).long().requires_grad


def test_conversions_from_complex_warn():
    x = wg.tensor([1 + 2j], requires_grad=True)
    with pytest.warns(UserWarning, match="imaginary"):
        y = x.to(wg.float32)
    y.sum().backward()

    assert y.tolist() == [1.0]
    assert x.grad.tolist() == [1 + 0j]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [(("cuda",), DeviceError), ((5,), DeviceError), ((object(),), ArgumentError),
     ((wg.float32, "cpu"), ArgumentError)],
)  # fmt: skip
def test_conversions_to_nothing(arguments, error):
    with pytest.raises(error):
        wg.tensor(1.0).to(*arguments)


# NumPy -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [[1.0, 2.0], 2.0])
def test_numpy_shares_memory_both_ways(data):
    x = wg.tensor(data)
    array = x.numpy()
    array[...] = 5
    assert x.tolist() == array.tolist()

    x.fill_(7)
    assert array.tolist() == x.tolist()


def test_the_array_is_an_object_of_its_own():
    x = wg.zeros(2, 3)
    array = x.numpy()
    array.shape = (3, 2)

    assert x.shape == (2, 3)


def test_numpy_of_a_tensor_that_requires_grad():
    x = wg.tensor([1.0], requires_grad=True)

    for read in (lambda: x.numpy(), lambda: np.asarray(x), lambda: (x * 2).numpy()):
        with pytest.raises(GradientError, match="requires grad") as caught:
            read()
        assert "detach().numpy()" in str(caught.value)
    array = x.numpy(force=True)
    array[0] = 3
    assert x.tolist() == [3.0]


def test_aliases_see_each_other():
    array = np.arange(4.0)
    x = wg.from_numpy(array)
    x.detach()[1:].numpy()[0] = 9

    assert array.tolist() == x.tolist() == [0.0, 9.0, 2.0, 3.0]


def test_as_array():
    x = wg.tensor([1, 2])

    assert np.asarray(x) is not None
    assert np.shares_memory(np.asarray(x), x.numpy())
    assert np.array(x, dtype=np.float32).tolist() == [1.0, 2.0]
    assert not np.shares_memory(np.array(x), x.numpy())
    with pytest.raises(ArgumentValueError):
        np.asarray(x, dtype=float, copy=False)
    assert np.stack([x.numpy(), x.numpy()]).shape == (2, 2)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ([1, 2], ArgumentError),
        (np.float64(1), ArgumentError),
        (np.array(["a"]), ArgumentError),
        (np.zeros(2, np.uint16), ArgumentError),
        (np.arange(4)[::-1], ArgumentValueError),
        (np.zeros(2, ">i4"), ArgumentValueError),
        (np.zeros(2, "i1,f4")["f1"], ArgumentValueError),
    ],
)
def test_arrays_that_cannot_be_shared(source, error):
    with pytest.raises(error):
        wg.from_numpy(source)


def test_read_only_arrays_stay_so():
    frozen = np.array([2.0, 3.0])
    frozen.flags.writeable = False
    x = wg.from_numpy(frozen)

    assert x.tolist() == [2.0, 3.0]
    with pytest.raises(ArgumentError, match="read-only"):
        x.zero_()


def test_broadcast_arrays_are_not_written_into():
    x = wg.from_numpy(np.broadcast_to(np.array(2.0), (3,)))

    with pytest.raises(ShapeError, match="single memory location"):
        x.zero_()


def test_buffers():
    buffer = bytearray(np.array([1.0, 2.0], np.float32).tobytes())

    assert wg.frombuffer(buffer, dtype=wg.float32).tolist() == [1.0, 2.0]
    assert wg.frombuffer(buffer, dtype=wg.float32, offset=4).tolist() == [2.0]
    with pytest.raises(ArgumentValueError):
        wg.frombuffer(buffer, dtype=wg.float32, offset=3)


def test_dlpack():
    x = wg.tensor([1.0, 2.0])
    array = np.from_dlpack(x)

    assert np.shares_memory(array, x.numpy())
    assert wg.from_dlpack(x).data_ptr() == x.data_ptr()
    assert wg.from_dlpack(x, copy=True).data_ptr() != x.data_ptr()
    with pytest.raises(ArgumentError, match="__dlpack__"):
        wg.from_dlpack(5)
    with pytest.raises(BufferError) as caught:
        np.from_dlpack(wg.tensor([1.0], requires_grad=True))
    assert isinstance(caught.value, ExportError)


# Comparisons -------------------------------------------------------------------------------------


def test_close_and_equal():
    x = wg.tensor([1.0, float("nan"), float("inf")])
    y = wg.tensor([1.0 + 1e-6, float("nan"), float("inf")])

    assert wg.isclose(x, y).tolist() == [True, False, True]
    assert wg.allclose(x, y, equal_nan=True)
    assert not x.allclose(y)
    assert not wg.equal(x, x)
    assert wg.equal(wg.tensor([1]), wg.tensor([1.0]))
    assert not wg.equal(wg.tensor([1]), wg.tensor([[1]]))
    assert np.allclose(wg.tensor([1.0]), wg.tensor([1.0]))
    with pytest.raises(DTypeError):
        wg.isclose(x, x.double())
    with pytest.raises(ArgumentValueError):
        wg.isclose(x, y, rtol=-1)


def test_large_integers_are_compared_exactly():
    x, y = wg.tensor([2**60]), wg.tensor([2**60 + 1])

    assert not wg.allclose(x, y, rtol=0, atol=0)
    assert not wg.equal(x, y)


def close(actual, expected, **facts):
    wg.testing.assert_close(actual, expected, **facts)


def test_assert_close_accepts():
    close(wg.tensor([1.0]), wg.tensor([1.0 + 1e-7]))
    close(wg.tensor([1.0]), np.array([1.0]), check_dtype=False)
    close({"a": [wg.tensor(1), 2.0, None]}, {"a": [wg.tensor(1), 2.0, None]})
    close(wg.tensor([float("nan")]), wg.tensor([float("nan")]), equal_nan=True)
    close(wg.tensor([1, 2]), wg.tensor([1, 3]), rtol=0, atol=1)
    close(wg.tensor([1.0], requires_grad=True) * 1, wg.tensor([1.0]))
    close(wg.zeros(0), wg.zeros(0))


@pytest.mark.parametrize(
    ("actual", "expected", "facts", "said"),
    [
        (wg.tensor([1.0, 2.0]), wg.tensor([1.0, 2.5]), {}, "1 of 2 elements differ (50.0%)"),
        (wg.tensor([[1.0], [2.0]]), wg.tensor([[1.0], [2.5]]), {}, "0.5 at index (1, 0)"),
        (wg.tensor(1.0), wg.tensor(2.0), {}, "expected 2.0 but got 1.0"),
        (wg.tensor([1]), wg.tensor([2]), {}, "not equal"),
        (wg.zeros(2), wg.zeros(3), {}, "shapes do not match"),
        (wg.zeros(2), wg.zeros(2).double(), {}, "float32 != float64"),
        (wg.zeros(2, 3), wg.zeros(3, 2).T, {"check_stride": True}, "strides"),
        (1.0, 1, {}, "float != int"),
        ([1.0, [2.0]], [1.0, [3.0]], {}, "item [1][0]"),
        ([1.0], [1.0, 2.0], {}, "lengths"),
        ({"a": 1.0}, {"b": 1.0}, {}, "['b']"),
        ({"a": (1.0,)}, {"a": (2.0,)}, {}, "item ['a'][0]"),
        (None, 1.0, {}, "None"),
        (wg.tensor([float("nan")]), wg.tensor([float("nan")]), {}, "nan at index (0,)"),
    ],
)
def test_assert_close_says_what_differs(actual, expected, facts, said):
    with pytest.raises(AssertionError) as caught:
        close(actual, expected, **facts)

    assert said in str(caught.value)


def test_assert_close_with_a_message():
    with pytest.raises(AssertionError, match=r"^mine$"):
        close(1.0, 2.0, msg="mine")
    with pytest.raises(AssertionError, match=r"^head: The values"):
        close(1.0, 2.0, msg=lambda text: "head: " + text)


@pytest.mark.parametrize(
    ("actual", "expected", "facts"),
    [(1.0, 1.0, {"rtol": 1}), (1.0, 1.0, {"rtol": -1, "atol": 0}), ("a", "a", {}),
     (wg.zeros(1), [0.0], {})],
)  # fmt: skip
def test_assert_close_refuses(actual, expected, facts):
    with pytest.raises((ArgumentError, ArgumentValueError)):
        close(actual, expected, **facts)
