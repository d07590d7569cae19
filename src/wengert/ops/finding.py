"""Where elements are and how many: nonzero, unique, searchsorted, bincount, one_hot.

Nothing here has a derivative: the results are indices and counts, and unique's values are
picked by comparing (torch's backward refuses, too).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError, DTypeError, ShapeError
from wengert.ops.arguments import (
    array_of,
    checked,
    flag,
    integer,
    is_number,
    ndim_of,
    one_of,
    shape_of,
)
from wengert.ops.axes import refuse_kinds
from wengert.ops.batching import broadcast_rule
from wengert.ops.batching_index import data_dependent_rule, searchsorted_rule
from wengert.ops.canonical import one_dim
from wengert.ops.cast import to_op
from wengert.ops.comparison import eq
from wengert.ops.define import public
from wengert.ops.expand import expand_op
from wengert.ops.kinds import discrete
from wengert.ops.positions import counting_dtype, positions
from wengert.ops.reshape import unsqueeze_op
from wengert.ops.samples import Call, Sampler
from wengert.ops.trace import data_dependent

nonzero_op = discrete(
    "nonzero", lambda x: np.argwhere(x), aval=data_dependent("nonzero"), torch="nonzero",
    explain="indices have no slope",
    batch=data_dependent_rule,
)  # fmt: skip
nonzero_tuple_op = discrete(
    "nonzero_tuple", lambda x: np.nonzero(np.atleast_1d(x)), aval=data_dependent("nonzero"),
    torch="nonzero", explain="indices have no slope",
    batch=data_dependent_rule,
)  # fmt: skip


def _sparse_samples(s: Sampler) -> Call:
    return (s.choice([s.array(s.shape()), s.mask(s.shape())]),), {}


@public(torch="nonzero", samples=_sparse_samples, differentiable=False)
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not zero.

    x: d dimensions, n such elements -> (n, d); with as_tuple, a tuple of d tensors of shape (n,),
    which is an index: x[x.nonzero(as_tuple=True)].
    """
    on = flag("as_tuple", as_tuple)
    return (nonzero_tuple_op if on else nonzero_op)(checked(input))


@public(torch="argwhere", samples=_sparse_samples, differentiable=False)
def argwhere(input: Tensor) -> Any:
    """`nonzero(input)`: one row of indices for each element that is not zero."""
    return nonzero_op(checked(input))


def _unique(x: Any, *, dim: int | None) -> tuple[Any, Any, Any]:
    x = np.asarray(x)
    values, inverse, counts = np.unique(
        x, axis=dim, return_inverse=True, return_counts=True, equal_nan=False
    )
    return values, inverse.reshape(x.shape if dim is None else -1), counts


unique_op = discrete(
    "unique", _unique, outputs=3, aval=data_dependent("unique"), torch="unique",
    explain="no slope: which values are equal is decided by comparing",
    batch=data_dependent_rule,
)  # fmt: skip


def _unique_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    attrs = {
        "return_inverse": s.choice([False, True]), "return_counts": s.choice([False, True]),
        "dim": s.choice([None, s.dim(len(shape))]),
    }  # fmt: skip
    return (s.integers(shape, 0, 3),), attrs


@public(torch="unique", samples=_unique_samples, differentiable=False)
def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False,
    return_counts: bool = False, dim: int | None = None,
) -> Any:  # fmt: skip
    """The different elements in order; with `dim`, the different slices.

    return_inverse: also, for each element, the index of its value; return_counts: also, how often
    each occurs. No gradient passes through. Every NaN counts as different.
    """
    at = None if dim is None else one_dim(dim, ndim_of(input))
    on = (flag("return_inverse", return_inverse), flag("return_counts", return_counts))
    flag("sorted", sorted)
    values, *found = unique_op(checked(input), dim=at)
    more = [tensor for tensor, wanted in zip(found, on, strict=True) if wanted]
    return (values, *more) if more else values


def _search(boundaries: Any, x: Any, sorter: Any, *, right: bool, dtype: np.dtype[Any]) -> Any:
    side: Any = "right" if right else "left"
    x = np.asarray(x)
    for array in (boundaries, x):
        refuse_kinds("searchsorted", array, "c")
    if boundaries.ndim == 1:
        return np.searchsorted(boundaries, x, side, sorter).astype(dtype)
    found = np.empty(x.shape, dtype)
    for row in np.ndindex(boundaries.shape[:-1]):
        order = None if sorter is None else sorter[row]
        found[row] = np.searchsorted(boundaries[row], x[row], side, order)
    return found


search_op = discrete(
    "searchsorted", _search, torch="searchsorted", explain="indices have no slope",
    aval=lambda boundaries, x, sorter, right, dtype: Aval(np.shape(x), dtype),
    batch=searchsorted_rule, piece="search",
)  # fmt: skip


def _search_samples(s: Sampler) -> Call:
    lead = s.shape(0, 2)
    boundaries = np.sort(s.array((*lead, s.integer(1, 4))), -1)
    attrs = {"right": s.choice([False, True]), "out_int32": s.choice([False, True])}
    return (boundaries, s.array((*lead, s.integer(1, 3)))), attrs


