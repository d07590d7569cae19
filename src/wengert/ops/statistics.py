"""Variance and standard deviation, whole or along dimensions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.dtype import dtype_of
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, DTypeError
from wengert.ops.arguments import array_of, flag
from wengert.ops.axes import (
    Axes,
    count,
    draw_dims,
    over,
    spread,
    summed,
    widened,
)
from wengert.ops.batching import along
from wengert.ops.canonical import Dims
from wengert.ops.define import public
from wengert.ops.kinds import general
from wengert.ops.reduce import mean_op, sum_op
from wengert.ops.samples import Call, Sampler

_SPREAD = "the farther an element is from the mean, the steeper"


def _moments(x: Any, dim: Axes | None, correction: float, keepdim: bool) -> tuple[Any, Any]:
    """(variance, mean).

    In two passes: the mean, then the mean squared distance from it. The one-pass formula
    mean(x^2) - mean(x)^2 cancels.
    """
    n = count(x.shape, dim)
    mean = summed(x, dim, x.dtype, True) / x.dtype.type(n)
    apart = x - mean
    squares = apart.real**2 + apart.imag**2 if x.dtype.kind == "c" else np.square(apart)
    variance = summed(squares, dim, squares.dtype, keepdim) / squares.dtype.type(
        max(n - correction, 0)
    )
    return variance, mean.reshape(variance.shape)


def _real(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.zeros((), dtype).real.dtype


def _var(x: Any, *, dim: Axes | None, correction: float, keepdim: bool) -> Any:
    return _moments(x, dim, correction, keepdim)[0].astype(_real(x.dtype))


def _std(x: Any, *, dim: Axes | None, correction: float, keepdim: bool) -> Any:
    return np.sqrt(_moments(x, dim, correction, keepdim)[0]).astype(_real(x.dtype))


def _var_mean(x: Any, *, dim: Axes | None, correction: float, keepdim: bool) -> tuple[Any, Any]:
    variance, mean = _moments(x, dim, correction, keepdim)
    return variance.astype(_real(x.dtype)), mean.astype(x.dtype)


def _std_mean(x: Any, *, dim: Axes | None, correction: float, keepdim: bool) -> tuple[Any, Any]:
    variance, mean = _moments(x, dim, correction, keepdim)
    return np.sqrt(variance).astype(_real(x.dtype)), mean.astype(x.dtype)


def _moments_written(
    x: Any, *, dim: Axes | None, correction: float, keepdim: bool
) -> tuple[Any, Any]:
    """`_moments` of real numbers, in operations."""
    mean = mean_op(x, dim=dim, keepdim=True, dtype=None)
    squares = sum_op(np.square(x - mean), dim=dim, keepdim=keepdim, dtype=None)
    variance = squares / max(count(x.shape, dim) - correction, 0)
    return variance, mean.reshape(variance.shape)


def _deviation_written(x: Any, **how: Any) -> tuple[Any, Any]:
    variance, mean = _moments_written(x, **how)
    return np.sqrt(variance), mean


def _var_pullback(
    ct: Any, x: Any, x_aval: Any, dim: Axes | None, correction: float, keepdim: bool
) -> Any:
    n = count(x_aval.shape, dim)
    freedom = n - correction
    slope = 2 / freedom if freedom else math.inf
    apart = x - np.mean(x, axis=dim, keepdims=True) if n else x  # NumPy warns of a mean of nothing
    return widened(ct, x_aval, dim, keepdim) * slope * apart


def _std_pullback(
    ct: Any, x: Any, x_aval: Any, out: Any, dim: Axes | None, correction: float, keepdim: bool
) -> Any:
    # Where all elements are equal the slope is infinite or 0; torch takes 0.
    through_root = np.where(out == 0, 0, ct / (2 * out))
    return _var_pullback(through_root, x, x_aval, dim, correction, keepdim)


def _mean_pullback(ct: Any, x_aval: Any, dim: Axes | None, keepdim: bool) -> Any:
    return spread(ct / max(count(x_aval.shape, dim), 1), x_aval, dim, keepdim)


def _var_mean_pullback(
    ct: Any, x: Any, x_aval: Any, dim: Axes | None, correction: float, keepdim: bool
) -> Any:
    through_variance = _var_pullback(ct[0], x, x_aval, dim, correction, keepdim)
    return through_variance + _mean_pullback(ct[1], x_aval, dim, keepdim)


def _std_mean_pullback(
    ct: Any, x: Any, x_aval: Any, out: Any, dim: Axes | None, correction: float, keepdim: bool
) -> Any:
    through_std = _std_pullback(ct[0], x, x_aval, out[0], dim, correction, keepdim)
    return through_std + _mean_pullback(ct[1], x_aval, dim, keepdim)


var_op = general(
    "var", _var, pullbacks=[_var_pullback], torch="var", holomorphic=False,
    latex=r"\operatorname{{var}}\left({}\right)", explain=_SPREAD,
    source="d var / d x_i = 2 (x_i - mean) / (n - correction)",
    batch=along("dim"), written=lambda x, **how: _moments_written(x, **how)[0],
)  # fmt: skip
std_op = general(
    "std", _std, pullbacks=[_std_pullback], torch="std", holomorphic=False,
    latex=r"\operatorname{{std}}\left({}\right)", explain=_SPREAD,
    source="d std / d x_i = (x_i - mean) / ((n - correction) std)",
    batch=along("dim"), written=lambda x, **how: _deviation_written(x, **how)[0],
)  # fmt: skip
var_mean_op = general(
    "var_mean", _var_mean, pullbacks=[_var_mean_pullback], outputs=2, torch="var_mean",
    holomorphic=False, explain=_SPREAD,
    batch=along("dim"), written=_moments_written,
)  # fmt: skip
std_mean_op = general(
    "std_mean", _std_mean, pullbacks=[_std_mean_pullback], outputs=2, torch="std_mean",
    holomorphic=False, explain=_SPREAD,
    batch=along("dim"), written=_deviation_written,
)  # fmt: skip


def _arguments(
    name: str, input: Any, dim: Any, unbiased: bool | None, keepdim: bool, correction: Any
) -> dict[str, Any]:
    """The attributes that one of torch's four ways of calling var and std means."""
    if array_of(input).dtype.kind in "biu":
        raise DTypeError(
            f"{name}(): std and var only support floating point and complex dtypes, not "
            f"{dtype_of(array_of(input).dtype).name}",
            "Cast the tensor first: .to(wengert.float32).",
        )
    if isinstance(dim, (bool, np.bool_)):
        dim, unbiased = None, bool(dim)
    if unbiased is not None and correction is not None:
        raise ArgumentError(
            f"{name}(): unbiased and correction mean the same",
            "unbiased=True is correction=1, unbiased=False is correction=0: give one of them.",
        )
    if unbiased is not None:
        unbiased = flag("unbiased", unbiased)
    if correction is not None and not isinstance(correction, (int, float, np.number)):
        raise ArgumentError(
            f"{name}(): correction must be a number, not {type(correction).__name__}"
        )
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    return over(name, input, dim, keepdim) | {"correction": correction}


