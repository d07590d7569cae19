"""Elements picked by index tensors: gather, index_select, take, take_along_dim, masked_select."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.tensor import Tensor
from wengert.errors import ShapeError
from wengert.ops.arguments import array_of, ndim_of, shape_of
from wengert.ops.batching import broadcast_rule
from wengert.ops.batching_index import index_select_rule, masked_select_rule, take_rule, together
from wengert.ops.bounds import check_integers, check_range, check_reach, check_vector
from wengert.ops.canonical import one_dim
from wengert.ops.comparison import lt
from wengert.ops.define import public
from wengert.ops.expand import common_shape, expand_op
from wengert.ops.index import index_op, index_put_op, picked, refuse_masks
from wengert.ops.index_slices import index_add_op
from wengert.ops.kinds import discrete, multilinear
from wengert.ops.reshape import reshape
from wengert.ops.samples import Call, Sampler
from wengert.ops.scatter import scatter_add_op
from wengert.ops.selection import where_op

_PICKS = "slope 1 for the elements that are taken; one taken twice gets both gradients"


def _gather(x: Any, index: Any, *, dim: int) -> Any:
    """x[..., index[i, j, k], ...] at `dim`; index may be smaller than x elsewhere."""
    check_integers("gather", index)
    x, index, shape = np.atleast_1d(x), np.atleast_1d(index), np.shape(index)
    check_range(index, x.shape[dim], dim)
    corner = tuple(slice(None) if d == dim else slice(n) for d, n in enumerate(index.shape))
    return np.take_along_axis(x[corner], index, dim).reshape(shape)


gather_op = multilinear(
    "gather", _gather,
    transposes=[
        lambda ct, x, index, dim: scatter_add_op(None, index, ct, dim=dim, shape=x.shape)
    ],
    aval=lambda x, index, dim: Aval(index.shape, x.dtype),
    promotion="none", torch="gather", vanishing="not selected", explain=_PICKS,
    batch=together, piece="gather",
)  # fmt: skip


def _gather_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    dim = s.dim(len(shape))
    lengths = [s.integer(1, n) for n in shape]
    lengths[dim] = s.integer(1, 5)
    return (s.array(shape), dim, s.integers(lengths, 0, shape[dim])), {}


@public(torch="gather", samples=_gather_samples)
def gather(input: Tensor, dim: int, index: Tensor) -> Any:
    """Elements picked along a dimension: out[i, j] = x[index[i, j], j] for dim=0.

    index: as many dimensions as x, no longer than x but along `dim` -> its own shape. Raises
    ShapeError where it does not fit, OutOfBoundsError for an index out of range.

    >>> import wengert as wg
    >>> scores = wg.tensor([[0.1, 0.7], [0.4, 0.2]])
    >>> scores.gather(1, wg.tensor([[1], [0]]))  # the score of the right class in each row
    tensor([[0.7000],
            [0.4000]])
    """
    at = one_dim(dim, ndim_of(input))
    check_reach("gather", shape_of(index), shape_of(input), at, "input")
    return gather_op(input, index, dim=at)


def _index_select(x: Any, index: Any, *, dim: int) -> Any:
    check_integers("index_select", index)
    x, shape = np.atleast_1d(x), np.shape(x)
    check_range(index, x.shape[dim], dim)
    picked_rows = np.take(x, np.atleast_1d(index), dim)
    return picked_rows if shape else picked_rows.reshape(())


def _index_select_aval(x: Aval, index: Aval, dim: int) -> Aval:
    if not x.shape:
        return x
    return Aval((*x.shape[:dim], index.size, *x.shape[dim + 1 :]), x.dtype)


index_select_op = multilinear(
    "index_select", _index_select,
    transposes=[lambda ct, x, index, dim: index_add_op(
            None, index, ct, dim=dim, shape=x.shape, alpha=1
        )],
    aval=_index_select_aval, promotion="none", torch="index_select",
    vanishing="not selected", explain=_PICKS,
    batch=index_select_rule, piece="index_select",
)  # fmt: skip


def _index_select_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    dim = s.dim(len(shape))
    return (s.array(shape), dim, s.integers(s.shape(1, 1), 0, shape[dim])), {}


@public(torch="index_select", samples=_index_select_samples)
def index_select(input: Tensor, dim: int, index: Tensor) -> Any:
    """Slices picked along a dimension: (a, b) -> (a, n) for dim=1 and n indices. A copy.

    Raises DimensionError where the index is no vector, OutOfBoundsError where it is out of range.
    """
    check_vector("index_select", index)
    at = one_dim(dim, ndim_of(input))
    if not ndim_of(input) and array_of(index).size != 1:
        raise ShapeError("index_select(): Index to scalar can have only 1 value")
    return index_select_op(input, index, dim=at)


def _take(x: Any, index: Any) -> Any:
    check_integers("take", index)
    return picked(np.reshape(x, -1), (index,))


def _take_transpose(ct: Any, x: Any, index: Any) -> Any:
    summed = index_put_op(None, ct, index, basic=(), dims=(0,), shape=(x.size,), accumulate=True)
    return np.reshape(summed, x.shape)


take_op = multilinear(
    "take", _take, transposes=[_take_transpose],
    aval=lambda x, index: Aval(index.shape, x.dtype),
    promotion="none", torch="take", explain=_PICKS,
    batch=take_rule,
    written=lambda x, index: index_op(reshape(x, -1), index, dims=(0,)),
)  # fmt: skip


def _take_samples(s: Sampler) -> Call:
    x = s.array(s.shape())
    return (x, s.integers(s.shape(), -int(np.size(x)), int(np.size(x)))), {}


@public(torch="take", samples=_take_samples)
def take(input: Tensor, index: Tensor) -> Any:
    """Elements picked from the tensor as if it had one dimension; negative from the end.

    index: any shape -> that shape. Raises DimensionError where it is out of range.
    """
    return take_op(input, index)


wrapped_op = discrete(
    "wrapped_indices", lambda index, *, size: np.where(index < 0, index + size, index),
    no_torch="negative indices as the positive ones that they stand for",
    explain="indices have no slope",
    batch=broadcast_rule,
    written=lambda index, *, size: where_op(lt(index, 0), index + size, index),
)  # fmt: skip


def _take_along_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    dim = s.dim(len(shape))
    lengths = [s.choice([1, n]) for n in shape]
    lengths[dim] = s.integer(1, 5)
    return (s.array(shape), s.integers(lengths, -shape[dim], shape[dim]), dim), {}


@public(torch="take_along_dim", samples=_take_along_samples)
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Any:
    """gather, with the other dimensions broadcast; without `dim`, from the flattened tensor.

    Negative indices count from the end. What argsort and argmax give (with keepdim) is an index
    for it. Raises OutOfBoundsError for an index out of range.
    """
    if dim is None:
        return take_along_dim(reshape(input, -1), reshape(indices, -1), 0)
    shape, wanted = list(shape_of(input)), list(shape_of(indices))
    if len(shape) != len(wanted):
        raise ShapeError(
            "take_along_dim(): input and indices should have the same number of dimensions, but "
            f"got {len(shape)} dimensions for input, and {len(wanted)} dimensions for indices"
        )
    at = one_dim(dim, len(shape))
    size, count = shape[at], wanted[at]
    shape[at] = wanted[at] = 1
    common = list(common_shape("take_along_dim", tuple(shape), tuple(wanted)))
    common[at] = size
    full = tuple(common)
    common[at] = count
    index = wrapped_op(_expanded(indices, tuple(common)), size=size)
    return gather_op(_expanded(input, full), index, dim=at)


def _expanded(x: Any, shape: tuple[int, ...]) -> Any:
    return x if tuple(x.shape) == shape else expand_op(x, shape=shape)


def _masked_select(x: Any, mask: Any) -> Any:
    shape = np.broadcast_shapes(np.shape(x), np.shape(mask))
    return np.broadcast_to(x, shape)[np.broadcast_to(mask, shape)]


def _masked_select_transpose(ct: Any, x: Any, mask: Any) -> Any:
    """The walk sums over the dimensions of x that were broadcast."""
    shape = np.broadcast_shapes(x.shape, mask.shape)
    mask = np.broadcast_to(mask, shape)
    return index_put_op(None, ct, mask, basic=(), dims=(0,), shape=shape, accumulate=True)


def _masked_select_aval(x: Aval, mask: Aval) -> Aval:
    refuse_masks("masked_select", (mask,))
    return x


masked_select_op = multilinear(
    "masked_select", _masked_select, transposes=[_masked_select_transpose],
    aval=_masked_select_aval, promotion="none", torch="masked_select",
    explain="slope 1 where the mask is true, 0 elsewhere",
    batch=masked_select_rule,
)  # fmt: skip


def _masked_select_samples(s: Sampler) -> Call:
    first, second = s.broadcastable(2)
    return (s.array(first), s.mask(second)), {}


@public(torch="masked_select", samples=_masked_select_samples)
def masked_select(input: Tensor, mask: Tensor) -> Any:
    """The elements where the mask is true, in one dimension; the two are broadcast.

    Raises ShapeError where they do not broadcast.
    """
    if array_of(mask).dtype != bool:
        raise ShapeError(
            f"masked_select: expected a bool tensor for mask, not {array_of(mask).dtype}"
        )
    common_shape("masked_select", shape_of(input), shape_of(mask))
    return masked_select_op(input, mask)
