"""x[...] and x[...] = v: views by basic indexing, copies by index tensors and masks.

An index is taken apart as torch does it: the basic entries (integers, slices, None) first, which
gives a view, and then the tensors, lists and masks on the dimensions that are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval, stand_in
from wengert.core.dtype import bool_
from wengert.core.node import next_sequence
from wengert.core.registry import OPERATORS, OPS
from wengert.core.tensor import Tensor
from wengert.core.write import check_memory, in_place, overwrite, writable
from wengert.errors import ArgumentError, DimensionError, DTypeError, ShapeError, TraceError
from wengert.modes import current, silently
from wengert.ops.accumulate import flat_rows, sum_rows
from wengert.ops.arguments import array_of
from wengert.ops.batching_index import index_put_rule, index_rule
from wengert.ops.kinds import general, multilinear
from wengert.ops.labels import indexed
from wengert.ops.reshape import reshape
from wengert.ops.slicing import Basic, take_part, take_part_of, unbind
from wengert.ops.subscript import parse
from wengert.sites import user_site

Dims = tuple[int, ...]
_ALL: Final = slice(None)


def _full(dims: Dims, arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arrays at their dimensions, full slices elsewhere; a mask covers as many as it has."""
    index: list[Any] = []
    at = 0
    for dim, array in zip(dims, arrays, strict=True):
        index += [_ALL] * (dim - at)
        index.append(array)
        at = dim + (array.ndim if array.dtype == bool else 1)
    return (*index, ...)


def _index(x: Any, *indices: Any, dims: Dims) -> Any:
    return picked(np.asarray(x), _full(dims, indices))


def picked(array: Any, index: tuple[Any, ...]) -> Any:
    """array[index], with the errors in torch's words."""
    try:
        return array[index]
    except IndexError as error:
        raise DimensionError(_in_our_words(error)) from None


def _in_our_words(error: Exception) -> str:
    return str(error).replace("axis", "dimension")


def _index_transpose(ct: Any, x: Any, indices: tuple[Any, ...], dims: Dims) -> Any:
    return index_put_op(None, ct, *indices, basic=(), dims=dims, shape=x.shape, accumulate=True)


def _index_aval(x: Aval, *indices: Aval, dims: Dims) -> Aval:
    refuse_masks("indexing", indices)
    return Aval(_index(stand_in(x), *map(stand_in, indices), dims=dims).shape, x.dtype)


def refuse_masks(name: str, indices: tuple[Aval, ...]) -> None:
    """Raise TraceError for masks: the shape of the result depends on their data."""
    if any(i.dtype == bool for i in indices):
        raise TraceError(
            f"{name}: the shape of a result picked by a mask depends on the mask's values",
            "Use where(mask, x, 0), which keeps the shape.",
        )


index_op = multilinear(
    "index", _index, transposes=[_index_transpose], promotion="none", aval=_index_aval,
    torch="Tensor.__getitem__",
    symbol=lambda args, attrs: indexed(args[0], args[1:], (), attrs["dims"]),
    explain="slope 1 for the elements that are taken; one taken twice gets both gradients",
    batch=index_rule, piece="index",
)  # fmt: skip


def _index_put(
    x: Any, value: Any, *indices: Any, basic: Basic, dims: Dims, shape: tuple[int, ...],
    accumulate: bool,
) -> Any:  # fmt: skip
    """A copy of x (zeros if it is None) with x[basic][indices] set to the value, or added to."""
    if x is None:
        x = np.zeros(shape, value.dtype)
        if accumulate and not _is_unique(indices):
            return _accumulated(x, value, indices, dims)
    else:
        x = np.array(x)
    write(x, value, basic, dims, indices, accumulate)
    return x


def _is_unique(indices: tuple[Any, ...]) -> bool:
    """Whether no element can be named twice: a single mask names each once."""
    return not indices or (len(indices) == 1 and indices[0].dtype == bool)


