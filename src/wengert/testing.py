"""Assertions on tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from wengert.core.dtype import dtype_of, promote
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError
from wengert.modes import silently
from wengert.ops.compare import isclose_op

# dtype -> (rtol, atol), as torch has them; everything else is compared exactly.
_TOLERANCES: Final = {
    "float16": (1e-3, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
_NUMBERS: Final = (bool, int, float, complex)


class _Demands(NamedTuple):
    """What assert_close was asked to check."""

    rtol: float | None
    atol: float | None
    equal_nan: bool
    dtype: bool
    stride: bool
    subclasses: bool


class _Mismatch(Exception):
    """What differs, and where in nested containers."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self.path = ""


def assert_close(
    actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None,
    atol: float | None = None, equal_nan: bool = False, check_device: bool = True,
    check_dtype: bool = True, check_layout: bool = True, check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:  # fmt: skip
    """Raise AssertionError unless |actual - expected| <= atol + rtol |expected| everywhere.

    actual, expected: tensors, arrays, numbers, None, or sequences and mappings of those, nested
    alike. rtol, atol: both or none; without them by dtype (float32: 1.3e-6 and 1e-5; float64:
    1e-7 and 1e-7; integers: equal). equal_nan: NaN is close to NaN. check_dtype, check_stride:
    these must be the same, too. msg: the message, or a function that changes it. There is one
    device and one layout, so check_device and check_layout hold.

    Raises ArgumentError where the two cannot be compared.

    >>> import wengert as wg
    >>> wg.testing.assert_close(wg.tensor([1.0]), wg.tensor([1.0 + 1e-7]))
    """
    __tracebackhide__ = True
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ArgumentValueError(
            f"rtol and atol must be either both given or both left out, but got no {missing}"
        )
    demands = _Demands(rtol, atol, equal_nan, check_dtype, check_stride, allow_subclasses)
    try:
        _compare(actual, expected, demands)
    except _Mismatch as mismatch:
        text = mismatch.text
        if mismatch.path:
            text += f"\n\nThe failure occurred for item {mismatch.path}"
        if msg is not None:
            text = msg(text) if callable(msg) else msg
        raise AssertionError(text) from None


def _compare(actual: Any, expected: Any, demands: _Demands) -> None:
    if _is_array(actual) and _is_array(expected):
        _compare_arrays(actual, expected, demands)
    elif isinstance(actual, _NUMBERS) and isinstance(expected, _NUMBERS):
        _compare_numbers(actual, expected, demands)
    elif actual is None or expected is None:
        if actual is not expected:
            raise _Mismatch(f"None mismatch: {actual} is not {expected}")
    elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
        _compare_mappings(actual, expected, demands)
    elif _is_sequence(actual) and _is_sequence(expected):
        _compare_sequences(actual, expected, demands)
    else:
        raise ArgumentError(
            f"a {type(actual).__name__} and a {type(expected).__name__} cannot be compared",
            "Compare tensors with tensors, numbers with numbers.",
        )


def _is_array(value: Any) -> bool:
    return isinstance(value, (Tensor, np.ndarray, np.generic))


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


# Containers --------------------------------------------------------------------------------------


def _compare_sequences(actual: Sequence[Any], expected: Sequence[Any], demands: _Demands) -> None:
    if len(actual) != len(expected):
        raise _Mismatch(
            f"The lengths of the sequences do not match: {len(actual)} != {len(expected)}"
        )
    for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
        _compare_item(i, a, e, demands)


def _compare_mappings(
    actual: Mapping[Any, Any], expected: Mapping[Any, Any], demands: _Demands
) -> None:
    missing = [key for key in expected if key not in actual]
    additional = [key for key in actual if key not in expected]
    if missing or additional:
        raise _Mismatch(
            "The keys of the mappings do not match:\n"
            f"Missing in the actual mapping: {missing}\n"
            f"Additional in the actual mapping: {additional}"
        )
    for key, e in expected.items():
        _compare_item(key, actual[key], e, demands)


def _compare_item(key: Any, actual: Any, expected: Any, demands: _Demands) -> None:
    try:
        _compare(actual, expected, demands)
    except _Mismatch as mismatch:
        mismatch.path = f"[{key!r}]{mismatch.path}"
        raise


# Values ------------------------------------------------------------------------------------------


def _compare_numbers(actual: Any, expected: Any, demands: _Demands) -> None:
    if demands.dtype and type(actual) is not type(expected):
        raise _Mismatch(
            f"The types do not match: {type(actual).__name__} != {type(expected).__name__}"
        )
    _compare_values(np.asarray(actual), np.asarray(expected), demands)


def _compare_arrays(actual: Any, expected: Any, demands: _Demands) -> None:
    if not demands.subclasses and type(actual) is not type(expected):
        raise ArgumentError(
            f"a {type(actual).__name__} is no {type(expected).__name__}",
            "Pass allow_subclasses=True to compare them all the same.",
        )
    a, e = _array(actual), _array(expected)
    if a.shape != e.shape:
        raise _Mismatch(f"The shapes do not match: {a.shape} != {e.shape}")
    if demands.dtype and a.dtype != e.dtype:
        raise _Mismatch(
            f"The dtypes do not match: {dtype_of(a.dtype).name} != {dtype_of(e.dtype).name}"
        )
    if demands.stride and a.strides != e.strides:
        raise _Mismatch(f"The strides do not match, in bytes: {a.strides} != {e.strides}")
    _compare_values(a, e, demands)


def _array(value: Any) -> Any:
    return np.asarray(value._concrete("assert_close()") if isinstance(value, Tensor) else value)


def _compare_values(actual: Any, expected: Any, demands: _Demands) -> None:
    rtol, atol = _tolerances(actual, expected, demands)
    dtype = promote(actual.dtype, expected.dtype)
    a, e = actual.astype(dtype), expected.astype(dtype)
    equal_nan = demands.equal_nan
    close = silently(isclose_op.forward, a, e, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if not np.all(close):
        raise _Mismatch(silently(_report, a, e, np.asarray(close), rtol, atol))


def _tolerances(actual: Any, expected: Any, demands: _Demands) -> tuple[float, float]:
    """The tolerances asked for, or the wider ones of the two dtypes."""
    if demands.rtol is not None and demands.atol is not None:
        for tolerance in (demands.rtol, demands.atol):
            if tolerance < 0:
                raise ArgumentValueError(f"a tolerance must not be negative, as is {tolerance}")
        return demands.rtol, demands.atol
    first, second = (_TOLERANCES.get(str(x.dtype), (0.0, 0.0)) for x in (actual, expected))
    return max(first[0], second[0]), max(first[1], second[1])


def _report(actual: Any, expected: Any, close: Any, rtol: float, atol: float) -> str:
    """How many elements differ, and where they differ most."""
    wide = np.complex128 if actual.dtype.kind == "c" else np.float64
    distance = np.asarray(np.abs(actual.astype(wide) - expected.astype(wide)))
    distance[close] = 0
    relative = np.where(distance == 0, 0.0, distance / np.abs(expected.astype(wide)))
    degree = "close" if rtol or atol else "equal"
    if close.ndim == 0:
        return (
            f"The values are not {degree}: expected {expected[()]!s} but got {actual[()]!s}\n"
            f"Absolute difference: {distance[()]!s}{_allowed(atol, degree)}\n"
            f"Relative difference: {relative[()]!s}{_allowed(rtol, degree)}"
        )
    wrong = close.size - np.count_nonzero(close)
    return (
        f"The tensors are not {degree}: {wrong} of {close.size} elements differ "
        f"({wrong / close.size:.1%})\n"
        f"Greatest absolute difference: {_greatest(distance)}{_allowed(atol, degree)}\n"
        f"Greatest relative difference: {_greatest(relative)}{_allowed(rtol, degree)}"
    )


def _greatest(differences: Any) -> str:
    index = np.unravel_index(np.argmax(differences), differences.shape)
    return f"{differences[index]!s} at index {tuple(map(int, index))}"


def _allowed(tolerance: float, degree: str) -> str:
    return f" (up to {tolerance!s} allowed)" if degree == "close" else ""


__all__ = ["assert_close"]
