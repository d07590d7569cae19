"""Whether compiled results are those of the function itself: to the bit, or within its rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import wengert as wg
from laws.cases import as_tensor, tensors_in
from sampling import arrays_in, map_arrays
from wengert.compiler.arguments import Parameters
from wengert.compiler.rewrite import rewritten
from wengert.compiler.tracing import trace
from wengert.compiler.verify import difference, is_rounded, noise
from wengert.core.tensor import Tensor
from wengert.func import vjp
from wengert.modes import silently
from wengert.ops.define import Function


class Compiling:
    """A call of a public function as a function of all its arrays, to be compiled."""

    def __init__(self, function: Function, call: Any) -> None:
        self._function = function
        self._call = call
        self.tensors = [as_tensor(x) for x in arrays_in(call)]

    def applied(self, *tensors: Tensor) -> list[Tensor]:
        """The tensors that the function returns for these arguments."""
        given = iter(tensors)
        args, kwargs = map_arrays(lambda _: next(given), self._call)
        return tensors_in(self._function.call(*args, **kwargs))

    def with_gradient(self, *tensors: Tensor) -> list[Tensor]:
        """The results, and the gradients of their weighted sum."""
        floats = [i for i, t in enumerate(tensors) if t._data.dtype.kind in "fc"]

        def outputs(*chosen: Tensor) -> list[Tensor]:
            given = list(tensors)
            for i, t in zip(floats, chosen, strict=True):
                given[i] = t
            return [t for t in self.applied(*given) if t._data.dtype.kind in "fc"]

        values, pullback = vjp(outputs, *(tensors[i] for i in floats))
        return [*values, *pullback([v * 0.5 + 1 for v in values])]


def assert_same(
    mine: list[Tensor], other: list[Tensor], bounds: Sequence[Any] | None = None
) -> None:
    """Equal shapes, dtypes and bits, but for what is inside of a NaN; or as close as the bounds."""
    assert len(mine) == len(other)
    for a, b, bound in zip(mine, other, bounds or [0.0] * len(mine), strict=True):
        x, y = np.asarray(a._data), np.asarray(b._data)
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        if np.all(bound == 0):
            assert bits(x) == bits(y), f"{x} is not {y}"
        else:
            assert difference(x, y, bound) is None, f"{x} is not {y}, to within {bound}"


def bounds(function: Any, tensors: Sequence[Tensor]) -> list[Any]:
    """How far rounding may move the results of a function of tensors, compiled.

    0 where nothing in it rounds in another way: then results are the same to the bit.
    """
    traced = trace(function, Parameters(function, ()).call(tensors, {}), "f")
    outputs = traced.outputs()
    if not is_rounded(outputs):
        return [0.0] * len(outputs)
    leaves = [*traced.inputs, *(leaf for _, leaf in traced.hidden)]
    arrays = [t._data for t in (*tensors, *(t for t, _ in traced.hidden))]
    return silently(noise, rewritten(outputs), dict(zip(leaves, arrays, strict=True)))


def assert_rounded(mine: list[Tensor], other: list[Tensor]) -> None:
    """Equal shapes and dtypes, and equal but for the rounding of sums in another order."""
    assert len(mine) == len(other)
    for a, b in zip(mine, other, strict=True):
        x, y = np.asarray(a._data), np.asarray(b._data)
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        if x.dtype.kind not in "fc":
            assert np.array_equal(x, y)
            continue
        finite = np.abs(y[np.isfinite(y)]).max(initial=0)
        tolerance = 64 * np.finfo(x.dtype).eps
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance * finite)


def assert_compiled(function: Callable[..., Any], mine: Any, other: Any, *tensors: Tensor) -> None:
    """Equal to the bit, or but for rounding where operations differ from NumPy's by some ulps."""
    results = [list(r) if isinstance(r, (tuple, list)) else [r] for r in (mine, other)]
    used = wg.graph(function, *tensors).nodes
    exact = not any(v.is_operation and v.op.ulps for v in used)
    (assert_same if exact else assert_rounded)(*results)


def bits(array: Any) -> bytes:
    """The bits of an array, those of all NaNs the same."""
    array = np.array(array)
    if array.dtype.kind == "c":
        return bits(np.stack([array.real, array.imag]))
    if array.dtype.kind == "f":
        array[np.isnan(array)] = np.nan
    return array.tobytes()