def _accumulated(x: Any, value: Any, indices: tuple[Any, ...], dims: Dims) -> Any:
    """The sum of the values over the elements of x, all zero, that the indices name."""
    arrays, at = _integers(indices, dims)
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    adjacent = at == tuple(range(at[0], at[0] + len(at)))
    first = at[0] if adjacent else 0
    rest = tuple(d for d in range(x.ndim) if d not in at)
    # The value's index dimensions go in front, where sum_rows wants them.
    order = tuple(range(first, first + len(shape)))
    value = np.moveaxis(value, order, range(len(shape)))
    lengths = tuple(x.shape[d] for d in at)
    rows = np.broadcast_to(flat_rows(arrays, lengths), shape).reshape(-1)
    values = value.reshape(rows.size, *(x.shape[d] for d in rest))
    summed = sum_rows(values, rows, int(np.prod(lengths)))
    summed = summed.reshape(*lengths, *values.shape[1:])
    return np.ascontiguousarray(np.moveaxis(summed, range(len(at)), at))


def _integers(indices: tuple[Any, ...], dims: Dims) -> tuple[tuple[Any, ...], Dims]:
    """Masks replaced by the integer indices of what they select."""
    arrays: list[Any] = []
    at: list[int] = []
    for array, dim in zip(indices, dims, strict=True):
        found = array.nonzero() if array.dtype == bool else (array,)
        arrays += found
        at += range(dim, dim + len(found))
    return tuple(arrays), tuple(at)


def write(
    array: Any, value: Any, basic: Basic, dims: Dims, indices: tuple[Any, ...],
    accumulate: bool = False,
) -> None:  # fmt: skip
    """array[basic][indices] = value, in place."""
    part = take_part(array, index=basic)
    index = _full(dims, indices)
    if not accumulate or _is_unique(indices):
        part[index] = value if not accumulate else part[index] + value
    else:
        np.add.at(part, index, value)


def _put_pullback(
    ct: Any, i: int, indices: tuple[Any, ...], basic: Basic, dims: Dims, shape: tuple[int, ...],
    accumulate: bool,
) -> Any:  # fmt: skip
    if i == 0:
        if accumulate:
            return ct
        return index_put_op(ct, 0, *indices, basic=basic, dims=dims, shape=shape, accumulate=False)
    part = take_part_of(ct, index=basic) if basic else ct
    return index_op(part, *indices, dims=dims) if indices else part


def _put_name(attrs: dict[str, Any]) -> str:
    if attrs["basic"]:
        return "CopySlices"
    return "IndexPutBackward0" if attrs["dims"] else "CopyBackwards"


def _put_text(args: list[str], attrs: dict[str, Any]) -> str:
    """`x with [0, :] = v`, `zeros with [i] += v`."""
    name = "zeros" if args[0] == "None" else args[0]
    place = indexed("", args[2:], attrs["basic"], attrs["dims"])
    return f"{name} with {place} {'+=' if attrs['accumulate'] else '='} {args[1]}"


def _put_aval(x: Aval | None, value: Any, *indices: Aval, **attrs: Any) -> Aval:
    if x is not None:
        return x
    return Aval(attrs["shape"], value.dtype)


def _put_where(
    x: Any, value: Any, *indices: Any, basic: Basic, dims: Dims, shape: tuple[int, ...],
    accumulate: bool,
) -> Any:  # fmt: skip
    """By one mask, where its own dimensions all get the same value: a choice between elements."""
    if x is None or basic or len(indices) != 1 or indices[0].dtype != bool_:
        return None
    mask = indices[0]
    behind = len(shape) - dims[0] - mask.ndim
    if isinstance(value, Tensor):
        fits = value.ndim <= behind and value.dtype == x.dtype
    else:
        fits = isinstance(value, bool | int) or x.dtype.is_floating_point
    if not fits:
        return None
    put = x + value if accumulate else value
    return OPS["where"](reshape(mask, (*mask.shape, *(1,) * behind)), put, x)


index_put_op = general(
    "index_put", _index_put, pullbacks=[_put_pullback], aval=_put_aval, grad_name=_put_name,
    torch="index_put", symbol=_put_text,
    explain="slope 1 from the value to the elements that were set, and from the others to "
    "themselves",
    batch=index_put_rule, piece="index_put", written=_put_where,
)  # fmt: skip


