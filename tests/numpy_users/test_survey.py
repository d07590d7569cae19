"""Every public function of NumPy on tensors: NumPy's values, recorded; or an error that says why.

The lists are exact: a function that NumPy adds, or that loses its slope, fails here.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import wengert as wg
from laws.numeric import directional
from numpy_users.calls import CALLS, FFT, LINALG, TEXTS, S, V, X
from wengert.errors import ArgumentError, BatchingError
from wengert.func import vmap
from wengert.ops.numpy_refused import REFUSED

# What has no slope: numbers, truth values, indices, integers.
DISCRETE = {
    "all", "allclose", "any", "argmax", "argmin", "argpartition", "argsort", "argwhere",
    "array_equal", "array_equiv", "bitwise_and", "bitwise_count", "bitwise_invert",
    "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor",
    "can_cast", "common_type", "count_nonzero", "digitize", "einsum_path", "empty_like", "equal",
    "flatnonzero", "gcd", "greater", "greater_equal", "invert", "isclose", "iscomplex",
    "iscomplexobj", "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "isreal",
    "isrealobj", "lcm", "left_shift", "less", "less_equal", "lexsort", "logical_and",
    "logical_not", "logical_or", "logical_xor", "may_share_memory", "min_scalar_type",
    "nanargmax", "nanargmin", "ndim", "nonzero", "not_equal", "ravel_multi_index", "result_type",
    "right_shift", "searchsorted", "shape", "shares_memory", "signbit", "size", "unravel_index",
    "linalg.matrix_rank",
    "imag", "spacing", "ones_like", "zeros_like",  # 0 for real numbers; constants
}  # fmt: skip


def overridable(module: ModuleType) -> dict[str, Any]:
    """The ufuncs of a module, and the functions that ask their arguments how to apply."""
    found = {}
    for name in dir(module):
        function = getattr(module, name)
        asks = isinstance(function, np.ufunc) or hasattr(function, "_implementation")
        if asks and not name.startswith("_") and not isinstance(function, type):
            found[name] = function
    return found


ALL = CALLS | FFT | {f"linalg.{name}": call for name, call in LINALG.items()}


def test_every_function_is_tried_or_refused():
    tried = set(CALLS) | set(TEXTS) | {n for n, f in overridable(np).items() if f in REFUSED}

    assert set(overridable(np)) - tried == set()
    assert set(overridable(np.linalg)) == set(LINALG)
    assert {n for n, f in overridable(np.fft).items() if f not in REFUSED} == set(FFT)


def leaves() -> list[wg.Tensor]:
    return [wg.tensor(a, requires_grad=True) for a in (X, V, S)]


def parts(result: Any) -> list[Any]:
    return [p for r in result for p in parts(r)] if isinstance(result, (tuple, list)) else [result]


def values(result: Any) -> list[np.ndarray]:
    return [
        np.asarray(p.detach().numpy() if isinstance(p, wg.Tensor) else p) for p in parts(result)
    ]


@pytest.mark.parametrize("name", ALL)
def test_values_are_those_of_numpy(name):
    expected = values(ALL[name](X.copy(), V.copy(), S.copy()))

    found = values(ALL[name](*leaves()))

    assert len(found) == len(expected)
    for mine, theirs in zip(found, expected, strict=True):
        if theirs.dtype.kind not in "OUS":
            assert mine.dtype == theirs.dtype
            np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-12)


def weighted(results: list[Any]) -> Any:
    """One number that depends on all of the results, in the same way for arrays and tensors."""
    total: Any = 0.0
    for result in results:
        shape = tuple(np.shape(result))
        weights = np.linspace(0.6, 1.7, int(np.prod(shape))).reshape(shape)
        part = (result * weights).sum()
        total = total + (part.real if np.iscomplexobj(result) else part)
    return total


@pytest.mark.parametrize("name", ALL)
def test_the_gradient_is_measured_or_there_is_none(name):
    inputs = leaves()
    floats = [p for p in parts(ALL[name](*inputs)) if isinstance(p, wg.Tensor) and p.requires_grad]
    if name in DISCRETE:
        assert not floats
        return
    assert floats, "a constant, silently"
    weighted(floats).backward()

    for which, leaf in enumerate(inputs):
        direction = [np.zeros_like(a) for a in (X, V, S)]
        direction[which][...] = np.cos(np.arange(direction[which].size)).reshape(leaf.shape)
        measured, error = directional(
            lambda at: np.asarray(weighted(float_parts(ALL[name](*[np.array(a) for a in at])))),
            [X, V, S], direction,
        )  # fmt: skip
        found = 0.0 if leaf.grad is None else float((leaf.grad.numpy() * direction[which]).sum())
        assert abs(found - measured) <= 1e-6 * max(1, abs(measured)) + 10 * error


def float_parts(result: Any) -> list[Any]:
    return [p for p in map(np.asarray, parts(result)) if p.dtype.kind in "fc"]


# What needs values, which a map has one of for every slice: shapes of results, truth, orders.
VALUES = {
    "allclose", "argwhere", "array_equal", "array_equiv", "flatnonzero", "intersect1d", "ix_",
    "lexsort", "nonzero", "ravel_multi_index", "roots", "setdiff1d", "setxor1d", "sort_complex",
    "trim_zeros", "union1d", "unique", "unique_all", "unique_counts", "unique_inverse",
    "unique_values", "unravel_index",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(ALL) - {"linalg.eigvals"}))  # complex in a map
def test_a_map_is_a_loop_or_says_what_it_needs(name):
    slices = [(X * k, V * k, S * k) for k in (1.0, 1.01)]
    stacked = [np.stack(arrays) for arrays in zip(*slices, strict=True)]

    def tensors(*args: Any) -> tuple[Any, ...]:
        return tuple(p for p in parts(ALL[name](*args)) if isinstance(p, wg.Tensor))

    if name in VALUES:
        with pytest.raises(BatchingError):
            vmap(tensors)(*stacked)
        return
    found = vmap(tensors)(*stacked)
    one_by_one = [float_parts(ALL[name](*(a.copy() for a in arrays))) for arrays in slices]
    expected = [np.stack(p) for p in zip(*one_by_one, strict=True)]
    floats = [a for a in found if a.dtype.kind in "fc"]
    for mine, theirs in zip(floats, expected, strict=False):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_the_refusal_says_why(function):
    x = wg.tensor(V, requires_grad=True)
    arguments = {np.savetxt: ("f", x), np.save: ("f", x), np.savez: ("f", x)}

    with pytest.raises(ArgumentError, match=function.__name__) as caught:
        function(*arguments.get(function, pairs(function, x)))

    assert REFUSED[function] in str(caught.value)
    assert "test_survey.py" in str(caught.value)


def pairs(function: Any, x: Any) -> tuple[Any, ...]:
    if function is np.savez_compressed:
        return ("f", x)
    two = (np.histogram2d, np.busday_count, np.busday_offset, np.nextafter, np.polydiv)
    return (x, x) if function in two else (x,)


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name):
    assert getattr(np, name)(wg.tensor(V)) == getattr(np, name)(V)
