"""A tensor as a Python object: text, truth, numbers, copies, pickles, writes."""

from __future__ import annotations

import copy
import math
import operator
import pickle

import numpy as np
import pytest

import wengert as wg
from wengert.errors import (
    ArgumentError,
    ArgumentValueError,
    DTypeError,
    GradientError,
    ShapeError,
)

# Text --------------------------------------------------------------------------------------------


def test_text():
    x = wg.tensor([1.0, 2.0], requires_grad=True)

    assert repr(wg.tensor([6.0])) == "tensor([6.])"
    assert repr(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<MulBackward0>)"
    assert repr(wg.tensor(1.0, dtype=wg.float64)) == "tensor(1., dtype=wengert.float64)"
    assert str(x) == repr(x)


def test_format():
    assert f"{wg.tensor(2.5)}" == "2.5"
    assert f"{wg.tensor(2.5, requires_grad=True):.2f}" == "2.50"
    assert f"{wg.tensor(3):>4d}" == "   3"
    assert f"{wg.tensor([2.5])}" == "tensor([2.5000])"
    assert "%.1f" % wg.tensor([2.5]) == "2.5"  # noqa: UP031  # the operator is what is tested
    with pytest.raises(TypeError):
        f"{wg.tensor([2.5]):.2f}"


# Truth and numbers -------------------------------------------------------------------------------


def test_truth():
    assert wg.tensor([[1.0]])
    assert not wg.tensor(0)
    assert wg.tensor(float("nan"))
    for several in ([1, 2], []):
        with pytest.raises(RuntimeError, match="ambiguous"):
            bool(wg.tensor(several))


def test_numbers():
    assert float(wg.tensor([1.5], requires_grad=True)) == 1.5
    assert int(wg.tensor(-2.7)) == -2
    assert complex(wg.tensor(1 + 2j)) == 1 + 2j
    assert float(wg.tensor(2 + 0j)) == 2.0
    assert math.sqrt(wg.tensor(4.0)) == 2.0
    assert [10, 20, 30][wg.tensor(1)] == 20
    assert operator.index(wg.tensor([True])) == 1


@pytest.mark.parametrize(
    ("convert", "data", "error"),
    [
        (float, [1.0, 2.0], ArgumentValueError),
        (float, [], ArgumentValueError),
        (float, 1j, DTypeError),
        (int, 1j, DTypeError),
        (int, float("nan"), ValueError),
        (operator.index, 1.0, ArgumentError),
        (operator.index, [1, 2], ArgumentError),
    ],
)
def test_what_is_no_number(convert, data, error):
    with pytest.raises(error):
        convert(wg.tensor(data))


def test_item_and_tolist():
    assert wg.tensor([[2]]).item() == 2
    assert type(wg.tensor(2.0).item()) is float
    assert type(wg.tensor(True).item()) is bool
    assert wg.tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert wg.tensor(2.5).tolist() == 2.5
    with pytest.raises(ShapeError, match="2 elements cannot be converted to Scalar"):
        wg.tensor([1, 2]).item()


def test_length_iteration_reversal():
    x = wg.tensor([[1, 2], [3, 4]])

    assert len(x) == 2
    assert [row.tolist() for row in x] == [[1, 2], [3, 4]]
    assert reversed(x).tolist() == [[3, 4], [1, 2]]
    for what in (len, list):
        with pytest.raises(TypeError, match="0-d tensor"):
            what(wg.tensor(1))


def test_tensors_are_keys_by_identity():
    x, y = wg.tensor(1.0), wg.tensor(1.0)

    assert len({x: 1, y: 2}) == 2


# Copies ------------------------------------------------------------------------------------------


def test_deepcopy_of_a_leaf():
    x = wg.tensor([1.0, 2.0], requires_grad=True, name="x")
    (x * x).sum().backward()
    y = copy.deepcopy(x)
    with wg.no_grad():
        y.zero_()

    assert x.tolist() == [1.0, 2.0]
    assert y.is_leaf
    assert y.requires_grad
    assert y.grad.tolist() == [2.0, 4.0]
    assert y.grad is not x.grad


def test_deepcopy_of_a_result():
    with pytest.raises(GradientError, match=r"graph leaves") as caught:
        copy.deepcopy(wg.tensor(1.0, requires_grad=True) * 2)

    assert "detach" in str(caught.value)