def getitem(x: Tensor, index: Any) -> Any:
    """x[index]. Raises DimensionError where it is out of range or has too many entries.

    >>> import wengert as wg
    >>> x = wg.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> x[1, 0], x[:, 1], x[x > 2]
    (tensor(3.), tensor([2., 4.]), tensor([3., 4.]))
    """
    basic, dims, arrays = parse(index, x._data.shape)
    if basic or not arrays:
        x = take_part_of(x, index=basic)
    return index_op(x, *arrays, dims=dims) if arrays else x


def setitem(x: Tensor, index: Any, value: Any) -> None:
    """x[index] = value, in x's memory; recorded if a gradient is wanted.

    Raises ShapeError where the value does not broadcast to the part, GradientError for a leaf
    that requires grad.
    """
    if not isinstance(value, (Tensor, np.ndarray, np.generic, int, float, complex)):
        raise ArgumentError(
            f"can't assign a {type(value).__name__} to a tensor",
            "Make a tensor of it first: wengert.tensor(...).",
        )
    basic, dims, arrays = parse(index, x._data.shape)
    _check_kind(x, value)
    if _is_recorded(x, value, arrays):
        value = _without_leading_ones(value)
        if not arrays:
            overwrite(OPS["copy"], take_part_of(x, index=basic) if basic else x, value)
            return
        attrs = {"basic": basic, "dims": dims, "shape": x._data.shape, "accumulate": False}
        in_place(index_put_op, x, value, *arrays, **attrs)
        return
    memory = writable("x[...] = v", x, current())
    if not x._data.flags.writeable:
        raise ArgumentError(
            "x[...] = v: the tensor's memory is read-only",
            "Write into a clone().",
        )
    if 0 in x._data.strides:
        check_memory("x[...] = v", take_part(x._data, index=basic))
    data = value._data if isinstance(value, Tensor) else value
    indices = tuple(array_of(a) for a in arrays)
    try:
        silently(write, x._data, data, basic, dims, indices)
    except IndexError as error:
        raise DimensionError(_in_our_words(error)) from None
    except ValueError as error:
        raise ShapeError(f"x[...] = v: {error}") from None
    except OverflowError as error:
        raise DTypeError(f"x[...] = v: {error}", f"The tensor's dtype is {x.dtype}.") from None
    memory.stamp(next_sequence(), "x[...] = v", user_site())


def _check_kind(x: Tensor, value: Any) -> None:
    """Complex values do not fit into a real tensor; all others are cast."""
    data = value._data if isinstance(value, Tensor) else value
    if np.iscomplexobj(data) and x._data.dtype.kind != "c":
        raise DTypeError(
            f"x[...] = v: complex values do not fit into a tensor of {x.dtype}",
            "Take v.real, or make the tensor complex.",
        )


def _is_recorded(x: Tensor, value: Any, arrays: Sequence[Any]) -> bool:
    """Whether more happens than a write into memory: history, tangents, one write per slice."""
    state = current()
    tensors = [t for t in (x, value, *arrays) if isinstance(t, Tensor)]
    if any(t._level for t in tensors):
        return True
    return (state.grad or bool(state.levels)) and any(t._node is not None for t in tensors)


def _without_leading_ones(value: Any) -> Any:
    """(1, 1, n) -> (n,): assignment lets a value have more dimensions, of length 1."""
    shape = tuple(getattr(value, "shape", ()))
    kept = shape
    while kept and kept[0] == 1:
        kept = kept[1:]
    return value if kept == shape else reshape(value, kept)


def _iterate(x: Tensor) -> Iterator[Any]:
    """The slices along the first dimension."""
    if not x._data.ndim:
        x._concrete("iteration")  # of what is traced: a size or a dimension, given as a number
        raise ArgumentError("iteration over a 0-d tensor", "x.item() is its number.")
    return iter(unbind(x))


for _name, _function in (("getitem", getitem), ("setitem", setitem), ("iterate", _iterate)):
    setattr(OPERATORS, _name, _function)
