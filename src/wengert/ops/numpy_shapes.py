"""NumPy's names of functions on shapes, where its signatures differ from torch's.

np.transpose(tensor), np.reshape(tensor, shape) and the like record as our own functions do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from wengert.core.registry import NUMPY
from wengert.errors import ArgumentError
from wengert.ops.canonical import one_dim
from wengert.ops.expand import broadcast_tensors, broadcast_to, meshgrid, tile
from wengert.ops.join import cat, dstack, hstack, stack, vstack
from wengert.ops.reshape import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    ravel,
    reshape,
    squeeze,
    unsqueeze,
)
from wengert.ops.slicing import tensor_split
from wengert.ops.transpose import movedim, permute, transpose

F = TypeVar("F", bound=Callable[..., Any])


def newer(name: str) -> tuple[Callable[..., Any], ...]:
    """A function that not every NumPy we run with has; none where it is missing."""
    return (getattr(np, name),) if hasattr(np, name) else ()


def answers(*functions: Callable[..., Any]) -> Callable[[F], F]:
    """Answer for functions of NumPy when one of their arguments is a tensor."""

    def enter(function: F) -> F:
        for theirs in functions:
            NUMPY[theirs] = function
        return function

    return enter


@answers(np.reshape)
def _reshape(a: Any, shape: Any, order: str = "C") -> Any:
    if order != "C":
        raise ArgumentError(f'np.reshape of a tensor: the order must be "C", not {order!r}')
    return reshape(a, shape)


@answers(np.ravel)
def _ravel(a: Any, order: str = "C") -> Any:
    return _reshape(a, -1, order) if len(a.shape) else ravel(a)


@answers(np.transpose)
def _transpose(a: Any, axes: Sequence[int] | None = None) -> Any:
    order = range(len(a.shape))[::-1] if axes is None else axes
    return permute(a, tuple(order))


@answers(np.swapaxes)
def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    return transpose(a, axis1, axis2)


@answers(np.moveaxis)
def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return movedim(a, _plain(source), _plain(destination))


def _plain(axes: Any) -> Any:
    return axes if isinstance(axes, int) else tuple(axes)


@answers(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Any:
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    ndim = len(a.shape) + len(axes)
    for dim in sorted(one_dim(d, ndim) for d in axes):
        a = unsqueeze(a, dim)
    return a


@answers(np.squeeze)
def _squeeze(a: Any, axis: Any = None) -> Any:
    return squeeze(a, axis)


@answers(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    return broadcast_to(array, shape)


@answers(np.concatenate)
def _concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    if axis is None:
        return cat([ravel(a) for a in arrays])
    return cat(list(arrays), axis)


@answers(np.stack)
def _stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    return stack(list(arrays), axis)


@answers(np.hstack)
def _hstack(tup: Sequence[Any]) -> Any:
    return hstack(list(tup))


@answers(np.vstack)
def _vstack(tup: Sequence[Any]) -> Any:
    return vstack(list(tup))


@answers(np.dstack)
def _dstack(tup: Sequence[Any]) -> Any:
    return dstack(list(tup))


@answers(np.split, np.array_split)
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    return list(tensor_split(ary, indices_or_sections, axis))


@answers(np.broadcast_arrays)
def _broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    return broadcast_tensors(*args)


@answers(np.meshgrid)
def _meshgrid(*xi: Any, indexing: str = "xy") -> Any:
    return list(meshgrid(*xi, indexing=indexing))


@answers(np.tile)
def _tile(A: Any, reps: Any) -> Any:
    return tile(A, reps)


NUMPY[np.atleast_1d] = atleast_1d
NUMPY[np.atleast_2d] = atleast_2d
NUMPY[np.atleast_3d] = atleast_3d
