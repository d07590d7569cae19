"""Arguments looked at: is this a tensor, an integer, a flag."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, did_you_mean


def array_of(value: Any) -> Any:
    """The array behind a tensor; arrays and NumPy scalars as they are. Else ArgumentError."""
    if isinstance(value, Tensor):
        return value._data
    if isinstance(value, (np.ndarray, np.generic)):
        return value
    raise ArgumentError(
        f"an argument must be a tensor, and a {type(value).__name__} is none",
        "Make one of it first: wengert.tensor(...).",
    )


def checked(value: Any) -> Any:
    """The argument itself. Raises ArgumentError unless it is a tensor or an array."""
    array_of(value)
    return value


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a tensor or an array, as a plain tuple."""
    shape: tuple[int, ...] = array_of(value).shape
    return shape


def ndim_of(value: Any) -> int:
    """The number of dimensions of a tensor or an array."""
    ndim: int = array_of(value).ndim
    return ndim


def integer(name: str, value: Any) -> int:
    """An argument that counts something. Raises ArgumentError unless it is an integer."""
    try:
        return operator.index(value)
    except TypeError:
        raise ArgumentError(f"{name} must be an int, not {type(value).__name__}") from None


def flag(name: str, value: Any) -> bool:
    """An argument that is on or off. Raises ArgumentError unless it is a bool."""
    if not isinstance(value, (bool, np.bool_)):
        raise ArgumentError(f"{name} must be a bool, not {type(value).__name__}")
    return bool(value)


def one_of(name: str, value: Any, options: Iterable[str]) -> str:
    """An argument that names one of several ways.

    Raises ArgumentError unless it is a string, ArgumentValueError unless it is known.
    """
    known = list(options)
    if not isinstance(value, str):
        raise ArgumentError(f"{name} must be a str, not {type(value).__name__}")
    if value not in known:
        raise ArgumentValueError(f"{name} {value!r} is not known", did_you_mean(value, known))
    return value


def is_number(value: Any) -> bool:
    """Whether this is a number of Python or of NumPy."""
    return isinstance(value, (bool, int, float, complex, np.generic))
