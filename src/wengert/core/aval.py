"""Abstract values: the shape and the dtype of a tensor, without its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.dtype import NumpyDType, dtype_of

Shape = tuple[int, ...]


class Aval:
    """An abstract value. Equal avals are equal and hash alike; an Aval never changes.

    >>> Aval((2, 3), np.dtype("float32"))
    float32[2, 3]
    """

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: Shape, dtype: NumpyDType) -> None:
        self.shape = shape
        self.dtype = dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        total = 1
        for length in self.shape:
            total *= length
        return total

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Aval) and self.shape == other.shape and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"{dtype_of(self.dtype).name}{list(self.shape)}"


def aval_of(value: Any) -> Aval:
    """The aval of an array, a NumPy scalar or a Python scalar."""
    if not isinstance(value, (np.ndarray, np.generic)):
        if hasattr(value, "_aval"):  # a residual of a transform is a tensor
            aval: Aval = value._aval
            return aval
        value = np.asarray(value)
    return Aval(value.shape, value.dtype)


def stand_in(aval: Aval) -> Any:
    """Zeros of this aval in one element's memory: what shapes are inferred with."""
    return np.broadcast_to(np.zeros((), aval.dtype), aval.shape)
