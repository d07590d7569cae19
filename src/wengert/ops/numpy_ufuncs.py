"""NumPy's ufuncs on tensors: their keywords, and reduce, accumulate, reduceat, outer and at.

What has a function of its own is entered under the bound method (np.add.reduce is np.sum);
everything else is folded, element by element of the axis, with the ufunc itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.advice import no_counterpart, no_history_in_array
from wengert.core.registry import NUMPY, OPERATORS
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError
from wengert.ops.join import stack
from wengert.ops.numpy_shapes import answers
from wengert.ops.numpy_taken import into, is_given, plain, taken
from wengert.ops.scan import logcumsumexp
from wengert.ops.selection import where as choose
from wengert.ops.softmax import logsumexp

_MEANS_NOTHING = ("casting", "order", "subok", "signature")


def apply_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What NumPy asks of Tensor.__array_ufunc__."""
    for name in _MEANS_NOTHING:
        kwargs.pop(name, None)
    if method != "__call__":
        bound = getattr(ufunc, method)
        ours = NUMPY.get(bound)
        if ours is not None:
            return ours(*inputs, **kwargs)
        return _METHODS[method](ufunc, *inputs, **kwargs)
    return _call(ufunc, inputs, **kwargs)


OPERATORS.ufunc = apply_ufunc


def _call(
    ufunc: Any, inputs: tuple[Any, ...], out: Any = None, where: Any = True, dtype: Any = None,
    **rest: Any,
) -> Any:  # fmt: skip
    """ufunc(*inputs) with NumPy's keywords."""
    name = ufunc.__name__
    targets = () if out is None else out if isinstance(out, tuple) else (out,)
    if any(t is not None and not isinstance(t, Tensor) for t in targets):
        raise no_history_in_array(name)
    function = NUMPY.get(ufunc)
    if function is None:
        raise no_counterpart(f"numpy.{name}")
    if dtype is not None:
        inputs = tuple(taken(x).to(dtype) for x in inputs)
    result = function(*inputs, **rest)
    if is_given(where):
        result = _chosen(name, where, result, targets)
    if not targets:
        return result
    if len(targets) == 1:
        return into(name, targets[0], result)
    return tuple(into(name, t, r) for t, r in zip(targets, result, strict=True))


def _chosen(name: str, where: Any, result: Any, targets: tuple[Any, ...]) -> Any:
    if len(targets) != 1 or targets[0] is None:
        raise ArgumentError(
            f"numpy.{name}: where= without out= leaves elements undefined",
            f"Write np.where(mask, np.{name}(...), other), or give out=.",
        )
    return choose(taken(where), result, targets[0])


# Methods -----------------------------------------------------------------------------------------


def _slices(x: Any, axis: int) -> list[Any]:
    return [x.select(axis, i) for i in range(x.shape[axis])]


def _reduce(
    ufunc: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None,
    keepdims: bool = False, initial: Any = np._NoValue, where: Any = True,
) -> Any:  # fmt: skip
    """Folded from the left. Raises ArgumentError for several axes and for where=."""
    if is_given(where) or not isinstance(axis, (int, np.integer)):
        raise ArgumentError(
            f"numpy.{ufunc.__name__}.reduce of a tensor goes along one axis, without where="
        )
    x = taken(array) if dtype is None else taken(array).to(dtype)
    parts = _slices(x, int(axis))
    if initial is not np._NoValue:
        parts.insert(0, initial)
    if not parts:
        raise ArgumentError(f"numpy.{ufunc.__name__}.reduce of an empty tensor has no identity")
    found = parts[0]
    for part in parts[1:]:
        found = ufunc(found, part)
    return into(ufunc.__name__, out, found.unsqueeze(axis) if keepdims else found)


