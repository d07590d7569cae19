"""softmax, its logarithm, and the logarithm of a sum of exponentials."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.ops.axes import (
    Axes,
    add_up,
    dim_for,
    largest,
    line_call,
    over,
    refuse_kinds,
    widened,
)
from wengert.ops.batching import along
from wengert.ops.canonical import Dims
from wengert.ops.define import public
from wengert.ops.exponential import exp, log
from wengert.ops.extrema import amax_op
from wengert.ops.kinds import general
from wengert.ops.reduce import sum_op
from wengert.ops.samples import Call, Sampler


def _shifted(x: Any, dim: int) -> tuple[Any, int]:
    """x minus its maximum along `dim`, so that no exponential overflows; at least 1-d, fresh."""
    if x.ndim == 0:
        x = x.reshape(1)
    if x.size == 0:
        return x.copy(), dim
    return x - largest(x, dim, None, None, True), dim


def _softmax(x: Any, *, dim: int) -> Any:
    refuse_kinds("softmax", x, "biuc")
    out, dim = _shifted(x, dim)
    np.exp(out, out)
    out /= add_up(out, dim, None, None, True)
    return out.reshape(x.shape).astype(x.dtype, copy=False)


def _shifted_tensor(x: Any, dim: int) -> Any:
    """`_shifted` in operations."""
    line = x if x.ndim else x.reshape(1)
    return line - amax_op(line, dim=(dim,), keepdim=True) if line.numel() else line


def _sum_along(x: Any, dim: int) -> Any:
    return sum_op(x, dim=(dim,), keepdim=True, dtype=None)


def _softmax_written(x: Any, *, dim: int) -> Any:
    weights = exp(_shifted_tensor(x, dim))
    return (weights / _sum_along(weights, dim)).reshape(x.shape)


def _softmax_pullback(ct: Any, out: Any, dim: int) -> Any:
    weighted = ct * out
    return weighted - out * np.sum(weighted, axis=dim, keepdims=True)


softmax_op = general(
    "softmax", _softmax, pullbacks=[_softmax_pullback], torch="softmax",
    latex=r"\operatorname{{softmax}}\left({}\right)",
    vanishing="saturated softmax",
    written=_softmax_written,
    explain="raising one input raises its own weight and lowers all others in proportion",
    source="d softmax_i / d x_j = softmax_i (delta_ij - softmax_j)",
    batch=along("dim"),
)  # fmt: skip


def _log_softmax(x: Any, *, dim: int) -> Any:
    refuse_kinds("log_softmax", x, "biuc")
    out, dim = _shifted(x, dim)
    out -= np.log(add_up(np.exp(out), dim, None, None, True))
    return out.reshape(x.shape).astype(x.dtype, copy=False)


def _log_softmax_written(x: Any, *, dim: int) -> Any:
    shifted = _shifted_tensor(x, dim)
    return (shifted - log(_sum_along(exp(shifted), dim))).reshape(x.shape)


log_softmax_op = general(
    "log_softmax", _log_softmax, torch="log_softmax",
    pullbacks=[lambda ct, out, dim: ct - np.exp(out) * np.sum(ct, axis=dim, keepdims=True)],
    latex=r"\log\operatorname{{softmax}}\left({}\right)",
    vanishing="saturated log_softmax",
    written=_log_softmax_written,
    explain="slope 1 in its own input, less the softmax weight of every input",
    source="d log_softmax_i / d x_j = delta_ij - softmax_j",
    batch=along("dim"),
)  # fmt: skip


def _cast_first(name: str, input: Tensor, dim: Any, dtype: Any) -> tuple[Any, int]:
    at = dim_for(name, input, dim)
    return (input if dtype is None else input.to(dtype)), at


@public(torch="softmax", samples=line_call)
def softmax(input: Tensor, dim: int, dtype: Any = None) -> Any:
    """exp(x) divided by its sum along `dim`: positive weights that add up to 1.

    x: any shape -> the same. Computed as exp(x - max x), so large inputs do not overflow. `dtype`
    casts first. Raises DTypeError for integers and complex numbers.

    >>> import wengert as wg
    >>> wg.tensor([0.0, 0.0, 0.0, 0.0]).softmax(0)
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
    x, at = _cast_first("softmax", input, dim, dtype)
    return softmax_op(x, dim=at)


@public(torch="log_softmax", samples=line_call)
def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Any:
    """log(softmax(x)) along `dim`, without the rounding and overflow of doing it in two steps.

    x: any shape -> the same. `dtype` casts first. Raises DTypeError for integers and complex
    numbers.

    >>> import wengert as wg
    >>> wg.tensor([0.0, 0.0]).log_softmax(0)
    tensor([-0.6931, -0.6931])
    """
    x, at = _cast_first("log_softmax", input, dim, dtype)
    return log_softmax_op(x, dim=at)


@public(torch="nn.functional.softmin", samples=line_call, method=False)
def softmin(input: Tensor, dim: int, dtype: Any = None) -> Any:
    """softmax(-x): the smallest element gets the largest weight. See `softmax`."""
    x, at = _cast_first("softmin", input, dim, dtype)
    return softmax_op(-x, dim=at)


def _logsumexp(x: Any, *, dim: Axes | None, keepdim: bool) -> Any:
    if x.size == 0:
        return np.log(add_up(x, dim, None, None, keepdim))
    top = largest(x.real, dim, None, None, True)
    # Where the maximum is infinite, subtracting it would give NaN: inf - inf.
    top = np.where(np.isfinite(top), top, top.dtype.type(0))
    out = np.log(add_up(np.exp(x - top), dim, None, None, keepdim))
    return (out + top.reshape(out.shape)).astype(x.dtype, copy=False)


def _logsumexp_written(x: Any, *, dim: Axes | None, keepdim: bool) -> Any:
    if not x.numel():
        return log(sum_op(x, dim=dim, keepdim=keepdim, dtype=None))
    top = amax_op(x, dim=dim, keepdim=True)
    top = np.where(np.isfinite(top), top, 0)
    out = log(sum_op(exp(x - top), dim=dim, keepdim=keepdim, dtype=None))
    return out + top.reshape(out.shape)


logsumexp_op = general(
    "logsumexp", _logsumexp, promotion="float", torch="logsumexp",
    pullbacks=[
        lambda ct, x, out, dim, keepdim: widened(ct, x, dim, keepdim)
        * np.exp(x - widened(out, x, dim, keepdim))
    ],
    latex=r"\log\sum\exp {}",
    written=_logsumexp_written,
    explain="the slope in each element is its softmax weight",
    source="d logsumexp / d x_i = exp(x_i - logsumexp)",
    batch=along("dim"),
)  # fmt: skip


def _logsumexp_call(s: Sampler) -> Call:
    x = s.array(s.shape())
    dim = s.choice([s.dim(x.ndim), tuple(range(x.ndim)) or 0])
    return (x, dim), {"keepdim": s.choice([False, True])}


@public(torch="logsumexp", samples=_logsumexp_call)
def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Any:
    """log(sum(exp(x))) along one or several dimensions, computed without overflow.

    x: any shape -> the shape without `dim`, or with length 1 there if `keepdim`. Of nothing, or
    of nothing but -inf, it is -inf. Integers become floats.

    >>> import wengert as wg
    >>> wg.tensor([1000.0, 1000.0]).logsumexp(0)
    tensor(1000.6932)
    """
    return logsumexp_op(input, **over("logsumexp", input, dim, keepdim))
