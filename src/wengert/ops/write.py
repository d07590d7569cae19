"""Writing into tensors: zero_, fill_, copy_."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.core.write import in_place
from wengert.errors import ArgumentError, DTypeError, ShapeError
from wengert.ops.batching import broadcast_rule, into_first
from wengert.ops.create import tensor
from wengert.ops.define import method
from wengert.ops.kinds import general

# What was there before is overwritten: its gradient is zero. The pullbacks say so, and None would
# not do: without a node the old history would stay.


def overwritten(ct: Any) -> Any:
    """The cotangent of what an operation overwrites: zeros."""
    return np.zeros_like(ct)


_SLOPE = "slope 0: what was there before is gone"

zero_op = general(
    "zero", lambda x: np.zeros(x.shape, x.dtype), pullbacks=[overwritten],
    no_torch="only Tensor.zero_", explain=_SLOPE,
    batch=broadcast_rule, lower=lambda code, x: code.number(0, x),
)  # fmt: skip
fill_op = general(
    "fill", lambda x, *, value: np.full(x.shape, value, x.dtype), pullbacks=[overwritten],
    no_torch="only Tensor.fill_", grad_name="FillBackward2", explain=_SLOPE,
    batch=broadcast_rule, lower=lambda code, x, value: code.number(value, x),
)  # fmt: skip


def _write(x: Any, source: Any) -> Any:
    if x.dtype.kind not in "cb":
        source = source.real
    return np.broadcast_to(source, x.shape).astype(x.dtype)


fill_with_op = general(
    "fill_with", _write, pullbacks=[overwritten, lambda ct: ct],
    no_torch="only Tensor.fill_", grad_name="FillBackward3",
    explain="slope 1 in the value, 0 in what was there before",
    batch=into_first, lower=lambda code, x, source: source,
)  # fmt: skip
copy_op = general(
    "copy", _write, pullbacks=[overwritten, lambda ct: ct],
    no_torch="only Tensor.copy_", grad_name="CopyBackwards",
    explain="slope 1 in the source, 0 in what was there before",
    batch=into_first, lower=lambda code, x, source: source,
)  # fmt: skip


@method(Tensor)
def zero_(self: Tensor) -> Tensor:
    """Zero in every element, in place."""
    return in_place(zero_op, self)


@method(Tensor)
def fill_(self: Tensor, value: Any) -> Tensor:
    """One value in every element, in place: a number or a 0-d tensor, whose gradient is the sum.

    Raises ShapeError for tensors with dimensions, DTypeError for a number that does not fit.

    >>> import wengert as wg
    >>> wg.zeros(2).fill_(7)
    tensor([7., 7.])
    """
    if not isinstance(value, Tensor):
        return in_place(fill_op, self, value=fitting("fill_", value, self))
    if value.shape:
        raise ShapeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} "
            "dimensions.",
            "Use copy_, which broadcasts.",
        )
    return in_place(fill_with_op, self, value)


def fitting(name: str, value: Any, target: Tensor) -> Any:
    """A number in the target's dtype. Raises where it does not fit."""
    if not isinstance(value, (bool, int, float, complex, np.generic)):
        raise ArgumentError(f"{name} takes a number, not {type(value).__name__}")
    if target._data.dtype.kind not in "cb" and isinstance(value, (complex, np.complexfloating)):
        if value.imag:
            raise DTypeError(f"{name}: {value} has an imaginary part, and {target.dtype} none")
        value = value.real
    return tensor(value, dtype=target.dtype)._data.item()


@method(Tensor)
def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """The elements of another tensor, broadcast and cast to this one's dtype, in place.

    Raises ShapeError where the shapes do not fit.

    >>> import wengert as wg
    >>> wg.zeros(2, dtype=wg.int64).copy_(wg.tensor([1.5, 2.5]))
    tensor([1, 2])
    """
    if isinstance(src, (int, float, complex)):
        return fill_(self, src)
    if not isinstance(src, Tensor):
        raise ArgumentError(
            f"copy_ takes a tensor, not {type(src).__name__}", "Use wengert.tensor(...) first."
        )
    return in_place(copy_op, self, src)
