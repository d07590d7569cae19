"""Nothing becomes a constant unseen: where numbers would leave the graph, an error says so."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.special

import wengert as wg
from wengert.errors import BatchingError, GradientError
from wengert.func import grad, jvp, vjp, vmap

ESCAPES = {
    "float": lambda x: x[0] * float(x[1]),
    "int": lambda x: x[0] * int(x[1]),
    "complex": lambda x: x[0] * complex(x[1]).real,
    "math": lambda x: x[0] * math.sin(x[1]),
    "asarray": lambda x: x[0] * np.asarray(x)[1],
    "array": lambda x: np.array([x[0], x[1]])[0],
    "array of arrays": lambda x: np.array([x, x])[0, 0],
    "store": lambda x: stored(np.zeros(2), 0, x[1]),
    "store a slice": lambda x: stored(np.zeros(2), slice(None), x[:2]),
    "store by a mask": lambda x: stored(np.zeros(2), np.array([True, False]), x[1]),
    "+=": lambda x: plus(np.zeros(3), x),
    "out": lambda x: np.add(x, 1, out=np.zeros(3))[0],
    "float64": lambda x: x[0] * np.float64(x[1]),
    "vectorize": lambda x: np.vectorize(lambda t: t * 2)(x).sum(),
    "frompyfunc": lambda x: np.frompyfunc(lambda t: t * 2, 1, 1)(x).sum(),
    "fromiter": lambda x: np.fromiter((t for t in x), float).sum(),
    "list": lambda x: np.sum([x[0], x[1]]),
    "nditer": lambda x: sum(float(t) for t in np.nditer(x)),
    "random": lambda x: x[0] * np.random.default_rng(0).normal(x[1]),
    "scipy": lambda x: scipy.special.erf(x).sum(),
    "scipy.linalg": lambda x: scipy.linalg.inv(np.diag(x)).sum(),
    "full": lambda x: x[0] * np.full(2, x[1])[0],
    "numpy": lambda x: x[0] * x.numpy()[1],
}


def stored(array, index, value):
    array[index] = value
    return array.sum()


def plus(array, value):
    array += value
    return array.sum()


@pytest.mark.parametrize("name", ESCAPES)
def test_inside_a_transform(name):
    with pytest.raises((GradientError, TypeError)) as caught:
        grad(ESCAPES[name])(np.array([2.0, 3.0, 4.0]))

    assert "test_escapes.py" in str(caught.value)
    with pytest.raises((GradientError, TypeError)):
        jvp(ESCAPES[name], (np.array([2.0, 3.0, 4.0]),), (np.ones(3),))
    with pytest.raises((GradientError, TypeError, BatchingError)):
        vmap(ESCAPES[name])(np.ones((2, 3)))


@pytest.mark.parametrize("name", ["store", "store a slice", "array", "asarray", "+="])
def test_the_remedy_names_what_holds_tensors(name):
    with pytest.raises((GradientError, TypeError), match="zeros_like"):
        grad(ESCAPES[name])(np.array([2.0, 3.0, 4.0]))


@pytest.mark.parametrize("name", ["float", "math"])
def test_the_remedy_names_the_explicit_ways(name):
    with pytest.raises(GradientError, match=r"\.detach\(\) or x\.item\(\)"):
        grad(ESCAPES[name])(np.array([2.0, 3.0, 4.0]))


@pytest.mark.parametrize("name", ["store", "store a slice", "+="])
def test_of_an_ordinary_tensor_that_requires_grad(name):
    x = wg.tensor([2.0, 3.0, 4.0], requires_grad=True)

    with pytest.raises((GradientError, ValueError, TypeError)) as caught:
        ESCAPES[name](x)

    assert isinstance(caught.value.__cause__ or caught.value, (GradientError, TypeError))


def test_numbers_of_an_ordinary_tensor_are_taken():
    x = wg.tensor([2.0], requires_grad=True)
    array = np.zeros(1)

    array[0] = x.detach()[0]

    assert float(x) == array[0] == 2


def test_what_does_not_depend_on_the_arguments_is_a_constant():
    w = wg.tensor(3.0, requires_grad=True)

    assert grad(lambda x: x * float(w * w))(np.float64(2.0)) == 9
    assert grad(lambda x: x * float(np.argmax(np.stack([x, x + 1]))))(np.float64(2.0)) == 1


def test_detach_and_item_say_that_a_constant_is_meant():
    assert grad(lambda x: x * float(x.detach()))(np.float64(2.0)) == 2
    assert grad(lambda x: x * x.item())(np.float64(2.0)) == 2


def test_in_the_derivative_of_a_closed_over_argument():
    def outer(x):
        _, pullback = vjp(lambda y: y * float(x), np.float64(1.0))
        return pullback(np.float64(1.0))[0]

    with pytest.raises(GradientError, match="constant"):
        grad(outer)(np.float64(2.0))