@public(torch="searchsorted", samples=_search_samples, differentiable=False, method=False)
def searchsorted(
    sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False,
    side: str | None = None, sorter: Any = None,
) -> Any:  # fmt: skip
    """Where each element would go into a sorted sequence: the first such place.

    sorted_sequence: (n,), or (..., n) with one row for each row of input: (..., m) -> (..., m).
    right (or side="right"): the last such place. Raises ShapeError where the rows do not fit.
    """
    if side is not None:
        one_of("searchsorted: side", side, ("left", "right"))
    if side == "left" and right:
        raise ArgumentValueError("searchsorted(): side is 'left', but right=True")
    shape, wanted = shape_of(sorted_sequence), () if is_number(input) else shape_of(input)
    if not shape or (len(shape) > 1 and shape[:-1] != wanted[:-1]):
        raise ShapeError(
            "searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions "
            "of boundaries tensor and input value tensor must match, but we got boundaries tensor "
            f"{list(shape)} and input value tensor {list(wanted)}"
        )
    dtype = np.dtype(np.int32 if flag("out_int32", out_int32) else np.int64)
    on_right = flag("right", right) or side == "right"
    return search_op(sorted_sequence, input, sorter, right=on_right, dtype=dtype)


def _bucketize_samples(s: Sampler) -> Call:
    boundaries = np.sort(s.array((s.integer(1, 4),)))
    return (s.array(s.shape()), boundaries), {"right": s.choice([False, True])}


@public(torch="bucketize", samples=_bucketize_samples, differentiable=False)
def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Any:
    """The number of the bucket each element falls into, between sorted boundaries.

    i where boundaries[i - 1] < x <= boundaries[i]; with right, where the equality is on the left.
    """
    flag("right", right)
    if ndim_of(boundaries) != 1:
        raise ShapeError(
            f"bucketize: boundaries tensor must be 1 dimension, but got dim({ndim_of(boundaries)})"
        )
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def _bincount(x: Any, weights: Any, *, minlength: int) -> Any:
    if x.dtype.kind not in "iu" or x.ndim != 1 or (x.size and x.min() < 0):
        raise DTypeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return np.bincount(x, minlength=minlength)
    if weights.shape != x.shape:
        raise ShapeError("bincount: weights should be 1-d and have the same length as input")
    dtype = weights.dtype if weights.dtype == np.float32 else np.dtype(np.float64)
    return np.bincount(x, weights, minlength).astype(dtype)


bincount_op = discrete(
    "bincount", _bincount, aval=data_dependent("bincount"), torch="bincount",
    explain="counts have no slope",
    batch=data_dependent_rule,
)  # fmt: skip


def _bincount_samples(s: Sampler) -> Call:
    shape = s.shape(1, 1)
    weights = s.choice([None, s.integers(shape, -3, 4)])
    return (s.integers(shape, 0, 5), weights), {"minlength": s.integer(0, 7)}


@public(torch="bincount", samples=_bincount_samples, differentiable=False)
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Any:
    """How often each number from 0 on occurs, or the sum of the weights of its occurrences.

    x: (n,), integers -> (max(x) + 1,), at least `minlength`. No gradient passes through. Raises
    DTypeError for anything but non-negative integers in one dimension.
    """
    minlength = integer("minlength", minlength)
    if minlength < 0:
        raise ArgumentValueError(f"bincount: minlength should be >= 0, not {minlength}")
    if weights is not None:
        checked(weights)
    return bincount_op(checked(input), weights, minlength=minlength)


def _one_hot(x: Any, *, classes: int) -> Any:
    x = np.asarray(x)
    if x.size and x.min() < 0:
        raise ShapeError("one_hot: Class values must be non-negative.")
    if x.size and x.max() >= classes >= 0:
        raise ShapeError("one_hot: Class values must be smaller than num_classes.")
    count = classes if classes >= 0 else int(x.max()) + 1
    return (x[..., None] == np.arange(count)).astype(np.int64)


def _looked_over(x: Any, *, classes: int) -> Any:
    _one_hot(x, classes=classes)
    return x.astype(counting_dtype(classes))


one_hot_classes_op = discrete(
    "one_hot_classes", _looked_over, no_torch="a part of one_hot",
    aval=lambda x, classes: Aval(x.shape, counting_dtype(classes)),
    explain="no slope: the input is a class", batch=broadcast_rule, piece="classes",
)  # fmt: skip


def _one_hot_written(x: Any, *, classes: int) -> Any:
    found = unsqueeze_op(one_hot_classes_op(x, classes=classes), dim=x.ndim)
    like = expand_op(found, shape=(*x.shape, classes))
    return to_op(eq(found, positions(like, x.ndim)), dtype=np.dtype(np.int64))


def _one_hot_aval(x: Aval, classes: int) -> Aval:
    if classes < 0:
        data_dependent("one_hot", "Give num_classes.")(x)
    return Aval((*x.shape, classes), np.dtype(np.int64))


one_hot_op = discrete(
    "one_hot", _one_hot, aval=_one_hot_aval, torch="nn.functional.one_hot",
    explain="no slope: the input is a class",
    batch=broadcast_rule, written=_one_hot_written,
)  # fmt: skip


def _one_hot_samples(s: Sampler) -> Call:
    return (s.integers(s.shape(), 0, 4), s.choice([-1, 4, 6])), {}


@public(torch="nn.functional.one_hot", samples=_one_hot_samples, differentiable=False, method=False)
def one_hot(input: Tensor, num_classes: int = -1) -> Any:
    """Vectors with a 1 at the class and zeros elsewhere: (...) -> (..., num_classes), int64.

    num_classes: one more than the largest class if it is not given. Raises DTypeError unless the
    classes are int64, ShapeError where one is out of range.
    """
    data = array_of(input)
    num_classes = integer("num_classes", num_classes)
    if data.dtype != np.int64:
        raise DTypeError(
            f"one_hot is only applicable to index tensor of type int64, not {data.dtype}"
        )
    if num_classes < 1 and num_classes != -1:
        raise ArgumentValueError(f"num_classes should be positive, not {num_classes}")
    if num_classes == -1 and not math.prod(shape_of(input)):
        raise ShapeError("Can not infer total number of classes from empty tensor.")
    return one_hot_op(input, classes=num_classes)
