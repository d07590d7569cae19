"""Comparisons and tests of elements. Their results are booleans and carry no gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.ops.checks import broadcast_aval, refuse
from wengert.ops.define import publish
from wengert.ops.kinds import discrete


def _eq(x: Any, y: Any) -> Any:
    return x == y


def _ne(x: Any, y: Any) -> Any:
    return x != y


def _lt(x: Any, y: Any) -> Any:
    refuse("lt", "c", x)
    return x < y


def _le(x: Any, y: Any) -> Any:
    refuse("le", "c", x)
    return x <= y


def _gt(x: Any, y: Any) -> Any:
    refuse("gt", "c", x)
    return x > y


def _ge(x: Any, y: Any) -> Any:
    refuse("ge", "c", x)
    return x >= y


def _comparison(
    forward: Callable[..., Any],
    symbol: str,
    latex: str,
    predicate: str,
    numpy: Callable[..., Any],
    *names: str,
) -> Op:
    name = forward.__name__.removeprefix("_")
    return publish(
        discrete(
            name, forward, torch=name, promotion="common", aval=broadcast_aval(forward),
            lower=lambda code, x, y: code.compare(predicate, x, y),
            symbol=f"{{}} {symbol} {{}}", latex=f"{{}} {latex} {{}}", precedence=6,
            numpy=(numpy,), explain="no slope: true or false",
        ),
        *names, in_place=True,
    )  # fmt: skip


eq = _comparison(_eq, "==", "=", "oeq", np.equal)
ne = _comparison(_ne, "!=", r"\neq", "une", np.not_equal, "not_equal")
lt = _comparison(_lt, "<", "<", "olt", np.less, "less")
le = _comparison(_le, "<=", r"\leq", "ole", np.less_equal, "less_equal")
gt = _comparison(_gt, ">", ">", "ogt", np.greater, "greater")
ge = _comparison(_ge, ">=", r"\geq", "oge", np.greater_equal, "greater_equal")


def _isposinf(x: Any) -> Any:
    refuse("isposinf", "c", x)
    return x == np.inf


def _isneginf(x: Any) -> Any:
    refuse("isneginf", "c", x)
    return x == -np.inf


def _signbit(x: Any) -> Any:
    refuse("signbit", "c", x)
    # NumPy's would compute integers in half precision, and knows no booleans.
    return np.signbit(x) if x.dtype.kind == "f" else x < 0


def _isreal(x: Any) -> Any:
    return np.imag(x) == 0


def _test(
    name: str, forward: Callable[..., Any], *numpy: Callable[..., Any],
    lower: Callable[..., Any] | None = None,
) -> Op:  # fmt: skip
    return publish(discrete(
        name, forward, torch=name, aval=broadcast_aval(forward), numpy=numpy, lower=lower,
        explain="no slope: true or false",
    ))  # fmt: skip


isnan = _test("isnan", np.isnan, np.isnan, lower=lambda code, x: code.isnan(x))
isinf = _test("isinf", np.isinf, np.isinf, lower=lambda code, x: code.isinf(x))
isfinite = _test("isfinite", np.isfinite, np.isfinite, lower=lambda code, x: code.isfinite(x))
isposinf = _test(
    "isposinf", _isposinf, np.isposinf, lower=lambda code, x: code.equals_infinity(x, 1)
)
isneginf = _test(
    "isneginf", _isneginf, np.isneginf, lower=lambda code, x: code.equals_infinity(x, -1)
)
signbit = _test("signbit", _signbit, np.signbit, lower=lambda code, x: code.signbit(x))
isreal = _test("isreal", _isreal, np.isreal, lower=lambda code, x: code.true)
