"""Medians and quantiles: values by their place in the order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.dtype import dtype_of
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, DTypeError, ShapeError
from wengert.ops.arguments import array_of, flag, one_of
from wengert.ops.axes import dim_for, refuse_empty, refuse_kinds
from wengert.ops.batching import along, behind_first, flat_reduction
from wengert.ops.blends import lerp
from wengert.ops.canonical import one_dim
from wengert.ops.define import public
from wengert.ops.extrema import chosen_along, shared, taken
from wengert.ops.gather import gather_op
from wengert.ops.kinds import discrete, general
from wengert.ops.named import MedianResult, NanmedianResult
from wengert.ops.samples import Call, Sampler

# Medians


def _whole_median(name: str, skips_nan: bool) -> Callable[..., Any]:
    def forward(x: Any) -> Any:
        refuse_kinds(name, x, "bc")
        flat = x.reshape(-1)
        if not flat.size:
            lowest = np.nan if x.dtype.kind == "f" else np.iinfo(x.dtype).min
            return x.dtype.type(lowest)
        numbers = flat[flat == flat]
        if not numbers.size or (numbers.size < flat.size and not skips_nan):
            return x.dtype.type(np.nan)
        middle = (numbers.size - 1) // 2
        return np.partition(numbers, middle)[middle]

    return forward


def _median_along(name: str, skips_nan: bool) -> Callable[..., tuple[Any, Any]]:
    def forward(x: Any, *, dim: int, keepdim: bool) -> tuple[Any, Any]:
        refuse_kinds(name, x, "bc")
        if not x.ndim:
            return x.copy(), np.int64(0)
        refuse_empty(name, x, dim)
        order = np.argsort(x, dim, stable=True)  # NaNs come last
        numbers = np.sum(x == x, axis=dim, keepdims=True)
        middle = np.maximum(numbers - 1, 0) // 2
        index = np.take_along_axis(order, middle, dim)
        if not skips_nan:
            first_nan = np.argmax(x != x, dim, keepdims=True)
            index = np.where(numbers < x.shape[dim], first_nan, index)
        return taken(x, index, dim, keepdim)

    return forward


_MIDDLE = "slope 1 for the element that is returned, 0 for all others"

median_op = general(
    "median", _whole_median("median", False), pullbacks=[shared], torch="median",
    vanishing="not selected",
    explain=_MIDDLE,
    batch=flat_reduction("median_dim"),
)  # fmt: skip
nanmedian_op = general(
    "nanmedian", _whole_median("nanmedian", True), pullbacks=[shared], torch="nanmedian",
    explain=_MIDDLE,
    batch=flat_reduction("nanmedian_dim"),
)  # fmt: skip
median_dim_op = general(
    "median_dim", _median_along("median", False), pullbacks=[chosen_along], outputs=2,
    results_as=("values", "indices"),
    torch="median", grad_name="MedianBackward1", explain=_MIDDLE,
    batch=along("dim"),
)  # fmt: skip
nanmedian_dim_op = general(
    "nanmedian_dim", _median_along("nanmedian", True), pullbacks=[chosen_along], outputs=2,
    results_as=("values", "indices"),
    torch="nanmedian", grad_name="NanmedianBackward1", explain=_MIDDLE,
    batch=along("dim"),
)  # fmt: skip


def _median_call(s: Sampler) -> Call:
    x = s.array(s.shape(), distinct=True)
    if s.choice([True, False]):
        return (x,), {}
    return (x, s.dim(x.ndim)), {"keepdim": s.choice([False, True])}


@public(torch="median", samples=_median_call)
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element, and of two the lower one; along a dimension (values, indices).

    NaN where there is a NaN, or nothing. Of several equal elements the gradient of median(x) is
    shared; along a dimension the one at the index has it. Raises DimensionError where `dim` is
    empty, DTypeError for booleans and complex numbers.

    >>> import wengert as wg
    >>> wg.tensor([1.0, 5.0, 3.0, 4.0]).median()
    tensor(3.)
    """
    at = _median_dim("median", input, dim, keepdim)
    if at is None:
        return median_op(input)
    return MedianResult(*median_dim_op(input, dim=at, keepdim=keepdim))


