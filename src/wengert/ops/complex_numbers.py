"""Complex tensors from real ones: by parts, and by magnitude and angle."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.dtype import dtype_of
from wengert.core.tensor import Tensor
from wengert.errors import DTypeError
from wengert.ops.about import expect_tensor
from wengert.ops.batching import broadcast_rule
from wengert.ops.define import public
from wengert.ops.kinds import general
from wengert.ops.samples import Call, Sampler


def _joined(real: Any, imag: Any) -> Any:
    """real + i imag, put together part by part: a sum would make inf + i 0 of (inf, 0) NaN."""
    shape = np.broadcast_shapes(np.shape(real), np.shape(imag))
    out = np.empty(shape, np.result_type(real, np.complex64))
    out.real = real
    out.imag = imag
    return out


complex_op = general(
    "complex", _joined, pullbacks=[lambda ct: np.real(ct), lambda ct: np.imag(ct)],
    torch="complex", holomorphic=False,
    explain="slope 1 in the real part, i in the imaginary part",
    batch=broadcast_rule,
)  # fmt: skip


def _polar(abs: Any, angle: Any) -> Any:
    return _joined(abs * np.cos(angle), abs * np.sin(angle))


def _polar_abs(ct: Any, angle: Any) -> Any:
    return np.real(ct) * np.cos(angle) + np.imag(ct) * np.sin(angle)


def _polar_angle(ct: Any, abs: Any, angle: Any) -> Any:
    return abs * (np.imag(ct) * np.cos(angle) - np.real(ct) * np.sin(angle))


polar_op = general(
    "polar", _polar, pullbacks=[_polar_abs, _polar_angle], torch="polar", holomorphic=False,
    explain="slope e^(i angle) in the magnitude, i times the value in the angle",
    batch=broadcast_rule,
)  # fmt: skip


def _pair_samples(s: Sampler) -> Call:
    first, second = s.broadcastable(2)
    return (s.array(first), s.array(second)), {}


@public(torch="complex", method=False, samples=_pair_samples)
def complex_(real: Tensor, imag: Tensor) -> Any:
    """real + i imag. Raises DTypeError unless both are float32 or both are float64.

    >>> import wengert as wg
    >>> wg.complex(wg.tensor([1.0]), wg.tensor([2.0]))
    tensor([1.+2.j])
    """
    _check_parts("complex", real, imag)
    return complex_op(real, imag)


def _polar_samples(s: Sampler) -> Call:
    first, second = s.broadcastable(2)
    return (s.array(first, 0.25, 3), s.array(second)), {}


@public(torch="polar", method=False, samples=_polar_samples)
def polar(abs: Tensor, angle: Tensor) -> Any:
    """The complex number abs (cos(angle) + i sin(angle)). Raises DTypeError as `complex` does.

    Where `abs` is negative, its slope is that of the formula; torch has it with the other sign.
    """
    _check_parts("polar", abs, angle)
    return polar_op(abs, angle)


def _check_parts(name: str, first: Tensor, second: Tensor) -> None:
    a, b = expect_tensor(name, first)._data.dtype, expect_tensor(name, second)._data.dtype
    if a != b:
        raise DTypeError(
            f"{name}: both parts have one dtype, not {dtype_of(a).name} and {dtype_of(b).name}"
        )
    if a not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise DTypeError(f"{name}: the parts are float32 or float64, not {dtype_of(a).name}")
