"""Writes: a tensor becomes the result of an operation, in its own memory."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wengert.core import record
from wengert.core.dtype import category
from wengert.core.node import Leaf, next_sequence
from wengert.core.op import Op
from wengert.errors import ArgumentError, DTypeError, GradientError, ShapeError
from wengert.modes import current
from wengert.sites import here

if TYPE_CHECKING:
    from wengert.core.tensor import Tensor

_getframe: Final = sys._getframe


def in_place(op: Op, target: Any, *others: Any, **attrs: Any) -> Tensor:
    """target becomes op(target, *others), in its own memory; recorded if a gradient is wanted.

    Raises GradientError for a leaf that requires grad, ShapeError where the result has another
    shape, DTypeError where the target's dtype cannot hold it.
    """
    for tensor in (target, *others):
        if isinstance(tensor, record.Tensor) and type(tensor) is not record.Tensor:
            special: Any = tensor  # a kind of tensor that says for itself how it is written
            written: Tensor = special._in_place(op, target, others, attrs)
            return written
    state = current()
    node = target._node
    if state.grad and isinstance(node, Leaf):
        raise GradientError(
            f"{op.name}_: a leaf that requires grad is being changed in place",
            "Change it under wengert.no_grad(), or compute a new tensor.",
        )
    if not state.grad or (node is None and not any(_has_node(o) for o in others)):
        source = target if target._node is None else record._new(target._data, None)
        result = record.apply(op, (source, *others), attrs or None)
        recorded = None
    else:
        _refuse_views(op, target)
        result = record.apply(op, (record._new(target._data.copy(), node), *others), attrs or None)
        recorded = result._node
    memory = record.memory_of(target)
    store(op.name + "_", target._data, result._data)
    if recorded is not None:
        target._node = recorded
        recorded._memory = memory
    when = recorded.sequence if recorded is not None else next_sequence()
    memory.stamp(when, op.name + "_", here(_getframe(1)))
    changed: Tensor = target
    return changed


def _has_node(value: Any) -> bool:
    return isinstance(value, record.Tensor) and value._node is not None


def _refuse_views(op: Op, target: Tensor) -> None:
    memory = target._memory
    if memory is not None and memory.viewed:
        raise GradientError(
            f"{op.name}_: in-place changes of a tensor that shares memory with a view "
            "cannot be recorded",
            "Change a clone(), or write the result into a new tensor.",
        )


def store(writer: str, target: np.ndarray[Any, Any], value: Any) -> None:
    """Copy a result into an existing array, or say why it does not fit."""
    if value.shape != target.shape:
        raise ShapeError(
            f"{writer}: the result has shape {tuple(value.shape)}, the tensor "
            f"{tuple(target.shape)}",
            "An in-place operation cannot change the shape; compute a new tensor instead.",
        )
    if category(value.dtype) > category(target.dtype):
        raise DTypeError(
            f"{writer}: result type {value.dtype} can't be cast to the tensor's {target.dtype}",
            "Cast the tensor first, or compute a new one.",
        )
    if not target.flags.writeable:
        raise ArgumentError(f"{writer}: the tensor's memory is read-only", "Use a clone().")
    np.copyto(target, value, casting="unsafe")
