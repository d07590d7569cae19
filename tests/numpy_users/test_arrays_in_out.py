"""Transforms of functions of NumPy's arrays: arrays go in, arrays come out."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.func import (
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    value_and_grad,
    vjp,
    vmap,
)


def squares_so_far(x):
    y = np.zeros_like(x)
    y[1:] = np.cumsum(x[:-1] ** 2)
    return y.sum()


def is_array(value) -> bool:
    return isinstance(value, (np.ndarray, np.generic))


def test_the_first_minute():
    assert repr(grad(squares_so_far)(np.arange(4.0))) == "array([0., 4., 4., 0.])"


def test_every_transform_gives_arrays_for_arrays():
    x, one = np.arange(3.0), np.ones(3)
    output, pullback = vjp(np.sin, x)
    at_once, derivative = linearize(np.sin, x)
    found = [
        grad(np.sum)(x), *grad_and_value(np.sum)(x), *value_and_grad(np.sum)(x),
        jacrev(np.sin)(x), jacfwd(np.sin)(x), hessian(lambda x: np.sum(x**3))(x),
        *jvp(np.sin, (x,), (one,)), vmap(np.sin)(x), output, pullback(one)[0], at_once,
        derivative(one),
    ]  # fmt: skip

    assert all(map(is_array, found))
    np.testing.assert_allclose(found[5], np.diag(np.cos(x)))
    np.testing.assert_allclose(found[-1], np.cos(x))


def test_tensors_in_tensors_out():
    assert isinstance(grad(np.sum)(wg.ones(3)), wg.Tensor)
    assert isinstance(grad(lambda p: np.sum(p[0] * p[1]))([wg.ones(3), np.ones(3)])[1], wg.Tensor)


def test_numbers_have_the_precision_of_python():
    found = grad(lambda x: x * np.sin(x))(2.0)

    assert type(found) is np.float64
    assert found == np.sin(2.0) + 2 * np.cos(2.0)


def test_trees_and_aux():
    parameters = {"w": np.arange(3.0), "b": 2.0}

    gradient, (value, aux) = grad_and_value(
        lambda p: (np.sum(p["w"] * p["b"]), p["w"] + 1), has_aux=True
    )(parameters)

    np.testing.assert_array_equal(gradient["w"], [2, 2, 2])
    assert gradient["b"] == 3
    assert is_array(value)
    np.testing.assert_array_equal(aux, [1, 2, 3])


def test_an_inner_result_that_the_outer_one_depends_on_stays_a_tensor():
    def outer(x):
        inner = grad(lambda y: x * y**2)(np.float64(3.0))
        assert isinstance(inner, wg.Tensor)
        return inner

    assert grad(outer)(np.float64(2.0)) == 6


def test_nested():
    assert grad(grad(lambda x: x**3))(np.float64(2.0)) == 12


def test_the_result_shares_no_memory_with_the_argument():
    x = np.arange(3.0)
    output, _ = vjp(lambda x: x, x)

    output[0] = 7

    assert x[0] == 0


@pytest.mark.parametrize("x", [np.arange(3), np.array([True])])
def test_integers_are_refused(x):
    with pytest.raises(RuntimeError, match="only floating-point and complex"):
        grad(np.sum)(x)
