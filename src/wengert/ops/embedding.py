"""Embedding: rows of a table, picked by integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import dtype_of
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.errors import (
    ArgumentError,
    ArgumentValueError,
    ContradictionError,
    DTypeError,
    ShapeError,
)
from wengert.modes import no_grad
from wengert.ops.arguments import array_of, flag, integer, is_number
from wengert.ops.batching import broadcast_rule
from wengert.ops.comparison import eq
from wengert.ops.define import public
from wengert.ops.gather import index_select_op
from wengert.ops.index_slices import index_add_op
from wengert.ops.kinds import general
from wengert.ops.reshape import reshape
from wengert.ops.samples import Call, Sampler
from wengert.ops.selection import where_op

slope_scaled_op = general(
    "slope_scaled", lambda x, factor: np.array(x),
    # Chosen, not multiplied, where the factor is 0: an infinite cotangent would give NaN.
    pullbacks=[lambda ct, factor: np.where(factor == 0, 0, ct * factor), None],
    aval=lambda x, factor: Aval(x.shape, x.dtype), promotion="none",
    lower=lambda code, x, factor: x, batch=broadcast_rule,
    no_torch="a part of embedding: a tensor as it is, its cotangent times a factor",
    explain="the value is left as it is; the slope is the factor",
)  # fmt: skip


def _samples(s: Sampler) -> Call:
    rows = s.integer(2, 4)
    indices = s.integers(s.choice([(), (3,), (2, 2)]), 0, rows)
    return (indices, s.array((rows, s.integer(1, 3)))), {}


@public(torch="nn.functional.embedding", samples=_samples, method=False, out=False)
def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Any:  # fmt: skip
    """The rows of a table at these indices: (...) and (n, d) -> (..., d).

    input: int64 or int32, from 0 to n - 1. The row padding_idx gets no gradient. With
    scale_grad_by_freq a row's gradient is divided by how often it is picked. With max_norm, rows
    that are picked and longer, by the norm norm_type, are shortened to it in the table itself.

    Raises OutOfBoundsError for an index out of range, DTypeError for indices that are no integers,
    ShapeError for a table that is no matrix.

    >>> import wengert as wg
    >>> table = wg.tensor([[0.0, 0.0], [1.0, 2.0]])
    >>> wg.nn.functional.embedding(wg.tensor([1, 0, 1]), table)
    tensor([[1., 2.],
            [0., 0.],
            [1., 2.]])
    """
    indices, table = array_of(input), array_of(weight)
    _check(indices, table, max_norm, flag("sparse", sparse))
    padding = _padding(padding_idx, table.shape[0])
    flat = reshape(input, (-1,)) if indices.ndim != 1 else input
    if max_norm is not None:
        _shorten(weight, flat, max_norm, norm_type)
    rows = index_select_op(weight, flat, dim=0)
    by_frequency = flag("scale_grad_by_freq", scale_grad_by_freq)
    if padding is not None or by_frequency:
        rows = slope_scaled_op(rows, _factors(flat, table, padding, by_frequency))
    return reshape(rows, (*indices.shape, table.shape[1])) if indices.ndim != 1 else rows


def _factors(flat: Any, table: Any, padding: int | None, by_frequency: bool) -> Any:
    """Per row that is picked, (n, 1): what its cotangent is multiplied by."""
    ones = _new(np.ones(flat.shape, table.dtype), None)
    factors = ones
    if by_frequency:
        counts = index_add_op(None, flat, ones, dim=0, shape=table.shape[:1], alpha=1)
        factors = 1 / index_select_op(counts, flat, dim=0)
    if padding is not None:
        factors = where_op(eq(flat, padding), 0, factors)
    return reshape(factors, (-1, 1))


def _shorten(weight: Tensor, flat: Any, max_norm: float, norm_type: float) -> None:
    """Rows that are picked and too long, in place."""
    with no_grad():
        rows = index_select_op(weight, flat, dim=0)
        lengths = rows.norm(norm_type, dim=1, keepdim=True)
        shorter = where_op(lengths > max_norm, rows * (max_norm / (lengths + 1e-7)), rows)
        weight.index_copy_(0, flat, shorter)


def _check(indices: Any, table: Any, max_norm: Any, sparse: bool) -> None:
    if indices.dtype not in (np.dtype(np.int64), np.dtype(np.int32)):
        raise DTypeError(
            "embedding: the indices must be int64 or int32, not " + dtype_of(indices.dtype).name,
            "They come first, and the table second.",
        )
    if table.ndim != 2:
        raise ShapeError(f"embedding: 'weight' must be 2-D, but its shape is {list(table.shape)}")
    if max_norm is not None and not is_number(max_norm):
        raise ArgumentError(f"embedding: max_norm must be a float, not {type(max_norm).__name__}")
    if sparse:
        raise ArgumentValueError(
            "embedding: sparse gradients are not there", "Leave sparse=False: they are dense."
        )


def _padding(padding_idx: Any, rows: int) -> int | None:
    if padding_idx is None:
        return None
    index = integer("padding_idx", padding_idx)
    if not -rows <= index < rows:
        raise ContradictionError(f"padding_idx {index} must be within the table's {rows} rows")
    return index % rows
