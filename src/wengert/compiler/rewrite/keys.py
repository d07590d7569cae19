"""Keys: whether numbers and attributes mean the same application."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval

UNKNOWN: Final = object()
"""Stands for what cannot be compared: it is equal to nothing else that is computed."""

_PLAIN: Final = (bool, int, float, complex, str, type(None), slice, type(Ellipsis), np.dtype)


def frozen(value: Any) -> Any:
    """A key for numbers and attributes. 1, 1.0 and True differ, as do 0 and -0."""
    kind = type(value)
    if kind is float or kind is int or kind is bool:
        return kind, value if value else repr(value)
    if value is None or kind is Aval:
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return frozen(tuple(value.items()))
    if kind is tuple or kind is list:
        parts = tuple([None if v is None else frozen(v) for v in value])
        return UNKNOWN if UNKNOWN in parts else (type(value), parts)
    return (type(value), repr(value)) if isinstance(value, _PLAIN) else UNKNOWN
