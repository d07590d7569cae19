"""Losses for numbers that should come near to others: mse, l1, smooth l1 and huber."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError
from wengert.ops.arguments import array_of, is_number, shape_of
from wengert.ops.arithmetic import mul, sub
from wengert.ops.axes import refuse_kinds
from wengert.ops.batching_losses import loss_rule
from wengert.ops.define import public
from wengert.ops.kinds import general
from wengert.ops.losses import (
    check_reduction,
    in_dtype,
    pair_samples,
    per_element,
    reduced,
    reduced_aval,
    together,
    written,
)
from wengert.ops.magnitude import abs_
from wengert.ops.samples import Call, Sampler


def _weighted(losses: Any, weight: Any, reduction: str, averaged: bool) -> Any:
    """The reduction of weighted losses; `averaged`: the mean is divided by the sum of weights."""
    weighted = mul(losses, weight)
    if averaged and reduction == "mean":
        return reduced(weighted, "sum") / reduced(weight, "sum")
    return reduced(weighted, reduction)


def _samples(s: Sampler) -> Call:
    """A pair and, at times, weights of its shape."""
    args, kwargs = pair_samples(s)
    if s.integer(0, 2) == 2:
        kwargs["weight"] = s.array(args[0].shape, 0.1, 2.0)
    return args, kwargs


def _check_number(argument: str, value: Any) -> None:
    if not is_number(value):
        raise ArgumentError(f"{argument} must be a number, not {type(value).__name__}")


def _check_weight_shape(name: str, input: Any, weight: Any) -> None:
    if shape_of(weight) != shape_of(input):
        raise ArgumentValueError(
            f"{name}: weights and input must have the same size, got {shape_of(weight)} and "
            f"{shape_of(input)}"
        )


# mse ---------------------------------------------------------------------------------------------


def _mse_written(x: Any, y: Any, *, reduction: str) -> Any:
    apart = x - y
    return reduced(apart * apart, reduction)


def _mse(x: Any, y: Any, *, reduction: str) -> Any:
    refuse_kinds("mse_loss", x, "biuc")
    return _mse_written(x, y, reduction=reduction)


def _mse_slope(ct: Any, x: Any, y: Any, x_aval: Aval, reduction: str) -> Any:
    return (x - y) * (per_element(ct, x_aval, reduction) * 2)


mse_op = general(
    "mse_loss", _mse, written=_mse_written, promotion="common", torch="nn.functional.mse_loss",
    saved_as=("self", "target"),
    pullbacks=[
        _mse_slope,
        lambda ct, x, y, x_aval, reduction: _mse_slope(ct, y, x, x_aval, reduction),
    ],
    aval=lambda x, y, reduction: reduced_aval(x, reduction),
    symbol=written("mse_loss"),
    explain="slope 2 (x - y), divided by how many there are: the pull grows with the distance",
    source="d (x - y)^2 / dx = 2 (x - y)",
    batch=loss_rule,
)  # fmt: skip


@public(torch="nn.functional.mse_loss", samples=_samples, method=False)
def mse_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None
) -> Any:
    """The mean of (input - target)^2; with reduction="sum" the sum, with "none" each of them.

    input, target: one shape (others are broadcast, with a warning) -> (), or that shape. weight:
    of that shape, too; the mean is then divided by the sum of the weights. Raises
    ArgumentValueError for an unknown reduction, DTypeError for integers.

    >>> import wengert as wg
    >>> wg.mse_loss(wg.tensor([1.0, 2.0]), wg.tensor([0.0, 4.0]))
    tensor(2.5000)
    """
    check_reduction("mse_loss", reduction)
    x, y = together("mse_loss", input, target)
    if weight is None:
        return mse_op(x, y, reduction=reduction)
    _check_weight_shape("mse_loss", input, weight)
    apart = sub(x, y)
    return _weighted(mul(apart, apart), weight, reduction, averaged=True)


# l1 ----------------------------------------------------------------------------------------------


@public(torch="nn.functional.l1_loss", samples=_samples, method=False)
def l1_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None
) -> Any:
    """The mean of |input - target|, or their sum, or each of them. See `mse_loss`.

    The slope is that of abs: the sign of the difference, and 0 where there is none.
    """
    check_reduction("l1_loss", reduction)
    x, y = together("l1_loss", input, target)
    apart = abs_(sub(x, y))
    if weight is None:
        return reduced(apart, reduction)
    _check_weight_shape("l1_loss", input, weight)
    return _weighted(apart, weight, reduction, averaged=True)


# smooth l1 and huber: a parabola near 0, a straight line further out


def _smooth_l1_losses(x: Any, y: Any, beta: float) -> Any:
    size = np.abs(x - y)
    return np.where(size < beta, 0.5 * size * size / beta, size - 0.5 * beta)


def _smooth_l1(x: Any, y: Any, *, reduction: str, beta: float) -> Any:
    refuse_kinds("smooth_l1_loss", x, "biuc")
    losses = _smooth_l1_losses(x, y, beta)
    return reduced(losses.astype(x.dtype, copy=False), reduction)


def _smooth_l1_slope(ct: Any, x: Any, y: Any, x_aval: Aval, reduction: str, beta: float) -> Any:
    apart = x - y
    slope = np.where(np.abs(apart) >= beta, np.sign(apart), apart / beta)
    return slope * per_element(ct, x_aval, reduction)


smooth_l1_op = general(
    "smooth_l1_loss", _smooth_l1, promotion="common", torch="nn.functional.smooth_l1_loss",
    saved_as=("self", "target"),
    pullbacks=[
        _smooth_l1_slope,
        lambda ct, x, y, x_aval, reduction, beta: _smooth_l1_slope(
            ct, y, x, x_aval, reduction, beta
        ),
    ],
    aval=lambda x, y, reduction, beta: reduced_aval(x, reduction),
    written=lambda x, y, reduction, beta: reduced(_smooth_l1_losses(x, y, beta), reduction),
    grad_name="SmoothL1LossBackward0",
    symbol=written("smooth_l1_loss", beta=1),
    explain="slope (x - y) / beta while they are nearer than beta, 1 or -1 further out",
    batch=loss_rule,
)  # fmt: skip


def _smooth_samples(s: Sampler) -> Call:
    args, kwargs = pair_samples(s)
    return args, {**kwargs, "beta": s.choice([1.0, 0.25, 0.0])}


@public(torch="nn.functional.smooth_l1_loss", samples=_smooth_samples, method=False)
def smooth_l1_loss(
    input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0
) -> Any:
    """The mean of 0.5 d^2 / beta where d = |input - target| < beta, of d - 0.5 beta elsewhere.

    With beta=0 it is `l1_loss`. Raises ArgumentValueError for a negative beta. See `mse_loss`.
    """
    check_reduction("smooth_l1_loss", reduction)
    _check_number("beta", beta)
    if beta < 0:
        raise ArgumentValueError("smooth_l1_loss does not support negative values for beta")
    x, y = together("smooth_l1_loss", input, target)
    if beta == 0:
        return reduced(abs_(sub(x, y)), reduction)
    return smooth_l1_op(x, y, reduction=reduction, beta=beta)


def _huber_losses(x: Any, y: Any, delta: float) -> Any:
    size = np.abs(x - y)
    return np.where(size < delta, 0.5 * size * size, delta * (size - 0.5 * delta))


def _huber(x: Any, y: Any, *, reduction: str, delta: float) -> Any:
    refuse_kinds("huber_loss", x, "biuc")
    losses = _huber_losses(x, y, delta)
    return reduced(losses.astype(x.dtype, copy=False), reduction)


def _huber_slope(ct: Any, x: Any, y: Any, x_aval: Aval, reduction: str, delta: float) -> Any:
    apart = x - y
    slope = np.where(np.abs(apart) >= delta, delta * np.sign(apart), apart)
    return slope * per_element(ct, x_aval, reduction)


huber_op = general(
    "huber_loss", _huber, promotion="common", torch="nn.functional.huber_loss",
    saved_as=("self", "target"),
    pullbacks=[
        _huber_slope,
        lambda ct, x, y, x_aval, reduction, delta: _huber_slope(ct, y, x, x_aval, reduction, delta),
    ],
    aval=lambda x, y, reduction, delta: reduced_aval(x, reduction),
    written=lambda x, y, reduction, delta: reduced(_huber_losses(x, y, delta), reduction),
    symbol=written("huber_loss", delta=1),
    explain="slope x - y while they are nearer than delta, delta or -delta further out",
    batch=loss_rule,
)  # fmt: skip


def _huber_samples(s: Sampler) -> Call:
    args, kwargs = _samples(s)
    return args, {**kwargs, "delta": s.choice([1.0, 0.25, 2.0])}


@public(torch="nn.functional.huber_loss", samples=_huber_samples, method=False)
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0,
    weight: Tensor | None = None,
) -> Any:  # fmt: skip
    """The mean of 0.5 d^2 where d = |input - target| < delta, of delta (d - 0.5 delta) elsewhere.

    weight multiplies the losses. Raises ArgumentValueError unless delta is positive. See
    `mse_loss`.
    """
    check_reduction("huber_loss", reduction)
    _check_number("delta", delta)
    if not delta > 0:
        raise ArgumentValueError("huber_loss does not support non-positive values for delta")
    x, y = together("huber_loss", input, target)
    refuse_kinds("huber_loss", array_of(y), "c")
    y = in_dtype(y, array_of(x).dtype)  # the input's dtype decides here, as in torch
    if weight is None:
        return huber_op(x, y, reduction=reduction, delta=delta)
    _check_weight_shape("huber_loss", input, weight)
    losses = huber_op(x, y, reduction="none", delta=delta)
    return _weighted(losses, weight, reduction, averaged=False)