def test_deepcopy_keeps_aliases_together():
    x = wg.arange(6.0).reshape(2, 3)
    row, twin, same = copy.deepcopy([x[1], x, x])
    row.fill_(-1)

    assert twin.tolist() == [[0.0, 1.0, 2.0], [-1.0, -1.0, -1.0]]
    assert same is twin
    assert x[1].tolist() == [3.0, 4.0, 5.0]


@pytest.mark.parametrize("array", [np.zeros((0, 3)), np.arange(12.0).reshape(3, 4)[:, ::2]])
def test_deepcopy_of_foreign_memory(array):
    x = wg.from_numpy(array)
    y = copy.deepcopy(x)

    assert y.stride() == x.stride()
    assert y.tolist() == x.tolist()
    assert y.numel() == 0 or y.data_ptr() != x.data_ptr()


def test_copy_shares_memory():
    x = wg.tensor([1.0], requires_grad=True)
    y = copy.copy(x)
    with wg.no_grad():
        y.fill_(5)

    assert x.tolist() == [5.0]
    assert y.is_leaf
    assert copy.copy(x * 2).is_leaf


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol):
    x = wg.tensor([[1.0, 2.0]], requires_grad=True)
    y, z = pickle.loads(pickle.dumps((x, wg.tensor(3, dtype=wg.int8)), protocol))

    assert repr(y) == repr(x)
    assert y.is_leaf
    assert z.dtype is wg.int8
    assert z.item() == 3


def test_pickled_results_are_leaves():
    assert pickle.loads(pickle.dumps(wg.tensor(1.0, requires_grad=True) * 2)).is_leaf


# Writes ------------------------------------------------------------------------------------------


def test_fills():
    x = wg.zeros(2)

    assert x.fill_(3) is x
    assert x.tolist() == [3.0, 3.0]
    assert x.zero_().tolist() == [0.0, 0.0]
    assert x.copy_(wg.tensor(7)).tolist() == [7.0, 7.0]
    assert wg.zeros(2, dtype=wg.int64).fill_(3.7).tolist() == [3, 3]


@pytest.mark.parametrize(
    ("write", "error"),
    [
        (lambda x: x.fill_(3j), DTypeError),
        (lambda x: x.fill_("a"), ArgumentError),
        (lambda x: x.fill_(wg.zeros(2)), ShapeError),
        (lambda x: x.copy_(wg.zeros(3)), ShapeError),
        (lambda x: x.copy_([1, 2]), ArgumentError),
        (lambda x: x.requires_grad_().zero_(), GradientError),
    ],
)
def test_writes_that_do_not_fit(write, error):
    with pytest.raises(error):
        write(wg.zeros(2))


def test_a_fill_ends_the_old_history():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    value = wg.tensor(3.0, requires_grad=True)
    y = x * 2
    y.fill_(value)
    y.sum().backward()

    assert y.tolist() == [3.0, 3.0]
    assert x.grad.tolist() == [0.0, 0.0]
    assert value.grad.item() == 2.0


def test_a_copy_carries_the_gradient_of_its_source():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    source = wg.tensor(3.0, dtype=wg.float64, requires_grad=True)
    y = x * 2
    y.copy_(source)
    y.sum().backward()

    assert x.grad.tolist() == [0.0, 0.0]
    assert source.grad.item() == 2.0
    assert source.grad.dtype is wg.float64


def test_a_copy_into_a_tensor_without_history():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    y = wg.zeros(2)
    y.copy_(x)
    (y * y).sum().backward()

    assert x.grad.tolist() == [2.0, 4.0]


# Traced tensors have no values -------------------------------------------------------------------


@pytest.mark.parametrize(
    "read",
    [bool, float, int, complex, operator.index, lambda x: x.item(), lambda x: x.tolist(),
     lambda x: x.numpy(), np.asarray, lambda x: wg.tensor(x), lambda x: wg.equal(x, x)],
)  # fmt: skip
def test_traced_tensors_refuse(read):
    def f(x):
        read(x)
        return x * 2

    with pytest.raises(wg.WengertError, match="being traced"):
        wg.graph(f, wg.Aval((), np.dtype("float32")))
