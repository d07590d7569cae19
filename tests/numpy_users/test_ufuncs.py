"""The methods and keywords of ufuncs: NumPy's values, recorded."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.errors import ArgumentError
from wengert.func import grad

X = np.array([[0.31, 1.72, 0.93, 2.44], [1.15, 0.56, 2.87, 1.38], [2.09, 0.71, 1.51, 0.22]])
METHODS = {
    "add.reduce": lambda x: np.add.reduce(x),
    "add.reduce, all axes": lambda x: np.add.reduce(x, axis=None),
    "add.reduce, keywords": lambda x: np.add.reduce(x, 1, keepdims=True, initial=2.0),
    "add.reduce, where": lambda x: np.add.reduce(x, where=X > 1),
    "multiply.reduce": lambda x: np.multiply.reduce(x, axis=1),
    "maximum.reduce": lambda x: np.maximum.reduce(x, axis=1),
    "minimum.reduce": lambda x: np.minimum.reduce(x, keepdims=True),
    "subtract.reduce": lambda x: np.subtract.reduce(x, axis=1),
    "divide.reduce": lambda x: np.divide.reduce(x, axis=-1, keepdims=True),
    "hypot.reduce": lambda x: np.hypot.reduce(x),
    "logaddexp.reduce": lambda x: np.logaddexp.reduce(x, axis=1),
    "add.accumulate": lambda x: np.add.accumulate(x),
    "multiply.accumulate": lambda x: np.multiply.accumulate(x, axis=1),
    "maximum.accumulate": lambda x: np.maximum.accumulate(x, axis=1),
    "minimum.accumulate": lambda x: np.minimum.accumulate(x, axis=1),
    "logaddexp.accumulate": lambda x: np.logaddexp.accumulate(x, axis=1),
    "subtract.accumulate": lambda x: np.subtract.accumulate(x, axis=1),
    "add.reduceat": lambda x: np.add.reduceat(x, [0, 2, 1], axis=1),
    "multiply.reduceat": lambda x: np.multiply.reduceat(x, [0, 2]),
    "multiply.outer": lambda x: np.multiply.outer(x, x[0]),
    "subtract.outer": lambda x: np.subtract.outer(X, x[0]),
    "dtype": lambda x: np.multiply(x, 2, dtype=np.float64),
    "out": lambda x: np.exp(x, out=np.empty_like(x)),
    "out and where": lambda x: np.log(x, out=np.zeros_like(x), where=X > 1),
    "in place": lambda x: np.add(x[0], 1, out=np.copy(x[1])),
    "array op tensor": lambda x: X - x,
    "number op tensor": lambda x: np.float64(2.0) ** x,
    "array @ tensor": lambda x: X.T @ x,
}


@pytest.mark.parametrize("name", METHODS)
def test_values_and_gradients(name):
    found = METHODS[name](wg.tensor(X, requires_grad=True))

    np.testing.assert_allclose(found.detach().numpy(), METHODS[name](X), rtol=1e-13)

    weights = np.linspace(0.5, 1.5, found.numel()).reshape(tuple(found.shape))
    gradient = grad(lambda x: np.sum(METHODS[name](x) * weights))(X)
    direction = np.cos(np.arange(X.size)).reshape(X.shape)

    def along(t):
        return np.sum(METHODS[name](X + t * direction) * weights)

    np.testing.assert_allclose(
        np.sum(gradient * direction), (along(1e-6) - along(-1e-6)) / 2e-6, rtol=1e-7
    )


@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.multiply, np.maximum, np.divide])
def test_at_counts_every_index(ufunc):
    """Elements that are named several times are changed several times, and get every slope."""
    index, b = np.array([0, 2, 0, 0]), np.array([0.7, 1.9, 3.1, 0.4])

    def changed(a, b):
        a = np.copy(a)
        ufunc.at(a, index, b)
        return a

    a = X[0]
    by_a, by_b = grad(lambda a, b: np.sum(changed(a, b) * a), argnums=(0, 1))(a, b)

    np.testing.assert_allclose(changed(wg.tensor(a), wg.tensor(b)).numpy(), changed(a, b))
    for gradient, at in ((by_a, 0), (by_b, 1)):
        for i in range(4):
            step = np.zeros(4)
            step[i] = 1e-6
            ahead = (a + step, b) if at == 0 else (a, b + step)
            behind = (a - step, b) if at == 0 else (a, b - step)
            measured = np.sum(changed(*ahead) * ahead[0]) - np.sum(changed(*behind) * behind[0])
            np.testing.assert_allclose(gradient[i], measured / 2e-6, rtol=1e-6, atol=1e-8)


def test_at_of_one_input_and_of_slices():
    a = wg.tensor(X, requires_grad=True)
    b = a * 1

    np.negative.at(b, (slice(None), [0, 0, 1]))

    expected = X.copy()
    np.negative.at(expected, (slice(None), [0, 0, 1]))
    np.testing.assert_array_equal(b.detach().numpy(), expected)


def test_where_without_out_is_refused():
    with pytest.raises(ArgumentError, match="leaves elements undefined"):
        np.add(wg.ones(2), 1, where=np.array([True, False]))


def test_an_array_is_no_place_for_a_tensor():
    with pytest.raises(ArgumentError, match="zeros_like"):
        np.add.at(np.zeros(3), [0], wg.ones(1, requires_grad=True))
    with pytest.raises(ArgumentError, match="zeros_like"):
        np.copyto(np.zeros(3), wg.ones(3, requires_grad=True))


def test_like_is_the_hook_for_arrays_of_tensors():
    found = grad(lambda x: np.array([x[0] * x[1], x[2]], like=x).sum())(np.array([2.0, 3.0, 4.0]))

    np.testing.assert_array_equal(found, [3, 2, 1])
    assert isinstance(np.zeros(3, like=wg.ones(1)), wg.Tensor)
