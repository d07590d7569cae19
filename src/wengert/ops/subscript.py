"""What stands between the brackets of x[...], taken apart.

`parse` gives the basic entries (integers, slices, None; one view) and the index tensors with the
dimensions of that view that they apply to, in torch's order: integers and slices first.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from wengert.core.tensor import Tensor
from wengert.errors import (
    ArgumentError,
    ArgumentValueError,
    BatchingError,
    DimensionError,
    TraceError,
)
from wengert.modes import current
from wengert.ops.arguments import array_of
from wengert.ops.slicing import Basic

Parsed = tuple[Basic, tuple[int, ...], tuple[Any, ...]]
_ALL: Final = slice(None)


def parse(index: Any, shape: tuple[int, ...]) -> Parsed:
    """(basic entries, dimensions of the index arrays, index arrays) of x[index].

    Raises DimensionError for too many entries and integers out of range, ArgumentValueError for
    steps below 1, ArgumentError for entries that are no index.
    """
    if type(index) is int:  # the two most frequent indices
        return (_integer(index, 0, shape),), (), ()
    if type(index) is slice and shape:
        return (_checked(index),), (), ()
    entries = index if type(index) is tuple else (index,)
    reader = _Reader(shape, len(shape) - sum(_width(e) for e in entries))
    for entry in entries:
        reader.read(entry)
    return reader.parsed()


def _width(entry: Any) -> int:
    """How many dimensions an entry uses up."""
    if entry is None or entry is Ellipsis or isinstance(entry, (bool, np.bool_)):
        return 0
    if isinstance(entry, (Tensor, np.ndarray)):
        data = array_of(entry)
        return int(data.ndim) if _is_mask(data) else 1
    return 1


def _is_mask(data: Any) -> bool:
    return bool(data.dtype == bool or data.dtype == np.uint8)


class _Reader:
    """Reads the entries one by one; `dim` is the dimension of x that comes next."""

    def __init__(self, shape: tuple[int, ...], unnamed: int) -> None:
        self.shape = shape
        self.unnamed = unnamed  # dimensions that an ellipsis stands for
        self.dim = 0
        self.out = 0  # the dimension of the view that comes next
        self.basic: list[int | slice | None] = []
        self.dims: list[int] = []
        self.arrays: list[Any] = []
        if unnamed < 0:
            raise self._too_many()

    def _too_many(self) -> DimensionError:
        ndim = len(self.shape)
        if not ndim:
            return DimensionError("invalid index of a 0-dim tensor", "Use x.item() for its number.")
        return DimensionError(f"too many indices for tensor of dimension {ndim}")

    def read(self, entry: Any) -> None:
        if entry is None:
            self._insert()
        elif entry is Ellipsis:
            self._slices(self.unnamed)
            self.unnamed = 0
        elif isinstance(entry, slice):
            self._slice(entry)
        elif isinstance(entry, (bool, np.bool_)):
            self._truth(bool(entry))
        elif isinstance(entry, (Tensor, np.ndarray)):
            self._tensor(entry)
        elif isinstance(entry, Sequence) and not isinstance(entry, str):
            self._array(_from_sequence(entry))
        else:
            self._select(_as_integer(entry))

    def _insert(self) -> None:
        self.basic.append(None)
        self.out += 1

    def _slices(self, count: int) -> None:
        self.basic += [_ALL] * count
        self.dim += count
        self.out += count

    def _slice(self, entry: slice) -> None:
        if entry != _ALL:
            entry = _checked(entry)
            if _is_full(entry, self.shape[self.dim]):
                entry = _ALL
        self.basic.append(entry)
        self.dim += 1
        self.out += 1

    def _select(self, value: int) -> None:
        self.basic.append(_integer(value, self.dim, self.shape))
        self.dim += 1

    def _truth(self, value: bool) -> None:
        """True and False select all or nothing of a new dimension of length 1."""
        self.basic.append(None)
        self.dims.append(self.out)
        self.arrays.append(np.array([value]))
        self.out += 1

    def _tensor(self, entry: Any) -> None:
        data = array_of(entry)
        if data.dtype == np.uint8:
            warnings.warn(
                "indexing with dtype uint8 means a mask, as in torch; use a bool tensor",
                UserWarning, stacklevel=6,
            )  # fmt: skip
            entry = entry != 0
            data = array_of(entry)
        if data.ndim:
            self._array(entry)
        elif data.dtype == bool:
            self._truth(bool(entry))
        elif data.dtype.kind in "iu":
            try:
                self._select(operator.index(entry))
            except BatchingError:
                self._array(entry)  # inside a vmap, one position per slice
        else:
            self._array(entry)

    def _array(self, entry: Any) -> None:
        data = array_of(entry)
        if data.dtype == bool:
            self._check_mask(data.shape)
        elif data.dtype not in (np.int64, np.int32):
            raise DimensionError(
                f"tensors used as indices must be int64, int32 or bool, not {data.dtype}",
                "Cast the index: index.to(wengert.int64).",
            )
        self.dims.append(self.out)
        self.arrays.append(entry)
        width = data.ndim if data.dtype == bool else 1
        self._slices(width)

    def _check_mask(self, mask: tuple[int, ...]) -> None:
        for at, length in enumerate(mask):
            if length != self.shape[self.dim + at]:
                raise DimensionError(
                    f"The shape of the mask {list(mask)} at index {at} does not match the shape "
                    f"of the indexed tensor {list(self.shape)} at index {self.dim + at}"
                )

    def parsed(self) -> Parsed:
        """The result, full slices at the end left out."""
        while self.basic and self.basic[-1] == _ALL:
            self.basic.pop()
        return tuple(self.basic), tuple(self.dims), tuple(self.arrays)


def _integer(value: int, dim: int, shape: tuple[int, ...]) -> int:
    """A position from 0 on; raises DimensionError where it is out of range."""
    if not shape:
        raise DimensionError("invalid index of a 0-dim tensor", "Use x.item() for its number.")
    size = shape[dim]
    if not -size <= value < size:
        raise DimensionError(
            f"index {value} is out of bounds for dimension {dim} with size {size}",
            f"Positions run from 0 to {size - 1}, or backwards from -1 to {-size}."
            if size
            else "The dimension is empty.",
        )
    return value + size if value < 0 else value


def _as_integer(entry: Any) -> int:
    try:
        return operator.index(entry)
    except TypeError:
        kind = type(entry).__name__
        error = DimensionError if isinstance(entry, (float, complex)) else ArgumentError
        raise error(
            "only integers, slices (`:`), ellipsis (`...`), None and int64, int32 or bool tensors "
            f"are valid indices (got {kind})",
            "A place is a whole number: x[int(i)], or x[i.long()] of a tensor.",
        ) from None


def _checked(entry: slice) -> slice:
    """A slice of plain integers; raises for steps below 1, which NumPy's arrays can have."""
    start, stop, step = (_bound(v) for v in (entry.start, entry.stop, entry.step))
    if step is not None and step <= 0 and not (step and current().arrays is not None):
        raise ArgumentValueError(
            "slice step must be greater than zero",
            "Use x.flip(dim), or np.flip(x, axis), to go backwards.",
        )
    return slice(start, stop, step)


