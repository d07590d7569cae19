"""Methods that NumPy's arrays have and torch's tensors lack: x.astype, x.copy, x.fill.

Every tensor has them. Those that the two disagree about are in numpy_meaning.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.ops.about import size as torchs_size
from wengert.ops.define import method
from wengert.ops.numpy_meaning import among_arrays
from wengert.ops.numpy_taken import taken


@method(Tensor)
def astype(
    self: Any, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True,
    copy: bool = True,
) -> Any:  # fmt: skip
    """A copy in another dtype; the tensor itself if it has that one already and copy is False."""
    return np.astype(self, dtype, copy=copy)


@method(Tensor)
def copy(self: Any, order: str = "C") -> Any:
    """A copy, which has the tensor for its history: clone."""
    return np.copy(self)


@method(Tensor)
def fill(self: Any, value: Any) -> None:
    """Every element becomes the value, in place."""
    self[...] = value


@method(Tensor)
def conjugate(self: Any) -> Any:
    """The complex conjugate."""
    return np.conj(self)


@method(Tensor)
def searchsorted(self: Any, v: Any, side: Any = "left", sorter: Any = None) -> Any:
    """Where elements would go to keep this vector sorted."""
    return np.searchsorted(self, taken(v), side, sorter)


@method(Tensor)
def compress(self: Any, condition: Any, axis: int | None = None) -> Any:
    """The slices along an axis for which the condition is true."""
    return np.compress(condition, self, axis)


@method(Tensor)
def choose(self: Any, choices: Any) -> Any:
    """For each of these indices, the element of that choice."""
    return np.choose(self, choices)


@method(Tensor)
def put(self: Any, indices: Any, values: Any, mode: str = "raise") -> None:
    """Elements of the flattened tensor replaced, in place."""
    np.put(self, indices, values)


@method(Tensor)
def argpartition(self: Any, kth: Any, axis: int | None = -1) -> Any:
    """Indices that sort the elements, which is a partition at every kth."""
    return np.argpartition(self, kth, axis)


@method(Tensor)
def __divmod__(self: Any, other: Any) -> Any:
    return np.divmod(self, other) if among_arrays() else NotImplemented  # torch has none


@method(Tensor)
def __rdivmod__(self: Any, other: Any) -> Any:
    return np.divmod(other, self) if among_arrays() else NotImplemented


def _flat(self: Tensor) -> Any:
    """The elements as a vector: a view where the memory allows one, as x.flat[i] = v needs."""
    return self.reshape(-1)


setattr(Tensor, "flat", property(_flat))  # noqa: B010  # Tensor has no such attribute to mypy


# A number and a method at once -------------------------------------------------------------------


class Count(int):
    """x.size: the number of elements, and torch's method: x.size() is the shape."""

    _tensor: Tensor

    def __call__(self, dim: int | None = None) -> Any:
        """The shape, or its length along one dimension."""
        return torchs_size(self._tensor, dim)


def _size(self: Tensor) -> Count:
    made = Count(int(np.prod(tuple(self.shape), dtype=int)))
    made._tensor = self
    return made


setattr(Tensor, "size", property(_size, doc=Count.__doc__))  # noqa: B010  # replaces the method
