"""The loss of classifiers: cross_entropy, of classes or of probabilities."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import int64
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, DTypeError, ShapeError
from wengert.ops.arguments import array_of, integer, is_number, shape_of
from wengert.ops.arithmetic import add, mul, neg
from wengert.ops.cast import to
from wengert.ops.comparison import ne
from wengert.ops.define import public
from wengert.ops.gather import take_op
from wengert.ops.kinds import multilinear
from wengert.ops.losses import REDUCTIONS, check_reduction, check_weight, reduced
from wengert.ops.nll import IGNORED, check_class_weight, check_classes, nll_op, one_class
from wengert.ops.reduce import sum_op, total
from wengert.ops.reshape import reshape
from wengert.ops.samples import Call, Sampler
from wengert.ops.selection import where_op
from wengert.ops.softmax import log_softmax_op

_NAME = "cross_entropy"


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
    if not is_number(label_smoothing):
        raise ArgumentError(
            f"label_smoothing must be a number, not {type(label_smoothing).__name__}"
        )
    if not 0 <= label_smoothing <= 1:
        raise ArgumentValueError(
            f"{_NAME}: label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}"
        )
    x, y = array_of(input), array_of(target)
    dim = min(x.ndim, 2) - 1
    if x.ndim and x.shape == y.shape:
        _check_probabilities(y, weight, x, ignore_index)
        log_p = log_softmax_op(input, dim=dim)
        return _of_probabilities(log_p, target, weight, dim, reduction, label_smoothing)
    check_weight(_NAME, "weight", weight)
    check_classes(_NAME, x, y, weight)
    log_p, target = log_softmax_op(input, dim=dim), one_class(x, target)
    loss = nll_op(
        log_p, target, weight,
        ignore_index=ignore_index, reduction=reduction, spatial=max(x.ndim - 2, 0),
    )  # fmt: skip
    if not label_smoothing:
        return loss
    uniform = _uniform(log_p, target, weight, dim, ignore_index, reduction)
    return add(mul(loss, 1 - label_smoothing), mul(uniform, label_smoothing / x.shape[dim]))


# Probabilities -----------------------------------------------------------------------------------


def _rows(shape: tuple[int, ...], dim: int) -> int:
    return math.prod(shape[:dim] + shape[dim + 1 :])


def _times(value: Any, weight: Any) -> Any:
    return value if weight is None else value * weight


def _soft_nll(x: Any, target: Any, weight: Any, *, dim: int, reduction: str) -> Any:
    products = _times(x * target, weight)
    if reduction == "none":
        return -total(products, (dim,), False)
    summed = -total(products, None, False)
    return summed if reduction == "sum" else summed / x.dtype.type(_rows(x.shape, dim))


def _spread(ct: Any, x: Aval, dim: int, reduction: str) -> Any:
    """The cotangent that reaches each term of the sums."""
    if reduction == "none":
        return -np.expand_dims(ct, dim)
    return -ct / max(_rows(x.shape, dim), 1) if reduction == "mean" else -ct


def _soft_nll_aval(x: Aval, target: Aval, weight: Aval | None, dim: int, reduction: str) -> Aval:
    return Aval(x.shape[:dim] + x.shape[dim + 1 :] if reduction == "none" else (), x.dtype)


soft_nll_op = multilinear(
    "soft_nll_loss", _soft_nll,
    transposes=[
        lambda ct, target, weight, x_aval, dim, reduction: (
            _times(target, weight) * _spread(ct, x_aval, dim, reduction)
        ),
        lambda ct, x, weight, x_aval, dim, reduction: (
            _times(x, weight) * _spread(ct, x_aval, dim, reduction)
        ),
        lambda ct, x, target, x_aval, dim, reduction: (
            x * target * _spread(ct, x_aval, dim, reduction)
        ),
    ],
    torch="nn.functional.cross_entropy", aval=_soft_nll_aval,
    grad_name=lambda attrs: "DivBackward1" if attrs["reduction"] == "mean" else "NegBackward0",
    explain="slope minus the target's probability for each log-probability",
)  # fmt: skip


def _check_probabilities(y: Any, weight: Any, x: Any, ignore_index: int) -> None:
    if y.dtype.kind != "f":
        raise DTypeError(
            f"{_NAME}: expected a floating-point target with class probabilities, got {y.dtype}",
            "A target of classes has one number per row; targets of the input's shape are "
            "probabilities.",
        )
    if ignore_index >= 0:
        raise ShapeError(f"{_NAME}: ignore_index is not supported for floating point targets")
    check_class_weight(_NAME, weight, x)


def _by_class(weight: Any, log_p: Any, dim: int) -> Any:
    """The weights in a shape that broadcasts along the classes."""
    shape = [1] * len(shape_of(log_p))
    shape[dim] = -1
    return reshape(weight, tuple(shape))


def _of_probabilities(
    log_p: Any, target: Any, weight: Any, dim: int, reduction: str, smoothing: float
) -> Any:
    classes = shape_of(log_p)[dim]
    if smoothing:
        target = add(mul(target, 1 - smoothing), smoothing / classes)
    if weight is not None:
        weight = _by_class(weight, log_p, dim)
    return soft_nll_op(log_p, target, weight, dim=dim, reduction=reduction)


# Smoothing ---------------------------------------------------------------------------------------


def _uniform(
    log_p: Any, target: Any, weight: Any, dim: int, ignore_index: int, reduction: str
) -> Any:
    """The loss against all classes alike, reduced as the loss of the classes is."""
    if weight is not None:
        log_p = mul(log_p, _by_class(weight, log_p, dim))
    losses = neg(sum_op(log_p, dim=(dim,), keepdim=False, dtype=None))
    kept = ne(target, ignore_index)
    losses = where_op(kept, losses, 0)
    if reduction != "mean":
        return reduced(losses, reduction)
    counted = kept
    if weight is not None:
        picked = take_op(weight, to(where_op(kept, target, 0), int64))
        counted = where_op(kept, picked, 0)
    return reduced(losses, "sum") / reduced(counted, "sum")
