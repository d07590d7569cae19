"""The loss of classifiers: cross_entropy, of classes or of probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import is_floating
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, DTypeError, ShapeError
from wengert.ops import classes_written
from wengert.ops.arguments import array_of, integer, is_number
from wengert.ops.arithmetic import add, mul
from wengert.ops.axes import add_up, largest, refuse_kinds
from wengert.ops.batching_losses import classes_rule, slope_rule
from wengert.ops.class_targets import (
    IGNORED,
    check_class_weight,
    check_classes,
    one_class,
    share,
    target_weights,
    targets,
)
from wengert.ops.define import public
from wengert.ops.kinds import general
from wengert.ops.losses import REDUCTIONS, check_reduction, check_weight, written
from wengert.ops.nll import nll_op, nll_transpose_op, torch_name
from wengert.ops.reduce import total
from wengert.ops.samples import Call, Sampler
from wengert.ops.soft_targets import of_probabilities, uniform_loss
from wengert.ops.softmax import log_softmax_op, softmax_op

_NAME = "cross_entropy"


# Classes -----------------------------------------------------------------------------------------


def _apart(x: Any, dim: int) -> Any:
    """x less the largest of its classes, so that no exponential overflows; fresh memory."""
    return x - largest(x, dim, None, None, True) if x.size else x.copy()


def _place(target: Any, dim: int, ndim: int) -> Any:
    """The index of each target's class, in arrays of logits."""
    if ndim == 1:
        return (target,)
    if ndim == 2:
        return np.arange(len(target)), target
    grid = np.ogrid[tuple(slice(n) for n in target.shape)]
    return (*grid[:dim], target, *grid[dim:])


def _cross_entropy(
    x: Any, target: Any, weight: Any, *, ignore_index: int, reduction: str, spatial: int
) -> Any:
    refuse_kinds(_NAME, x, "biuc")
    dim = min(x.ndim, 2) - 1
    target, kept = targets(target, x.shape[dim], ignore_index)
    logits = _apart(x, dim)
    picked = logits[_place(target, dim, x.ndim)]
    np.exp(logits, logits)
    losses = np.log(add_up(logits, dim)) - picked
    weights = target_weights(weight, target, kept, losses.dtype)
    if weight is not None:
        losses = losses * weights
    if kept is not None:
        losses = np.where(kept, losses, losses.dtype.type(0))
    if reduction != "none":
        losses = total(losses, None, False)
    if reduction == "mean":
        losses = losses / losses.dtype.type(share(weights, target))
    return losses.astype(x.dtype, copy=False)


def _slope(
    seed: Any, x: Any, target: Any, weight: Any, *,
    ignore_index: int, reduction: str, spatial: int,
) -> Any:  # fmt: skip
    """The cotangent `seed` of the loss, taken back to the logits: softmax, less 1 at the target."""
    dim = min(x.ndim, 2) - 1
    target, kept = targets(target, x.shape[dim], ignore_index)
    out = _apart(x, dim)
    np.exp(out, out)
    out /= add_up(out, dim, None, None, True)
    out[_place(target, dim, x.ndim)] -= 1
    weights = target_weights(weight, target, kept, out.dtype)
    scale = seed
    if reduction == "mean":
        scale = scale / out.dtype.type(share(weights, target))
    if weights is not None:
        scale = scale * weights
    if kept is not None:
        scale = np.where(kept, scale, out.dtype.type(0))
    out *= np.expand_dims(scale, dim) if np.ndim(scale) else scale
    return out.astype(x.dtype, copy=False)


def _slope_to_seed(
    ct: Any, x: Any, target: Any, weight: Any, ignore_index: int, reduction: str, spatial: int
) -> Any:
    dim = min(x.ndim, 2) - 1
    inner = np.sum(ct * softmax_op(x, dim=dim), axis=dim, keepdims=True)
    return nll_op(
        ct - inner, target, weight,
        ignore_index=ignore_index, reduction=reduction, spatial=spatial,
    )  # fmt: skip


def _slope_to_logits(
    ct: Any, seed: Any, x: Any, target: Any, weight: Any,
    ignore_index: int, reduction: str, spatial: int,
) -> Any:  # fmt: skip
    """Of scale * (softmax - onehot), only softmax moves with the logits."""
    dim = min(x.ndim, 2) - 1
    at_targets = nll_transpose_op(
        seed, target, weight, shape=tuple(x.shape),
        ignore_index=ignore_index, reduction=reduction, spatial=spatial,
    )  # fmt: skip
    p = softmax_op(x, dim=dim)
    weighted = p * (-ct * np.sum(at_targets, axis=dim, keepdims=True))
    return weighted - p * np.sum(weighted, axis=dim, keepdims=True)


