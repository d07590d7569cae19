"""Complex numbers and their parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.errors import DTypeError
from wengert.ops.arguments import array_of
from wengert.ops.batching import broadcast_rule
from wengert.ops.checks import pointwise
from wengert.ops.define import public
from wengert.ops.kinds import linear
from wengert.ops.samples import Call, Sampler


def _real(x: Any) -> Any:
    return x.real


def _imag(x: Any) -> Any:
    return x.imag


def _conj(x: Any) -> Any:
    return np.conj(x)


def _angle(x: Any) -> Any:
    if x.dtype.kind == "c":
        return np.angle(x)
    # torch: pi for negative numbers, 0 for the others, -0 included.
    return np.where(np.isnan(x), x, np.where(x < 0, x.dtype.type(np.pi), x.dtype.type(0)))


def _angle_code(code: Any, x: Any) -> Any:
    zero = code.number(0.0, x)
    angle = code.select(code.compare("olt", x, zero), code.number(np.pi, x), zero)
    return code.select(code.isnan(x), x, angle)


def _angle_pullback(ct: Any, x: Any, x_aval: Any) -> Any:
    """Of z = x + iy the angle turns by (x dy - y dx) / |z|^2; real numbers do not turn."""
    if x_aval.dtype.kind != "c":
        return np.where(False, ct, 0)
    # 1 instead of 0: in the derivative of this rule 0 / 0 would be NaN, though it is not chosen.
    square = np.where(x == 0, 1, np.real(x) * np.real(x) + np.imag(x) * np.imag(x))
    return np.where(x == 0, 0, ct * (x * 1j) / square)


real_op = linear(
    "real", _real, transpose=lambda ct: ct, torch="real", view=True, holomorphic=False,
    grad_name="SelectBackward0",  # in torch a selection of view_as_real
    latex=r"\mathrm{{Re}}\left({}\right)", explain="slope 1 in the real part, 0 in the imaginary",
    batch=broadcast_rule,
)  # fmt: skip
imag_op = linear(
    "imag", _imag, transpose=lambda ct: ct * 1j, torch="imag", view=True, holomorphic=False,
    grad_name="SelectBackward0",
    latex=r"\mathrm{{Im}}\left({}\right)", explain="slope 1 in the imaginary part, 0 in the real",
    batch=broadcast_rule,
)  # fmt: skip
conj_op = linear(
    "conj", _conj, transpose=lambda ct: np.conj(ct), torch="conj", holomorphic=False,
    latex=r"\overline{{{}}}", explain="mirrors the change at the real line",
    batch=broadcast_rule,
)  # fmt: skip
angle_op = pointwise(
    "angle", _angle, pullbacks=[_angle_pullback], torch="angle", holomorphic=False,
    lower=_angle_code,
    latex=r"\arg\left({}\right)",
    explain="slope 0 on the real line; elsewhere 1 / |z| for a step across the ray",
)  # fmt: skip


def _is_complex(x: Any) -> bool:
    kind: str = array_of(x).dtype.kind
    return kind == "c"


def _property_real(self: Tensor) -> Any:
    """The real part; shares memory."""
    return real(self)


def _property_imag(self: Tensor) -> Any:
    """The imaginary part; shares memory."""
    return imag(self)


# In torch, too, these are properties of a tensor.
setattr(Tensor, "real", property(_property_real))  # noqa: B010
setattr(Tensor, "imag", property(_property_imag))  # noqa: B010


def complex_samples(s: Sampler) -> Call:
    """One complex tensor."""
    shape = s.shape()
    return (np.asarray(s.array(shape) + 1j * s.array(shape))[()],), {}


@public(
    torch="real", method=False, samples=lambda s: ((s.array(s.shape()),), {}), numpy=(np.real,)
)  # fmt: skip
def real(input: Any) -> Any:
    """The real part, sharing memory with the complex tensor; a real tensor is its own."""
    return real_op(input) if _is_complex(input) else input


@public(torch="imag", method=False, samples=complex_samples)
def imag(input: Any) -> Any:
    """The imaginary part, sharing memory with the complex tensor.

    Raises DTypeError for real tensors.
    """
    if not _is_complex(input):
        raise DTypeError("imag: the tensor is not complex, it has no imaginary part")
    return imag_op(input)


@public(torch="conj", samples=lambda s: ((s.array(s.shape()),), {}), numpy=(np.conjugate,))
def conj(input: Any) -> Any:
    """The complex conjugate; a real tensor is its own."""
    return conj_op(input) if _is_complex(input) else input


@public(torch="angle", samples=lambda s: ((s.array(s.shape()),), {}), numpy=(np.angle,))
def angle(input: Any) -> Any:
    """The angle of each number in the complex plane, in (-pi, pi]; integers give floats."""
    return angle_op(input)
