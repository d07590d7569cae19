"""Finite differences: the inputs are moved in place, in both directions, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from wengert.autograd.checks.case import Case, check_unchanged, movable
from wengert.core.dtype import is_differentiable


def jacobian(case: Case, i: int, eps: float) -> list[Any]:
    """Per output the Jacobian by input i: shape (elements of the input, of the output).

    For complex inputs it is the conjugate Wirtinger derivative, as gradients are.
    """
    data = movable(case.inputs[i])
    columns: list[list[Any]] = []
    for at in np.ndindex(data.shape):
        direction = np.zeros(data.shape, data.dtype)
        direction[at] = 1
        columns.append(along(case, i, direction, eps, f"on index {at} by {eps}"))
    is_complex = data.dtype.kind == "c"
    return [
        _matrix([column[k] for column in columns], output._data, is_complex)
        for k, output in enumerate(case.outputs)
    ]


def _matrix(columns: list[Any], output: Any, is_complex: bool) -> Any:
    if columns:
        return np.stack(columns)
    return np.zeros((0, output.size), np.complex128 if is_complex else np.float64)


def along(case: Case, i: int, direction: Any, eps: float, where: str = "") -> list[Any]:
    """Per output, flat, its derivative if input i moves along a real direction.

    For complex inputs: the derivative along it, and 1j times that along 1j * direction.
    """
    is_complex = case.inputs[i]._data.dtype.kind == "c"
    parts = (direction, direction) if is_complex else (direction,)
    return along_parts(case, i, parts, eps, where)


def along_parts(
    case: Case, i: int, parts: tuple[Any, ...], eps: float, where: str = ""
) -> list[Any]:
    """The same with a direction of its own for the imaginary part."""
    where = where or f"by {eps}"
    slopes = _slopes(case, i, parts[0] * eps, eps, where)
    if len(parts) == 1:
        return slopes
    imaginary = _slopes(case, i, parts[1] * 1j * eps, eps, where)
    return [a + 1j * b for a, b in zip(slopes, imaginary, strict=True)]


def _slopes(case: Case, i: int, step: Any, eps: float, where: str) -> list[Any]:
    before, after = _moved(case, i, step)
    check_unchanged(before, after, where)
    return [_slope(a, b, eps) for a, b in zip(before, after, strict=True)]


def _slope(before: Any, after: Any, eps: float) -> Any:
    if not is_differentiable(before.dtype):
        before, after = before.astype(np.float64), after.astype(np.float64)
    with np.errstate(all="ignore"):
        return ((after - before) / (2 * eps)).astype(before.dtype).reshape(-1)


def _moved(case: Case, i: int, step: Any) -> tuple[list[Any], list[Any]]:
    """The outputs with input i moved back by a step, and forth."""
    data = movable(case.inputs[i])
    original = data.copy()
    found: list[list[Any]] = []
    try:
        for moved in _sides(original, step):
            data[...] = moved
            found.append(case.values())
    finally:
        data[...] = original
    return found[0], found[1]


def _sides(original: Any, step: Any) -> Iterator[Any]:
    with np.errstate(all="ignore"):
        yield original - step
        yield original + step
