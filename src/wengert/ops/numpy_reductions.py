"""NumPy's reductions, with its order of arguments: axis, dtype, out, keepdims, initial, where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.errors import ArgumentError
from wengert.ops.canonical import many_dims
from wengert.ops.extrema import amax, amin, argmax, argmin
from wengert.ops.logic import all_, any_, count_nonzero
from wengert.ops.numpy_shapes import answers, newer
from wengert.ops.numpy_taken import as_float, flat_or, into, is_given, taken
from wengert.ops.products import cumprod, prod
from wengert.ops.reduce import sum_
from wengert.ops.scan import cumsum
from wengert.ops.selection import where as choose
from wengert.ops.statistics import std, var

NONE: Any = np._NoValue


def _masked(a: Any, where: Any, fill: Any) -> Any:
    """The elements that `where` names, `fill` for the others."""
    return choose(taken(where), a, fill) if is_given(where) else a


def _with_dtype(a: Any, dtype: Any) -> Any:
    return a if dtype is None else a.to(dtype)


@answers(np.sum)
def _sum(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    initial: Any = NONE, where: Any = True,
) -> Any:  # fmt: skip
    a = taken(a)
    found = sum_(_masked(a, where, 0), axis, keepdims is True, dtype=dtype)
    return into("sum", out, found if initial is NONE else found + initial)


@answers(np.prod)
def _prod(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    initial: Any = NONE, where: Any = True,
) -> Any:  # fmt: skip
    x = _masked(taken(a), where, 1)
    if axis is None and keepdims is not True:
        found = prod(x, dtype=dtype)
    else:
        found = _with_dtype(x, dtype)
        for dim in many_dims(axis, x.ndim):
            found = prod(found, dim, True)
        if keepdims is not True:
            found = found.squeeze(many_dims(axis, x.ndim))
    return into("prod", out, found if initial is NONE else found * initial)


def counted(a: Any, axis: Any, keepdims: bool, where: Any) -> Any:
    """How many elements a mean is over: a number, or a tensor where a mask says it."""
    if not is_given(where):
        shape = a.shape
        return float(np.prod([shape[d] for d in many_dims(axis, len(shape))], initial=1))
    mask: Any = np.broadcast_to(taken(where), tuple(a.shape))
    return sum_(mask.to(a.dtype), axis, keepdims)


@answers(np.mean)
def _mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    *, where: Any = True,
) -> Any:  # fmt: skip
    x = as_float(_with_dtype(taken(a), dtype))
    keep = keepdims is True
    if not is_given(where):
        return into("mean", out, x.mean(dim=axis, keepdim=keep))
    total = sum_(_masked(x, where, 0), axis, keep)
    return into("mean", out, total / counted(x, axis, keep, where))


def _spread(name: str, theirs: Callable[..., Any], function: Callable[..., Any]) -> None:
    @answers(theirs)
    def answer(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
        keepdims: Any = False, *, where: Any = True, mean: Any = NONE, correction: Any = NONE,
    ) -> Any:  # fmt: skip
        if mean is not NONE:
            raise ArgumentError(f"np.{name} of a tensor takes no mean=", "Leave it out.")
        x = as_float(_with_dtype(taken(a), dtype))
        by = ddof if correction is NONE else correction
        keep = keepdims is True
        if not is_given(where):
            return into(name, out, function(x, axis, keepdim=keep, correction=by))
        count = counted(x, axis, True, where)
        centre = sum_(_masked(x, where, 0), axis, True) / count
        off = _masked(x - centre, where, 0)
        found = sum_((off * off.conj()).real if x.is_complex() else off * off, axis, keep)
        found = found / (counted(x, axis, keep, where) - by)
        return into(name, out, np.sqrt(found) if name == "std" else found)


_spread("var", np.var, var)
_spread("std", np.std, std)


def _extreme(name: str, largest: bool, *theirs: Callable[..., Any]) -> None:
    function, between = (amax, np.maximum) if largest else (amin, np.minimum)

    @answers(*theirs)
    def answer(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NONE,
        where: Any = True,
    ) -> Any:  # fmt: skip
        if is_given(where) and initial is NONE:
            raise ArgumentError(
                f"np.{name}: where= needs an initial value",
                f"Give initial=, which is the result where the mask has nothing; np.{name} "
                "has no identity.",
            )
        x = taken(a)
        x = _masked(x, where, initial)
        found = function(x, () if axis is None else axis, keepdims is True)
        return into(name, out, found if initial is NONE else between(found, initial))


_extreme("max", True, np.max, np.amax)
_extreme("min", False, np.min, np.amin)


@answers(np.ptp)
def _ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    keep = keepdims is True
    return into("ptp", out, np.max(a, axis, keepdims=keep) - np.min(a, axis, keepdims=keep))


def _truth(name: str, theirs: Callable[..., Any], function: Any, fill: bool) -> None:
    @answers(theirs)
    def answer(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
    ) -> Any:
        x = taken(a) != 0
        return into(name, out, function(_masked(x, where, fill), axis, keepdims is True))


_truth("all", np.all, all_, True)
_truth("any", np.any, any_, False)


@answers(np.count_nonzero)
def _count(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    found = count_nonzero(a, axis)
    if not keepdims:
        return found
    for dim in many_dims(axis, a.ndim):
        found = found.unsqueeze(dim)
    return found


def _place(name: str, theirs: Callable[..., Any], function: Any) -> None:
    @answers(theirs)
    def answer(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
        return into(name, out, function(a, axis, keepdims is True))


_place("argmax", np.argmax, argmax)
_place("argmin", np.argmin, argmin)


@answers(np.average)
def _average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False
) -> Any:
    x, keep = taken(a), keepdims is True
    if weights is None:
        found = np.mean(x, axis, keepdims=keep)
        total: Any = found * 0 + counted(x, axis, keep, True)
        return (found, total) if returned else found
    w = taken(weights)
    if w.ndim < x.ndim and w.ndim == 1 and isinstance(axis, int):
        w = w.reshape([-1 if d == axis % x.ndim else 1 for d in range(x.ndim)])
    w = taken(np.broadcast_to(w, tuple(x.shape)))
    total = sum_(w, axis, keep)
    found = sum_(x * w, axis, keep) / total
    return (found, total) if returned else found


# Running sums and products -----------------------------------------------------------------------


def _running(name: str, theirs: Callable[..., Any], function: Any) -> None:
    @answers(theirs)
    def answer(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        x, dim = flat_or(taken(a), axis)
        return into(name, out, function(x, dim, dtype=dtype))


_running("cumsum", np.cumsum, cumsum)
_running("cumprod", np.cumprod, cumprod)


def _cumulative(name: str, function: Any, start: int) -> None:
    @answers(*newer(name))
    def answer(
        x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None,
        include_initial: bool = False,
    ) -> Any:  # fmt: skip
        dim = 0 if axis is None else axis
        found = function(x, dim, dtype=dtype)
        if include_initial:
            first = found.narrow(dim, 0, 1) * 0 + start
            found = np.concatenate([first, found], axis=dim)
        return into(name, out, found)


_cumulative("cumulative_sum", cumsum, 0)
_cumulative("cumulative_prod", cumprod, 1)


# Covariance --------------------------------------------------------------------------------------


@answers(np.cov)
def _cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None,
    fweights: Any = None, aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    x = _variables(m, rowvar)
    if y is not None:
        x = np.concatenate([x, _variables(y, rowvar)], axis=0)
    x = as_float(_with_dtype(x, dtype))
    by = (0 if bias else 1) if ddof is None else ddof
    weights = _weights(x, fweights, aweights)
    if weights is None:
        count, off = float(x.shape[1]), x - x.mean(dim=1, keepdim=True)
        return (off @ off.mH / (count - by)).squeeze()
    total = weights.sum()
    off = x - (x * weights).sum(dim=1, keepdim=True) / total
    scale = total - by
    if aweights is not None and by:
        scale = total - by * (weights * taken(aweights)).sum() / total
    return ((off * weights) @ off.mH / scale).squeeze()


def _variables(m: Any, rowvar: bool) -> Any:
    x = taken(m)
    if x.ndim > 2:
        raise ArgumentError("np.cov: m has more than 2 dimensions")
    x = x.reshape(1, -1) if x.ndim < 2 else x
    return x if rowvar or x.shape[0] == 1 else x.T


def _weights(x: Any, fweights: Any, aweights: Any) -> Any:
    given = [taken(w).to(x.dtype) for w in (fweights, aweights) if w is not None]
    return None if not given else given[0] if len(given) == 1 else given[0] * given[1]


@answers(np.corrcoef)
def _corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = np.cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    length = np.sqrt(np.diagonal(c).real)
    return c / length[:, None] / length[None, :]
