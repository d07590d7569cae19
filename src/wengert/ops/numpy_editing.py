"""NumPy's names of functions that join, cut, insert, remove and overwrite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.advice import no_history_in_array
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ShapeError
from wengert.ops.canonical import one_dim
from wengert.ops.diagonal import diag
from wengert.ops.index import getitem
from wengert.ops.join import cat
from wengert.ops.like import empty_like, ones_like, zeros_like
from wengert.ops.numpy_shapes import answers, newer
from wengert.ops.numpy_taken import concrete, flat_or, has_tensor, into, plain, taken
from wengert.ops.selection import where as choose
from wengert.ops.slicing import tensor_split

# Joining -----------------------------------------------------------------------------------------


@answers(np.append)
def _append(arr: Any, values: Any, axis: int | None = None) -> Any:
    x, more = taken(arr), taken(values)
    if axis is None:
        return cat([x.reshape(-1), more.reshape(-1)])
    return cat([x, more], axis)


@answers(np.column_stack)
def _column_stack(tup: Any) -> Any:
    columns = [taken(x) for x in tup]
    return cat([x if x.ndim > 1 else x.reshape(-1, 1) for x in columns], 1)


@answers(np.block)
def _block(arrays: Any) -> Any:
    """The innermost lists along the last axis, the next along the one before, and so on."""
    depth = _depth(arrays)
    rank = max(depth, *(x.ndim for x in _parts(arrays)))
    return _joined(arrays, depth, rank)


def _depth(arrays: Any) -> int:
    return 1 + max(map(_depth, arrays)) if isinstance(arrays, list) else 0


def _parts(arrays: Any) -> list[Any]:
    if isinstance(arrays, list):
        return [part for one in arrays for part in _parts(one)]
    return [taken(arrays)]


def _joined(arrays: Any, depth: int, rank: int) -> Any:
    if not isinstance(arrays, list):
        x = taken(arrays)
        return x.reshape((1,) * (rank - x.ndim) + tuple(x.shape))
    return cat([_joined(part, depth - 1, rank) for part in arrays], -depth)


# Cutting -----------------------------------------------------------------------------------------


def _splits(theirs: Callable[..., Any], axis: int, least: int) -> None:
    @answers(theirs)
    def answer(ary: Any, indices_or_sections: Any) -> Any:
        if ary.ndim < least:
            raise ShapeError(f"np.{theirs.__name__} needs at least {least} dimensions")
        dim = 0 if theirs is np.hsplit and ary.ndim == 1 else axis
        return list(tensor_split(ary, indices_or_sections, dim))


_splits(np.hsplit, 1, 1)
_splits(np.vsplit, 0, 2)
_splits(np.dsplit, 2, 3)


@answers(*newer("unstack"))
def _unstack(x: Any, /, *, axis: int = 0) -> Any:
    return tuple(x.unbind(axis))


@answers(np.resize)
def _resize(a: Any, new_shape: Any) -> Any:
    """The elements in order, again and again until the shape is full."""
    shape = (new_shape,) if isinstance(new_shape, int) else tuple(new_shape)
    count = int(np.prod(shape))
    flat = taken(a).reshape(-1)
    places = np.resize(np.arange(flat.shape[0]), count)
    return getitem(flat, places).reshape(shape)


@answers(np.trim_zeros)
def _trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    if filt.ndim != 1 or axis is not None:
        raise ArgumentError("np.trim_zeros of a tensor takes vectors")
    there = np.flatnonzero(concrete(filt, "trim_zeros"))
    if not there.size:
        return filt[:0]
    start = there[0] if "f" in trim.lower() else 0
    stop = there[-1] + 1 if "b" in trim.lower() else filt.shape[0]
    return filt[int(start) : int(stop)]


@answers(np.compress)
def _compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    x, dim = flat_or(taken(a), axis)
    places = np.flatnonzero(concrete(condition, "compress"))
    return into("compress", out, np.take(x, places, dim))


@answers(np.extract)
def _extract(condition: Any, arr: Any) -> Any:
    places = np.flatnonzero(concrete(condition, "extract"))
    return getitem(taken(arr).reshape(-1), places)


# Inserting and removing --------------------------------------------------------------------------


@answers(np.delete)
def _delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    x, dim = flat_or(taken(arr), axis)
    kept = np.delete(np.arange(x.shape[dim]), plain(obj) if not isinstance(obj, slice) else obj)
    return np.take(x, kept, dim)


@answers(np.insert)
def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """NumPy itself says what goes where: it inserts places into places."""
    x, dim = flat_or(taken(arr), axis)
    dim = one_dim(dim, x.ndim)
    index: Any = obj if isinstance(obj, (slice, int)) else plain(obj)
    length = x.shape[dim]
    count = np.insert(np.arange(length), index, -1).size - length
    new = _to_insert(taken(values).to(x.dtype), x, dim, count, np.ndim(index) == 0)
    order = np.insert(np.arange(length), index, length + np.arange(count))
    return np.take(cat([x, new], dim), order, dim)


def _to_insert(values: Any, x: Any, dim: int, count: int, single: bool) -> Any:
    """The values in the shape that they fill; at a single place they are one slice, or several."""
    shape = list(x.shape)
    shape[dim] = count
    if single and 0 < values.ndim < x.ndim:
        values = values.reshape((1,) * (x.ndim - 1 - values.ndim) + tuple(values.shape))
        values = values.unsqueeze(dim)
    return np.broadcast_to(values, tuple(shape))


# Overwriting -------------------------------------------------------------------------------------


def _target(name: str, a: Any) -> Any:
    if not isinstance(a, Tensor):
        raise no_history_in_array(name)
    return a


@answers(np.copyto)
def _copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """dst becomes src, broadcast, where the mask says so. Into an array only without history."""
    if not isinstance(dst, Tensor):
        if isinstance(src, Tensor) and src._node is None and not src._level:
            np.copyto(dst, src._data, where=plain(where))
            return
        raise no_history_in_array("copyto")
    source = taken(src)
    dst.copy_(source if where is True else choose(taken(where), source, dst))


@answers(np.put)
def _put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    target = _target("put", a)
    places = np.asarray(plain(ind)).reshape(-1)
    where = np.unravel_index(places % int(np.prod(target.shape)), tuple(target.shape))
    target[where] = _resize(taken(v), places.size)


@answers(np.put_along_axis)
def _put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    target = _target("put_along_axis", arr)
    index = plain(indices)
    if axis is None:
        _put(target, index, values)
        return
    dim = one_dim(axis, target.ndim)
    grid = list(np.indices(index.shape, sparse=True))
    grid[dim] = index
    target[tuple(grid)] = taken(values)


@answers(np.place)
def _place(arr: Any, mask: Any, vals: Any) -> None:
    target = _target("place", arr)
    _put(target, np.flatnonzero(concrete(mask, "place")), vals)


@answers(np.putmask)
def _putmask(a: Any, mask: Any, values: Any) -> None:
    """Where values are fewer than elements, they are repeated by position."""
    target = _target("putmask", a)
    full = _resize(taken(values), tuple(target.shape))
    target.copy_(choose(taken(mask) != 0, full, target))


@answers(np.fill_diagonal)
def _fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    target = _target("fill_diagonal", a)
    places = np.arange(int(np.prod(target.shape))).reshape(tuple(target.shape))
    marks = np.zeros(places.shape, bool)
    np.fill_diagonal(marks, True, wrap)
    _put(target, np.flatnonzero(marks), val)


# Choosing ----------------------------------------------------------------------------------------


@answers(np.choose)
def _choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    index = taken(a)
    found = taken(choices[0])
    for i in range(1, len(choices)):
        found = choose(index == i, taken(choices[i]), found)
    return into("choose", out, np.broadcast_to(found, np.broadcast_shapes(
        tuple(index.shape), tuple(found.shape))))  # fmt: skip


@answers(np.select)
def _select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """The first choice whose condition is true, element by element."""
    found: Any = default if isinstance(default, (int, float)) else taken(default)
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        found = choose(taken(condition), taken(choice), found)
    return found


@answers(np.piecewise)
def _piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Each function is called with all of x, and its values are taken where its condition holds.

    NumPy calls it with the elements that it is for; a function of elements gives the same.
    """
    given = condlist if isinstance(condlist, (list, tuple)) else [condlist]
    conditions = [taken(c) for c in given]
    point = taken(x)
    calls = list(funclist)
    found: Any = np.zeros_like(point)
    if len(calls) == len(conditions) + 1:
        rest = calls.pop()
        found = rest(point, *args, **kw) if callable(rest) else found + rest
    for condition, call in zip(conditions, calls, strict=True):
        value = call(_kept_inside(point, condition), *args, **kw) if callable(call) else call
        found = choose(condition, value, found)
    return found


