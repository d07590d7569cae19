"""Circular and hyperbolic functions, their inverses, and angles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.ops.checks import refuse
from wengert.ops.define import publish
from wengert.ops.kinds import elementwise
from wengert.ops.powers import rsqrt

sin = publish(elementwise(
    "sin", np.sin, partials=[lambda x: np.cos(x)], torch="sin", latex=r"\sin\left({}\right)",
    ulps=2, lower=lambda code, x: code.call("sin", x),
    explain="slope cos x",
), in_place=True)  # fmt: skip
cos = publish(elementwise(
    "cos", np.cos, partials=[lambda x: -np.sin(x)], torch="cos", latex=r"\cos\left({}\right)",
    ulps=2, lower=lambda code, x: code.call("cos", x),
    explain="slope -sin x",
), in_place=True)  # fmt: skip
tan = publish(elementwise(
    "tan", np.tan, partials=[lambda out: 1 + out * out], torch="tan", domain=(-1.2, 1.2),
    latex=r"\tan\left({}\right)",
    ulps=2, lower=lambda code, x: code.call("tan", x),
    explain="slope 1 + tan(x)^2: 1 at 0, infinite at the poles",
    source="d/dx tan x = 1 / cos(x)^2 = 1 + tan(x)^2",
), in_place=True)  # fmt: skip
asin = publish(elementwise(
    "asin", np.arcsin, partials=[lambda x: rsqrt(1 - x * x)], torch="asin",
    domain=(-0.9, 0.9), latex=r"\arcsin\left({}\right)",
    ulps=2, lower=lambda code, x: code.call("asin", x),
    explain="slope 1 / sqrt(1 - x^2): 1 at 0, infinite at -1 and 1",
), "arcsin", in_place=True)  # fmt: skip
acos = publish(elementwise(
    "acos", np.arccos, partials=[lambda x: -rsqrt(1 - x * x)], torch="acos",
    domain=(-0.9, 0.9), latex=r"\arccos\left({}\right)",
    ulps=2, lower=lambda code, x: code.call("acos", x),
    explain="slope -1 / sqrt(1 - x^2): -1 at 0, infinite at -1 and 1",
), "arccos", in_place=True)  # fmt: skip
atan = publish(elementwise(
    "atan", np.arctan, partials=[lambda x: 1 / (x * x + 1)], torch="atan",
    latex=r"\arctan\left({}\right)",
    ulps=2, lower=lambda code, x: code.call("atan", x),
    explain="slope 1 / (1 + x^2): 1 at 0, dying away as |x| grows",
), "arctan", in_place=True)  # fmt: skip
sinh = publish(elementwise(
    "sinh", np.sinh, partials=[lambda x: np.cosh(x)], torch="sinh",
    latex=r"\sinh\left({}\right)", ulps=2, lower=lambda code, x: code.call("sinh", x),
    explain="slope cosh x",
), in_place=True)  # fmt: skip
cosh = publish(elementwise(
    "cosh", np.cosh, partials=[lambda x: np.sinh(x)], torch="cosh",
    latex=r"\cosh\left({}\right)", ulps=2, lower=lambda code, x: code.call("cosh", x),
    explain="slope sinh x",
), in_place=True)  # fmt: skip
tanh = publish(elementwise(
    "tanh", np.tanh, partials=[lambda out: 1 - out * out], torch="tanh",
    latex=r"\tanh\left({}\right)",
    vanishing="saturated tanh",
    ulps=2, lower=lambda code, x: code.call("tanh", x),
    explain="slope 1 at 0, dying away as |x| grows",
    source="d/dx tanh x = 1 - tanh(x)^2",
), in_place=True)  # fmt: skip
asinh = publish(elementwise(
    "asinh", np.arcsinh, partials=[lambda x: rsqrt(x * x + 1)], torch="asinh",
    latex=r"\mathrm{{arsinh}}\left({}\right)",
    ulps=2, lower=lambda code, x: code.call("asinh", x),
    explain="slope 1 / sqrt(1 + x^2)",
), "arcsinh", in_place=True)  # fmt: skip
acosh = publish(elementwise(
    "acosh", np.arccosh, partials=[lambda x, x_aval: _acosh_slope(x, x_aval)], torch="acosh",
    domain=(1.1, 4.0), latex=r"\mathrm{{arcosh}}\left({}\right)",
    ulps=3, lower=lambda code, x: code.call("acosh", x),
    explain="slope 1 / sqrt(x^2 - 1): infinite at 1",
), "arccosh", in_place=True)  # fmt: skip
atanh = publish(elementwise(
    "atanh", np.arctanh, partials=[lambda x: 1 / (1 - x * x)], torch="atanh",
    domain=(-0.9, 0.9), latex=r"\mathrm{{artanh}}\left({}\right)",
    ulps=3, lower=lambda code, x: code.call("atanh", x),
    explain="slope 1 / (1 - x^2): 1 at 0, infinite at -1 and 1",
), "arctanh", in_place=True)  # fmt: skip


def _acosh_slope(x: Any, x_aval: Any) -> Any:
    if x_aval.dtype.kind != "c":
        return rsqrt(x * x - 1)
    return rsqrt(x - 1) * rsqrt(x + 1)  # one root of the product could be on the other branch


def _atan2(x: Any, y: Any) -> Any:
    refuse("atan2", "c", x)
    return np.arctan2(x, y)


def _turn(across: Any, along: Any) -> Any:
    """across / distance^2, and 0 in the origin, which has no angle."""
    square = across * across + along * along
    return np.where(square == 0, 0, across / square)


def _hypot(x: Any, y: Any) -> Any:
    refuse("hypot", "biuc", x)
    return np.hypot(x, y)


atan2 = publish(elementwise(
    "atan2", _atan2, torch="atan2", numpy=(np.arctan2,),
    partials=[lambda x, y: _turn(y, x), lambda x, y: _turn(-x, y)],
    latex=r"\mathrm{{atan2}}\left({},\,{}\right)",
    ulps=2, lower=lambda code, x, y: code.call("atan2", x, y),
    explain="the angle of the point (y, x): moving across the ray turns it, by 1 / distance",
    source="d/dx atan2(x, y) = y / (x^2 + y^2); d/dy = -x / (x^2 + y^2)",
), "arctan2", in_place=True)  # fmt: skip
hypot = publish(elementwise(
    "hypot", _hypot, torch="hypot", promotion="common", numpy=(np.hypot,),
    ulps=2, lower=lambda code, x, y: code.call("hypot", x, y),
    partials=[lambda out, x: x / out, lambda out, y: y / out],
    latex=r"\sqrt{{{{{}}}^2 + {{{}}}^2}}",
    explain="slope x / out and y / out: the direction of the point (x, y)",
    source="hypot(x, y) = sqrt(x^2 + y^2)",
), in_place=True)  # fmt: skip


def _deg2rad(x: Any) -> Any:
    refuse("deg2rad", "c", x)
    return x * (math.pi / 180)


def _rad2deg(x: Any) -> Any:
    refuse("rad2deg", "c", x)
    return x * (180 / math.pi)


deg2rad = publish(elementwise(
    "deg2rad", _deg2rad, partials=[math.pi / 180], torch="deg2rad",
    lower=lambda code, x: code.mul(x, code.number(math.pi / 180, x)),
    grad_name="Deg2RadBackward0",
    numpy=(np.deg2rad, np.radians), explain="slope pi / 180",
), in_place=True)  # fmt: skip
rad2deg = publish(elementwise(
    "rad2deg", _rad2deg, partials=[180 / math.pi], torch="rad2deg",
    lower=lambda code, x: code.mul(x, code.number(180 / math.pi, x)),
    grad_name="Rad2DegBackward0",
    numpy=(np.rad2deg, np.degrees), explain="slope 180 / pi",
), in_place=True)  # fmt: skip
