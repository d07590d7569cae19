"""Slices added, written or filled where an index vector says; each gives a changed copy.

In the operations x may be None, which stands for zeros of the given shape: so index_add serves as
the transpose of index_select, too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, DTypeError, ShapeError
from wengert.ops.accumulate import sum_rows
from wengert.ops.arguments import array_of, is_number, ndim_of, shape_of
from wengert.ops.batching_index import scattered
from wengert.ops.bounds import check_integers, check_range, check_vector
from wengert.ops.canonical import one_dim
from wengert.ops.define import public
from wengert.ops.kinds import general
from wengert.ops.labels import call
from wengert.ops.samples import Call, Sampler
from wengert.ops.scatter import Shape, changed_aval, same_dtype


def _checked(name: str, index: Any, shape: Shape, dim: int) -> Any:
    """The index as a vector, after a look at its dtype and range."""
    check_integers(name, index)
    check_range(index, shape[dim] if shape else 1, dim)
    return np.atleast_1d(index)


def _index_add(x: Any, index: Any, src: Any, *, dim: int, shape: Shape, alpha: Any) -> Any:
    rows = _checked("index_add", index, shape, dim)
    values = np.moveaxis(np.atleast_1d(src), dim, 0)
    if alpha != 1:
        values = values * src.dtype.type(alpha)
    summed = np.moveaxis(sum_rows(values, rows, shape[dim] if shape else 1), 0, dim)
    summed = np.ascontiguousarray(summed).reshape(shape)
    return summed if x is None else x + summed


def _index_add_aval(x: Any, index: Any, src: Any, dim: int, shape: Shape, alpha: Any) -> Any:
    return changed_aval(x, index, src, dim, shape)


def _taken(ct: Any, index: Any, src_aval: Any, dim: int) -> Any:
    return np.reshape(OPS["index_select"](ct, index, dim=dim), src_aval.shape)


def _taken_times(ct: Any, index: Any, src_aval: Any, dim: int, alpha: Any) -> Any:
    part = _taken(ct, index, src_aval, dim)
    return part if alpha == 1 else part * alpha


def _summed_apart(x: Any, index: Any, src: Any, dim: int, shape: Shape, alpha: Any) -> Any:
    """What is added is summed up first, as in the forward function."""
    if x is None and alpha == 1:
        return None
    if alpha != 1:
        src = src * array_of(src).dtype.type(alpha)
    summed = index_add_op(None, index, src, dim=dim, shape=shape, alpha=1)
    return summed if x is None else x + summed


index_add_op: Op = general(
    "index_add", _index_add, pullbacks=[lambda ct: ct, None, _taken_times],
    aval=_index_add_aval, torch="index_add", symbol=call("index_add", keywords=("dim", "alpha")),
    explain="slope 1 from x, and from each source slice to the slice it is added to",
    batch=scattered("scatter_add"), piece="index_add", written=_summed_apart,
)  # fmt: skip


def _written(x: Any, rows: Any, value: Any, dim: int) -> Any:
    """A copy of x with the slices along `dim` replaced."""
    shape = np.shape(x)
    out = np.array(x, ndmin=1)
    out[(slice(None),) * dim + (rows,)] = value
    return out.reshape(shape)


def _index_copy(x: Any, index: Any, src: Any, *, dim: int, shape: Shape) -> Any:
    return _written(x, _checked("index_copy", index, shape, dim), src, dim)


def _index_fill(x: Any, index: Any, *, value: Any, dim: int, shape: Shape) -> Any:
    return _written(x, _checked("index_fill", index, shape, dim), value, dim)


def _index_fill_from(x: Any, index: Any, value: Any, *, dim: int, shape: Shape) -> Any:
    return _index_fill(x, index, value=value, dim=dim, shape=shape)


def _zeroed(ct: Any, index: Any, dim: int, shape: Shape) -> Any:
    return index_fill_op(ct, index, value=0, dim=dim, shape=shape)


def _filled_sum(ct: Any, index: Any, dim: int) -> Any:
    """The sum over the slices that were filled; one named twice was filled once."""
    return (ct - _zeroed(ct, index, dim, ct.shape)).sum()


index_copy_op = general(
    "index_copy", _index_copy, pullbacks=[_zeroed, None, _taken],
    aval=changed_aval, torch="index_copy", symbol=call("index_copy", keywords=("dim",)),
    explain="slope 1 from each source slice to where it was written, and from x to the others",
    batch=scattered("scatter"), piece="index_fill",
)  # fmt: skip
index_fill_op: Op = general(
    "index_fill", _index_fill, pullbacks=[_zeroed, None],
    aval=lambda x, index, value, dim, shape: x, torch="index_fill",
    symbol=call("index_fill", "value", keywords=("dim",)),
    explain="slope 1 from x to the slices that were not filled",
    batch=scattered("scatter"), piece="index_fill",
)  # fmt: skip
index_fill_from_op = general(
    "index_fill_from", _index_fill_from, pullbacks=[_zeroed, None, _filled_sum],
    aval=changed_aval, torch="index_fill", grad_name="IndexFillBackward1",
    symbol=call("index_fill", keywords=("dim",)),
    explain="slope 1 from the value to what it filled, and from x to the others",
    batch=scattered("scatter"), piece="index_fill",
)  # fmt: skip


def _source_arguments(s: Sampler, *, distinct: bool) -> tuple[Any, int, Any, Any]:
    shape = list(s.shape(1))
    dim = s.dim(len(shape))
    x = s.array(shape)
    if distinct:
        index = np.arange(shape[dim])[:: s.choice([1, -1])][: s.integer(1, shape[dim])].copy()
    else:
        index = s.integers(s.shape(1, 1), 0, shape[dim])
    shape[dim] = len(index)
    return x, dim, index, s.array(shape)


def _index_add_samples(s: Sampler) -> Call:
    arguments = _source_arguments(s, distinct=False)
    return arguments, s.choice([{}, {"alpha": 2.5}])


@public(torch="index_add", samples=_index_add_samples, in_place=True)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Any:
    """A copy of x with slices added: out[index[i]] += alpha * source[i] for dim=0.

    A slice named twice gets both. index: (n,), source: like x but for n along `dim`. Raises
    ShapeError where it is not, DTypeError where the dtypes differ, OutOfBoundsError for an index
    out of range.
    """
    at = _check_source("index_add", input, dim, index, source)
    if not is_number(alpha):
        raise ArgumentError(f"index_add: alpha must be a number, not {type(alpha).__name__}")
    return index_add_op(input, index, source, dim=at, shape=shape_of(input), alpha=alpha)


def _check_source(name: str, input: Any, dim: int, index: Any, source: Any) -> int:
    """The dimension, after a look at the shapes."""
    check_vector(name, index)
    same_dtype(name, input, source)
    shape, given = shape_of(input), shape_of(source)
    at = one_dim(dim, len(shape))
    count = math.prod(index.shape)
    length = given[at] if given else 1
    if len(given) == len(shape) and length != count:
        raise ShapeError(
            f"{name}(): Number of indices ({count}) should be equal to source.size(dim): "
            f"({length}), for dim: {at}"
        )
    expected = (*shape[:at], count, *shape[at + 1 :]) if shape else given
    if given != expected:
        raise ShapeError(
            f"{name}(): the source has shape {list(given)}; {count} slices of a tensor of shape "
            f"{list(shape)} along dimension {at} have {list(expected)}"
        )
    return at


@public(
    torch="index_copy", samples=lambda s: (_source_arguments(s, distinct=True), {}), in_place=True
)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Any:
    """A copy of x with slices replaced: out[index[i]] = source[i] for dim=0.

    Shapes and errors are those of index_add.
    """
    at = _check_source("index_copy", input, dim, index, source)
    return index_copy_op(input, index, source, dim=at, shape=shape_of(input))


def _index_fill_samples(s: Sampler) -> Call:
    x, dim, index, _ = _source_arguments(s, distinct=False)
    return (x, dim, index, s.choice([s.array(()), s.number(-2.0, 2.0)])), {}


@public(torch="index_fill", samples=_index_fill_samples, in_place=True)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Any:
    """A copy of x with slices filled with a number or a 0-d tensor: out[index[i]] = value.

    Raises ShapeError for a value with dimensions, OutOfBoundsError for an index out of range.
    """
    check_vector("index_fill", index)
    check_value("index_fill", input, value)
    at = one_dim(dim, ndim_of(input))
    attrs: dict[str, Any] = {"dim": at, "shape": shape_of(input)}
    if is_number(value):
        return index_fill_op(input, index, value=value, **attrs)
    return index_fill_from_op(input, index, value, **attrs)


def check_value(name: str, input: Any, value: Any) -> None:
    """Raise unless `value` is a number or a 0-d tensor that x can hold."""
    if is_number(value):
        is_complex, ndim = isinstance(value, (complex, np.complexfloating)), 0
    else:
        is_complex, ndim = array_of(value).dtype.kind == "c", ndim_of(value)
    if ndim:
        raise ShapeError(
            f"{name} only supports a 0-dimensional value tensor, but got tensor with {ndim} "
            "dimension(s)."
        )
    if is_complex and array_of(input).dtype.kind != "c":
        raise DTypeError(f"{name}: a complex value for a real tensor")