cross_entropy_op: Op = general(
    "cross_entropy", _cross_entropy,
    pullbacks=[
        lambda ct, x, target, weight, ignore_index, reduction, spatial: slope_op(
            ct, x, target, weight,
            ignore_index=ignore_index, reduction=reduction, spatial=spatial,
        ),
    ],
    torch="nn.functional.cross_entropy", grad_name=torch_name,
    saved_as=("logits",),  # torch's self are the log-probabilities
    symbol=written("cross_entropy", ignore_index=IGNORED),
    aval=lambda x, target, weight, ignore_index, reduction, spatial: Aval(
        target.shape if reduction == "none" else (), x.dtype
    ),
    explain="the slope of each logit is its softmax, less 1 at the right class, over the count",
    source="L = log sum exp x - x[target]; dL/dx = softmax(x) - onehot(target)",
    batch=classes_rule, written=classes_written.cross_entropy,
)  # fmt: skip
slope_op: Op = general(
    "cross_entropy_backward", _slope, pullbacks=[_slope_to_seed, _slope_to_logits],
    no_torch="torch takes two steps, through log_softmax",
    aval=lambda seed, x, target, weight, ignore_index, reduction, spatial: x,
    explain="the cotangent of the loss, spread over the classes",
    source="x_bar = c (softmax(x) - onehot(target)); through softmax: p (w - <p, w>)",
    batch=slope_rule, written=classes_written.slope,
)  # fmt: skip


# Public ------------------------------------------------------------------------------------------


def _samples(s: Sampler) -> Call:
    shape = s.choice([(3,), (2, 3), (4, 2), (2, 3, 2), (2, 3, 2, 2)])
    smoothing = s.choice([0.0, 0.0, 0.25])
    options = {"reduction": s.choice(REDUCTIONS), "label_smoothing": smoothing}
    if s.integer(0, 2) == 2:
        return (s.array(shape), s.array(shape, 0.0, 1.0)), options
    kept = shape[:1] + shape[2:] if len(shape) > 1 else ()
    target = s.integers(kept, 0, shape[min(len(shape), 2) - 1])
    return (s.array(shape), target), {**options, "ignore_index": s.choice([-100, -100, 0])}


@public(torch="nn.functional.cross_entropy", samples=_samples, method=False)
def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *,
    ignore_index: int = IGNORED, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """The mean of -log softmax(input) at the target's class: how surprised a classifier is.

    input: logits (n, c), (c,) or (n, c, ...). target: classes, (n,), () or (n, ...), or
    probabilities of all classes in the input's shape -> (), or without the classes' dimension
    with reduction="none". weight: (c,), by class; with classes, the mean is divided by the
    weights' sum. Classes equal to ignore_index count for nothing. label_smoothing spreads that
    share of each target over all classes.

    Raises DimensionError for a class that there is not, ArgumentValueError or ShapeError where
    shapes do not fit, DTypeError for integer logits.

    >>> import wengert as wg
    >>> logits = wg.tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True)
    >>> loss = wg.cross_entropy(logits, wg.tensor([0, 1]))
    >>> loss
    tensor(0.2201, grad_fn=<NllLossBackward0>)
    >>> loss.backward()
    >>> logits.grad  # softmax, less 1 at the right class; divided by 2
    tensor([[-0.0596,  0.0596],
            [ 0.1345, -0.1345]])
    """
    check_reduction(_NAME, reduction)
    integer("ignore_index", ignore_index)
    _check_smoothing(label_smoothing)
    x, y = array_of(input), array_of(target)
    if x.ndim and x.shape == y.shape:
        return _probabilities(input, target, weight, ignore_index, reduction, label_smoothing)
    check_weight(_NAME, "weight", weight)
    check_classes(_NAME, x, y, weight)
    target = one_class(x, target)
    attrs = {
        "ignore_index": ignore_index, "reduction": reduction, "spatial": max(x.ndim - 2, 0),
    }  # fmt: skip
    if not label_smoothing:
        return cross_entropy_op(input, target, weight, **attrs)
    dim = min(x.ndim, 2) - 1
    log_p = log_softmax_op(input, dim=dim)
    loss = nll_op(log_p, target, weight, **attrs)
    uniform = uniform_loss(log_p, target, weight, dim, ignore_index, reduction)
    return add(mul(loss, 1 - label_smoothing), mul(uniform, label_smoothing / x.shape[dim]))


def _check_smoothing(label_smoothing: Any) -> None:
    if not is_number(label_smoothing):
        raise ArgumentError(
            f"label_smoothing must be a number, not {type(label_smoothing).__name__}"
        )
    if not 0 <= label_smoothing <= 1:
        raise ArgumentValueError(
            f"{_NAME}: label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}"
        )


def _probabilities(
    input: Any, target: Any, weight: Any, ignore_index: int, reduction: str, smoothing: float
) -> Any:
    """Against probabilities of all classes."""
    x, y = array_of(input), array_of(target)
    if not is_floating(y.dtype):
        raise DTypeError(
            f"{_NAME}: expected a floating-point target with class probabilities, got {y.dtype}",
            "A target of classes has one number per row; targets of the input's shape are "
            "probabilities.",
        )
    if ignore_index >= 0:
        raise ShapeError(f"{_NAME}: ignore_index is not supported for floating point targets")
    check_class_weight(_NAME, weight, x)
    dim = min(x.ndim, 2) - 1
    log_p = log_softmax_op(input, dim=dim)
    return of_probabilities(log_p, target, weight, dim, reduction, smoothing)
