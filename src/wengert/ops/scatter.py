"""Elements written or added along a dimension, at an index for each; a changed copy.

In the operations x may be None, which stands for zeros of the given shape: so they serve as the
transposes of gather, sort and the like, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, DTypeError
from wengert.ops.accumulate import add_at, places_along
from wengert.ops.arguments import array_of, is_number, ndim_of, one_of, shape_of
from wengert.ops.batching_index import together
from wengert.ops.bounds import check_integers, check_range, check_reach
from wengert.ops.canonical import one_dim
from wengert.ops.define import public
from wengert.ops.expand import expand_op
from wengert.ops.kinds import general
from wengert.ops.labels import call
from wengert.ops.samples import Call, Sampler
from wengert.ops.slicing import take_part_of

Shape = tuple[int, ...]


def changed_aval(x: Aval | None, index: Aval, src: Any, dim: int, shape: Shape) -> Aval:
    """What every operation of this kind gives: an array like x."""
    return Aval(shape, src.dtype) if x is None else x


def _start(x: Any, shape: Shape, dtype: Any) -> Any:
    """A copy of x that stands row by row, or zeros; with at least one dimension."""
    return np.zeros(shape or (1,), dtype) if x is None else np.array(x, order="C", ndmin=1)


def _scatter_add(x: Any, index: Any, src: Any, *, dim: int, shape: Shape) -> Any:
    check_integers("scatter_add", index)
    out = _start(x, shape, src.dtype)
    index = np.atleast_1d(index)
    check_range(index, out.shape[dim], dim)
    add_at(out, places_along(index, dim, out.shape), np.atleast_1d(src))
    return out.reshape(shape)


def _gathered(ct: Any, index: Any, dim: int) -> Any:
    return OPS["gather"](ct, index, dim=dim)


scatter_add_op = general(
    "scatter_add", _scatter_add,
    pullbacks=[lambda ct: ct, None, _gathered], aval=changed_aval, torch="scatter_add",
    symbol=call("scatter_add", keywords=("dim",)),
    explain="slope 1 from x, and from each source element to the place it is added to",
    batch=together, piece="scatter_add",
)  # fmt: skip


def _scatter(x: Any, index: Any, src: Any, *, dim: int, shape: Shape) -> Any:
    check_integers("scatter", index)
    out = _start(x, shape, getattr(src, "dtype", None))
    index = np.atleast_1d(index)
    check_range(index, out.shape[dim], dim)
    out.reshape(-1)[places_along(index, dim, out.shape)] = src
    return out.reshape(shape)


def _scatter_value(x: Any, index: Any, *, value: Any, dim: int, shape: Shape) -> Any:
    return _scatter(x, index, value, dim=dim, shape=shape)


def _zeroed(ct: Any, index: Any, dim: int, shape: Shape) -> Any:
    return scatter_value_op(ct, index, value=0, dim=dim, shape=shape)


scatter_op = general(
    "scatter", _scatter, pullbacks=[_zeroed, None, _gathered], aval=changed_aval, torch="scatter",
    symbol=call("scatter", keywords=("dim",)),
    explain="slope 1 from the source to the places it was written to, and from x to the others",
    batch=together, piece="scatter",
)  # fmt: skip
scatter_value_op: Op = general(
    "scatter_value", _scatter_value, pullbacks=[_zeroed, None],
    aval=lambda x, index, value, dim, shape: x,
    torch="scatter", grad_name="ScatterBackward1",
    symbol=call("scatter", "value", keywords=("dim",)),
    explain="slope 1 from x to the places that were not written to",
    batch=together, piece="scatter",
)  # fmt: skip


def _scatter_arguments(s: Sampler) -> tuple[Any, int, Any, tuple[int, ...]]:
    shape = s.shape(1)
    dim = s.dim(len(shape))
    lengths = tuple(s.integer(1, n) for n in shape)
    return s.array(shape), dim, s.integers(lengths, 0, shape[dim]), lengths


def _scatter_add_samples(s: Sampler) -> Call:
    x, dim, index, lengths = _scatter_arguments(s)
    return (x, dim, index, s.array(lengths)), {}


@public(torch="scatter_add", samples=_scatter_add_samples, in_place=True)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Any:
    """A copy of x with source elements added: out[index[i, j], j] += src[i, j] for dim=0.

    index: no longer than src anywhere, and than x but along `dim`. Raises ShapeError where it is,
    DTypeError where the dtypes differ, OutOfBoundsError for an index out of range.

    >>> import wengert as wg
    >>> counts = wg.tensor([0.0, 0.0, 0.0])
    >>> counts.scatter_add(0, wg.tensor([2, 0, 2]), wg.tensor([1.0, 1.0, 1.0]))
    tensor([1., 0., 2.])
    """
    at = one_dim(dim, ndim_of(input))
    part = _source_part("scatter_add", input, at, index, src)
    return scatter_add_op(input, index, part, dim=at, shape=shape_of(input))


def _source_part(name: str, input: Any, dim: int, index: Any, src: Any) -> Any:
    """The corner of the source that the index covers."""
    wanted = shape_of(index)
    check_reach(name, wanted, shape_of(input), dim, "input")
    check_reach(name, wanted, shape_of(src), None, "src")
    same_dtype(name, input, src)
    if shape_of(src) == wanted:
        return src
    return take_part_of(src, index=tuple(slice(n) for n in wanted))


def same_dtype(name: str, input: Any, src: Any) -> None:
    """Raise DTypeError where a source has another dtype than the tensor it goes into."""
    have, other = array_of(input).dtype, array_of(src).dtype
    if have != other:
        raise DTypeError(
            f"{name}(): Expected self.dtype to be equal to src.dtype, but got {have} and {other}",
            "Cast one of them with .to(dtype).",
        )


def _scatter_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    dim = s.dim(len(shape))
    # Each place once: which of two values survives is not defined.
    along = [-1 if d == dim % len(shape) else 1 for d in range(len(shape))]
    index = np.broadcast_to(np.arange(shape[dim]).reshape(along), shape).copy()
    return (s.array(shape), dim, index, s.choice([s.array(shape), s.number(-2.0, 2.0)])), {}


@public(torch="scatter", samples=_scatter_samples, in_place=True)
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None,
    reduce: str | None = None,
) -> Any:  # fmt: skip
    """A copy of x with elements written: out[index[i, j], j] = src[i, j] for dim=0.

    src: a tensor, or a number for all places. reduce="add" adds instead. Where a place is named
    twice, the last one stays. Raises as scatter_add does.
    """
    src = value if src is None else src
    if src is None:
        raise ArgumentError("scatter: a source is needed", "Give src=tensor or value=number.")
    if reduce is not None:
        one_of("scatter: reduce", reduce, ("add",))
    attrs: dict[str, Any] = {"dim": one_dim(dim, ndim_of(input)), "shape": shape_of(input)}
    if is_number(src):
        check_reach("scatter", shape_of(index), shape_of(input), attrs["dim"], "input")
        if reduce is None:
            return scatter_value_op(input, index, value=src, **attrs)
        src = np.full(shape_of(index), src, array_of(input).dtype)
    elif not ndim_of(src) and ndim_of(index):
        src = expand_op(src, shape=shape_of(index))
    src = _source_part("scatter", input, attrs["dim"], index, src)
    return (scatter_op if reduce is None else scatter_add_op)(input, index, src, **attrs)