def _kept_inside(x: Any, condition: Any) -> Any:
    """x where the condition holds; elsewhere an element for which it does, so nothing blows up."""
    if x._level or not np.any(condition._data):
        return x
    first = tuple(int(i) for i in np.argwhere(condition._data)[0])
    return choose(condition, x, x[first].detach())


@answers(np.diagflat)
def _diagflat(v: Any, k: int = 0) -> Any:
    return diag(taken(v).reshape(-1), k)


@answers(np.flatnonzero)
def _flatnonzero(a: Any) -> Any:
    return a.reshape(-1).nonzero()[:, 0]


@answers(np.rollaxis)
def _rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    dim = one_dim(axis, a.ndim)
    to = start + a.ndim if start < 0 else start
    return a.movedim(dim, to - 1 if dim < to else to)


@answers(np.matrix_transpose, np.linalg.matrix_transpose)
def _matrix_transpose(x: Any, /) -> Any:
    return x.mT


@answers(np.astype)
def _astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    made = x.to(dtype)
    return x.clone() if copy and made is x else made


@answers(np.full_like)
def _full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True,
    shape: Any = None, *, device: Any = None,
) -> Any:  # fmt: skip
    """A tensor to fill with keeps its history."""
    made: Any = np.empty_like(taken(a), dtype=dtype, shape=shape)
    made[...] = fill_value if isinstance(fill_value, (int, float, complex)) else taken(fill_value)
    return made


