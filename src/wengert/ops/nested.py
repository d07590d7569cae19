"""Arrays from nested data: lists of lists of numbers, arrays and tensors, with torch's dtypes.

The shape is read off the first elements; every other element must agree with it, and the first
one that does not is named in the error, as `data[1][0]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

import numpy as np

from wengert.core.dtype import (
    NumpyDType,
    default_float,
    dtype_of,
    is_differentiable,
    promote,
    weak_dtype,
)
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, DTypeError, WengertError
from wengert.modes import silently

_MOST_DIMS: Final = 64  # NumPy's own limit
_SAMPLES: Final[dict[type, Any]] = {bool: True, int: 1, float: 1.0, complex: 1j}
_PLAIN: Final = frozenset(_SAMPLES)
_LISTS: Final = frozenset((list, tuple))
_TEXT: Final = (str, bytes)


def array_from(data: Any, dtype: NumpyDType | None, read: list[Tensor]) -> Any:
    """A new array with the numbers in `data`, in `dtype` or in the one that torch infers.

    data: a number, an array, a tensor, or sequences of those, nested to any depth; 0-d data give
    a NumPy scalar. read: the tensors among the data are appended to it.

    Raises ArgumentValueError for ragged sequences and for integers that do not fit, DTypeError
    for what is no number, ArgumentError for text and unsupported dtypes.
    """
    if isinstance(data, Tensor):
        read.append(data)
        data = data._concrete("tensor()")
        return copied(np.asarray(data), dtype)
    if isinstance(data, np.ndarray):
        return copied(data, dtype)
    data = _opened(data)
    if isinstance(data, np.ndarray):
        return copied(data, dtype)
    if isinstance(data, _TEXT):
        raise _text_is_no_number(data)
    if not _is_sequence(type(data)):
        return _numbers([data], (), dtype)[()]
    leaves, shape = _flattened(data, read)
    return _numbers(leaves, shape, dtype)


def copied(array: Any, dtype: NumpyDType | None) -> Any:
    """A copy of an array in `dtype`, or in its own; in native byte order."""
    if array.dtype.kind not in "biufc":
        dtype_of(array.dtype)  # raises: it names the dtypes that there are
    if dtype is None:
        dtype = dtype_of(array.dtype.newbyteorder("=")).numpy
    if array.dtype.kind == "c" and dtype.kind not in "cb":
        array = array.real
    return silently(np.array, array, dtype)[()]


# Shapes ------------------------------------------------------------------------------------------


def _is_sequence(kind: type) -> bool:
    if issubclass(kind, (list, tuple)):
        return True
    if issubclass(kind, (dict, np.generic, Tensor, *_TEXT)):
        return False
    return hasattr(kind, "__len__") and hasattr(kind, "__getitem__")


def _flattened(data: Any, read: list[Tensor]) -> tuple[list[Any], tuple[int, ...]]:
    """All numbers in nested sequences, in order, and the shape."""
    level = list(data)
    shape = [len(level)]
    while not (kinds := set(map(type, level))) <= _PLAIN:
        if not kinds <= _LISTS:
            level = [_opened(e) for e in level]
            read.extend(e for e in level if isinstance(e, Tensor))
            kinds = set(map(type, level))
        if not any(map(_is_sequence, kinds)):
            level = [_only_number(e, i, shape) for i, e in enumerate(level)]
            break
        lengths = list(map(len if kinds <= _LISTS else _length, level))
        if lengths.count(lengths[0]) != len(lengths) or lengths[0] < 0:
            raise _ragged(level, lengths, shape)
        if len(shape) == _MOST_DIMS:
            raise ArgumentValueError(f"too many dimensions: {_MOST_DIMS} is the most")
        shape.append(lengths[0])
        if kinds == {np.ndarray} and len({(a.shape, a.dtype) for a in level}) == 1:
            return [np.stack(level)], (*shape, *level[0].shape[1:])
        level = list(chain.from_iterable(map(_elements, level)))
    return level, tuple(shape)


def _opened(element: Any) -> Any:
    """A 0-d array as its number; what can be seen as an array as that; all else as it is."""
    if type(element) in _PLAIN or type(element) in _LISTS:
        return element
    if isinstance(element, (np.generic, Tensor)) or not hasattr(element, "__array__"):
        return element
    array = np.asarray(element)
    return array[()] if array.ndim == 0 else array


def _elements(sequence: Any) -> Any:
    return sequence._concrete("tensor()") if isinstance(sequence, Tensor) else sequence


def _length(element: Any) -> int:
    """The length of a sequence, an array or a tensor; -1 if it is none, or has no dimensions."""
    if isinstance(element, Tensor):
        return element.shape[0] if element.shape else -1
    return len(element) if _is_sequence(type(element)) else -1


def _ragged(level: list[Any], lengths: list[int], shape: list[int]) -> WengertError:
    if -1 in lengths:
        bare = lengths.index(-1)
        return ArgumentError(
            f"not a sequence: {_place(bare, shape)} is a {type(level[bare]).__name__}, where its "
            "neighbours are sequences",
            "The data of a tensor is rectangular: nest every element equally deep.",
        )
    other = next(i for i, n in enumerate(lengths) if n != lengths[0])
    return ArgumentValueError(
        f"expected sequence of length {lengths[0]} at dim {len(shape)} (got {lengths[other]}: "
        f"{_place(other, shape)})",
        "The data of a tensor is rectangular; pad the shorter sequences.",
    )


def _only_number(element: Any, position: int, shape: list[int]) -> Any:
    """An element of the innermost sequences: a number, or a tensor that holds just one."""
    if isinstance(element, Tensor):
        data = element._concrete("tensor()")
        if data.size != 1:
            raise ArgumentValueError(
                "only one element tensors can be converted to Python scalars; "
                f"{_place(position, shape)} has shape {tuple(data.shape)}",
                "Use wengert.stack(tensors), which gradients go through.",
            )
        return data.reshape(())[()]
    if isinstance(element, _TEXT):
        raise ArgumentValueError(
            f"too many dimensions {type(element).__name__!r}: {_place(position, shape)} is text",
            "Convert it to numbers first.",
        )
    if not isinstance(element, (bool, int, float, complex, np.generic)):
        raise _no_number(element, _place(position, shape))
    return element


def _place(position: int, shape: Sequence[int]) -> str:
    """`data[1][0]`: where the element stands that is `position`-th in its level."""
    index = np.unravel_index(position, tuple(shape))
    return "data" + "".join(f"[{i}]" for i in index)


def _no_number(value: Any, place: str) -> DTypeError:
    return DTypeError(
        f"could not infer dtype of {type(value).__name__}, found as {place}",
        "Tensors hold numbers and booleans.",
    )


def _text_is_no_number(value: Any) -> ArgumentError:
    return ArgumentError(
        f"invalid data type {type(value).__name__!r}", "Tensors hold numbers and booleans."
    )


# Numbers -----------------------------------------------------------------------------------------


def _numbers(leaves: list[Any], shape: tuple[int, ...], dtype: NumpyDType | None) -> Any:
    """An array of this shape from its elements, in `dtype` or in the strongest of theirs."""
    if leaves and isinstance(leaves[0], np.ndarray):
        return copied(leaves[0], dtype)
    own = _inferred(leaves)
    target = own if dtype is None else dtype
    try:
        if is_differentiable(target) and (own.kind != "c" or target.kind == "c"):
            return silently(np.array, leaves, target).reshape(shape)
        if target.kind == "b":
            return np.array([bool(v) for v in leaves], target).reshape(shape)
        return _integers(np.array(leaves, own), target).reshape(shape)
    except OverflowError as error:
        raise ArgumentValueError(
            f"an integer in the data does not fit: {error}", "Use floats for such numbers."
        ) from None


def _inferred(leaves: list[Any]) -> NumpyDType:
    """The strongest dtype of the elements; Python's numbers count as the default ones."""
    result: NumpyDType | None = None
    for kind in dict.fromkeys(map(type, leaves)):
        dtype = _dtype_of_kind(kind, leaves)
        result = dtype if result is None else promote(result, dtype)
    return result if result is not None else default_float()


def _dtype_of_kind(kind: type, leaves: list[Any]) -> NumpyDType:
    if issubclass(kind, np.generic):
        return dtype_of(np.dtype(kind)).numpy
    if kind in _SAMPLES:
        return weak_dtype(_SAMPLES[kind])
    for plain, sample in _SAMPLES.items():
        if issubclass(kind, plain):
            return weak_dtype(sample)
    raise _no_number(next(v for v in leaves if type(v) is kind), "data")


def _integers(values: Any, target: NumpyDType) -> Any:
    """Numbers cut to an integer dtype. Raises where one does not fit; -1 is 255 in uint8."""
    if values.dtype.kind == "c":
        raise ArgumentError(
            f"complex numbers cannot become {dtype_of(target).name}", "Take .real of them first."
        )
    if target == values.dtype:
        return values
    limits = np.iinfo(target)
    wraps = target.kind == "u" and values.dtype.kind in "iu"
    least = -limits.max if wraps else limits.min
    if values.size and not (least <= values.min() and values.max() <= limits.max):
        name = dtype_of(target).name
        raise DTypeError(
            f"value cannot be converted to type {name} without overflow",
            f"{name} holds whole numbers from {limits.min} to {limits.max}.",
        )
    return silently(values.astype, target)
