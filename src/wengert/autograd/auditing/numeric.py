"""Derivatives by finite differences, element by element, in double precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

_MOST = 120
"""Elements per input that are looked at; of larger ones, a sample."""


class Precision(NamedTuple):
    """How far an element is moved, and how much derivatives may differ, both relative to it."""

    step: float
    tolerance: float


DOUBLE = Precision(1e-5, 1e-4)
SINGLE = Precision(1e-2, 3e-2)
"""For a Function that computes in float32, whatever it is given: differences are as coarse."""


class Difference(NamedTuple):
    """Where two derivatives differ most: the place, and both."""

    place: tuple[int, ...]
    ruled: complex
    measured: complex

    def __str__(self) -> str:
        at = "" if not self.place else f"at {list(self.place)} "
        return (
            f"{at}{{}} gives {number(self.ruled)}, finite differences give {number(self.measured)}"
        )


def number(value: complex) -> str:
    """Four digits; the imaginary part only if there is one."""
    return f"{value.real:.4g}" if not value.imag else f"{value:.4g}"


def dot(cotangents: Sequence[Any], values: Sequence[Any]) -> float:
    """The real inner product of outputs and cotangents, those that are None left out."""
    pairs = zip(cotangents, values, strict=True)
    return float(sum(np.vdot(c, v).real for c, v in pairs if c is not None))


def worst(
    along: Callable[[Any], float], at: Any, ruled: Any, random: Any, precision: Precision
) -> tuple[Difference | None, int]:
    """Where a gradient differs most from the differences of a function, if it does anywhere.

    along: the function, of an array like `at`. Elements at which it bends are left out; the second
    result says how many were looked at.
    """
    found: Difference | None = None
    largest, seen = 0.0, 0
    for index in _indices(at.shape, random):
        measured = _slope(along, at, index, precision.step)
        if measured is None:
            continue
        seen += 1
        mine = complex(np.asarray(ruled)[index])
        error = abs(mine - measured) / max(1.0, abs(mine), abs(measured))
        if not error <= max(precision.tolerance, largest):
            largest, found = error, Difference(index, mine, measured)
    return found, seen


def _indices(shape: tuple[int, ...], random: Any) -> Iterator[tuple[int, ...]]:
    size = int(np.prod(shape, dtype=np.int64))
    chosen = np.arange(size) if size <= _MOST else random.choice(size, _MOST, replace=False)
    for flat in chosen:
        yield tuple(int(i) for i in np.unravel_index(flat, shape))


def _slope(
    along: Callable[[Any], float], at: Any, index: tuple[int, ...], size: float
) -> complex | None:
    """The derivative by one element; a + bi for a complex one. None where it bends."""
    real = _one_slope(along, at, index, size)
    if real is None or at.dtype.kind != "c":
        return real
    imag = _one_slope(along, at, index, size * 1j)
    return None if imag is None else complex(real, imag)


def _one_slope(
    along: Callable[[Any], float], at: Any, index: tuple[int, ...], move: complex
) -> float | None:
    scale = max(1.0, abs(complex(at[index])))
    step = abs(move) * scale
    middle = along(at)
    up, down = (along(_moved(at, index, d * move * scale)) for d in (1, -1))
    right, left = (up - middle) / step, (middle - down) / step
    slope = (up - down) / (2 * step)
    smooth = abs(right - left) <= max(1e-2, 10 * abs(move)) * max(1.0, abs(right), abs(left))
    return slope if smooth and np.isfinite(slope) else None


def _moved(at: Any, index: tuple[int, ...], by: complex) -> Any:
    moved = at.copy()
    moved[index] += by if at.dtype.kind == "c" else by.real
    return moved
