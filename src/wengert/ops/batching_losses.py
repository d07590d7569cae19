"""Batching rules of losses: every slice has a mean of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.record import apply
from wengert.core.registry import OPS
from wengert.ops.batching import aligned, dtype_in, rank_of, shape_of, with_axis, with_rank

Attrs = dict[str, Any]


def reduced(losses: Any, reduction: str) -> Any:
    """The losses of each slice as they are, summed, or averaged."""
    rank = rank_of(losses) - 1
    if reduction == "none" or not rank:
        return losses
    dims = tuple(range(1, rank + 1))
    return OPS[reduction](losses, dim=dims, keepdim=False, dtype=None)


def loss_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """For losses of elements, whose inputs broadcast: element by element, then reduced."""
    first = with_axis(values[0], mapped[0], size)
    given = aligned([first, *values[1:]], [True, *mapped[1:]])
    losses = apply(op, given, attrs | {"reduction": "none"})
    return reduced(losses, attrs["reduction"])


class Classes:
    """Targets that are classes, of all slices: as one batch, with what each counts for."""

    def __init__(self, x: Any, target: Any, weight: Any, is_weight: bool, attrs: Attrs) -> None:
        self.size = shape_of(x)[0]
        self.shape = tuple(shape_of(target))  # (slices, n, ...)
        self.x, self.target = self._flat(x), self._flat(target)
        self.attrs = {**attrs, "reduction": "none"}
        kept = OPS["ne"](target, attrs["ignore_index"])
        self.counted = OPS["to"](kept, dtype=dtype_in(x))
        self.weighted = weight is not None
        if weight is not None:
            safe = OPS["where"](kept, target, 0).reshape((self.size, -1))
            table = with_axis(weight, is_weight, self.size)
            picked = OPS["gather"](table, safe, dim=1).reshape(self.shape)
            self.counted = self.counted * picked

    def _flat(self, value: Any) -> Any:
        """(slices, n, ...) as (slices * n, ...); a slice of one example stays one row."""
        if len(self.shape) == 1:
            return value
        shape = shape_of(value)
        return value.reshape((shape[0] * shape[1], *shape[2:]))

    def spread(self, seeds: Any, reduction: str) -> Any:
        """Cotangents of the slices' losses as those of the single ones."""
        if reduction != "none":
            if reduction == "mean":
                seeds = seeds / reduced(self.counted, "sum")
            seeds = seeds[(..., *(None,) * (len(self.shape) - 1))]
            seeds = OPS["expand"](seeds, shape=self.shape)
        return self._flat(seeds * self.counted if self.weighted else seeds)


def classes_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """nll_loss and cross_entropy: the slices as one batch, then reduced each."""
    x, target, weight = values
    x, target = with_axis(x, mapped[0], size), with_axis(target, mapped[1], size)
    classes = Classes(x, target, weight, mapped[2], attrs)
    losses = apply(op, [classes.x, classes.target, None], classes.attrs).reshape(classes.shape)
    if classes.weighted:
        losses = losses * classes.counted
    if attrs["reduction"] != "mean":
        return reduced(losses, attrs["reduction"])
    return reduced(losses, "sum") / reduced(classes.counted, "sum")


def slope_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """cross_entropy_backward: likewise."""
    seed, x, target, weight = values
    seed = with_axis(seed, mapped[0], size)
    x, target = with_axis(x, mapped[1], size), with_axis(target, mapped[2], size)
    classes = Classes(x, target, weight, mapped[3], attrs)
    seeds = classes.spread(seed, attrs["reduction"])
    return apply(op, [seeds, classes.x, classes.target, None], classes.attrs).reshape(
        tuple(shape_of(x))
    )


def nll_transpose_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """nll_loss_backward: likewise."""
    seed, target, weight = values
    seed, target = with_axis(seed, mapped[0], size), with_axis(target, mapped[1], size)
    shape = (size, *attrs["shape"])
    like = OPS["expand"](np.zeros((), dtype_in(seed)), shape=shape)
    classes = Classes(with_axis(like, True, size), target, weight, mapped[2], attrs)
    seeds = classes.spread(seed, attrs["reduction"])
    flat = shape if len(classes.shape) == 1 else (shape[0] * shape[1], *shape[2:])
    return apply(op, [seeds, classes.target, None], classes.attrs | {"shape": flat}).reshape(shape)


def soft_rule(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: Attrs, size: int
) -> Any:
    """soft_nll_loss: along one dimension further, then reduced."""
    x, target, weight = values
    rank = max(rank_of(v) - m for v, m in zip(values, mapped, strict=True) if v is not None)
    x = with_rank(with_axis(x, mapped[0], size), rank)
    target = with_rank(target, rank) if mapped[1] else target
    if weight is not None and mapped[2]:
        weight = with_rank(weight, rank)
    moved = {"dim": attrs["dim"] % rank + 1, "reduction": "none"}
    return reduced(apply(op, [x, target, weight], moved), attrs["reduction"])
