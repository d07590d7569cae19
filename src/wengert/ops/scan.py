"""Running sums and extremes along a dimension, and differences of neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError, ShapeError
from wengert.ops.arguments import array_of, integer
from wengert.ops.axes import (
    INT64,
    dim_for,
    line_call,
    refuse_kinds,
    running,
)
from wengert.ops.batching import along
from wengert.ops.canonical import numpy_dtype, one_dim
from wengert.ops.define import public
from wengert.ops.join import cat
from wengert.ops.kinds import discrete, general, linear
from wengert.ops.named import CummaxResult, CumminResult
from wengert.ops.products import recurrence
from wengert.ops.samples import Call, Sampler
from wengert.ops.scatter import scatter_add_op


def _cumsum(x: Any, *, dim: int, dtype: np.dtype[Any] | None) -> Any:
    if dtype is None:
        dtype = INT64 if x.dtype.kind in "biu" else x.dtype
    if not x.ndim:
        return x.astype(dtype)
    x = x.astype(dtype, copy=False)
    return np.add.accumulate(x, dim, running(dtype)).astype(dtype, order="C", copy=False)


def _cumsum_transpose(ct: Any, dim: int) -> Any:
    if not ct.ndim:
        return ct
    return np.flip(cumsum_op(np.flip(ct, dim), dim=dim, dtype=None), dim)


cumsum_op: Op = linear(
    "cumsum", _cumsum, transpose=_cumsum_transpose, torch="cumsum",
    explain="slope 1 for every element up to this one",
    batch=along("dim"), piece="running_sum",
)  # fmt: skip


@public(torch="cumsum", samples=line_call, in_place=True)
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Any:
    """Running sums along a dimension: out_i = x_1 + ... + x_i.

    x: any shape -> the same. Integers become int64; `dtype` casts first.

    >>> import wengert as wg
    >>> wg.tensor([1.0, 2.0, 3.0]).cumsum(0)
    tensor([1., 3., 6.])
    """
    return cumsum_op(input, dim=dim_for("cumsum", input, dim), dtype=numpy_dtype(dtype))


def _running(name: str, accumulate: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    def forward(x: Any, *, dim: int) -> tuple[Any, Any]:
        refuse_kinds(name, x, "c")
        if not x.ndim:
            return x.copy(), np.int64(0)
        values = np.ascontiguousarray(accumulate(x, dim))
        # Of equal elements the last is named, and so is the last NaN.
        here = (x == values) | (x != x)
        places = np.arange(x.shape[dim]).reshape((-1,) + (1,) * (x.ndim - 1 - dim))
        return values, np.ascontiguousarray(np.maximum.accumulate(np.where(here, places, 0), dim))

    return forward


def _running_pullback(ct: Any, x_aval: Any, out: Any, dim: int) -> Any:
    return scatter_add_op(None, out[1], ct[0], dim=dim, shape=x_aval.shape)


def _alone(x: Any, dim: int, largest: bool) -> tuple[Any, Any]:
    op = cummax_op if largest else cummin_op
    values, places = op.forward(x, dim=dim)
    return values, places


# One output each, for the compiler.
extremes_op = discrete(
    "running_extremes", lambda x, *, dim, largest: _alone(x, dim, largest)[0],
    no_torch="a part of cummax and cummin", explain="the extreme so far, without its place",
    batch=along("dim"), piece="extremes",
)  # fmt: skip
places_op = discrete(
    "running_extreme_places", lambda x, *, dim, largest: _alone(x, dim, largest)[1],
    no_torch="a part of cummax and cummin", explain="indices have no slope",
    batch=along("dim"), piece="extreme_places",
)  # fmt: skip


def _in_two(x: Any, dim: int, largest: bool) -> tuple[Any, Any]:
    how = {"dim": dim, "largest": largest}
    return extremes_op(x, **how), places_op(x, **how)


_SO_FAR = "slope 1 for the extreme so far, which may be returned at several places"

cummax_op = general(
    "cummax", _running("cummax", np.maximum.accumulate), pullbacks=[_running_pullback],
    results_as=("values", "indices"),
    outputs=2, torch="cummax", explain=_SO_FAR,
    batch=along("dim"), written=lambda x, *, dim: _in_two(x, dim, largest=True),
)  # fmt: skip
cummin_op = general(
    "cummin", _running("cummin", np.minimum.accumulate), pullbacks=[_running_pullback],
    results_as=("values", "indices"),
    outputs=2, torch="cummin", explain=_SO_FAR,
    batch=along("dim"), written=lambda x, *, dim: _in_two(x, dim, largest=False),
)  # fmt: skip


def _distinct_line(s: Sampler) -> Call:
    x = s.array(s.shape(), distinct=True)
    return (x, s.dim(x.ndim)), {}


@public(torch="cummax", samples=_distinct_line)
def cummax(input: Tensor, dim: int) -> Any:
    """The largest element so far along a dimension, and its index: (values, indices).

    x: any shape -> the same, twice. Of equal elements the last counts; a NaN is larger than every
    number. Raises DTypeError for complex tensors.

    >>> import wengert as wg
    >>> wg.tensor([1.0, 3.0, 2.0]).cummax(0).values
    tensor([1., 3., 3.])
    """
    return CummaxResult(*cummax_op(input, dim=dim_for("cummax", input, dim)))


@public(torch="cummin", samples=_distinct_line)
def cummin(input: Tensor, dim: int) -> Any:
    """The smallest element so far along a dimension, and its index. See `cummax`.

    >>> import wengert as wg
    >>> wg.tensor([3.0, 1.0, 2.0]).cummin(0).indices
    tensor([0, 1, 1])
    """
    return CumminResult(*cummin_op(input, dim=dim_for("cummin", input, dim)))


def _logcumsumexp(x: Any, *, dim: int) -> Any:
    refuse_kinds("logcumsumexp", x, "biu")
    if not x.ndim:
        return x.copy()
    if x.dtype.kind != "c":
        return np.ascontiguousarray(np.logaddexp.accumulate(x, dim))
    out = x.astype(running(x.dtype))
    lines = np.moveaxis(out, dim, 0)
    for k in range(1, len(lines)):
        lines[k] = _log_add_exp(lines[k - 1], lines[k])
    return out.astype(x.dtype, copy=False)


def _log_add_exp(x: Any, y: Any) -> Any:
    """log(e^x + e^y) of complex numbers, by the larger real part; two infinite ones by themselves.

    Of -inf + ia and -inf + ib it is one of them, since their angles mean nothing.
    """
    swapped = (x.real < y.real) | np.isnan(y)
    large, small = np.where(swapped, y, x), np.where(swapped, x, y)
    both = (large.real == small.real) & np.isinf(large.real)
    plain = np.where(large.real < 0, large, np.log(np.exp(x) + np.exp(y)))
    found = np.where(both, plain, large + np.log1p(np.exp(small - large)))
    return np.where(np.isnan(x) | np.isnan(y), np.nan + np.nan * 1j, found)


def _logcumsumexp_pullback(ct: Any, x: Any, x_aval: Any, out: Any, dim: int) -> Any:
    """exp(x_j - out_j) T_j, where T_j = ct_j + exp(out_j - out_{j+1}) T_{j+1}.

    That is sum_{i>=j} ct_i exp(x_j - out_i) without an exponential above 1.
    """
    if not x_aval.shape:
        return ct
    everything = (slice(None),) * dim
    first, rest = out[(*everything, slice(0, 1))], out[(*everything, slice(0, -1))]
    fall = np.concatenate((first, rest), dim) - out
    # Between two infinities of one sign the fall is NaN, but nothing was added. The inner where
    # keeps that NaN out of the second derivative.
    flat = (fall != fall) & (out == out)
    decay = np.where(flat, 1, np.exp(np.where(flat, 0, fall)))
    later = recurrence(decay, decay * ct, dim=dim, reverse=True)
    return np.exp(x - out) * (ct + later)


logcumsumexp_op = general(
    "logcumsumexp", _logcumsumexp, pullbacks=[_logcumsumexp_pullback], torch="logcumsumexp",
    explain="each element has its softmax weight in every result from its place on",
    source="d out_i / d x_j = exp(x_j - out_i) for j <= i",
    batch=along("dim"), piece="running_log_sum",
)  # fmt: skip


@public(torch="logcumsumexp", samples=line_call)
def logcumsumexp(input: Tensor, dim: int) -> Any:
    """log(exp(x_1) + ... + exp(x_i)) along a dimension, computed without overflow.

    x: any shape -> the same. Raises DTypeError for integers.

    >>> import wengert as wg
    >>> wg.tensor([0.0, 0.0]).logcumsumexp(0)
    tensor([0.0000, 0.6931])
    """
    return logcumsumexp_op(input, dim=dim_for("logcumsumexp", input, dim))


def _diff_call(s: Sampler) -> Call:
    x = s.array(s.shape(1))
    dim = s.dim(x.ndim)
    attributes: dict[str, Any] = {"n": s.choice([1, 2]), "dim": dim}
    for name in s.choice([(), ("prepend",), ("append",), ("prepend", "append")]):
        shape = list(x.shape)
        shape[dim] = 1
        attributes[name] = s.array(shape)
    return (x,), attributes


@public(torch="diff", samples=_diff_call, numpy=(np.diff,))
def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along a dimension, taken n times: out_i = x_{i+1} - x_i.

    x: (..., k, ...) -> (..., k - n, ...), and never less than 0. prepend, append: put before and
    after first. Booleans are compared instead. Raises ShapeError for a 0-d tensor, or where the
    pieces do not fit; ArgumentValueError for a negative n.

    >>> import wengert as wg
    >>> wg.tensor([1.0, 4.0, 9.0]).diff()
    tensor([3., 5.])
    """
    if not array_of(input).ndim:
        raise ShapeError("diff expects input to be at least one-dimensional")
    at = one_dim(dim, len(input.shape))
    n = integer("n", n)
    if n < 0:
        raise ArgumentValueError(f"diff(): order must be non-negative but got {n}")
    x = _joined(input, prepend, append, at)
    before = (slice(None),) * at
    for _ in range(min(n, x.shape[at])):
        later, earlier = x[(*before, slice(1, None))], x[(*before, slice(0, -1))]
        x = later != earlier if array_of(x).dtype.kind == "b" else later - earlier
    return x


def _joined(input: Any, prepend: Any, append: Any, dim: int) -> Any:
    pieces = [piece for piece in (prepend, input, append) if piece is not None]
    if any(array_of(piece).ndim != len(input.shape) for piece in pieces):
        raise ShapeError(
            "diff expects prepend or append to be the same dimension as input",
            f"The shapes are {', '.join(str(tuple(piece.shape)) for piece in pieces)}.",
        )
    return input if len(pieces) == 1 else cat(pieces, dim)
