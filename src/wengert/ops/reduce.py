"""Sums, means and products of elements, whole or along dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.dtype import dtype_of
from wengert.core.tensor import Tensor
from wengert.errors import DTypeError
from wengert.ops.arguments import array_of
from wengert.ops.axes import (
    INT64,
    Axes,
    computing,
    count,
    over,
    reduction_call,
    spread,
    summed,
    widened,
)
from wengert.ops.batching import along
from wengert.ops.canonical import Dims, numpy_dtype
from wengert.ops.define import public
from wengert.ops.kinds import general, linear

Dtype = np.dtype[Any] | None


def _numbered(torch_name: str) -> Any:
    """torch numbers its overloads: 0 reduces everything to a 0-d tensor, 1 along dimensions."""

    def name(attrs: dict[str, Any]) -> str:
        return f"{torch_name}Backward{int(attrs['dim'] is not None or attrs['keepdim'])}"

    return name


def total(x: Any, dim: Axes | None, keepdim: bool, dtype: Dtype = None) -> Any:
    """The sum in torch's dtype: integers in int64, half dtypes accumulated in float32."""
    if dtype is None:
        dtype = INT64 if x.dtype.kind in "biu" else x.dtype
    within = computing(dtype)
    found = summed(x, dim, within, keepdim)
    return found if within is dtype else found.astype(dtype)


def _sum(x: Any, *, dim: Axes | None, keepdim: bool, dtype: Dtype) -> Any:
    return total(x, dim, keepdim, dtype)


sum_op = linear(
    "sum", _sum, transpose=spread, torch="sum", grad_name=_numbered("Sum"),
    latex=r"\sum {}", explain="slope 1 for every element: each adds its change to the sum",
    batch=along("dim"), reduces="add",
)  # fmt: skip


def _mean(x: Any, *, dim: Axes | None, keepdim: bool, dtype: Dtype) -> Any:
    result = dtype or x.dtype
    within = computing(result)
    mean = summed(x, dim, within, keepdim) / within.type(count(x.shape, dim))
    return mean if result == within else mean.astype(result)


def _mean_transpose(ct: Any, x: Any, dim: Axes | None, keepdim: bool) -> Any:
    return spread(ct / max(count(x.shape, dim), 1), x, dim, keepdim)


def _mean_written(x: Any, *, dim: Axes | None, keepdim: bool, dtype: Dtype) -> Any:
    return sum_op(x, dim=dim, keepdim=keepdim, dtype=dtype) / count(x.shape, dim)


mean_op = linear(
    "mean", _mean, transpose=_mean_transpose, torch="mean", grad_name=_numbered("Mean"),
    written=_mean_written,
    latex=r"\operatorname{{mean}} {}",
    explain="slope 1/n for each of the n elements that are averaged",
    batch=along("dim"),
)  # fmt: skip


def _float_or_complex(name: str, given: np.dtype[Any], which: str) -> None:
    if given.kind in "biu":
        raise DTypeError(
            f"{name}(): could not infer output dtype. {which} dtype must be either a floating "
            f"point or complex dtype. Got: {dtype_of(given).name}",
            f"Write {name}(..., dtype=wengert.float32), or cast the tensor first.",
        )


@public(torch="sum", samples=reduction_call)
def sum_(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The sum of all elements, or along one or several dimensions.

    x: any shape -> the shape without `dim`, or with length 1 there if `keepdim`. Integers and
    booleans are summed in int64; `dtype` casts before the sum is taken. An empty sum is 0.
    Raises DimensionError for a dimension that does not exist.

    >>> import wengert as wg
    >>> wg.tensor([[1.0, 2.0], [3.0, 4.0]]).sum(dim=0)
    tensor([4., 6.])
    """
    return sum_op(input, **over("sum", input, dim, keepdim), dtype=numpy_dtype(dtype))


@public(torch="mean", samples=reduction_call)
def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The arithmetic mean of all elements, or along one or several dimensions.

    x: any shape -> the shape without `dim`, or with length 1 there if `keepdim`. The mean of
    nothing is NaN. Raises DTypeError for integers, DimensionError for a dimension that does not
    exist.

    >>> import wengert as wg
    >>> wg.tensor([1.0, 2.0, 6.0]).mean()
    tensor(3.)
    """
    data = array_of(input)
    target = numpy_dtype(dtype)
    _float_or_complex("mean", target or data.dtype, "Input" if target is None else "Optional")
    return mean_op(input, **over("mean", input, dim, keepdim), dtype=target)


def _nansum(x: Any, *, dim: Axes | None, keepdim: bool, dtype: Dtype) -> Any:
    if x.dtype.kind == "c":
        raise DTypeError("nansum() does not support complex inputs", "Sum real and imag apart.")
    if x.dtype.kind == "f":
        x = np.where(np.isnan(x), x.dtype.type(0), x)
    return total(x, dim, keepdim, dtype)


def _nansum_written(x: Any, **how: Any) -> Any:
    return sum_op(np.where(np.isnan(x), 0, x) if x.is_floating_point() else x, **how)


nansum_op = general(
    "nansum", _nansum, written=_nansum_written, torch="nansum",
    pullbacks=[lambda ct, x, dim, keepdim: widened(ct, x, dim, keepdim) * (x == x)],
    explain="slope 1 for every number, 0 for every NaN",
    batch=along("dim"),
)  # fmt: skip


@public(torch="nansum", samples=reduction_call)
def nansum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The sum of the elements that are not NaN; see `sum`.

    Raises DTypeError for complex tensors, DimensionError for a dimension that does not exist.

    >>> import wengert as wg
    >>> wg.tensor([1.0, float("nan"), 2.0]).nansum()
    tensor(3.)
    """
    return nansum_op(input, **over("nansum", input, dim, keepdim), dtype=numpy_dtype(dtype))


@public(torch="nanmean", samples=reduction_call)
def nanmean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The mean of the elements that are not NaN; NaN where there are none. See `mean`.

    Raises DTypeError for integers and complex numbers.

    >>> import wengert as wg
    >>> wg.tensor([1.0, float("nan"), 2.0]).nanmean()
    tensor(1.5000)
    """
    data = array_of(input)
    _float_or_complex("nanmean", data.dtype, "Input")
    _float_or_complex("nanmean", numpy_dtype(dtype) or data.dtype, "Optional")
    numbers = np.logical_not(np.isnan(input))
    how_many = sum_(numbers, dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / how_many
