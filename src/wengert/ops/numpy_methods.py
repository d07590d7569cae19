"""Methods that NumPy's arrays have and torch's tensors lack, and those that the two disagree about.

What only NumPy has (x.astype, x.copy, x.fill) every tensor has. Where both have a name and mean
different things by it, torch's meaning holds - but in a function that a transform calls with
NumPy's arrays, the user's own lines get NumPy's: x.std() divides by n, x.max(axis=0) is an array,
x.repeat repeats elements. `dim` and `keepdim` are torch's words, and mean what torch means there,
too.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.modes import get_state
from wengert.ops.define import method
from wengert.ops.numpy_taken import taken
from wengert.sites import is_ours

# The methods that are replaced below must be there.
for _home in (
    "about", "arrange", "diagonal", "extrema", "finding", "gather", "limits", "logic",
    "mm", "outer", "products", "reduce", "reshape", "rounding", "scan", "sorting", "statistics",
    "transpose", "kron",
):  # fmt: skip
    importlib.import_module(f"wengert.ops.{_home}")


def among_arrays() -> bool:
    """Whether a function is running that a transform has called with NumPy's arrays."""
    state = get_state()
    return state is not None and state.arrays is not None


# Only NumPy's ------------------------------------------------------------------------------------


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
        return _sizes(self._tensor, dim)


_sizes: Callable[..., Any] = Tensor.size


def _size(self: Tensor) -> Count:
    made = Count(int(np.prod(tuple(self.shape), dtype=int)))
    made._tensor = self
    return made


setattr(Tensor, "size", property(_size, doc=Count.__doc__))  # noqa: B010  # replaces the method


# Where NumPy and torch disagree ------------------------------------------------------------------

_TORCH = frozenset(("dim", "keepdim", "dims", "descending", "correction", "unbiased"))


def _wants_numpy(kwargs: dict[str, Any]) -> bool:
    """Whether the call stands in the user's lines of a function that was given arrays."""
    if not among_arrays() or not _TORCH.isdisjoint(kwargs):
        return False
    return not is_ours(sys._getframe(2).f_code)


def _numpys(name: str, function: Callable[..., Any]) -> None:
    torchs: Callable[..., Any] = getattr(Tensor, name)

    @functools.wraps(torchs)
    def either(self: Any, *args: Any, **kwargs: Any) -> Any:
        if _wants_numpy(kwargs):
            return function(self, *args, **kwargs)
        return torchs(self, *args, **kwargs)

    setattr(Tensor, name, either)


def _sort(self: Any, axis: int = -1, kind: Any = None, order: Any = None) -> None:
    """In place, as NumPy sorts."""
    self.copy_(np.sort(self, axis))


def _transpose(self: Any, *axes: Any) -> Any:
    if len(axes) == 1 and not isinstance(axes[0], (int, np.integer)):
        axes = tuple(axes[0]) if axes[0] is not None else ()
    return np.transpose(self, axes or None)


def _flatten(self: Any, order: Any = "C") -> Any:
    return np.copy(np.ravel(self, order))


_NUMPYS: dict[str, Any] = {
    "std": np.std, "var": np.var, "max": np.max, "min": np.min, "mean": np.mean, "sum": np.sum,
    "prod": np.prod, "cumsum": np.cumsum, "cumprod": np.cumprod, "repeat": np.repeat,
    "dot": np.dot, "take": np.take, "nonzero": np.nonzero, "round": np.round, "sort": _sort,
    "transpose": _transpose, "flatten": _flatten, "ravel": np.ravel, "trace": np.trace,
    "argmax": np.argmax, "argmin": np.argmin, "all": np.all, "any": np.any, "clip": np.clip,
    "diagonal": np.diagonal, "squeeze": np.squeeze, "argsort": np.argsort,
}  # fmt: skip
for _name, _function in _NUMPYS.items():
    _numpys(_name, _function)
