"""Powers and roots of elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from wengert.core.computing import cast
from wengert.core.dtype import common_dtype, is_differentiable
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.core.write import in_place
from wengert.errors import DTypeError
from wengert.ops.cast import to
from wengert.ops.checks import refuse
from wengert.ops.define import method, public, publish
from wengert.ops.kinds import elementwise

_NUMBERS = (int, float, complex)


def _pow(x: Any, y: Any) -> Any:
    # Promotion happens here: only an exponent that is a number may not be negative with
    # integers. NumPy squares, roots and inverts directly if the exponent is left a number.
    if type(y) in (int, float) and is_differentiable(x.dtype):
        return 1 / np.sqrt(x) if y == -0.5 else x**y
    dtype = common_dtype((x, y))
    if dtype.kind == "b" and type(y) is bool:
        return x | (not y)  # as torch has it, for a number only
    base, exponent = cast(x, dtype), cast(y, dtype)
    if is_differentiable(dtype):
        return np.power(base, exponent)
    refuse("pow", "b", base)
    if isinstance(y, int) and y < 0:
        raise DTypeError(
            "pow: integers to negative integer powers are not allowed",
            "Cast the base to floating point first: x.float() ** -1.",
        )
    return _integer_power(base, exponent)


def _integer_power(x: Any, y: Any) -> Any:
    """x**y for integers; a negative exponent rounds the quotient towards zero."""
    result = np.power(x, np.maximum(y, 0))
    if not np.any(y < 0):
        return result
    inverse = np.where(np.abs(x) == 1, np.where(y % 2 == 0, 1, x), 0)
    return np.where(y < 0, inverse, result).astype(x.dtype)


def _base_slope(x: Any, y: Any) -> Any:
    """y * x^(y - 1), and 0 where y is 0, whatever x is."""
    if isinstance(y, _NUMBERS):
        if y == 0:
            return np.where(True, 0, x)
        # With a history a power throughout, so that x^2 has as many derivatives as in torch.
        is_short = y == 2 and not (isinstance(x, Tensor) and x.requires_grad)
        return 2 * x if is_short else y * pow_op(x, y - 1)
    zero = y == 0
    # The exponent is kept off -1 where y is 0: 1/x is infinite at 0, also in second derivatives.
    return np.where(zero, 0, y * pow_op(x, np.where(zero, 1, y) - 1))


def _exponent_slope(out: Any, x: Any, y: Any, x_aval: Any, y_aval: Any) -> Any:
    """x^y log x, and 0 where x is 0 and y is not negative."""
    real = np.real(y) if y_aval.dtype.kind == "c" else y
    log = _log_of_base(x, x_aval.dtype.kind, y_aval.dtype.kind)
    return np.where((x == 0) & (real >= 0), 0, out * log)


def _log_of_base(x: Any, kind: str, exponent_kind: str) -> Any:
    """log x, for integers in full precision, for a complex exponent as a complex number."""
    if exponent_kind == "c" and kind != "c":
        x = x + 0j
    elif kind not in "fcV":
        x = x * 1.0
    return np.log(x).item() if isinstance(x, _NUMBERS) else np.log(x)


def _power_call(s: Any) -> Any:
    """A positive base with any exponent, or any base with a whole number."""
    if s.choice([True, False]):
        return (s.array(s.shape()), s.choice([0, 1, 2, 3])), {}
    first, second = s.broadcastable(2)
    return (s.array(first, 0.2, 3.0), s.array(second)), {}


def _pow_name(node: Any) -> str:
    """PowBackward0 with a number as the exponent, 2 as the base, 1 with none."""
    base, exponent = node.inputs
    return f"PowBackward{0 if exponent is None else 2 if base is None else 1}"


def _power_written(x: Any, y: Any) -> Any:
    """Whole powers from -1 to 4 of floats by products, within 2 ulp, and roots as eagerly."""
    if type(y) not in (int, float) or not is_differentiable(x._data.dtype):
        return None
    if y == 0.5 and x.ndim:  # for a NumPy scalar eager code has pow's: inf for -inf, 0 for -0
        return sqrt(x)
    found = _WRITTEN.get(y)
    return None if found is None else found(x)


_WRITTEN: Final[dict[float, Callable[[Any], Any]]] = {
    -1: lambda x: reciprocal(x),
    -0.5: lambda x: rsqrt(x),
    0: lambda x: np.where(True, 1, x),  # also of NaN
    1: lambda x: x,
    2: lambda x: square(x),
    3: lambda x: square(x) * x,
    4: lambda x: square(square(x)),
}


def _power_code(code: Any, x: Any, y: Any) -> Any:
    if not code.whole(x):
        return code.call("pow", x, y)
    if code.width(x) == 1:
        return code.either(x, code.inverse(y))
    zero, one = code.number(0, x), code.number(1, x)
    below = code.compare("olt", y, zero)
    power = _squared_up(code, x, code.select(below, zero, y))
    is_one = code.compare("oeq", code.abs(x), one)
    inverse = code.select(is_one, code.select(_bit(code, y, 0), x, one), zero)
    return code.select(below, inverse, power)


def _squared_up(code: Any, x: Any, y: Any) -> Any:
    """x^y of integers, y >= 0: the product of x^(2^i) over the bits i of y."""
    power = code.number(1, x)
    for i in range(code.width(y)):
        power = code.select(_bit(code, y, i), code.mul(power, x), power)
        x = code.mul(x, x)
    return power


def _bit(code: Any, y: Any, i: int) -> Any:
    return code.truth(code.both(y, code.number(1 << i, y)))


pow_op = publish(elementwise(
    "pow", _pow, partials=[_base_slope, _exponent_slope], torch="pow", promotion="none",
    written=_power_written, ulps=4, lower=_power_code,
    saved_as=("self", "exponent"),
    samples=_power_call, grad_name=_pow_name,
    symbol="{} ** {}", latex="{{{}}}^{{{}}}", precedence=14, numpy=(np.power,),
    explain="slope y x^(y-1) in the base x, x^y log x in the exponent y",
    source="d/dx x^y = y x^(y-1); d/dy x^y = x^y log x",
), in_place=True)  # fmt: skip


def _square(x: Any) -> Any:
    return np.square(x) if x.dtype.kind != "b" else x.astype(np.int64)


def _rsqrt(x: Any) -> Any:
    return 1 / np.sqrt(x)


def _reciprocal(x: Any) -> Any:
    return 1 / x


square: Op = publish(elementwise(
    "square", _square, partials=[lambda x: 2 * x], torch="square", promotion="common",
    grad_name="PowBackward0", latex="{{{}}}^2", numpy=(np.square,),
    lower=lambda code, x: code.mul(x, x),
    explain="slope 2x",
), in_place=True)  # fmt: skip
sqrt: Op = publish(elementwise(
    "sqrt", np.sqrt, partials=[lambda out: 0.5 / out], torch="sqrt", domain=(0.1, 4.0),
    latex=r"\sqrt{{{}}}", lower=lambda code, x: code.sqrt(x),
    explain="slope 1 / (2 sqrt x): infinite at 0, flatter as x grows",
    source="d/dx sqrt(x) = 1 / (2 sqrt(x))",
), in_place=True)  # fmt: skip
rsqrt: Op = publish(elementwise(
    "rsqrt", _rsqrt, partials=[lambda out: -0.5 * out**3], torch="rsqrt", domain=(0.1, 4.0),
    lower=lambda code, x: code.div(code.number(1.0, x), code.sqrt(x)),
    latex=r"\frac{{1}}{{\sqrt{{{}}}}}",
    explain="slope -1 / (2 x sqrt x)",
    source="d/dx x^(-1/2) = -x^(-3/2) / 2",
), in_place=True)  # fmt: skip
reciprocal: Op = publish(elementwise(
    "reciprocal", _reciprocal, partials=[lambda out: -out * out], torch="reciprocal",
    domain=(0.5, 3.0), latex=r"\frac{{1}}{{{}}}", numpy=(np.reciprocal,),
    lower=lambda code, x: code.div(code.number(1.0, x), x),
    explain="slope -1/x^2",
), in_place=True)  # fmt: skip


@public(torch="float_power", samples=_power_call, numpy=(np.float_power,))
def float_power(input: Any, exponent: Any) -> Any:
    """input ** exponent in double precision: float64, or complex128 if either is complex.

    >>> import wengert as wg
    >>> wg.float_power(wg.tensor([4, 9]), 0.5)
    tensor([2., 3.], dtype=wengert.float64)
    """
    dtype = _double(input, exponent)
    base, power = (to(v, dtype) if isinstance(v, Tensor) else v for v in (input, exponent))
    return pow_op(base, power)


def _double(*values: Any) -> np.dtype[Any]:
    """float64, or complex128 if a value is complex."""
    datas = [v._data if isinstance(v, Tensor) else v for v in values]
    return np.dtype(np.complex128 if any(map(np.iscomplexobj, datas)) else np.float64)


@method(Tensor)
def float_power_(self: Tensor, exponent: Any) -> Tensor:
    """self ** exponent in double precision, in this tensor's own memory.

    Raises DTypeError unless that is of float64, or of complex128 where the result is complex.
    """
    wanted = _double(self, exponent)
    if self._data.dtype != wanted:
        raise DTypeError(
            f"float_power_: the base has dtype {self.dtype} but the result requires {wanted}",
            "Cast it first, or compute a new tensor: float_power(x, y).",
        )
    return in_place(float_power, self, exponent)