@public(torch="nanmedian", samples=_median_call)
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of the elements that are not NaN. See `median`.

    >>> import wengert as wg
    >>> wg.tensor([1.0, float("nan"), 3.0, 4.0]).nanmedian()
    tensor(3.)
    """
    at = _median_dim("nanmedian", input, dim, keepdim)
    if at is None:
        return nanmedian_op(input)
    return NanmedianResult(*nanmedian_dim_op(input, dim=at, keepdim=keepdim))


def _median_dim(name: str, input: Any, dim: Any, keepdim: bool) -> int | None:
    array_of(input)
    keepdim = flag("keepdim", keepdim)
    if dim is not None:
        return dim_for(name, input, dim)
    if keepdim:
        raise ArgumentError(f"{name}(): keepdim needs a dimension", "Give dim, too.")
    return None


# Quantiles: the rank of q among the sorted elements, and the elements below and above it.

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _ranking(x: Any, *, ignore_nan: bool) -> tuple[Any, Any, Any]:
    """Along the last dimension: the order of the elements, and where ranks begin and how far
    they reach. Where the answer is NaN they begin and end at a NaN, which stands last.
    """
    order = np.argsort(x, -1, stable=True)
    last = x.shape[-1] - 1
    numbers = np.sum(x == x, axis=-1, keepdims=True)
    if ignore_nan:
        return order, np.zeros_like(numbers), np.maximum(numbers - 1, 0)
    has_nan = numbers <= last
    return order, np.where(has_nan, last, 0), np.where(has_nan, 0, last)


_ranking_op = discrete(
    "ranking", _ranking, outputs=3,
    no_torch="it serves quantile: the order of the elements, and where ranks begin and end",
    batch=behind_first,
)  # fmt: skip
_at_rank_op = discrete(
    "at_rank",
    lambda order, rank, *, rounded: np.take_along_axis(
        order, _ROUND[rounded](rank).astype(np.int64), -1
    ),
    no_torch="it serves quantile: the index of the element at a rank",
    batch=behind_first,
)  # fmt: skip
_ROUND: dict[str, Callable[..., Any]] = {
    "lower": np.floor, "higher": np.ceil, "nearest": np.round,
}  # fmt: skip


def _quantile(
    name: str, input: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, ignore_nan: bool
) -> Any:
    data = array_of(input)
    keepdim = flag("keepdim", keepdim)
    fractions = _fractions(name, data, q)
    _check_quantile(name, data, fractions, interpolation)
    at = None if dim is None else one_dim(dim, data.ndim)
    if at is None or not data.ndim:
        x = np.reshape(input, (-1,))
    else:
        x = np.moveaxis(input, at, -1)
    order, begin, reach = _ranking_op(x, ignore_nan=ignore_nan)
    rank = np.reshape(fractions, (-1,)) * reach + begin
    found = _interpolated(x, order, rank, interpolation)
    return _placed(found, data.shape, at, keepdim, array_of(fractions).ndim)


def _interpolated(x: Any, order: Any, rank: Any, interpolation: str) -> Any:
    """The values at the ranks, (..., n) -> (..., ranks)."""
    dim = len(x.shape) - 1
    if interpolation in _ROUND:
        return gather_op(x, _at_rank_op(order, rank, rounded=interpolation), dim=dim)
    below = gather_op(x, _at_rank_op(order, rank, rounded="lower"), dim=dim)
    above = gather_op(x, _at_rank_op(order, rank, rounded="higher"), dim=dim)
    weight = 0.5 if interpolation == "midpoint" else rank - np.floor(rank)
    return lerp(below, above, weight)


def _placed(found: Any, shape: tuple[int, ...], dim: int | None, keepdim: bool, q_dims: int) -> Any:
    """From (..., ranks) to (ranks, ...), or (...) where there is one q and no dimension for it."""
    if dim is None or not shape:
        rest = (1,) * len(shape) if keepdim else ()
    else:
        rest = tuple(1 if d == dim else n for d, n in enumerate(shape) if keepdim or d != dim)
    count = found.shape[-1]
    return np.reshape(np.moveaxis(found, -1, 0), (count, *rest) if q_dims else rest)


def _fractions(name: str, data: Any, q: Any) -> Any:
    """q as a tensor, or an array of x's dtype."""
    if isinstance(q, (int, float)):
        if not 0 <= q <= 1:
            raise ArgumentValueError(f"{name}() q must be in the range [0, 1] but got {q:g}")
        return np.asarray(q, data.dtype)
    return q if isinstance(q, Tensor) else array_of(q)


def _check_quantile(name: str, data: Any, q: Any, interpolation: str) -> None:
    if data.size == 0:
        raise ShapeError(f"{name}() input tensor must be non-empty")
    if data.dtype not in (np.float32, np.float64):
        raise DTypeError(
            f"{name}() input tensor must be either float or double dtype, not "
            f"{dtype_of(data.dtype).name}",
            "Cast the tensor first: .to(wengert.float32).",
        )
    fractions = array_of(q)
    if fractions.ndim > 1:
        raise ShapeError(f"{name}() q must be a scalar or 1D tensor, not {fractions.ndim}D")
    if fractions.dtype != data.dtype:
        raise DTypeError(f"{name}() q tensor must be same dtype as the input tensor")
    if not np.all((fractions >= 0) & (fractions <= 1)):
        raise ArgumentValueError(f"{name}() q values must be in the range [0, 1]")
    one_of(f"{name}() interpolation", interpolation, INTERPOLATIONS)


def _quantile_call(s: Sampler) -> Call:
    x = s.array(s.shape(), distinct=True)
    dim = s.choice([None, s.dim(x.ndim)])
    attributes = {"dim": dim, "interpolation": s.choice(INTERPOLATIONS)}
    return (x, s.choice([0.0, 0.3, 0.5, 1.0])), attributes | {"keepdim": s.choice([False, True])}


@public(torch="quantile", samples=_quantile_call)
def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *,
    interpolation: str = "linear",
) -> Any:  # fmt: skip
    """The value below which a fraction q of the elements lies, of everything or along `dim`.

    q: a number from 0 to 1, or a tensor of several, whose results are put in front. Between two
    elements: interpolated linearly, "lower", "higher", "midpoint" or "nearest". NaN where there
    is a NaN. The gradient goes to the one or two elements. Raises ShapeError for an empty tensor,
    DTypeError unless it is float32 or float64, ArgumentValueError for another q.

    >>> import wengert as wg
    >>> wg.tensor([0.0, 1.0, 2.0, 3.0]).quantile(0.5)
    tensor(1.5000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


@public(torch="nanquantile", samples=_quantile_call)
def nanquantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *,
    interpolation: str = "linear",
) -> Any:  # fmt: skip
    """The quantile of the elements that are not NaN. See `quantile`.

    >>> import wengert as wg
    >>> wg.tensor([0.0, float("nan"), 2.0]).nanquantile(0.5)
    tensor(1.)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)
