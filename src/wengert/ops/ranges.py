"""Evenly spaced numbers: arange, linspace, logspace."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.dtype import (
    NumpyDType,
    category,
    default_complex,
    default_float,
    dtype_of,
)
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, DTypeError, ShapeError
from wengert.modes import silently
from wengert.ops.canonical import numpy_dtype
from wengert.ops.define import public
from wengert.ops.factories import check_rest, finished, number_from
from wengert.ops.samples import Call, Sampler


def _arange_samples(s: Sampler) -> Call:
    ends = s.choice([(5,), (1, 7), (-2.5, 3.0), (6, -3, -2), (0, 1, 0.125), (3.5,), (0,)])
    return ends, {"dtype": s.choice([None, dtype_of(np.dtype("float64"))])}


@public(torch="arange", method=False, differentiable=False, samples=_arange_samples)
def arange(
    *bounds: Any, start: Any = None, end: Any = None, step: Any = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """The numbers start, start + step, and so on up to, but without, `end`.

    Called with end; with start and end; or with start, end and step. int64 if all of them are
    integers, else the default dtype. Raises ShapeError where the step leads away from the end,
    or is 0.

    >>> import wengert as wg
    >>> wg.arange(5)
    tensor([0, 1, 2, 3, 4])
    >>> wg.arange(0, 1, 0.25)
    tensor([0.0000, 0.2500, 0.5000, 0.7500])
    """
    check_rest("arange", rest)
    first, last, by = _bounds(bounds, start, end, step)
    whole = all(isinstance(b, int) for b in (first, last, by))
    wanted = numpy_dtype(dtype) or (np.dtype(np.int64) if whole else default_float())
    if wanted.kind in "bc":
        raise DTypeError(f"arange has no {dtype_of(wanted).name}", "Convert the result.")
    if wanted.kind in "iu":
        first, last, by = int(first), int(last), int(by)
    data = silently(_spaced, first, by, _count(first, last, by), wanted)
    return finished(data, device, requires_grad)


def _bounds(bounds: tuple[Any, ...], start: Any, end: Any, step: Any) -> tuple[Any, Any, Any]:
    """start, end and step from positional and keyword arguments, as numbers."""
    given = list(bounds)
    if len(given) == 1 and end is None:
        end = given.pop()
    start = given.pop(0) if given and start is None else start
    end = given.pop(0) if given and end is None else end
    step = given.pop(0) if given and step is None else step
    if given or end is None:
        raise ArgumentError(
            "arange() takes end; start and end; or start, end and step", "arange(0, 10, 2)."
        )
    numbers = (0 if start is None else start, end, 1 if step is None else step)
    first, last, by = (number_from("arange", n) for n in numbers)
    for number in (first, last, by):
        if isinstance(number, complex) or not math.isfinite(number):
            raise ShapeError(f"arange: unsupported range: {first} -> {last}")
    return first, last, by


def _count(start: Any, end: Any, step: Any) -> int:
    if step == 0:
        raise ShapeError(
            "arange: step must be nonzero", "full((n,), value) repeats a number n times."
        )
    if (end - start) * step < 0:
        raise ShapeError(
            "arange: upper bound and lower bound inconsistent with step sign",
            f"From {start} to {end} the step must be {'negative' if end < start else 'positive'}.",
        )
    whole = isinstance(end - start, int) and isinstance(step, int)
    count: int = -((start - end) // step) if whole else math.ceil((end - start) / step)
    return count


def _spaced(start: Any, step: Any, count: int, dtype: NumpyDType) -> Any:
    if isinstance(start, int) and isinstance(step, int):
        return (start + step * np.arange(count)).astype(dtype)
    return (start + step * np.arange(count, dtype=np.float64)).astype(dtype)


def _linspace_samples(s: Sampler) -> Call:
    return (s.number(-3, 3), s.number(-3, 3), s.integer(0, 9)), {}


@public(torch="linspace", method=False, differentiable=False, samples=_linspace_samples)
def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """`steps` evenly spaced numbers from `start` to `end`, both included.

    In the default dtype, a complex one for complex ends. Raises ShapeError for a negative number
    of steps.

    >>> import wengert as wg
    >>> wg.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    check_rest("linspace", rest)
    first, last, wanted = _ends("linspace", start, end, steps, dtype)
    data = silently(_between, first, last, steps).astype(wanted)
    return finished(data, device, requires_grad)


@public(torch="logspace", method=False, differentiable=False, samples=_linspace_samples)
def logspace(
    start: Any, end: Any, steps: int, base: Any = 10.0, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """`base` to the power of `steps` evenly spaced numbers from `start` to `end`.

    >>> import wengert as wg
    >>> wg.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    check_rest("logspace", rest)
    first, last, wanted = _ends("logspace", start, end, steps, dtype)
    base = number_from("logspace", base)
    data = silently(lambda: np.power(base, _between(first, last, steps)).astype(wanted))
    return finished(data, device, requires_grad)


def _ends(name: str, start: Any, end: Any, steps: Any, dtype: Any) -> tuple[Any, Any, NumpyDType]:
    """Both ends as numbers, and the dtype. Raises where steps or dtype do not do."""
    first, last = _end(name, start), _end(name, end)
    if not hasattr(steps, "__index__"):
        raise ArgumentError(f"{name}: steps must be an int, not {type(steps).__name__}")
    if steps < 0:
        raise ShapeError(f"{name}: number of steps must be non-negative")
    inferred = default_complex() if _is_complex(first, last) else default_float()
    wanted = numpy_dtype(dtype) or inferred
    if wanted.kind == "b":
        raise DTypeError(f"{name} has no bool", "Convert the result.")
    if category(inferred) == category(np.dtype(complex)) and wanted.kind != "c":
        raise DTypeError(
            f"{name}: the ends are complex and can't be safely cast to {dtype_of(wanted).name}"
        )
    if wanted.kind in "iu":
        first, last = int(first), int(last)
    return first, last, wanted


def _end(name: str, value: Any) -> Any:
    if isinstance(value, Tensor):
        if value.shape:
            raise ShapeError(
                f"{name} only supports 0-dimensional start and end tensors, but got "
                f"{value.ndim} dimension(s)."
            )
        value = value.detach()
    return number_from(name, value)


def _is_complex(*numbers: Any) -> bool:
    return any(isinstance(n, complex) for n in numbers)


def _between(start: Any, end: Any, steps: int) -> Any:
    """Counted from the nearer end, as torch does it: so the last one is `end` exactly."""
    index = np.arange(steps, dtype=np.float64)
    if steps < 2:
        return start + 0 * index
    step = (end - start) / (steps - 1)
    return np.where(index < steps // 2, start + step * index, end - step * (steps - 1 - index))


__all__ = ["arange", "linspace", "logspace"]