def _call(s: Sampler) -> Call:
    x = s.array(s.shape(1, 3, 2, 4), distinct=True)  # std has a kink where all are equal
    attributes = {"dim": draw_dims(s, x.ndim), "keepdim": s.choice([False, True])}
    return (x,), attributes | s.choice([{}, {"correction": 0}, {"unbiased": False}])


@public(torch="var", samples=_call)
def var(
    input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False,
    *, correction: float | None = None,
) -> Any:  # fmt: skip
    """The variance: the squared distance from the mean, summed, over n - correction.

    x: any shape -> the shape without `dim`, or with length 1 there if `keepdim`; real also for
    complex tensors. correction: 1 unless given; `unbiased=False` means 0. NaN where n is not
    larger than the correction. Raises DTypeError for integers.

    >>> import wengert as wg
    >>> wg.tensor([1.0, 2.0, 3.0, 4.0]).var()
    tensor(1.6667)
    """
    return var_op(input, **_arguments("var", input, dim, unbiased, keepdim, correction))


@public(torch="std", samples=_call)
def std(
    input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False,
    *, correction: float | None = None,
) -> Any:  # fmt: skip
    """The standard deviation: the square root of the variance. See `var`.

    Where all elements are equal its gradient is 0, as in torch.

    >>> import wengert as wg
    >>> wg.tensor([1.0, 2.0, 3.0]).std()
    tensor(1.)
    """
    return std_op(input, **_arguments("std", input, dim, unbiased, keepdim, correction))


@public(torch="var_mean", samples=_call, method=False)
def var_mean(
    input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False,
    *, correction: float | None = None,
) -> Any:  # fmt: skip
    """(variance, mean), computed together. See `var`."""
    return var_mean_op(input, **_arguments("var_mean", input, dim, unbiased, keepdim, correction))


@public(torch="std_mean", samples=_call, method=False)
def std_mean(
    input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False,
    *, correction: float | None = None,
) -> Any:  # fmt: skip
    """(standard deviation, mean), computed together. See `var`."""
    return std_mean_op(input, **_arguments("std_mean", input, dim, unbiased, keepdim, correction))
