"""What is overwritten was saved as it was: tables filled in place, buffers used again."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.func import grad, hessian, jvp, vmap

X = np.array([0.7, 1.3, 0.4])


def table(x):
    """Each row from the one before."""
    rows = np.zeros_like(x, shape=(4, 3))
    rows[0] = x
    for t in range(3):
        rows[t + 1] = rows[t] * np.sin(rows[t]) + x
    return (rows**2).sum()


def buffer(x):
    """One buffer for every step."""
    out = np.empty_like(x)
    total = 0.0
    for k in range(3):
        out[:] = x * (k + 1)
        total = total + np.prod(out)
    return total


def output(x):
    """What a function saved of its own result."""
    y = np.exp(x)
    z = y * y
    y[0] = 1.0
    return (z + y).sum()


def alias(x):
    """A part that is alive while the whole is overwritten."""
    y = x * 1
    part = y[1:]
    z = part * part
    y[1] = 5.0 * x[0]
    return z.sum() + part.sum()


def constant(x):
    """A tensor without history, used and then written."""
    y = np.ones_like(x)
    z = y * x
    y[0] = x[0]
    return (z * y).sum()


def in_place(x):
    y = np.sqrt(x)
    y *= y
    y += x
    y **= 2
    y /= x
    np.exp(y, out=y)
    return y.sum()


def number(x):
    """A single number is replaced, not changed: NumPy's are immutable."""
    s = x.sum()
    first = s
    s *= s
    s += first
    return s * first


FUNCTIONS = [table, buffer, output, alias, constant, in_place, number]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_gradients(function):
    step = np.array([0.3, -1.1, 0.9])
    found = grad(function)(X)

    measured = (function(X + 1e-6 * step) - function(X - 1e-6 * step)) / 2e-6
    np.testing.assert_allclose(found @ step, measured, rtol=1e-7)
    np.testing.assert_allclose(jvp(function, (X,), (step,))[1], found @ step, rtol=1e-12)
    second = (grad(function)(X + 1e-6 * step) - grad(function)(X - 1e-6 * step)) / 2e-6
    np.testing.assert_allclose(hessian(function)(X) @ step, second, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_in_a_map(function):
    found = vmap(grad(function))(np.stack([X, X * 1.1]))

    np.testing.assert_allclose(found, [grad(function)(X), grad(function)(X * 1.1)], rtol=1e-12)


def test_only_what_is_written_is_copied():
    """A function that writes nothing keeps the very arrays that it computed with."""
    w = np.ones((300, 300))

    def f(x):
        y = w * x
        node = y._node
        assert any(operand is w for operand in node.operands)
        return y.sum()

    grad(f)(np.float64(2.0))


def test_tensors_keep_torchs_error():
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        grad(table)(wg.tensor(X))


def reused(x):
    """A plain array as a buffer for constants, small enough to be copied."""
    factors = np.empty(3)
    total = 0.0
    for k in range(3):
        factors[:] = k + np.arange(3)
        total = total + (factors * x**2).sum()
    return total


def test_a_small_constant_is_saved_as_it_was():
    np.testing.assert_allclose(grad(reused)(X), 2 * X * (np.arange(3) * 3 + 3))


def test_a_large_constant_that_is_changed_is_named():
    factors = np.ones(100_000)

    def f(x):
        y = (factors * x).sum()
        factors[7] = 2
        return y

    with pytest.raises(RuntimeError, match="used as a constant has been changed") as caught:
        grad(f)(np.float64(3.0))
    assert "y = (factors * x).sum()" in str(caught.value)

    assert grad(f)(np.float64(3.0)) == 100_001  # nothing is changed by the same write
