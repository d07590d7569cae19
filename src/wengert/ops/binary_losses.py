"""Losses for probabilities: binary cross-entropy, the same from logits, and kl_div."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import dtype_of
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError, DTypeError, ShapeError
from wengert.ops.arguments import array_of, flag, shape_of
from wengert.ops.arithmetic import mul, sub
from wengert.ops.axes import refuse_kinds
from wengert.ops.batching import broadcast_rule
from wengert.ops.batching_losses import loss_rule
from wengert.ops.define import public
from wengert.ops.expand import common_shape
from wengert.ops.exponential import exp, xlogy
from wengert.ops.kinds import discrete, general
from wengert.ops.logic import all_op
from wengert.ops.losses import (
    REDUCTIONS,
    check_reduction,
    check_weight,
    in_dtype,
    pair_samples,
    per_element,
    reduced,
    reduced_aval,
    written,
)
from wengert.ops.samples import Call, Sampler
from wengert.ops.sigmoids import logsigmoid, sigmoid


def _check_one_shape(name: str, input: Any, target: Any) -> None:
    if shape_of(target) != shape_of(input):
        raise ArgumentValueError(
            f"{name}: target size {shape_of(target)} must be the same as input size "
            f"{shape_of(input)}"
        )


def _check_reach(name: str, argument: str, weight: Any, shape: tuple[int, ...]) -> None:
    """Raise ShapeError unless a weight broadcasts to the shape of the losses."""
    if weight is None:
        return
    have = shape_of(weight)
    lead = len(shape) - len(have)
    if lead < 0 or any(n not in (1, m) for n, m in zip(have, shape[lead:], strict=True)):
        raise ShapeError(
            f"{name}: {argument} of shape {have} does not broadcast to the input's shape {shape}"
        )


def _scaled(value: Any, weight: Any) -> Any:
    return value if weight is None else value * weight


# Probabilities -----------------------------------------------------------------------------------


def _check_probabilities(name: str, values: Any) -> None:
    """A NaN is no probability either."""
    if not np.all((values >= 0) & (values <= 1)):
        raise _improbable(name)


def _improbable(name: str) -> ArgumentValueError:
    return ArgumentValueError(
        f"binary_cross_entropy: all elements of {name} should be between 0 and 1",
        "For logits, use binary_cross_entropy_with_logits.",
    )


def _bce(x: Any, y: Any, weight: Any, *, reduction: str) -> Any:
    refuse_kinds("binary_cross_entropy", x, "biuc")
    _check_probabilities("input", x)
    _check_probabilities("target", y)
    losses = (y - 1) * np.maximum(np.log1p(-x), -100) - y * np.maximum(np.log(x), -100)
    return reduced(_scaled(losses, weight).astype(x.dtype, copy=False), reduction)


def _probable(x: Any, holds: Any, *, name: str) -> Any:
    if not holds:
        raise _improbable(name)
    return x


probable_op = discrete(
    "probable", _probable, no_torch="a part of binary_cross_entropy", piece="required",
    aval=lambda x, holds, name: x, explain="it is looked at, and goes on as it is",
    batch=broadcast_rule,
)  # fmt: skip


def _bce_written(x: Any, y: Any, weight: Any, *, reduction: str) -> Any:
    if not x.dtype.is_floating_point:
        return None
    losses = (y - 1) * np.maximum(np.log1p(-x), -100) - y * np.maximum(np.log(x), -100)
    found = reduced(_scaled(losses, weight), reduction)
    for name, values in (("input", x), ("target", y)):
        holds = all_op((values >= 0) & (values <= 1), dim=None, keepdim=False)
        found = probable_op(found, holds, name=name)
    return found


def _bce_to_input(ct: Any, x: Any, y: Any, weight: Any, x_aval: Aval, reduction: str) -> Any:
    slope = (x - y) / np.maximum((1 - x) * x, 1e-12)
    return _scaled(slope, weight) * per_element(ct, x_aval, reduction)


def _bce_to_target(ct: Any, x: Any, weight: Any, x_aval: Aval, reduction: str) -> Any:
    slope = np.log1p(-x) - np.log(x)
    return _scaled(slope, weight) * per_element(ct, x_aval, reduction)


bce_op = general(
    "binary_cross_entropy", _bce, pullbacks=[_bce_to_input, _bce_to_target],
    torch="nn.functional.binary_cross_entropy", saved_as=("self", "target", "weight"),
    aval=lambda x, y, weight, reduction: reduced_aval(x, reduction),
    symbol=written("binary_cross_entropy"),
    explain="slope (x - y) / (x (1 - x)): steep where a confident guess is wrong",
    source="L = -y log x - (1 - y) log(1 - x), the logarithms no less than -100",
    batch=loss_rule, written=_bce_written,
)  # fmt: skip


def _bce_samples(s: Sampler) -> Call:
    shape = s.shape()
    pair = (s.array(shape, 0.05, 0.95), s.array(shape, 0.05, 0.95))
    return pair, {"reduction": s.choice(REDUCTIONS)}


@public(torch="nn.functional.binary_cross_entropy", samples=_bce_samples, method=False)
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Any:
    """The mean of -y log x - (1 - y) log(1 - x) over probabilities x and targets y.

    input, target: one shape, elements from 0 to 1 -> (), or that shape with reduction="none".
    weight multiplies the losses. Logarithms are no less than -100. Raises ArgumentValueError
    where shapes differ or elements are no probabilities, DTypeError where the dtypes differ,
    GradientError for a weight that requires grad.

    >>> import wengert as wg
    >>> wg.binary_cross_entropy(wg.tensor([0.5, 0.5]), wg.tensor([0.0, 1.0]))
    tensor(0.6931)
    """
    name = "binary_cross_entropy"
    check_reduction(name, reduction)
    _check_one_shape(name, input, target)
    given, expected = (dtype_of(array_of(x).dtype).name for x in (target, input))
    if given != expected:
        raise DTypeError(
            f"{name}: found dtype {given} for the target but expected {expected}",
            "Cast it: target.to(input.dtype).",
        )
    check_weight(name, "weight", weight)
    _check_reach(name, "weight", weight, shape_of(input))
    return bce_op(input, target, weight, reduction=reduction)


# Logits ------------------------------------------------------------------------------------------


def _logits_losses(x: Any, y: Any, weight: Any, positive: Any) -> Any:
    growth = logsigmoid(x) if positive is None else logsigmoid(x) * ((positive - 1) * y + 1)
    return _scaled((1 - y) * x - growth, weight)


def _logits(x: Any, y: Any, weight: Any, positive: Any, *, reduction: str) -> Any:
    losses = _logits_losses(x, y, weight, positive)
    return reduced(losses.astype(x.dtype, copy=False), reduction)


def _logits_written(x: Any, y: Any, weight: Any, positive: Any, *, reduction: str) -> Any:
    losses = _logits_losses(x, y, weight, positive)
    return reduced(in_dtype(losses, x._data.dtype), reduction)


def _logits_to_input(
    ct: Any, x: Any, y: Any, weight: Any, positive: Any, x_aval: Aval, reduction: str
) -> Any:
    if positive is None:
        slope = sigmoid(x) - y
    else:
        slope = (positive * y + 1 - y) * sigmoid(x) - positive * y
    return _scaled(slope, weight) * per_element(ct, x_aval, reduction)


def _logits_to_target(
    ct: Any, x: Any, weight: Any, positive: Any, x_aval: Aval, reduction: str
) -> Any:
    slope = -x if positive is None else logsigmoid(-x) - positive * logsigmoid(x)
    return _scaled(slope, weight) * per_element(ct, x_aval, reduction)


logits_op = general(
    "binary_cross_entropy_with_logits", _logits,
    pullbacks=[_logits_to_input, _logits_to_target],
    torch="nn.functional.binary_cross_entropy_with_logits",
    saved_as=("self", "target", "weight", "pos_weight"),
    aval=lambda x, y, weight, positive, reduction: reduced_aval(x, reduction),
    symbol=written("binary_cross_entropy_with_logits"), written=_logits_written,
    explain="slope sigmoid(x) - y: the probability that is given, less the one that is right",
    source="L = (1 - y) x - (1 + (p - 1) y) logsigmoid(x)",
    batch=loss_rule,
)  # fmt: skip


def _logits_samples(s: Sampler) -> Call:
    shape = s.shape()
    pair = (s.array(shape), s.array(shape, 0.0, 1.0))
    return pair, {"reduction": s.choice(REDUCTIONS)}


@public(torch="nn.functional.binary_cross_entropy_with_logits", samples=_logits_samples,
        method=False)  # fmt: skip
def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Any:  # fmt: skip
    """`binary_cross_entropy` of sigmoid(input), without its overflow and rounding.

    weight multiplies the losses, pos_weight what is lost on positive targets; both broadcast.
    Raises ArgumentValueError where the shapes differ, GradientError for weights that require grad.
    """
    name = "binary_cross_entropy_with_logits"
    check_reduction(name, reduction)
    _check_one_shape(name, input, target)
    for argument, given in (("weight", weight), ("pos_weight", pos_weight)):
        check_weight(name, argument, given)
        _check_reach(name, argument, given, shape_of(input))
    for given in (input, target):
        refuse_kinds(name, array_of(given), "biuc")
    dtype = array_of(target).dtype  # it decides, as in torch
    x, weight, positive = (in_dtype(given, dtype) for given in (input, weight, pos_weight))
    return logits_op(x, target, weight, positive, reduction=reduction)


# Distributions -----------------------------------------------------------------------------------


def _kl_samples(s: Sampler) -> Call:
    (x, _), kwargs = pair_samples(s)
    reduction = s.choice([kwargs["reduction"], "batchmean"])
    log_target = s.choice([False, True])
    target = s.array(x.shape, -3.0, 0.0) if log_target else s.array(x.shape, 0.05, 1.0)
    return (x, target), {"reduction": reduction, "log_target": log_target}


@public(torch="nn.functional.kl_div", samples=_kl_samples, method=False)
def kl_div(
    input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False
) -> Any:
    """The mean of y (log y - x) over log-probabilities x and probabilities y.

    reduction="batchmean" divides the sum by the length of the first dimension: the
    Kullback-Leibler divergence of one row, on average. With log_target, the target is log y.
    Raises ArgumentValueError for an unknown reduction.
    """
    if reduction != "batchmean":
        check_reduction("kl_div", reduction)
    for given in (input, target):
        refuse_kinds("kl_div", array_of(given), "c")
    shape = shape_of(input)
    common_shape("kl_div", shape, shape_of(target))
    if flag("log_target", log_target):
        losses = mul(exp(target), sub(target, input))
    else:
        losses = sub(xlogy(target, target), mul(target, input))
    if reduction != "batchmean":
        return reduced(losses, reduction)
    total = reduced(losses, "sum")
    return total / shape[0] if shape else total
