"""Losses of classes in terms of other operations, for the compiler.

The element of the right class is selected by comparing positions, not picked by address: so all of
a loss, and of its slope, stays in loops over the rows of the logits.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from wengert.ops.arithmetic import neg
from wengert.ops.cast import to_op
from wengert.ops.class_targets import class_op
from wengert.ops.comparison import eq, ne
from wengert.ops.expand import expand_op
from wengert.ops.exponential import exp, log
from wengert.ops.extrema import amax_op
from wengert.ops.positions import positions
from wengert.ops.reduce import sum_op
from wengert.ops.reshape import reshape, unsqueeze_op
from wengert.ops.selection import where_op


class Chosen(NamedTuple):
    """What targets choose: per row whether it counts and its weight, None where all are 1; and
    whether an element belongs to the right class.
    """

    dim: int
    is_right: Any
    kept: Any
    weights: Any


def _chosen(like: Any, target: Any, weight: Any, ignore_index: int, dtype: Any) -> Chosen:
    dim = min(like.ndim, 2) - 1
    classes = class_op(target, classes=like.shape[dim], ignore_index=ignore_index)
    is_right = eq(positions(like, dim), unsqueeze_op(classes, dim=dim))
    kept = ne(target, ignore_index)
    if weight is None:
        weights = to_op(kept, dtype=dtype)
    else:
        along = (-1, *(1,) * (like.ndim - dim - 1))
        weights = where_op(kept, _right(reshape(weight, along), is_right, dim), 0)
    return Chosen(dim, is_right, kept, weights)


def _right(x: Any, is_right: Any, dim: int) -> Any:
    """x at the right class, to the bit: nothing is smaller than what stands for the others."""
    return amax_op(where_op(is_right, x, -math.inf), dim=(dim,), keepdim=False)


def _sum(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return sum_op(x, dim=dim, keepdim=keepdim, dtype=None)


def _is_written(x: Any) -> bool:
    return bool(x.ndim and x._data.size and x._data.dtype.kind == "f")


def _apart(x: Any, dim: int) -> Any:
    return x - amax_op(x, dim=(dim,), keepdim=True)


def _reduced(losses: Any, chosen: Chosen, weight: Any, reduction: str) -> Any:
    if weight is not None:
        losses = losses * chosen.weights
    losses = where_op(chosen.kept, losses, 0)
    if reduction == "none":
        return losses
    summed = _sum(losses)
    return summed if reduction == "sum" else summed / _sum(chosen.weights)


def _scaled(seed: Any, chosen: Chosen, reduction: str) -> Any:
    """The cotangent of each row's loss, in a shape that broadcasts against the logits."""
    scale = seed / _sum(chosen.weights) if reduction == "mean" else seed
    scale = where_op(chosen.kept, scale * chosen.weights, 0)
    return unsqueeze_op(scale, dim=chosen.dim)


def cross_entropy(
    x: Any, target: Any, weight: Any, *, ignore_index: int, reduction: str, spatial: int
) -> Any:
    """The loss itself."""
    if not _is_written(x):
        return None
    chosen = _chosen(x, target, weight, ignore_index, x._data.dtype)
    logits = _apart(x, chosen.dim)
    total = _sum(exp(logits), (chosen.dim,))
    losses = log(total) - _right(logits, chosen.is_right, chosen.dim)
    return _reduced(losses, chosen, weight, reduction)


def slope(
    seed: Any, x: Any, target: Any, weight: Any, *,
    ignore_index: int, reduction: str, spatial: int,
) -> Any:  # fmt: skip
    """Its cotangent, taken back to the logits."""
    if not _is_written(x):
        return None
    chosen = _chosen(x, target, weight, ignore_index, x._data.dtype)
    found = exp(_apart(x, chosen.dim))
    found = found / _sum(found, (chosen.dim,), keepdim=True)
    found = where_op(chosen.is_right, found - 1, found)
    return found * _scaled(seed, chosen, reduction)


def nll(
    x: Any, target: Any, weight: Any, *, ignore_index: int, reduction: str, spatial: int
) -> Any:
    """The negative log-likelihood."""
    if not _is_written(x):
        return None
    chosen = _chosen(x, target, weight, ignore_index, x._data.dtype)
    losses = neg(_right(x, chosen.is_right, chosen.dim))
    return _reduced(losses, chosen, weight, reduction)


def nll_transpose(
    x: Any, target: Any, weight: Any, *,
    shape: tuple[int, ...], ignore_index: int, reduction: str, spatial: int,
) -> Any:  # fmt: skip
    """Its transpose: the cotangents of the losses among zeros."""
    if not math.prod(shape) or x._data.dtype.kind != "f":
        return None
    like = expand_op(unsqueeze_op(target, dim=min(len(shape), 2) - 1), shape=shape)
    chosen = _chosen(like, target, weight, ignore_index, x._data.dtype)
    values = neg(x) / _sum(chosen.weights) if reduction == "mean" else neg(x)
    if weight is not None:
        values = values * chosen.weights
    values = unsqueeze_op(where_op(chosen.kept, values, 0), dim=chosen.dim)
    return where_op(chosen.is_right, values, 0)
