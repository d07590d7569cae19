"""Cross-entropy against more than one class: probabilities, and label smoothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import int64
from wengert.ops.arguments import shape_of
from wengert.ops.arithmetic import add, mul, neg
from wengert.ops.batching_losses import soft_rule
from wengert.ops.cast import to
from wengert.ops.comparison import ne
from wengert.ops.gather import take_op
from wengert.ops.kinds import multilinear
from wengert.ops.losses import reduced, written
from wengert.ops.reduce import sum_op, total
from wengert.ops.reshape import reshape
from wengert.ops.selection import where_op


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


def _soft_nll_written(x: Any, target: Any, weight: Any, *, dim: int, reduction: str) -> Any:
    products = _times(x * target, weight)
    along = (dim,) if reduction == "none" else None
    losses = neg(sum_op(products, dim=along, keepdim=False, dtype=None))
    return losses / _rows(x.shape, dim) if reduction == "mean" and losses.numel() else losses


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
    symbol=written("soft_nll_loss"),
    explain="slope minus the target's probability for each log-probability",
    batch=soft_rule, written=_soft_nll_written,
)  # fmt: skip


def _by_class(weight: Any, log_p: Any, dim: int) -> Any:
    """The weights in a shape that broadcasts along the classes."""
    shape = [1] * len(shape_of(log_p))
    shape[dim] = -1
    return reshape(weight, tuple(shape))


def of_probabilities(
    log_p: Any, target: Any, weight: Any, dim: int, reduction: str, smoothing: float
) -> Any:
    """The loss against probabilities of all classes, smoothed towards the uniform ones."""
    classes = shape_of(log_p)[dim]
    if smoothing:
        target = add(mul(target, 1 - smoothing), smoothing / classes)
    if weight is not None:
        weight = _by_class(weight, log_p, dim)
    return soft_nll_op(log_p, target, weight, dim=dim, reduction=reduction)


def uniform_loss(
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
