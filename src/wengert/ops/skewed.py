"""Draws of further distributions, in place: exponential_, geometric_, cauchy_, log_normal_."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from wengert.core.tensor import Tensor
from wengert.errors import ShapeError
from wengert.ops.define import method
from wengert.ops.distributions import check_floating, standard_normal, uniform
from wengert.ops.generator import Generator
from wengert.ops.kinds import general
from wengert.ops.slices import Shape, draw_into, repeated
from wengert.ops.write import overwritten

_SLOPE: Final = "slope 0: a random draw passes no gradient on"
_DOUBLE: Final = np.dtype(np.float64)


def _fractions(x: Any, key: int, offset: int, alike: Shape) -> Any:
    """Evenly distributed in [0, 1), in double precision, so that the tails are there."""
    return np.asarray(repeated(lambda s: uniform(s, _DOUBLE, key, offset), x.shape, alike))


def _exponential(x: Any, *, rate: float, key: int, offset: int, alike: Shape = ()) -> Any:
    check_floating("exponential_", x.dtype)
    return (-np.log1p(-_fractions(x, key, offset, alike)) / rate).astype(x.dtype)


exponential_op = general(
    "exponential", _exponential, pullbacks=[overwritten], no_torch="random",
    grad_name="ExponentialBackward0", explain=_SLOPE,
    source="-log(1 - u) / rate, for u evenly distributed",
)  # fmt: skip


def _geometric(x: Any, *, p: float, key: int, offset: int, alike: Shape = ()) -> Any:
    tries = np.ceil(np.log1p(-_fractions(x, key, offset, alike)) / math.log1p(-p))
    return np.maximum(tries, 1).astype(x.dtype)


geometric_op = general(
    "geometric", _geometric, pullbacks=[overwritten], no_torch="random",
    grad_name="GeometricBackward0", explain=_SLOPE,
    source="the first success: ceil(log(1 - u) / log(1 - p))",
)  # fmt: skip


def _cauchy(
    x: Any, *, median: float, sigma: float, key: int, offset: int, alike: Shape = ()
) -> Any:
    check_floating("cauchy_", x.dtype)
    angle = math.pi * (_fractions(x, key, offset, alike) - 0.5)
    return (median + sigma * np.tan(angle)).astype(x.dtype)


cauchy_op = general(
    "cauchy", _cauchy, pullbacks=[overwritten], no_torch="random",
    grad_name="CauchyBackward0", explain=_SLOPE,
    source="median + sigma tan(pi (u - 1/2))",
)  # fmt: skip


def _log_normal(
    x: Any, *, mean: float, std: float, key: int, offset: int, alike: Shape = ()
) -> Any:
    check_floating("log_normal_", x.dtype)
    drawn = repeated(lambda s: standard_normal(s, _DOUBLE, key, offset), x.shape, alike)
    return np.exp(mean + std * drawn).astype(x.dtype)


log_normal_op = general(
    "log_normal", _log_normal, pullbacks=[overwritten], no_torch="random",
    grad_name="LogNormalBackward0", explain=_SLOPE,
)  # fmt: skip


def _check_positive(name: str, what: str, value: float) -> None:
    if not value > 0:
        raise ShapeError(f"{name} expects {what} > 0.0, but found {what}={value}")


@method(Tensor)
def exponential_(
    self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None
) -> Tensor:  # fmt: skip
    """Waiting times of mean 1 / lambd, in place. Raises ShapeError unless lambd > 0."""
    _check_positive("exponential_", "lambda", lambd)
    return draw_into(exponential_op, self, rate=lambd, generator=generator)


@method(Tensor)
def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """How many tries the first success takes, each of probability p, in place: 1, 2, 3, ...

    Raises ShapeError unless 0 < p < 1.
    """
    if not 0 < p < 1:
        raise ShapeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    return draw_into(geometric_op, self, p=p, generator=generator)


@method(Tensor)
def cauchy_(
    self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """The Cauchy distribution, in place. Raises ShapeError unless sigma > 0."""
    _check_positive("cauchy_", "sigma", sigma)
    return draw_into(cauchy_op, self, median=median, sigma=sigma, generator=generator)


@method(Tensor)
def log_normal_(
    self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
) -> Tensor:
    """exp of normally distributed numbers, in place; mean and std are those of the logarithm.

    Raises ShapeError unless std > 0.
    """
    _check_positive("log_normal_", "standard deviation", std)
    return draw_into(log_normal_op, self, mean=mean, std=std, generator=generator)
