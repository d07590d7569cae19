"""NumPy's reductions that leave NaN out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.ops.limits import nan_to_num_op
from wengert.ops.numpy_shapes import answers
from wengert.ops.numpy_taken import into, is_given, taken
from wengert.ops.selection import where as choose

NONE: Any = np._NoValue


def _filled(a: Any, fill: float) -> Any:
    """NaN replaced, infinities left."""
    x = taken(a)
    if not x.dtype.is_floating_point:
        return x
    return nan_to_num_op(x, nan=fill, posinf=np.inf, neginf=-np.inf)


def _but(a: Any) -> Any:
    """Where the elements are numbers."""
    x = taken(a)
    return (x == x).detach()


@answers(np.nansum)
def _nansum(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    initial: Any = NONE, where: Any = True,
) -> Any:  # fmt: skip
    return np.sum(_filled(a, 0), axis, dtype, out, keepdims is True, initial, where)


@answers(np.nanprod)
def _nanprod(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    initial: Any = NONE, where: Any = True,
) -> Any:  # fmt: skip
    return np.prod(_filled(a, 1), axis, dtype, out, keepdims is True, initial, where)


@answers(np.nancumsum)
def _nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumsum(_filled(a, 0), axis, dtype, out)


@answers(np.nancumprod)
def _nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    return np.cumprod(_filled(a, 1), axis, dtype, out)


@answers(np.nanmean)
def _nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    *, where: Any = True,
) -> Any:  # fmt: skip
    mask = _but(a) & taken(where) if is_given(where) else _but(a)
    return np.mean(taken(a), axis, dtype, out, keepdims is True, where=mask)


def _nan_spread(theirs: Callable[..., Any], function: Callable[..., Any]) -> None:
    @answers(theirs)
    def answer(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
        keepdims: Any = False, *, where: Any = True,
    ) -> Any:  # fmt: skip
        mask = _but(a) & taken(where) if is_given(where) else _but(a)
        return function(taken(a), axis, dtype, out, ddof, keepdims is True, where=mask)


_nan_spread(np.nanvar, np.var)
_nan_spread(np.nanstd, np.std)


def _nan_extreme(theirs: Callable[..., Any], function: Callable[..., Any], worst: float) -> None:
    """The extreme of the numbers; NaN where there is none."""

    @answers(theirs)
    def answer(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NONE,
        where: Any = True,
    ) -> Any:  # fmt: skip
        filled = _filled(a, worst)
        found = function(filled, axis, None, keepdims is True, initial, where)
        there = np.any(_but(a), axis, keepdims=keepdims is True)
        return into("nanmax", out, choose(there, found, np.nan))


_nan_extreme(np.nanmax, np.max, -np.inf)
_nan_extreme(np.nanmin, np.min, np.inf)


@answers(np.nanargmax)
def _nanargmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
    return np.argmax(_filled(a, -np.inf), axis, out, keepdims=keepdims is True)


@answers(np.nanargmin)
def _nanargmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
    return np.argmin(_filled(a, np.inf), axis, out, keepdims=keepdims is True)
