"""Arguments put into canonical form: dimensions, shapes, dtypes, devices."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.dtype import NumpyDType, as_dtype
from wengert.core.place import Device
from wengert.errors import ArgumentError, DimensionError, ShapeError

Dims = int | Sequence[int] | None


def one_dim(dim: Any, ndim: int) -> int:
    """A dimension as a number from 0 to ndim - 1; a 0-d tensor has 0 and -1, as in torch.

    Raises DimensionError where it is out of range, ArgumentError where it is no integer.
    """
    try:
        index = operator.index(dim)
    except TypeError:
        raise ArgumentError(f"a dimension must be an int, not {type(dim).__name__}") from None
    count = max(ndim, 1)
    if not -count <= index < count:
        raise DimensionError(
            f"Dimension out of range (expected to be in range of [{-count}, {count - 1}], "
            f"but got {index})",
            f"The tensor has {ndim} dimensions, counted from 0 or, backwards, from -1.",
        )
    return index % count


def many_dims(dim: Dims, ndim: int) -> tuple[int, ...]:
    """Several dimensions, sorted, each once; None and () mean all of them."""
    dims: tuple[int, ...]
    if dim is None:
        return tuple(range(ndim))
    if isinstance(dim, (int, np.integer)):
        dims = (one_dim(dim, ndim),)
    else:
        dims = tuple(one_dim(d, ndim) for d in dim)
    if len(set(dims)) != len(dims):
        twice = next(d for d in dims if dims.count(d) > 1)
        raise ShapeError(
            f"dim {twice} appears multiple times in the list of dims",
            f"Name each dimension once; {dim} counts some from the end.",
        )
    if ndim == 0:
        return ()
    return tuple(sorted(dims)) if dims else tuple(range(ndim))


def sizes(args: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape given as (2, 3), as [2, 3] or as separate arguments."""
    if len(args) == 1 and not isinstance(args[0], (int, np.integer)):
        args = tuple(args[0])
    return tuple(operator.index(a) for a in args)


def numpy_dtype(dtype: Any) -> NumpyDType | None:
    """An argument `dtype=` as NumPy's dtype; None stays None."""
    return None if dtype is None else as_dtype(dtype).numpy


def check_device(device: Any) -> None:
    """Accept "cpu" and None; anything else does not exist here."""
    if device is not None:
        Device(device)  # raises
