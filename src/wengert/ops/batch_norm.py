"""Batch normalisation: each channel by its mean and its spread over the batch."""

from __future__ import annotations

import math
from typing import Any

from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, GradientError, ShapeError, TraceError
from wengert.modes import no_grad
from wengert.ops.arguments import array_of, flag, is_number
from wengert.ops.cast import to
from wengert.ops.define import public
from wengert.ops.normalization import (
    by_channel,
    centred,
    check_channels,
    check_dtypes,
    check_several,
    in_full,
    scaled,
)
from wengert.ops.powers import rsqrt
from wengert.ops.reshape import reshape
from wengert.ops.samples import Call, Sampler

_NAME = "batch_norm"


def _samples(s: Sampler) -> Call:
    channels = s.integer(1, 3)
    x = s.array((s.integer(2, 3), channels, *s.choice([(), (2,), (2, 2)])), distinct=True)
    parameters = [s.array((channels,)) for _ in range(s.integer(0, 2))]
    parameters += [None] * (2 - len(parameters))
    return (x, None, None, *parameters, True), {"eps": s.choice([1e-5, 0.5])}


@public(torch="nn.functional.batch_norm", samples=_samples, method=False, out=False)
def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None,
    weight: Tensor | None = None, bias: Tensor | None = None, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """(x - mean) / sqrt(variance + eps) * weight + bias, channel by channel.

    x: (n, c, ...), all others (c,) -> x's shape. When training, mean and variance are those of the
    batch, and the running ones, where given, move towards them by the factor `momentum`, in their
    own memory; the variance that they move to is divided by the count less 1. Otherwise the
    running ones are taken.

    Raises ShapeError where the shapes do not fit, DTypeError for integers and where the dtypes
    differ, ArgumentValueError for one value per channel when training.

    >>> import wengert as wg
    >>> mean, variance = wg.zeros(1), wg.ones(1)
    >>> wg.nn.functional.batch_norm(
    ...     wg.tensor([[1.0], [3.0]]), mean, variance, training=True
    ... )
    tensor([[-1.0000],
            [ 1.0000]])
    >>> mean, variance
    (tensor([0.2000]), tensor([1.1000]))
    """
    x = array_of(input)
    training = flag("training", training)
    if not is_number(momentum):
        raise ArgumentError(f"{_NAME}: momentum must be a float, not {type(momentum).__name__}")
    _check(x, running_mean, running_var, weight, bias, training)
    full, parameters = in_full(input), [by_channel(p, x.ndim) for p in (weight, bias)]
    if training:
        normal, mean, variance = centred(full, (0, *range(2, x.ndim)), eps)
        if running_mean is not None and running_var is not None:
            count = x.size // max(x.shape[1], 1)
            _move(running_mean, mean, momentum)
            _move(running_var, variance * (count / max(count - 1, 1)), momentum)
    else:
        taken = (_constant(r) for r in (running_mean, running_var))
        mean, variance = (in_full(by_channel(r, x.ndim)) for r in taken)
        normal = (full - mean) * rsqrt(variance + eps)
    result = scaled(normal, *parameters)
    return to(result, x.dtype) if array_of(result).dtype != x.dtype else result


def _constant(running: Any) -> Any:
    """Statistics have no gradient, also where they are arguments of what is traced."""
    return running.detach() if isinstance(running, Tensor) else running


def _move(running: Tensor, seen: Any, momentum: float) -> None:
    """Take a step towards what was seen, in place."""
    with no_grad():
        new = running * (1 - momentum) + reshape(seen, running.shape).detach() * momentum
        try:
            running.copy_(new)
        except TraceError:
            raise TraceError(
                f"{_NAME} moves the running statistics in their own memory, which a function that "
                "is being traced cannot do",
                "Give None for both, and return the statistics to move them outside.",
            ) from None


def _check(
    x: Any, running_mean: Any, running_var: Any, weight: Any, bias: Any, training: bool
) -> None:
    for given in (running_mean, running_var, weight, bias):
        if given is not None:
            array_of(given)
    if (running_mean is None) != (running_var is None):
        raise ArgumentValueError(
            f"{_NAME}: running_mean and running_var must either both be None or neither be None"
        )
    if running_mean is None and not training:
        raise ArgumentValueError(
            f"{_NAME}: running_mean must be defined in evaluation mode",
            "Give the running statistics, or training=True to take those of the batch.",
        )
    if x.ndim < 2:
        raise ShapeError(f"{_NAME}: expected an input (n, c, ...), but got {list(x.shape)}")
    if training:
        check_several(_NAME, x.shape[0] * math.prod(x.shape[2:]), x.shape)
    parameters = {"running_mean": running_mean, "running_var": running_var}
    check_channels(_NAME, x, **parameters, weight=weight, bias=bias)
    check_dtypes(_NAME, x, running_mean, running_var, weight, bias)
    for name, value in parameters.items():
        # What stands for an argument of a traced function always says that it requires grad.
        if isinstance(value, Tensor) and value.requires_grad and not value._level:
            raise GradientError(
                f"{_NAME} is not differentiable with respect to argument {name!r}: this input "
                "cannot have requires_grad True",
                "Give its detach().",
            )
