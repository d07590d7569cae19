"""Values kept within limits: clamp, nan_to_num."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import common_dtype, is_differentiable, limits_of
from wengert.core.half import widened
from wengert.core.registry import NUMPY
from wengert.core.rules import Select
from wengert.errors import ArgumentError, ArgumentValueError
from wengert.ops.checks import named_by_numbers, number, refuse
from wengert.ops.define import public
from wengert.ops.kinds import elementwise


def _clamp(x: Any, min: Any, max: Any) -> Any:
    refuse("clamp", "c", x)
    if min is not None:
        x = np.maximum(min, x)  # in this order x is taken at a tie of 0 and -0, as in torch
    return x if max is None else np.minimum(max, x)


def _clamp_aval(x: Aval, min: Aval | None, max: Aval | None) -> Aval:
    given = [a for a in (x, min, max) if a is not None]
    ones = [np.ones((), a.dtype)[()] for a in given]
    return Aval(np.broadcast_shapes(*(a.shape for a in given)), common_dtype(ones))


def _within(x: Any, min: Any, max: Any) -> Any:
    if min is None:
        return x <= max
    return x >= min if max is None else (x >= min) & (x <= max)


def _at_min(x: Any, min: Any, max: Any) -> Any:
    return x < min if max is None else (x < min) & (min < max)


def _at_max(x: Any, min: Any, max: Any) -> Any:
    return x > max if min is None else (x > max) | (max < min)


def _clamp_code(code: Any, x: Any, min: Any, max: Any) -> Any:
    if min is not None:
        x = code.larger(min, x)
    return x if max is None else code.smaller(max, x)


clamp_op = elementwise(
    "clamp", _clamp, torch="clamp", promotion="common", lower=_clamp_code,
    grad_name=named_by_numbers("Clamp", 1, 2, tensors=0),
    partials=[Select(_within), Select(_at_min), Select(_at_max)], aval=_clamp_aval,
    special=False,  # torch has no gradients where the limits enlarge the input
    vanishing="clamped",
    explain="slope 1 between the limits and at them, 0 outside; there the limit has slope 1",
    source="clamp(x) = min(max(x, lower), upper)",
)  # fmt: skip


def _clamp_min(x: Any, min: Any) -> Any:
    return _clamp(x, min, None)


def _clamp_max(x: Any, max: Any) -> Any:
    return _clamp(x, None, max)


clamp_min_op = elementwise(
    "clamp_min", _clamp_min, torch="clamp_min", promotion="common", special=False,
    lower=lambda code, x, min: code.larger(min, x),
    grad_name=named_by_numbers("ClampMin", 1),
    partials=[Select(lambda x, min: x >= min), Select(lambda x, min: x < min)],
    latex=r"\max\left({},\,{}\right)",
    explain="slope 1 from the limit on, 0 below; there the limit has slope 1",
)  # fmt: skip
clamp_max_op = elementwise(
    "clamp_max", _clamp_max, torch="clamp_max", promotion="common", special=False,
    lower=lambda code, x, max: code.smaller(max, x),
    grad_name=named_by_numbers("ClampMax", 1),
    partials=[Select(lambda x, max: x <= max), Select(lambda x, max: x > max)],
    latex=r"\min\left({},\,{}\right)",
    explain="slope 1 up to the limit, 0 above; there the limit has slope 1",
)  # fmt: skip


def _check_limits(name: str, min: Any, max: Any) -> None:
    if min is None and max is None:
        raise ArgumentValueError(f"{name}: at least one of min and max must be given")


def _clamp_call(s: Any) -> Any:
    low, high = s.choice([(-1, 1.0), (None, 0.5), (-0.5, None), (1.0, -1.0), ("tensor", "tensor")])
    if low != "tensor":
        return (s.array(s.shape()),), {"min": low, "max": high}
    shapes = s.broadcastable(3)
    whole = np.broadcast_shapes(*shapes)  # torch fails where the limits enlarge the input
    return tuple(s.array(shape, distinct=True) for shape in (whole, *shapes[1:])), {}


@public(torch="clamp", samples=_clamp_call, names=("clip",), in_place=True)
def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """min(max(x, min), max): limits are numbers, tensors or None, and broadcast.

    Where min > max, the result is max. Raises ArgumentValueError if neither is given.

    >>> import wengert as wg
    >>> wg.clamp(wg.tensor([-2., 0.5, 3.]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    _check_limits("clamp", min, max)
    return clamp_op(input, min, max)


@public(torch="clamp_min", samples=lambda s: ((s.array(s.shape()), 0.5), {}), in_place=True)
def clamp_min(input: Any, min: Any) -> Any:
    """max(x, min)."""
    return clamp_min_op(input, min)


@public(torch="clamp_max", samples=lambda s: ((s.array(s.shape()), 0.5), {}), in_place=True)
def clamp_max(input: Any, max: Any) -> Any:
    """min(x, max)."""
    return clamp_max_op(input, max)


def _numpy_clip(
    a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Any:  # fmt: skip
    return clamp(a, a_min if min is None else min, a_max if max is None else max)


NUMPY[np.clip] = _numpy_clip


def _nan_to_num(x: Any, *, nan: Any, posinf: Any, neginf: Any) -> Any:
    if posinf is None and is_differentiable(x.dtype):
        posinf = float(limits_of(x.dtype).max)
    if neginf is None and is_differentiable(x.dtype):
        neginf = float(limits_of(x.dtype).min)
    found = np.nan_to_num(widened(x), nan=nan or 0.0, posinf=posinf, neginf=neginf)
    return found.astype(x.dtype)


def _nan_to_num_code(code: Any, x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    if code.whole(x):
        return x
    limits = np.finfo(code.dtype(x))
    ends = ((1, posinf, limits.max), (-1, neginf, limits.min))
    found = code.select(code.isnan(x), code.number(nan or 0.0, x), x)
    for sign, given, otherwise in ends:
        number = code.number(otherwise if given is None else given, x)
        found = code.select(code.equals_infinity(x, sign), number, found)
    return found


nan_to_num_op = elementwise(
    "nan_to_num", _nan_to_num, partials=[Select(lambda x: np.isfinite(x))], torch="nan_to_num",
    promotion="common", exact=True, lower=_nan_to_num_code,
    explain="slope 1 where x is finite, 0 where it was replaced",
)  # fmt: skip


@public(
    torch="nan_to_num",
    samples=lambda s: ((s.array(s.shape()), s.choice([None, 2.0])), {"posinf": 1.0}),
    in_place=True,
)  # fmt: skip
def nan_to_num(
    input: Any, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Any:
    """NaN replaced by `nan` (0), infinities by posinf and neginf (the dtype's largest numbers)."""
    given = {"nan": nan, "posinf": posinf, "neginf": neginf}
    for name, value in given.items():
        if value is not None:
            number(f"nan_to_num: {name}", value)
    return nan_to_num_op(input, **given)


def _numpy_nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    if not copy:
        raise ArgumentError("numpy.nan_to_num: tensors are copied; leave out copy=False")
    return nan_to_num(x, nan, posinf, neginf)


NUMPY[np.nan_to_num] = _numpy_nan_to_num
