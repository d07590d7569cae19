"""True values of our own functions, in a longer type or with mpmath, and arguments to try."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest

mp = pytest.importorskip("mpmath")
Long = np.longdouble


def sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def silu(x: Any) -> Any:
    return x * sigmoid(x)


def mish(x: Any) -> Any:
    return x * np.tanh(np.log1p(np.exp(x)))


def softplus(x: Any) -> Any:
    return np.logaddexp(x, Long(0))


def logsigmoid(x: Any) -> Any:
    return -np.logaddexp(-x, Long(0))


def gelu_tanh(x: Any) -> Any:
    cubic = np.sqrt(8 / np.arctan(Long(1)) / 4) * (x + Long("0.044715") * x**3)
    return x * sigmoid(cubic)


def _gelu(x: Any) -> Any:
    return x * mp.erfc(-min(x, 60) / mp.sqrt(2)) / 2 if abs(x) > 1e-30 else x / 2


def precisely(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of mpmath's on arrays."""

    def apply(x: Any) -> Any:
        with mp.workdps(30):
            return np.array([_long(function, float(v)) for v in x], Long)

    return apply


def _long(function: Callable[[Any], Any], x: float) -> Any:
    if not np.isfinite(x):
        return _AT_INFINITY.get((function, x), Long(np.nan))
    # Further out, mpmath cannot say how small they are, or takes long.
    most = 60.0 if function is mp.erfc else x
    value = function(mp.mpf(max(min(x, most), -60.0)))
    return Long(mp.nstr(value, 25)) if abs(value) > _LEAST else Long(0) * Long(x)


TRUE: Final[dict[str, Callable[..., Any]]] = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log2": np.log2,
    "log10": np.log10, "log1p": np.log1p, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh,
    "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "sigmoid": sigmoid, "silu": silu, "mish": mish, "softplus": softplus,
    "logsigmoid": logsigmoid, "gelu_tanh": gelu_tanh, "erf": precisely(mp.erf),
    "erfc": precisely(mp.erfc), "gelu": precisely(_gelu), "atan2": np.arctan2, "pow": np.power,
    "hypot": np.hypot, "cbrt": np.cbrt, "fmod": np.fmod,
    "logaddexp": np.logaddexp, "logaddexp2": np.logaddexp2,
}  # fmt: skip
_LEAST: Final = mp.mpf("1e-4000")

SLOW: Final = ("erf", "erfc", "gelu")
"""Those of mpmath: 50 us for each value."""

_AT_INFINITY: Final = {
    (mp.erf, np.inf): 1, (mp.erf, -np.inf): -1, (mp.erfc, np.inf): 0, (mp.erfc, -np.inf): 2,
    (_gelu, np.inf): np.inf,
}  # fmt: skip

EDGES: Final = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, np.inf, -np.inf, np.nan, 88.72283, 88.7229, -87.4,
    -103.9, -104.0, 89.415, 89.416, 709.78, 709.79, -708.4, -745.1, -745.2, 710.47, 710.48, 1e22,
    1e4, 9999.999, 1e6, 20.0, 9.0, 19.1, 4.0, 6.0, 10.06, 27.2, -14.4, -38.5, 0.47, 0.8477,
]  # fmt: skip
"""Where functions begin, end, overflow, underflow, or are computed in another way."""


def arguments(dtype: Any, count: int, generator: np.random.Generator) -> Any:
    """The edges and their neighbours; random bits; and numbers of ordinary size, near 0 and 1."""
    whole = np.uint32 if dtype == np.float32 else np.uint64
    limits = np.finfo(dtype)
    with np.errstate(over="ignore"):
        ends = np.array([*EDGES, limits.max, limits.tiny, limits.smallest_subnormal], dtype)
        near = [np.nextafter(ends, dtype(way)) for way in (-np.inf, np.inf)]
        bits = generator.integers(0, np.iinfo(whole).max, count, dtype=whole).view(dtype)
        sizes = 10.0 ** generator.uniform(-3, 2.9, count)
        ordinary = generator.standard_normal(count) * sizes
        beside_one = 1 + generator.standard_normal(count) * 10.0 ** generator.uniform(-8, 0, count)
        made = [ends, *near, bits, ordinary.astype(dtype), beside_one.astype(dtype)]
    return np.concatenate(made)


def pairs(name: str, dtype: Any, count: int, generator: np.random.Generator) -> list[Any]:
    """Arguments of a function of two numbers: of powers, exponents that do not all overflow."""
    x, y = (arguments(dtype, count, generator) for _ in range(2))
    generator.shuffle(y)
    if name == "pow":
        small = generator.standard_normal(y.size) * 10.0 ** generator.uniform(-1, 2.5, y.size)
        y = np.where(generator.random(y.size) < 0.7, small.astype(dtype), y)
        with np.errstate(invalid="ignore"):
            y = np.where(generator.random(y.size) < 0.1, np.rint(y), y)
    return [x, y]
