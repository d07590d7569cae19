"""A tensor as a Python value: its text, its truth, its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.core.dtype import DEFAULTS, dtype_of
from wengert.core.escape import refuse_escape
from wengert.core.node import Leaf, unproject
from wengert.errors import ArgumentError, ArgumentValueError, DTypeError, ShapeError
from wengert.sites import note_exit

if TYPE_CHECKING:
    from wengert.core.tensor import Tensor


def text(tensor: Tensor) -> str:
    """`tensor([6.], grad_fn=<MulBackward0>)`"""
    from wengert.printing.text import format_array

    data = tensor._data
    return format_array(
        data,
        dtype_name=dtype_of(data.dtype).name,
        default_dtype_name=DEFAULTS.floating.name,
        suffixes=_history(tensor),
        module="wengert",
    )


def _history(tensor: Tensor) -> list[str]:
    """How a tensor's text ends: with its grad_fn, or with requires_grad=True for a leaf."""
    node = tensor._node
    if node is None:
        return []
    if isinstance(node, Leaf):
        return ["requires_grad=True"]
    source, _ = unproject(node)
    assert source is not None
    return [f"grad_fn=<{source.name()}>"]


def truth(tensor: Tensor) -> bool:
    """bool(tensor), of one element."""
    data = tensor._concrete("bool()")
    if data.size != 1:
        number = "no values" if data.size == 0 else "more than one value"
        raise ShapeError(
            f"Boolean value of Tensor with {number} is ambiguous",
            "Use .any() or .all(), or compare with wengert.equal(a, b).",
        )
    return bool(data)


def python_number(tensor: Tensor, what: str) -> Any:
    """The only element, for `what`: float(), int() and the like. Raises if there are others."""
    data = tensor._concrete(what)
    if tensor._node is not None:
        refuse_escape(tensor, what)
    if data.size != 1:
        raise ArgumentValueError(
            f"{what}: only one element tensors can be converted to Python scalars; "
            f"this one has shape {tuple(data.shape)}",
            "Use .tolist() for all elements.",
        )
    if tensor._node is not None:
        note_exit(what.removesuffix("()"))
    return data.item()


def real_number(tensor: Tensor, what: str) -> Any:
    """The only element, which must be real."""
    number = python_number(tensor, what)
    if not isinstance(number, complex):
        return number
    if number.imag:
        raise DTypeError(
            f"{what}: {number} has an imaginary part", "Take .real, .imag or .abs() of it first."
        )
    return number.real


def as_index(tensor: Tensor) -> int:
    """operator.index(tensor): for one integer or boolean."""
    data = tensor._concrete("an index")
    if data.size != 1 or data.dtype.kind not in "biu":
        raise ArgumentError(
            "only integer tensors of a single element can be converted to an index; this one is "
            f"{dtype_of(data.dtype).name} of shape {tuple(data.shape)}"
        )
    return int(np.asarray(data).item())


def length(tensor: Any) -> int:
    """len(tensor): of the first dimension."""
    if tensor._data.ndim == 0:
        raise ArgumentError("len() of a 0-d tensor")
    return len(tensor._data)


def is_comparable(value: Any) -> bool:
    """Whether == compares elements with it; a tensor equals no string, list or None."""
    from wengert.core.tensor import Tensor

    return isinstance(value, (Tensor, int, float, complex, np.generic, np.ndarray))


def contains(tensor: Any, value: Any) -> bool:
    """value in tensor: whether any element equals it."""
    if not is_comparable(value):
        raise DTypeError(
            f"a tensor contains numbers, and a {type(value).__name__} is none",
            "Ask for a number or a tensor: 2.0 in x.",
        )
    return bool(np.any((tensor == value)._data))
