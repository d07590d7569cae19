"""NumPy's medians, quantiles and percentiles, with its order of arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError
from wengert.ops.canonical import many_dims
from wengert.ops.numpy_shapes import answers
from wengert.ops.numpy_taken import as_float, into, taken
from wengert.ops.quantile import nanquantile, quantile

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _along(a: Any, axis: Any) -> tuple[Any, Any]:
    """The tensor with several axes merged into its last one, and the axis to go along."""
    if axis is None or isinstance(axis, (int, np.integer)):
        return a, axis
    dims = many_dims(axis, a.ndim)
    rest = [d for d in range(a.ndim) if d not in dims]
    return a.permute(*rest, *dims).flatten(len(rest)), -1


def _quantile(
    name: str, function: Callable[..., Any], a: Any, q: Any, axis: Any, out: Any, method: str,
    keepdims: bool,
) -> Any:  # fmt: skip
    if method not in _METHODS:
        raise ArgumentError(
            f"np.{name} of a tensor: there is no method {method!r}",
            f"There are {', '.join(_METHODS)}.",
        )
    x = as_float(taken(a))
    at: Any = q
    if not isinstance(q, float):
        at = taken(q).to(x.dtype)
    merged, dim = _along(x, axis)
    found = function(merged, at, dim, keepdims and merged is x, interpolation=method)
    if keepdims and merged is not x:
        for d in many_dims(axis, x.ndim):
            found = found.unsqueeze(d + (1 if isinstance(at, Tensor) and at.ndim else 0))
    return into(name, out, found)


def _quantiles(
    name: str, theirs: Callable[..., Any], function: Callable[..., Any], scale: float
) -> None:
    @answers(theirs)
    def answer(
        a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
        method: str = "linear", keepdims: Any = False, *, weights: Any = None,
    ) -> Any:  # fmt: skip
        if weights is not None:
            raise ArgumentError(f"np.{name} of a tensor takes no weights")
        at = q / scale if isinstance(q, (int, float)) else as_float(taken(q)) / scale
        return _quantile(name, function, a, at, axis, out, method, keepdims is True)


_quantiles("quantile", np.quantile, quantile, 1)
_quantiles("nanquantile", np.nanquantile, nanquantile, 1)
_quantiles("percentile", np.percentile, quantile, 100)
_quantiles("nanpercentile", np.nanpercentile, nanquantile, 100)


def _medians(name: str, theirs: Callable[..., Any], function: Callable[..., Any]) -> None:
    """Of two middle elements NumPy takes the mean."""

    @answers(theirs)
    def answer(
        a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
        keepdims: Any = False,
    ) -> Any:  # fmt: skip
        return _quantile(name, function, a, 0.5, axis, out, "midpoint", keepdims is True)


_medians("median", np.median, quantile)
_medians("nanmedian", np.nanmedian, nanquantile)