def _is_full(entry: slice, length: int) -> bool:
    """Whether a slice takes everything."""
    stops = entry.stop is None or entry.stop >= length
    return stops and entry.start in (None, 0) and entry.step in (None, 1)


def _bound(value: Any) -> int | None:
    if value is None:
        return None
    try:
        return operator.index(value)
    except TraceError:
        raise
    except TypeError:
        raise ArgumentError(
            "slice indices must be integers or None or have an __index__ method, "
            f"not {type(value).__name__}"
        ) from None


def _from_sequence(entry: Sequence[Any]) -> Any:
    """A list of integers or of booleans as an array.

    torch takes a list with sequences, slices or tensors in it for a tuple, and announces that it
    will take it for a tensor; so it is refused.
    """
    if any(isinstance(e, (Sequence, slice, Tensor, np.ndarray)) or e in (None, ...) for e in entry):
        raise DimensionError(
            "an index that is a list with lists, slices or tensors in it is ambiguous",
            "Write x[tuple(index)] or x[wengert.tensor(index)].",
        )
    array = np.array(entry) if len(entry) else np.zeros(0, np.int64)
    if array.dtype != bool and array.dtype.kind in "iu":
        array = array.astype(np.int64)
    made = current().fresh
    if made is not None:  # nobody else has it
        made[id(array)] = array
    return array
