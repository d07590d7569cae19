"""Random operations: their attributes say which draw it was, so they draw the same again.

A draw passes no gradient on to the parameters of its distribution: torch gives zeros, and so do
these. `mean + std * randn(...)` is how gradients get through.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from wengert.core.dtype import NumpyDType, default_float
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ShapeError
from wengert.ops.about import expect_tensor
from wengert.ops.canonical import numpy_dtype
from wengert.ops.define import method, public
from wengert.ops.distributions import (
    check_floating,
    check_range,
    exact_range,
    integers,
    standard_normal,
    uniform,
)
from wengert.ops.factories import shape_from
from wengert.ops.generator import Generator
from wengert.ops.kinds import general
from wengert.ops.random import new_numbers
from wengert.ops.slices import Shape, draw, draw_into, repeated
from wengert.ops.write import overwritten

_SLOPE: Final = "slope 0: a random draw passes no gradient on"
_DOUBLE: Final = np.dtype(np.float64)


def _uniform(shape: Shape, dtype: NumpyDType, key: int, offset: int, alike: Shape) -> Any:
    return repeated(lambda s: uniform(s, dtype, key, offset), shape, alike)


def _normal(shape: Shape, dtype: NumpyDType, key: int, offset: int, alike: Shape) -> Any:
    return repeated(lambda s: standard_normal(s, dtype, key, offset), shape, alike)


# Bernoulli ---------------------------------------------------------------------------------------


def _coins(p: Any, *, key: int, offset: int, alike: Shape = ()) -> Any:
    _check_probability("bernoulli", p)
    return (_uniform(p.shape, _DOUBLE, key, offset, alike) < p).astype(p.dtype)


draw_bernoulli_op = general(
    "draw_bernoulli", _coins, pullbacks=[overwritten], torch="bernoulli",
    grad_name="BernoulliBackward0", explain=_SLOPE,
)  # fmt: skip


def _coins_in(x: Any, p: Any, *, key: int, offset: int, alike: Shape = ()) -> Any:
    _check_probability("bernoulli", p)
    return (_uniform(x.shape, _DOUBLE, key, offset, alike) < np.broadcast_to(p, x.shape)).astype(
        x.dtype
    )


bernoulli_op = general(
    "bernoulli", _coins_in, pullbacks=[overwritten, overwritten],
    no_torch="random", grad_name="BernoulliBackward2", explain=_SLOPE,
)  # fmt: skip


@public(torch="bernoulli")
def bernoulli(input: Tensor, p: Any = None, *, generator: Generator | None = None) -> Any:
    """1 with the probabilities in `input`, else 0; with `p`, 1 with that one probability.

    Raises ShapeError for probabilities outside of [0, 1], DTypeError for integer ones.

    >>> import wengert as wg
    >>> wg.bernoulli(wg.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    x = expect_tensor("bernoulli", input)
    if p is not None:
        return draw(bernoulli_op, x, p, generator=generator)
    check_floating("bernoulli", x._data.dtype)
    return draw(draw_bernoulli_op, x, generator=generator)


@method(Tensor)
def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """1 with probability p, a number or a tensor, else 0; in place."""
    return draw_into(bernoulli_op, self, p, generator=generator)


def _check_probability(name: str, p: Any) -> None:
    if not np.all((p >= 0) & (p <= 1)):
        raise ShapeError(f"{name} expects p to be in [0, 1]")


# Normal ------------------------------------------------------------------------------------------


def _gauss(mean: Any, std: Any, *, key: int, offset: int, alike: Shape = ()) -> Any:
    _check_deviation(std)
    shape = np.broadcast_shapes(np.shape(mean), np.shape(std))
    dtype = mean.dtype if isinstance(mean, (np.ndarray, np.generic)) else std.dtype
    check_floating("normal", dtype)
    return (mean + std * _normal(shape, dtype, key, offset, alike)).astype(dtype)


draw_normal_op = general(
    "draw_normal", _gauss, pullbacks=[overwritten, overwritten], torch="normal",
    grad_name="NormalBackward3", explain=_SLOPE,
)  # fmt: skip


def _gauss_in(x: Any, *, mean: float, std: float, key: int, offset: int, alike: Shape = ()) -> Any:
    _check_deviation(std)
    return (mean + std * _normal(x.shape, x.dtype, key, offset, alike)).astype(x.dtype)


normal_op = general(
    "normal", _gauss_in, pullbacks=[overwritten],
    no_torch="random", grad_name="NormalBackward0", explain=_SLOPE,
)  # fmt: skip


@public(torch="normal", method=False)
def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None,
    dtype: Any = None, device: Any = None, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """Normally distributed random numbers, of a mean and a standard deviation.

    Either is a tensor, and the shape is theirs; or both are numbers, and `size` is given.
    Raises ShapeError for negative standard deviations.

    >>> import wengert as wg
    >>> wg.normal(0.0, 1.0, (2, 3)).shape
    wengert.Size([2, 3])
    """
    if size is None:
        if not isinstance(mean, Tensor) and not isinstance(std, Tensor):
            raise ArgumentError(
                "normal() of two numbers needs a size", "normal(0.0, 1.0, size=(2, 3))."
            )
        return draw(draw_normal_op, mean, std, generator=generator)
    _check_deviation(std)

    def gauss(shape: Shape, dtype: Any, **marks: int) -> Any:
        return (mean + std * standard_normal(shape, dtype, **marks)).astype(dtype)

    shape = shape_from("normal", (size,), {})
    wanted = numpy_dtype(dtype) or default_float()
    return new_numbers("normal", gauss, shape, wanted, generator, device, requires_grad)


def _check_deviation(std: Any) -> None:
    if np.any(std < 0):
        raise ShapeError("normal expects all standard deviations to be >= 0")


@method(Tensor)
def normal_(
    self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Normally distributed random numbers, in place."""
    return draw_into(normal_op, self, mean=mean, std=std, generator=generator)


# Uniform numbers and integers --------------------------------------------------------------------


def _even_in(x: Any, *, low: float, high: float, key: int, offset: int, alike: Shape = ()) -> Any:
    drawn = low + (high - low) * _uniform(x.shape, x.dtype, key, offset, alike)
    if x.dtype.kind == "c" or low == high:
        return drawn.astype(x.dtype)
    top = np.nextafter(x.dtype.type(high), x.dtype.type(low))
    return np.minimum(drawn.astype(x.dtype), top)  # rounding could reach `high`


uniform_op = general(
    "uniform", _even_in, pullbacks=[overwritten], exact=True,  # the end is left out in its dtype
    no_torch="random", grad_name="UniformBackward0", explain=_SLOPE,
)  # fmt: skip


def _whole_in(x: Any, *, low: int, high: int, key: int, offset: int, alike: Shape = ()) -> Any:
    return repeated(lambda s: integers(s, low, high, x.dtype, key, offset), x.shape, alike)


random_op = general(
    "random", _whole_in, pullbacks=[overwritten],
    no_torch="random", grad_name="RandomBackward0", explain=_SLOPE,
)  # fmt: skip


@method(Tensor)
def uniform_(
    self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Random numbers, evenly distributed in [from, to), in place."""
    if from_ > to:
        raise ShapeError(f"uniform_ expects from <= to, but found from={from_} > to={to}")
    return draw_into(uniform_op, self, low=from_, high=to, generator=generator)


@method(Tensor)
def random_(
    self: Tensor, from_: int | None = None, to: int | None = None, *,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Random whole numbers, in place.

    From 0 to as far as the dtype holds them all; with one argument, up to that one; with two,
    from the first to the second. The upper bound is excluded. Raises ShapeError for an empty
    range.
    """
    low, high = (0, from_) if to is None else (from_ or 0, to)
    if high is None:
        most = exact_range(self._data.dtype)[1]
        high = most + (most < 2**63 - 1)
    check_range(low, high, self._data.dtype)
    return draw_into(random_op, self, low=low, high=high, generator=generator)