def _accumulate(ufunc: Any, array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    x = taken(array) if dtype is None else taken(array).to(dtype)
    found: list[Any] = []
    for part in _slices(x, axis):
        found.append(ufunc(found[-1], part) if found else part)
    return into(ufunc.__name__, out, stack(found, axis) if found else x)


def _reduceat(
    ufunc: Any, array: Any, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None
) -> Any:
    x = taken(array)
    starts = plain(indices).tolist()
    ends = [*starts[1:], x.shape[axis]]
    found = []
    for start, end in zip(starts, ends, strict=True):
        part = x.narrow(axis, start, max(end - start, 1))
        found.append(ufunc.reduce(part, axis=axis, dtype=dtype))
    return into(ufunc.__name__, out, stack(found, axis))


def _outer(ufunc: Any, a: Any, b: Any, **rest: Any) -> Any:
    x, y = taken(a), taken(b)
    return ufunc(x.reshape(tuple(x.shape) + (1,) * y.ndim), y, **rest)


def _at(ufunc: Any, a: Any, indices: Any, b: Any = None) -> None:
    """a[indices] = ufunc(a[indices], b), once per index even where an element is named twice."""
    if not isinstance(a, Tensor):
        raise no_history_in_array(f"{ufunc.__name__}.at")
    shape = tuple(a.shape)
    index = tuple(map(plain_index, indices)) if isinstance(indices, tuple) else plain_index(indices)
    places = np.arange(int(np.prod(shape))).reshape(shape)[index]
    value = None if b is None else np.broadcast_to(taken(b), places.shape).reshape(-1)
    flat = places.reshape(-1)
    for chosen in _rounds(flat):
        where = np.unravel_index(flat[chosen], shape)
        old = a[where]
        a[where] = ufunc(old) if value is None else ufunc(old, value[chosen])


def plain_index(index: Any) -> Any:
    """An index with a tensor in it as an array."""
    return index if isinstance(index, (slice, int, type(None), type(...))) else plain(index)


def _rounds(flat: Any) -> list[Any]:
    """The positions in `flat`, in groups that name every element at most once, in order."""
    seen: dict[int, int] = {}
    rounds: list[list[int]] = []
    for position, element in enumerate(flat.tolist()):
        turn = seen[element] = seen.get(element, -1) + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(position)
    return [np.array(positions) for positions in rounds]


_METHODS: dict[str, Callable[..., Any]] = {
    "reduce": _reduce, "accumulate": _accumulate, "reduceat": _reduceat, "outer": _outer, "at": _at,
}  # fmt: skip


def _with_axis_0(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose axis is 0 if none is given, and goes over all for None."""

    def reduce(array: Any, axis: Any = 0, *rest: Any, **how: Any) -> Any:
        return function(taken(array), axis, *rest, **how)

    return reduce


for _ufunc, _function in (
    (np.add, np.sum), (np.multiply, np.prod),
):  # fmt: skip
    NUMPY[_ufunc.reduce] = _with_axis_0(_function)
NUMPY[np.add.accumulate] = _with_axis_0(np.cumsum)
NUMPY[np.multiply.accumulate] = _with_axis_0(np.cumprod)


def _largest(function: Callable[..., Any]) -> Callable[..., Any]:
    """np.maximum.reduce has dtype before out, np.max has not."""

    def reduce(
        array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False,
        initial: Any = np._NoValue, where: Any = True,
    ) -> Any:  # fmt: skip
        x = taken(array) if dtype is None else taken(array).to(dtype)
        return function(x, axis, out, keepdims, initial, where)

    return reduce


NUMPY[np.maximum.reduce] = _largest(np.max)
NUMPY[np.minimum.reduce] = _largest(np.min)


def _truths(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(
        array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False,
        where: Any = True,
    ) -> Any:  # fmt: skip
        return function(taken(array), axis, out, keepdims, where=where)

    return reduce


NUMPY[np.logical_and.reduce] = _truths(np.all)
NUMPY[np.logical_or.reduce] = _truths(np.any)


@answers(np.logaddexp.reduce)
def _logsumexp(
    array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False
) -> Any:
    x = taken(array)
    dims = tuple(range(x.ndim)) if axis is None else axis
    return into("logaddexp", out, logsumexp(x, dims, keepdims))


@answers(np.logaddexp.accumulate)
def _logcumsumexp(array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    return into("logaddexp", out, logcumsumexp(taken(array), axis))


@answers(np.maximum.accumulate)
def _cummax(array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    return into("maximum", out, taken(array).cummax(axis).values)


@answers(np.minimum.accumulate)
def _cummin(array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    return into("minimum", out, taken(array).cummin(axis).values)
