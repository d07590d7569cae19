"""Normalisations: what is left of numbers when their mean and their spread are taken out.

They are composed of other operations, so that derivatives of any order, maps and compiled code
come of themselves. In half precision all is computed in float32, and rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.dtype import dtype_of
from wengert.core.half import is_half
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, DTypeError, ShapeError
from wengert.ops.arguments import array_of, integer, shape_of
from wengert.ops.axes import refuse_kinds
from wengert.ops.cast import to
from wengert.ops.define import public
from wengert.ops.powers import rsqrt
from wengert.ops.reduce import mean_op
from wengert.ops.reshape import reshape
from wengert.ops.samples import Call, Sampler

Shape = tuple[int, ...]


# What all normalisations share -------------------------------------------------------------------


def in_full(x: Any) -> Any:
    """The tensor itself, or in float32 if its dtype is half."""
    return to(x, np.float32) if x is not None and is_half(array_of(x).dtype) else x


def centred(x: Any, dims: Shape, eps: float) -> tuple[Any, Any, Any]:
    """(x - mean) / sqrt(variance + eps), the mean and the variance, over dimensions that stay.

    In two passes: the mean of x^2 less the mean's square cancels.
    """
    mean = mean_op(x, dim=dims, keepdim=True, dtype=None)
    apart = x - mean
    variance = mean_op(apart * apart, dim=dims, keepdim=True, dtype=None)
    return apart * rsqrt(variance + eps), mean, variance


def scaled(x: Any, weight: Any, bias: Any) -> Any:
    """x * weight + bias, where they are given."""
    if weight is not None:
        x = x * in_full(weight)
    return x if bias is None else x + in_full(bias)


def check_dtypes(name: str, x: Any, *parameters: Any) -> None:
    """Raise DTypeError unless the input is of floats, and all parameters are of its dtype.

    Those of an input in half precision may be of float32.
    """
    refuse_kinds(name, x, "biuc")
    given = {array_of(p).dtype for p in parameters if p is not None}
    fit = {x.dtype}, *([{np.dtype(np.float32)}] if is_half(x.dtype) else [])
    if given and given not in fit:
        names = ", ".join(sorted(dtype_of(d).name for d in given))
        raise DTypeError(
            f"{name}: mixed dtype: the input has {dtype_of(x.dtype).name}, the parameters {names}",
            "Cast them to one dtype: weight.to(input.dtype).",
        )


# Over the last dimensions ------------------------------------------------------------------------


def _last_dims(name: str, x: Any, shape: Any, **parameters: Any) -> Shape:
    """The dimensions that are normalised over; checks that they and the parameters fit."""
    if not isinstance(shape, Sequence) or isinstance(shape, str):
        raise ArgumentError(
            f"{name}(): argument 'normalized_shape' must be tuple of ints, not "
            f"{type(shape).__name__}",
            "Write (4,) for the last dimension, of length 4.",
        )
    wanted = tuple(integer("normalized_shape", n) for n in shape)
    if not wanted:
        raise ShapeError(
            f"{name}: expected normalized_shape to be at least 1-dimensional, but it is empty"
        )
    if tuple(x.shape[-len(wanted) :]) != wanted or len(wanted) > x.ndim:
        raise ShapeError(
            f"{name}: given normalized_shape={list(wanted)}, expected an input with shape "
            f"[*, {', '.join(map(str, wanted))}], but got {list(x.shape)}",
            "normalized_shape is the shape of the input's last dimensions.",
        )
    for parameter, value in parameters.items():
        if value is not None and shape_of(value) != wanted:
            raise ShapeError(
                f"{name}: expected {parameter} to be of same shape as normalized_shape, but got "
                f"shape {list(shape_of(value))} and normalized_shape = {list(wanted)}"
            )
    return tuple(range(x.ndim - len(wanted), x.ndim))


def _parameters(s: Sampler, shape: Shape, count: int) -> list[Any]:
    """A weight and a bias, the weight alone, or none."""
    return [s.array(shape) for _ in range(s.integer(0, count))]


def _samples(count: int) -> Callable[[Sampler], Call]:
    def draw(s: Sampler) -> Call:
        shape = (*s.shape(0, 2, 1, 3), s.integer(2, 4))
        over = shape[-s.integer(1, min(2, len(shape))) :]
        return (s.array(shape, distinct=True), over, *_parameters(s, over, count)), {
            "eps": s.choice([1e-5, 0.5])
        }

    return draw


@public(torch="nn.functional.layer_norm", samples=_samples(2), method=False, out=False)
def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None,
    bias: Tensor | None = None, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """(x - mean) / sqrt(variance + eps) * weight + bias, over the last dimensions.

    x: (..., *normalized_shape), weight, bias: normalized_shape -> x's shape. The variance is
    divided by the number of elements. Raises ShapeError where the shapes do not fit, DTypeError
    for integers and where the dtypes differ.

    >>> import wengert as wg
    >>> wg.nn.functional.layer_norm(wg.tensor([[1.0, 3.0], [5.0, 5.0]]), (2,))
    tensor([[-1.0000,  1.0000],
            [ 0.0000,  0.0000]])
    """
    x = array_of(input)
    dims = _last_dims("layer_norm", x, normalized_shape, weight=weight, bias=bias)
    check_dtypes("layer_norm", x, weight, bias)
    normal, _, _ = centred(in_full(input), dims, eps)
    return _as(scaled(normal, weight, bias), x)


def _as(result: Any, x: Any) -> Any:
    return to(result, x.dtype) if array_of(result).dtype != x.dtype else result


@public(torch="nn.functional.rms_norm", samples=_samples(1), method=False, out=False)
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None,
    eps: float | None = None,
) -> Any:  # fmt: skip
    """x / sqrt(mean(x^2) + eps) * weight, over the last dimensions.

    x: (..., *normalized_shape), weight: normalized_shape -> x's shape. eps: the distance from 1 to
    the next number of the dtype, if it is not given. Raises ShapeError where the shapes do not
    fit, DTypeError for integers.

    >>> import wengert as wg
    >>> wg.nn.functional.rms_norm(wg.tensor([3.0, 3.0, 3.0, 3.0]), (4,))
    tensor([1., 1., 1., 1.])
    """
    x = array_of(input)
    dims = _last_dims("rms_norm", x, normalized_shape, weight=weight)
    refuse_kinds("rms_norm", x, "biu")
    full = in_full(input)
    added = float(np.finfo(array_of(full).dtype).eps) if eps is None else eps
    square = mean_op(full * full, dim=dims, keepdim=True, dtype=None)
    return _as(scaled(full * rsqrt(square + added), weight, None), x)


# Over groups of channels -------------------------------------------------------------------------


def check_channels(name: str, x: Any, **parameters: Any) -> None:
    """Raise ShapeError unless each parameter has one element for each channel."""
    channels = x.shape[1]
    for parameter, value in parameters.items():
        if value is not None and shape_of(value) != (channels,):
            raise ShapeError(
                f"{name}: {parameter} should contain {channels} elements, one for each channel, "
                f"but its shape is {list(shape_of(value))}",
                f"Channels are dimension 1 of the input, which has shape {list(x.shape)}.",
            )


def by_channel(parameter: Any, ndim: int) -> Any:
    """A parameter per channel in a shape that broadcasts along dimension 1."""
    return parameter if parameter is None else reshape(parameter, (-1, *(1,) * (ndim - 2)))


def check_several(name: str, count: int, shape: Shape) -> None:
    """Raise ArgumentValueError where one value alone would be normalised: it is its own mean."""
    if count == 1:
        raise ArgumentValueError(
            f"{name}: expected more than 1 value per channel when training, got input size "
            f"{list(shape)}",
            "One value is its own mean, and nothing is left of it. Give more rows.",
        )


def _group_samples(s: Sampler) -> Call:
    groups, size = s.integer(1, 2), s.integer(1, 2)
    x = s.array((s.integer(2, 3), groups * size, *s.choice([(2,), (3, 2)])), distinct=True)
    return (x, groups, *_parameters(s, (groups * size,), 2)), {"eps": s.choice([1e-5, 0.5])}


@public(torch="nn.functional.group_norm", samples=_group_samples, method=False, out=False)
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Any:  # fmt: skip
    """(x - mean) / sqrt(variance + eps) * weight + bias, over groups of channels of each row.

    x: (n, c, ...), c divisible by num_groups; weight, bias: (c,) -> x's shape. Raises ShapeError
    where the shapes do not fit, DTypeError for integers and where the dtypes differ,
    ArgumentValueError for groups of one element.
    """
    x = array_of(input)
    groups = integer("num_groups", num_groups)
    if x.ndim < 2:
        raise ShapeError(f"group_norm: expected at least 2 dimensions, but received {x.ndim}")
    if groups < 1 or x.shape[1] % groups:
        raise ShapeError(
            "group_norm: expected the number of channels to be divisible by num_groups, but got "
            f"an input of shape {list(x.shape)} and num_groups={groups}"
        )
    rows, inside = x.shape[0], math.prod(x.shape[1:]) // groups
    check_several("group_norm", rows * inside, x.shape)
    check_channels("group_norm", x, weight=weight, bias=bias)
    check_dtypes("group_norm", x, weight, bias)
    normal, _, _ = centred(reshape(in_full(input), (rows, groups, inside)), (2,), eps)
    parameters = (by_channel(p, x.ndim) for p in (weight, bias))
    return _as(scaled(reshape(normal, x.shape), *parameters), x)
