"""NumPy's names of functions that pick, order and pad elements, where its signatures differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.registry import NUMPY
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError
from wengert.ops.arrange import flip, fliplr, flipud, repeat_interleave, roll, rot90
from wengert.ops.diagonal import diag, diagonal, tril, triu
from wengert.ops.finding import argwhere, nonzero, searchsorted
from wengert.ops.gather import take_along_dim
from wengert.ops.index import getitem
from wengert.ops.numpy_shapes import answers
from wengert.ops.pad import constant_pad_op, pad
from wengert.ops.reshape import clone, reshape
from wengert.ops.sorting import argsort, sort

NUMPY[np.fliplr] = fliplr
NUMPY[np.flipud] = flipud
NUMPY[np.argwhere] = argwhere


@answers(np.copy)
def _copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return clone(a)


@answers(np.diag)
def _diag(v: Any, k: int = 0) -> Any:
    return diag(v, k)


@answers(np.tril)
def _tril(m: Any, k: int = 0) -> Any:
    return tril(m, k)


@answers(np.triu)
def _triu(m: Any, k: int = 0) -> Any:
    return triu(m, k)


@answers(np.diagonal)
def _diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return diagonal(a, offset, axis1, axis2)


@answers(np.flip)
def _flip(m: Any, axis: Any = None) -> Any:
    axes = range(len(m.shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    return flip(m, tuple(axes))


@answers(np.roll)
def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    return roll(a, shift, axis)


def _shifts(theirs: Callable[..., Any], sign: int) -> None:
    """Half a turn along each axis; an odd length is turned further one way than the other."""

    @answers(theirs)
    def answer(x: Any, axes: Any = None) -> Any:
        dims = range(len(x.shape)) if axes is None else (axes,) if isinstance(axes, int) else axes
        return roll(x, [sign * (x.shape[d] // 2) for d in dims], list(dims))


_shifts(np.fft.fftshift, 1)
_shifts(np.fft.ifftshift, -1)


@answers(np.rot90)
def _rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    return rot90(m, k, axes)


@answers(np.repeat)
def _repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    counts = repeats if isinstance(repeats, (int, Tensor)) else np.asarray(repeats)
    return repeat_interleave(a, counts, axis)


@answers(np.take)
def _take(
    a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise"
) -> Any:
    """Like indexing: negative indices count from the end, and indices may have any shape."""
    if out is not None or mode != "raise":
        raise ArgumentError("np.take of a tensor takes neither out= nor mode=")
    if axis is None:
        a, axis = reshape(a, -1), 0
    index = indices if isinstance(indices, (int, Tensor)) else np.asarray(indices)
    return getitem(a, (slice(None),) * (axis % len(a.shape)) + (index,))


@answers(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    return take_along_dim(arr, indices, axis)


@answers(np.sort)
def _sort(
    a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    return sort(*_flat(a, axis)).values


@answers(np.argsort)
def _argsort(
    a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    return argsort(*_flat(a, axis))


def _flat(a: Any, axis: int | None) -> tuple[Any, int]:
    """NumPy's axis=None: the flattened array."""
    return (reshape(a, -1), 0) if axis is None else (a, axis)


@answers(np.nonzero)
def _nonzero(a: Any) -> Any:
    return nonzero(a, as_tuple=True)


@answers(np.searchsorted)
def _searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    return searchsorted(a, v, side=side, sorter=sorter)


_MODES = {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}
"""NumPy's names of the modes of np.pad, and torch's."""


@answers(np.pad)
def _pad(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Any:
    """NumPy's order: a pair for each axis, the first axis first."""
    ndim = len(array.shape)
    widths = np.broadcast_to(np.asarray(pad_width), (ndim, 2)).tolist()
    if mode == "constant":
        pads = tuple((before, after) for before, after in widths)
        return constant_pad_op(array, pads=pads, value=constant_values)
    if mode not in _MODES:
        known = ", ".join(["constant", *_MODES])
        raise ArgumentValueError(f"np.pad of a tensor: no mode {mode!r}", f"There are {known}.")
    return pad(array, [n for pair in widths[::-1] for n in pair], _MODES[mode])
