"""Methods of arrays inside transforms of functions of arrays: NumPy's meaning, not torch's."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.func import grad, hessian, jvp, vmap

X = np.array([[0.31, 1.72, 0.93, 2.44], [1.15, 0.56, 2.87, 1.38], [2.09, 0.71, 1.51, 0.22]])


def sorted_in_place(x):
    y = x.copy()
    y.sort()
    return y


def reversed_writes(x):
    y = np.zeros_like(x)
    y[:, ::-1] = x
    y[::2] *= 2
    return y


def filled(x):
    y = np.empty_like(x)
    y.fill(3.0)
    y.flat[1] = x[0, 0]
    return y * x


METHODS = {
    "std": lambda x: x.std(),
    "std of axis": lambda x: x.std(axis=0),
    "std, ddof": lambda x: x.std(1, ddof=1),
    "var": lambda x: x.var(0),
    "max": lambda x: x.max(axis=0),
    "min": lambda x: x.min(1, keepdims=True),
    "sort": sorted_in_place,
    "repeat": lambda x: x.repeat(2, axis=0),
    "repeat, flat": lambda x: x.repeat(2),
    "transpose": lambda x: x.transpose(),
    "transpose, axes": lambda x: x.transpose(0, 1),
    "transpose, tuple": lambda x: x.transpose((1, 0)),
    "dot": lambda x: x.dot(x.T),
    "take": lambda x: x.take([1, 0], axis=1),
    "nonzero": lambda x: x[(x > 1).nonzero()],
    "cumsum": lambda x: x.cumsum(),
    "cumprod": lambda x: x.cumprod(axis=1),
    "mean of a mask": lambda x: x * (x > 1).mean(),
    "sum, dtype": lambda x: x.sum(0, np.float64),
    "prod": lambda x: x.prod(axis=(0, 1)),
    "argmax": lambda x: x[0, x[0].argmax()],
    "trace": lambda x: x.trace(1),
    "squeeze": lambda x: x[None].squeeze(axis=0),
    "size": lambda x: x / x.size,
    "astype": lambda x: x.astype(float) * 2,
    "copy": lambda x: x.copy(),
    "conjugate": lambda x: x.conjugate(),
    "clip": lambda x: x.clip(0.5, 2),
    "clip, one end": lambda x: x.clip(max=1.0),
    "compress": lambda x: x.compress([True, False, True], axis=0),
    "fill": filled,
    "flatten": lambda x: x.flatten(),
    "reversed": lambda x: x[::-1, ::-2],
    "reversed writes": reversed_writes,
    "divmod": lambda x: divmod(x, 0.7)[1],
    "ratio of counts": lambda x: x * (np.argmax(x, axis=1) / 3)[:, None],
    "number and count": lambda x: x * (0.1 * np.argmax(x[0])),
    "dtype": lambda x: x * np.finfo(x.dtype).bits if x.dtype == np.float64 else x,
    "array of the dtype": lambda x: x + np.ones(4, dtype=x.dtype),
    "iteration": lambda x: sum(row * i for i, row in enumerate(x)),
    "len": lambda x: x.sum() / len(x),
    "diagonal": lambda x: x.diagonal(1),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "ravel": lambda x: x.ravel(),
    "round": lambda x: x - x.round(0),
    "any": lambda x: x if x.any(axis=None) and not (x > 1).all() else -x,
}


@pytest.mark.parametrize("name", METHODS)
def test_values_and_gradients(name):
    function = METHODS[name]
    expected = np.asarray(function(X.copy()))
    weights = np.linspace(0.5, 1.5, expected.size).reshape(expected.shape)
    direction = np.cos(np.arange(X.size)).reshape(X.shape)

    value, tangent = jvp(function, (X,), (direction,))
    gradient = grad(lambda x: np.sum(function(x) * weights))(X)

    assert value.dtype == expected.dtype
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    ahead, behind = function(X + 1e-6 * direction), function(X - 1e-6 * direction)
    measured = (ahead - behind) / 2e-6
    np.testing.assert_allclose(tangent, measured, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(
        np.sum(gradient * direction), np.sum(measured * weights), rtol=1e-7, atol=1e-8
    )


def test_torchs_words_mean_what_torch_means():
    assert grad(lambda x: x.max(dim=0).values.sum())(X).shape == X.shape


def test_torchs_meaning_holds_for_tensors():
    x = wg.tensor(X)

    assert float(x.std()) == pytest.approx(X.std(ddof=1))
    assert x.max(axis=0).indices.tolist() == X.argmax(0).tolist()
    assert float(grad(lambda x: x.std() * 0 + x.sum())(x)[0, 0]) == 1
    with pytest.raises(ValueError, match="step must be greater than zero"):
        x[::-1]
    with pytest.raises(TypeError):
        divmod(x, 2)


def test_library_code_keeps_torchs_meaning_among_arrays():
    """wengert's own functions call methods, too."""
    found = grad(lambda x: wg.std(x) + np.median(x) + wg.nn.functional.softmax(x, 1)[0, 0])(X)
    expected = grad(lambda x: wg.std(x) + np.median(x) + wg.nn.functional.softmax(x, 1)[0, 0])(
        wg.tensor(X)
    )

    np.testing.assert_array_equal(found, expected.numpy())


def test_size_is_a_number_and_a_method():
    x = wg.ones(2, 3)

    assert x.size == 6
    assert x.size / 2 == 3
    assert x.size() == (2, 3)
    assert x.size(1) == x.size(dim=-1) == 3


def test_nested_and_mapped():
    inner = vmap(lambda r: r.std())(X)
    np.testing.assert_allclose(inner, X.std(axis=1))
    h = hessian(lambda x: x.var())(X[0])
    np.testing.assert_allclose(h, (np.eye(4) - 1 / 4) * 2 / 4)


def test_the_argument_itself_is_not_changed():
    def changes(x):
        x += 1
        return x.sum()

    with pytest.raises(RuntimeError, match=r"np\.copy\(x\)"):
        grad(changes)(X.copy())
