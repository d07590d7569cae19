"""Keys: whether numbers and attributes mean the same application."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval

UNKNOWN: Final = object()
"""Stands for what cannot be compared: it is equal to nothing else that is computed."""

_PLAIN: Final = (bool, int, float, complex, str, type(None), slice, type(Ellipsis), np.dtype)


def frozen(value: Any) -> Hashable:
    """A key for numbers and attributes. 1, 1.0 and True differ, as do 0 and -0."""
    if value is None or isinstance(value, Aval):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return frozen(tuple(value.items()))
    if isinstance(value, (tuple, list)):
        parts = tuple(map(frozen, value))
        return UNKNOWN if UNKNOWN in parts else (type(value), parts)
    return (type(value), repr(value)) if isinstance(value, _PLAIN) else UNKNOWN
