"""Half precision: float16 and bfloat16 are for keeping numbers; arithmetic is in float32.

An operation's forward function and its derivative rules see float32 in place of either, and what
they make is rounded once: as torch computes on the CPU. NumPy alone would round after each step of
a formula and of a sum, and many of its functions do not know bfloat16 at all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wengert.core.aval import Aval

if TYPE_CHECKING:
    from wengert.core.op import Op

_FLOAT32: Final = np.dtype(np.float32)
_FLOAT64: Final = np.dtype(np.float64)

# What rules compute with, which decides how they are called: see Op.pull.
REAL: Final = 0
COMPLEX: Final = 1
HALF: Final = 2


def is_half(dtype: np.dtype[Any]) -> bool:
    """Whether this is float16 or bfloat16."""
    return dtype.itemsize == 2 and dtype.kind in "fV"


def arithmetic(operands: Sequence[Any]) -> int:
    """REAL, COMPLEX or HALF: the arithmetic of arrays, avals and numbers that meet."""
    found = REAL
    for operand in operands:
        dtype = getattr(operand, "dtype", _FLOAT32)
        if dtype is _FLOAT32 or dtype is _FLOAT64:
            if type(operand) is complex:
                return COMPLEX
        elif dtype.kind == "c":
            return COMPLEX
        elif is_half(dtype):
            found = HALF
    return found


def forward_of(op: Op, operands: Sequence[Any]) -> Callable[..., Any]:
    """The function that computes an operation on arrays: its forward function, or in float32."""
    for operand in operands:
        dtype = getattr(operand, "dtype", _FLOAT32)
        if dtype is not _FLOAT32 and dtype is not _FLOAT64 and is_half(dtype):
            as_is = op.exact or op.view  # a view shares the memory
            return op.forward if as_is else functools.partial(in_float32, op.forward)
    return op.forward


def in_float32(function: Callable[..., Any], *operands: Any, **attrs: Any) -> Any:
    """function(*operands), in float32 where all floating-point operands have one half dtype.

    What comes out in float32 is rounded to that dtype, unless an attribute `dtype` asks for
    another one. operands: arrays, avals and numbers.
    """
    half = _common_half(operands)
    if half is None:
        return function(*operands, **attrs)
    made = function(*map(widened, operands), **attrs)
    return made if attrs.get("dtype") is not None else _narrowed(made, half)


def _common_half(operands: Sequence[Any]) -> np.dtype[Any] | None:
    found: np.dtype[Any] | None = None
    for operand in operands:
        dtype = getattr(operand, "dtype", None)
        if dtype is None or dtype.kind not in "fcV":
            continue
        if not is_half(dtype) or (found is not None and dtype != found):
            return None
        found = dtype
    return found


def widened(value: Any) -> Any:
    """A value of a half dtype in float32: an array, a tensor, an aval, or a tuple of them."""
    if isinstance(value, tuple):
        return tuple(map(widened, value))
    data = getattr(value, "_data", value)
    dtype = getattr(data, "dtype", None)
    if dtype is None or dtype is _FLOAT32 or not is_half(dtype):
        return value
    if isinstance(value, Aval):
        return Aval(value.shape, _FLOAT32)
    return value.astype(_FLOAT32) if data is value else value.to(_FLOAT32)


def _narrowed(made: Any, half: np.dtype[Any]) -> Any:
    if isinstance(made, tuple):
        return tuple(_narrowed(part, half) for part in made)
    if getattr(made, "dtype", None) != _FLOAT32:
        return made
    return Aval(made.shape, half) if isinstance(made, Aval) else made.astype(half)
