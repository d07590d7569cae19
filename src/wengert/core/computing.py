"""From arguments to a result: operands, their common dtype, the forward function, its failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from wengert.core.dtype import common_dtype, computed_float, is_differentiable
from wengert.core.half import forward_of
from wengert.core.op import Op
from wengert.errors import (
    ArgumentError,
    DimensionError,
    DTypeError,
    ShapeError,
    WengertError,
)
from wengert.modes import State

_ndarray: Final = np.ndarray


def as_operand(op: Op, value: Any) -> Any:
    """An array as it is; NumPy's scalars as Python's, which are weak; else ArgumentError."""
    if isinstance(value, _ndarray):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (int, float, complex)):
        return value
    raise ArgumentError(
        f"{op.name}: an argument of type {type(value).__name__} is no tensor and no number",
        "Make a tensor of it first: wengert.tensor(...).",
    )


def promoted(op: Op, datas: Sequence[Any]) -> list[Any]:
    """The arrays cast to the dtype that torch computes in."""
    if _agree(datas, op.promotion):
        return list(datas)
    if op.promotion == "numeric":
        _refuse_masks(op, datas)
    dtype = common_dtype(datas)
    if op.promotion == "float" and dtype.kind in "biu":
        dtype = computed_float()
    return [cast(d, dtype) for d in datas]


def _refuse_masks(op: Op, datas: Sequence[Any]) -> None:
    if any(d.dtype.kind == "b" for d in datas if isinstance(d, (_ndarray, np.generic))):
        raise DTypeError(
            f"{op.name}: subtraction with a bool tensor is not supported",
            "Use ~ or logical_not() to invert a mask, or cast it to a number.",
        )


def _agree(datas: Sequence[Any], promotion: str) -> bool:
    """Whether all are arrays of one dtype that stays as it is: the common case, seen quickly."""
    first = None
    for data in datas:
        if type(data) is not _ndarray and not isinstance(data, np.generic):
            return False
        dtype = data.dtype
        if first is None:
            first = dtype
        elif dtype is not first:
            return False
    return first is not None and (is_differentiable(first) or promotion == "common")


def cast(data: Any, dtype: np.dtype[Any]) -> Any:
    """An array, NumPy scalar or number in `dtype`; the same object if it has it already."""
    if data is None:
        return None
    if isinstance(data, _ndarray):
        return data if data.dtype is dtype else data.astype(dtype, copy=False)
    if isinstance(data, np.generic):
        return data if data.dtype is dtype else data.astype(dtype)
    try:
        return np.asarray(data).astype(dtype)[()]
    except OverflowError:
        raise DTypeError(f"the number {data} does not fit into {dtype}") from None


def compute(op: Op, operands: Sequence[Any], attrs: dict[str, Any] | None, state: State) -> Any:
    """The forward function, floating-point errors ignored, failures explained."""
    forward = forward_of(op, operands)
    try:
        if attrs:
            return state.run(forward, *operands, **attrs)
        return state.run(forward, *operands)
    except WengertError:
        raise
    except RuntimeError as error:
        if "cannot enter context" not in str(error):
            raise
    except (ValueError, IndexError, TypeError) as error:
        raise explained(op, operands, error) from None
    # The context is in use: an operation inside a forward function, or another thread.
    with np.errstate(all="ignore"):
        return forward(*operands, **(attrs or {}))


def explained(op: Op, operands: Sequence[Any], error: Exception) -> WengertError:
    """What went wrong in a forward function, with shapes and dtypes."""
    arrays = [d for d in operands if isinstance(d, (_ndarray, np.generic))]
    shapes = " and ".join(str(tuple(d.shape)) for d in arrays)
    dtypes = ", ".join(dict.fromkeys(str(d.dtype) for d in arrays))
    text = f"{op.name}: {error} (shapes {shapes}; dtype {dtypes})"
    if not arrays or _is_about_arguments(error):
        return ArgumentError(text)
    of_shapes = op.kind == "elementwise" or "broadcast" in str(error)
    if isinstance(error, ValueError) and of_shapes and len(arrays) > 1:
        return ShapeError(
            f"{op.name}: shapes {shapes} do not broadcast",
            "From the last dimension back, lengths must be equal, or one of them 1.",
        )
    if isinstance(error, IndexError):
        return DimensionError(text)
    return DTypeError(text) if isinstance(error, TypeError) else ShapeError(text)


def _is_about_arguments(error: Exception) -> bool:
    """Whether a call does not fit its signature, or has something else where a number belongs."""
    message = str(error)
    if isinstance(error, TypeError):
        about_dtypes = any(word in message for word in ("ufunc", "boolean", "dtype"))
        no_number = any(word in message for word in ("argument", "'O'", "'<U", "ObjectDType"))
        return not about_dtypes or no_number
    return message.startswith("could not convert string")


def _scalar(value: Any) -> Any:
    """0-d results are NumPy scalars: their arithmetic is five times cheaper than on 0-d arrays."""
    return value[()] if type(value) is _ndarray and value.ndim == 0 else value
