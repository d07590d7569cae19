"""Activations with a corner or a knee: relu, leaky_relu, elu, hardtanh and their relatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.rules import Select
from wengert.core.tensor import Tensor
from wengert.core.write import in_place
from wengert.errors import ArgumentValueError
from wengert.ops.checks import number, pointwise, refuse
from wengert.ops.define import method, public
from wengert.ops.kinds import elementwise
from wengert.ops.selection import where_op


def _relu(x: Any) -> Any:
    refuse("relu", "bc", x)
    zero: Any = 0
    if isinstance(x, np.ndarray) and x.ndim and x.flags.c_contiguous:
        # NumPy's vectorised loop takes two arrays, and no number: 6 us instead of 20 for 128 x 512.
        zero = np.zeros(x.shape[-1], x.dtype)
    return np.maximum(zero, x)  # in this order -0 stays -0, as in torch


def _relu_code(code: Any, x: Any) -> Any:
    zero = code.number(0.0, x)
    return code.select(code.compare("olt", x, zero), zero, x)  # NaN and -0 stay


# The output is positive, NaN or 0; torch passes the cotangent on where it is NaN.
relu_op = elementwise(
    "relu", _relu, partials=[Select(lambda out: out != 0)], torch="relu", promotion="common",
    latex=r"\mathrm{{relu}}\left({}\right)", lower=_relu_code,
    vanishing="dead relu",
    explain="slope 1 where x > 0, 0 elsewhere",
)  # fmt: skip


def _positive(code: Any, x: Any, other: Any) -> Any:
    """x where it is positive, else the other value; also where x is NaN."""
    return code.select(code.compare("ogt", x, code.number(0.0, x)), x, other)


def _leaky_relu_code(code: Any, x: Any, negative_slope: float) -> Any:
    return _positive(code, x, code.mul(x, code.number(negative_slope, x)))


def _elu_code(code: Any, x: Any, alpha: float) -> Any:
    return _positive(code, x, code.mul(code.number(alpha, x), code.call("expm1", x)))


def _celu_code(code: Any, x: Any, alpha: float) -> Any:
    curve = code.call("expm1", code.div(x, code.number(alpha, x)))
    return _positive(code, x, code.mul(code.number(alpha, x), curve))


def _selu_code(code: Any, x: Any) -> Any:
    return code.mul(code.number(_SELU_SCALE, x), _elu_code(code, x, _SELU_ALPHA))


def _clipped(code: Any, x: Any, low: float, high: float) -> Any:
    """min(max(low, x), high), as NumPy has it with the limits as given."""
    return code.smaller(code.larger(code.number(low, x), x), code.number(high, x))


def _relu6_of(code: Any, x: Any) -> Any:
    """relu6(x + 3)."""
    moved = code.add(x, code.number(3, x))
    return code.smaller(code.larger(moved, code.number(0, x)), code.number(6, x))


def _hardswish_code(code: Any, x: Any) -> Any:
    return code.div(code.mul(x, _relu6_of(code, x)), code.number(6, x))


def _leaky_relu(x: Any, *, negative_slope: float) -> Any:
    refuse("leaky_relu", "biuc", x)
    return where_op(x > 0, x, x * negative_slope)


def _elu(x: Any, *, alpha: float) -> Any:
    refuse("elu", "biuc", x)
    return where_op(x > 0, x, alpha * np.expm1(x))


def _elu_slope(x: Any, alpha: float) -> Any:
    return where_op(x <= 0, alpha * np.exp(_negative(x)), 1)


def _celu(x: Any, *, alpha: float) -> Any:
    refuse("celu", "biuc", x)
    return where_op(x > 0, x, alpha * np.expm1(x / alpha))


def _celu_slope(x: Any, alpha: float) -> Any:
    return where_op(x <= 0, np.exp(_negative(x) / alpha), 1)


_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def _selu(x: Any) -> Any:
    refuse("selu", "biuc", x)
    return _SELU_SCALE * where_op(x > 0, x, _SELU_ALPHA * np.expm1(x))


def _selu_slope(x: Any) -> Any:
    return _SELU_SCALE * where_op(x <= 0, _SELU_ALPHA * np.exp(_negative(x)), 1)


def _negative(x: Any) -> Any:
    """x where it is negative, else 0: exp must stay finite in the branch that is not taken."""
    return where_op(x < 0, x, 0)


leaky_relu_op = pointwise(
    "leaky_relu", _leaky_relu, torch="nn.functional.leaky_relu", promotion="common",
    lower=_leaky_relu_code,
    pullbacks=[lambda ct, x, negative_slope: where_op(x > 0, ct, ct * negative_slope)],
    explain="slope 1 where x > 0, negative_slope elsewhere",
)  # fmt: skip
elu_op = elementwise(
    "elu", _elu, partials=[_elu_slope], torch="nn.functional.elu", promotion="common",
    ulps=3, lower=_elu_code,
    vanishing="saturated elu",
    explain="slope 1 where x > 0, alpha exp(x) elsewhere",
    source="elu(x) = x where x > 0, alpha (exp(x) - 1) elsewhere",
)  # fmt: skip
celu_op = elementwise(
    "celu", _celu, partials=[_celu_slope], torch="celu", promotion="common",
    ulps=4, lower=_celu_code,
    vanishing="saturated celu",
    explain="slope 1 where x > 0, exp(x / alpha) elsewhere",
    source="celu(x) = x where x > 0, alpha (exp(x / alpha) - 1) elsewhere",
)  # fmt: skip
selu_op = elementwise(
    "selu", _selu, partials=[_selu_slope], torch="selu", promotion="common",
    ulps=4, lower=_selu_code,
    grad_name="EluBackward0",
    vanishing="saturated selu",
    explain="slope 1.05 where x > 0, 1.76 exp(x) elsewhere",
    source="selu(x) = scale elu(x, alpha), which keep mean 0 and variance 1 in deep networks",
)  # fmt: skip


# Corners on both sides


def _hardtanh(x: Any, *, min_val: float, max_val: float) -> Any:
    refuse("hardtanh", "bcu" if min_val < 0 else "bc", x)
    low, high = x.dtype.type(min_val), x.dtype.type(max_val)
    return np.minimum(np.maximum(low, x), high)


def _hardsigmoid(x: Any) -> Any:
    refuse("hardsigmoid", "biuc", x)
    return np.minimum(np.maximum(x + 3, 0), 6) / 6


def _hardswish(x: Any) -> Any:
    refuse("hardswish", "biuc", x)
    return x * np.minimum(np.maximum(x + 3, 0), 6) / 6


hardtanh_op = elementwise(
    "hardtanh", _hardtanh, torch="nn.functional.hardtanh", promotion="common",
    lower=lambda code, x, min_val, max_val: _clipped(code, x, min_val, max_val),
    partials=[
        Select(lambda x, min_val, max_val: np.logical_not((x <= min_val) | (x >= max_val))),
    ],
    vanishing="saturated hardtanh",
    explain="slope 1 between the limits, 0 outside and at them",
)  # fmt: skip
hardsigmoid_op = pointwise(
    "hardsigmoid", _hardsigmoid, torch="nn.functional.hardsigmoid", promotion="common",
    lower=lambda code, x: code.div(_relu6_of(code, x), code.number(6, x)),
    pullbacks=[lambda ct, x: where_op((x > -3) & (x < 3), ct / 6, 0)],
    vanishing="saturated hardsigmoid",
    explain="slope 1/6 between -3 and 3, 0 elsewhere",
    source="hardsigmoid(x) = relu6(x + 3) / 6",
)  # fmt: skip
hardswish_op = pointwise(
    "hardswish", _hardswish, torch="nn.functional.hardswish", promotion="common",
    lower=_hardswish_code,
    pullbacks=[
        lambda ct, x: where_op(x <= -3, 0, where_op(x < 3, ct * (x / 3 + 0.5), ct)),
    ],
    vanishing="dead hardswish",
    explain="slope 0 below -3, x/3 + 1/2 from there to 3, 1 above",
    source="hardswish(x) = x relu6(x + 3) / 6",
)  # fmt: skip


def _applied(op: Op, input: Any, inplace: bool, **attrs: Any) -> Any:
    return in_place(op, input, **attrs) if inplace else op(input, **attrs)


def _one(s: Any) -> Any:
    return (s.array(s.shape()),), {}


def _one_and(*options: float) -> Any:
    return lambda s: ((s.array(s.shape()), s.choice(list(options))), {})


@public(torch="nn.functional.relu", samples=_one)
def relu(input: Any, inplace: bool = False) -> Any:
    """max(x, 0). inplace, here and below: written into the input's own memory.

    >>> import wengert as wg
    >>> wg.relu(wg.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    return _applied(relu_op, input, inplace)


@method(Tensor)
def relu_(self: Tensor) -> Tensor:
    """max(x, 0), in this tensor's own memory."""
    return in_place(relu_op, self)


@public(torch="nn.functional.selu", method=False, samples=_one)
def selu(input: Any, inplace: bool = False) -> Any:
    """x where x > 0, 1.67 * (exp(x) - 1) elsewhere, all times 1.05."""
    return _applied(selu_op, input, inplace)


@public(torch="nn.functional.leaky_relu", method=False, samples=_one_and(0.01, 0.5))
def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """x where x > 0, negative_slope * x elsewhere."""
    slope = number("leaky_relu: negative_slope", negative_slope)
    return _applied(leaky_relu_op, input, inplace, negative_slope=slope)


@public(torch="nn.functional.elu", method=False, samples=_one_and(1.0, 0.5, 2.0))
def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x where x > 0, alpha * (exp(x) - 1) elsewhere."""
    return _applied(elu_op, input, inplace, alpha=number("elu: alpha", alpha))


@public(torch="celu", method=False, samples=_one_and(1.0, 0.5, 2.0))
def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x where x > 0, alpha * (exp(x / alpha) - 1) elsewhere. Raises if alpha is 0."""
    if alpha == 0:
        raise ArgumentValueError("celu: alpha must not be 0")
    return _applied(celu_op, input, inplace, alpha=number("celu: alpha", alpha))


@public(
    torch="nn.functional.hardtanh", method=False,
    samples=lambda s: ((s.array(s.shape()), s.choice([-1.0, -2.0]), s.choice([1.0, 0.5])), {}),
)  # fmt: skip
def hardtanh(
    input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Any:  # fmt: skip
    """x, but no less than min_val and no more than max_val. Raises if min_val > max_val."""
    if min_val > max_val:
        raise ArgumentValueError(f"hardtanh: min_val {min_val} is above max_val {max_val}")
    return _applied(hardtanh_op, input, inplace, min_val=min_val, max_val=max_val)


@public(torch="nn.functional.relu6", method=False, samples=_one)
def relu6(input: Any, inplace: bool = False) -> Any:
    """min(max(x, 0), 6)."""
    return _applied(hardtanh_op, input, inplace, min_val=0.0, max_val=6.0)


@public(torch="nn.functional.hardsigmoid", method=False, samples=_one)
def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """relu6(x + 3) / 6: sigmoid in three straight pieces."""
    return _applied(hardsigmoid_op, input, inplace)


@public(torch="nn.functional.hardswish", method=False, samples=_one)
def hardswish(input: Any, inplace: bool = False) -> Any:
    """x * relu6(x + 3) / 6: silu without exponentials."""
    return _applied(hardswish_op, input, inplace)