def _like(theirs: Callable[..., Any], make: Callable[..., Any]) -> None:
    @answers(theirs)
    def answer(
        a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
        device: Any = None,
    ) -> Any:  # fmt: skip
        if shape is None:
            return make(a, dtype=dtype)
        return make(a.new_empty(shape), dtype=dtype)


_like(np.zeros_like, zeros_like)
_like(np.ones_like, ones_like)
_like(np.empty_like, empty_like)


@answers(np.bincount)
def _bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """With weights, their sums, which have slopes."""
    places = concrete(x, "bincount")
    if weights is None:
        return taken(np.bincount(places, minlength=minlength))
    values = taken(weights)
    count = max(int(places.max(initial=-1)) + 1, minlength)
    return values.new_zeros(count).index_add(0, taken(places), values)


def _made_like(theirs: Callable[..., Any]) -> None:
    """np.zeros(n, like=x): NumPy's hook for making a tensor without one among the arguments."""

    @answers(theirs)
    def answer(*args: Any, like: Any = None, **kwargs: Any) -> Any:
        if args and has_tensor(args[0]):
            made = taken(args[0])
            return made if kwargs.get("dtype") is None else made.to(kwargs["dtype"])
        values = [plain(a) if isinstance(a, Tensor) else a for a in args]
        return taken(theirs(*values, **kwargs))


for _theirs in (
    np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.require,
    np.zeros, np.ones, np.empty, np.full, np.eye, np.identity, np.arange, np.tri,
):  # fmt: skip
    _made_like(_theirs)
