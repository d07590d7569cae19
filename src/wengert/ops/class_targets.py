"""Targets that are classes: checked, weighted, and where they point to."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.errors import ArgumentValueError, DimensionError, DTypeError, ShapeError
from wengert.ops.arguments import array_of, shape_of
from wengert.ops.batching import broadcast_rule
from wengert.ops.kinds import discrete
from wengert.ops.matmul import check_one_dtype
from wengert.ops.positions import counting_dtype
from wengert.ops.reduce import total
from wengert.ops.reshape import reshape

IGNORED: Final = -100


def targets(target: Any, classes: int, ignore_index: int) -> tuple[Any, Any]:
    """The classes, 0 in place of ignored ones; and where they are kept, None for everywhere.

    Raises DimensionError for a class that there is not.
    """
    wide = target.astype(np.int64, copy=False)
    # Seen as unsigned, negative numbers are the largest: one pass finds whatever is out of range.
    if not wide.size or (wide.view(np.uint64).max() < classes and not 0 <= ignore_index < classes):
        return wide, None
    kept = wide != ignore_index
    outside = kept & ((wide < 0) | (wide >= classes))
    if np.any(outside):
        first = wide[outside].reshape(-1)[0]
        raise DimensionError(
            f"Target {first} is out of bounds.",
            f"There are {classes} classes, counted from 0; ignore_index is {ignore_index}.",
        )
    return np.where(kept, wide, 0), kept


def _class_indices(target: Any, *, classes: int, ignore_index: int) -> Any:
    found, _ = targets(np.asarray(target), classes, ignore_index)
    return found.astype(counting_dtype(classes))


class_op = discrete(
    "class_indices", _class_indices, no_torch="a part of the losses of classes",
    aval=lambda target, classes, ignore_index: Aval(target.shape, counting_dtype(classes)),
    explain="classes have no slope", batch=broadcast_rule, piece="classes",
)  # fmt: skip


def target_weights(weight: Any, target: Any, kept: Any, dtype: Any) -> Any:
    """Each target's weight, 0 where it is ignored; None if all are 1."""
    if weight is None:
        return None if kept is None else kept.astype(dtype)
    chosen = weight[target]
    return chosen if kept is None else np.where(kept, chosen, dtype.type(0))


def share(weights: Any, target: Any) -> Any:
    """What a mean is divided by: the sum of the weights."""
    return target.size if weights is None else total(weights, None, False)


def check_classes(name: str, x: Any, target: Any, weight: Any) -> None:
    """Raise unless the targets are classes that fit the input, and there is a weight for each."""
    if not x.ndim:
        raise ArgumentValueError(f"{name}: the input needs a dimension of classes, and it is 0-d")
    if x.ndim == 1:
        if target.size != 1 or target.ndim > 1:
            raise ArgumentValueError(
                f"{name}: for 1D input, the target is a single class, but its shape is "
                f"{target.shape}"
            )
    elif target.shape[:1] != x.shape[:1]:
        raise ArgumentValueError(
            f"{name}: expected input batch_size ({x.shape[0]}) to match target batch_size "
            f"({target.shape[0] if target.ndim else 0})."
        )
    if target.dtype.kind not in "iu":
        raise DTypeError(
            f"{name}: expected integer targets, the numbers of classes, but got {target.dtype}",
            "Cast them: target.to(wengert.int64). cross_entropy also takes probabilities, in the "
            "input's shape.",
        )
    if x.ndim > 1 and target.shape[1:] != x.shape[2:]:
        raise ShapeError(
            f"{name}: expected target size {[x.shape[0], *x.shape[2:]]}, got {list(target.shape)}",
            "One class per row; one-hot targets, as floats, are probabilities for cross_entropy."
            if x.ndim == 2
            else "The input is (batch, classes, ...), the target (batch, ...).",
        )
    check_class_weight(name, weight, x)


def check_class_weight(name: str, weight: Any, x: Any) -> None:
    """Raise unless there is a weight for each class, in the input's dtype, or none at all."""
    if weight is None:
        return
    classes = x.shape[min(x.ndim, 2) - 1]
    if shape_of(weight) != (classes,):
        raise ShapeError(
            f"{name}: weight tensor should be defined either for all {classes} classes or no "
            f"classes but got weight tensor of shape: {list(shape_of(weight))}"
        )
    check_one_dtype(name, x, array_of(weight))


def one_class(x: Any, target: Any) -> Any:
    """The target; for one row of logits, as a 0-d tensor."""
    return reshape(target, ()) if x.ndim == 1 and shape_of(target) else target
