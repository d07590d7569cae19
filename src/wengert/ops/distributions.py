"""Random numbers of every dtype, from one draw of a generator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.dtype import NumpyDType, dtype_of, is_floating, limits_of
from wengert.core.half import is_half
from wengert.errors import DTypeError, ShapeError
from wengert.ops.generator import stream

Shape = tuple[int, ...]


def uniform(shape: Shape, dtype: NumpyDType, key: int, offset: int) -> Any:
    """Evenly distributed in [0, 1); the parts of complex numbers likewise."""
    source = stream(key, offset)
    if dtype.kind == "c":
        return _of_parts(_unit(source, shape, dtype), _unit(source, shape, dtype), dtype)
    check_floating("a uniform distribution", dtype)
    return _unit(source, shape, dtype)[()]


def _unit(source: np.random.Generator, shape: Shape, dtype: NumpyDType) -> Any:
    if dtype in (np.dtype(np.float32), np.dtype(np.complex64)):
        return source.random(shape, dtype=np.float32)
    if is_half(dtype):
        # Rounding a longer fraction could give 1.
        steps = 2 ** (nmant(dtype) + 1)
        return (source.integers(0, steps, shape) / steps).astype(dtype)
    return source.random(shape)


def standard_normal(shape: Shape, dtype: NumpyDType, key: int, offset: int) -> Any:
    """Mean 0, variance 1; of complex numbers, half of it in each part."""
    source = stream(key, offset)
    if dtype.kind == "c":
        parts = [_normal(source, shape, dtype) * math.sqrt(0.5) for _ in range(2)]
        return _of_parts(parts[0], parts[1], dtype)
    check_floating("a normal distribution", dtype)
    return _normal(source, shape, dtype).astype(dtype)[()]


def _normal(source: np.random.Generator, shape: Shape, dtype: NumpyDType) -> Any:
    if dtype in (np.dtype(np.float64), np.dtype(np.complex128)):
        return np.asarray(source.standard_normal(shape))
    return np.asarray(source.standard_normal(shape, dtype=np.float32))


def _of_parts(real: Any, imag: Any, dtype: NumpyDType) -> Any:
    out = np.empty(np.shape(real), dtype)
    out.real = real
    out.imag = imag
    return out[()]


def integers(shape: Shape, low: int, high: int, dtype: NumpyDType, key: int, offset: int) -> Any:
    """Whole numbers from low to high - 1, all equally likely."""
    drawn = stream(key, offset).integers(low, high, shape, dtype=np.int64)
    return np.asarray(drawn).astype(dtype)[()]


def check_range(low: int, high: int, dtype: NumpyDType) -> None:
    """Raise ShapeError for an empty range, DTypeError for one that the dtype cannot hold."""
    if low >= high:
        raise ShapeError(
            f"random integers: 'from' must be less than 'to', but got from={low} >= to={high}"
        )
    least, most = exact_range(dtype)
    for number, name in ((low, "from"), (high - 1, "to - 1")):
        if not least <= number <= most:
            raise DTypeError(
                f"{name} = {number} is out of bounds for {dtype_of(dtype).name}",
                f"It holds every whole number from {least} to {most}.",
            )


def exact_range(dtype: NumpyDType) -> tuple[int, int]:
    """The whole numbers that a dtype holds without gaps."""
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return int(limits.min), int(limits.max)
    check_floating("random integers", dtype)
    most = 2 ** (nmant(dtype) + 1)
    return -most, most


def nmant(dtype: NumpyDType) -> int:
    """The bits of a floating-point dtype's fraction, the leading one not counted."""
    return int(limits_of(dtype).nmant)


def check_floating(what: str, dtype: NumpyDType) -> None:
    """Raise DTypeError unless the dtype is floating point."""
    if not is_floating(dtype):
        raise DTypeError(
            f"{what} needs floating point, not {dtype_of(dtype).name}",
            "Give dtype=wengert.float32, for example.",
        )
