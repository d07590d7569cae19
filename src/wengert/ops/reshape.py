"""Shapes changed, elements kept: view, reshape, flatten, squeeze, unsqueeze, clone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.dtype import DType
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ShapeError
from wengert.ops.arguments import array_of, checked, integer, ndim_of, shape_of
from wengert.ops.batching import along, broadcast_rule, reshape_rule, squeeze_rule
from wengert.ops.canonical import Dims, many_dims, one_dim, sizes
from wengert.ops.define import public
from wengert.ops.kinds import linear
from wengert.ops.labels import call
from wengert.ops.samples import Call, Sampler
from wengert.ops.strides import can_view

_MOVES_NOTHING = "slope 1 for every element: only the shape changes"

view_op = linear(
    "view", lambda x, *, shape: x.reshape(shape),
    transpose=lambda ct, x: np.reshape(ct, x.shape),
    view=True, torch="Tensor.view", symbol=call("reshape", "shape"), explain=_MOVES_NOTHING,
    batch=reshape_rule,
)  # fmt: skip
unsafe_view_op = linear(
    "unsafe_view", lambda x, *, shape: np.array(x, order="C").reshape(shape), exact=True,
    written=lambda x, shape: view_op(x, shape=shape),
    transpose=lambda ct, x: np.reshape(ct, x.shape),
    torch="reshape", symbol=call("reshape", "shape"), explain=_MOVES_NOTHING,
    batch=reshape_rule,
)  # fmt: skip
unsqueeze_op = linear(
    "unsqueeze", lambda x, *, dim: np.expand_dims(x, dim),
    written=lambda x, dim: view_op(x, shape=np.expand_dims(x._data, dim).shape),
    transpose=lambda ct, x: np.reshape(ct, x.shape),
    view=True, torch="unsqueeze", symbol=call("unsqueeze", "dim"), explain=_MOVES_NOTHING,
    batch=along("dim"),
)  # fmt: skip


def _squeeze(x: Any, *, dim: int | tuple[int, ...] | None) -> Any:
    dims = many_dims(dim, np.ndim(x)) if dim != () else ()
    return np.squeeze(x, tuple(d for d in dims if np.shape(x)[d] == 1))


def _squeeze_name(attrs: dict[str, Any]) -> str:
    dim = attrs.get("dim")
    return f"SqueezeBackward{0 if dim is None else 1 if isinstance(dim, int) else 2}"


squeeze_op = linear(
    "squeeze", _squeeze, transpose=lambda ct, x: np.reshape(ct, x.shape),
    written=lambda x, dim: view_op(x, shape=_squeeze(x._data, dim=dim).shape),
    view=True, torch="squeeze", explain=_MOVES_NOTHING, grad_name=_squeeze_name,
    batch=squeeze_rule,
)  # fmt: skip


def _copied(x: Any, *, order: str) -> Any:
    """A copy in x's own order of dimensions for "K"; row by row where elements were shared."""
    if order == "K" and isinstance(x, np.ndarray) and 0 in x.strides:
        order = "C"
    return np.array(x, order=order)  # type: ignore[call-overload]  # its stub wants literals


clone_op = linear(
    "clone", _copied,
    transpose=lambda ct: ct, exact=True, torch="clone", symbol=call("clone"),
    written=lambda x, order: x, lower=lambda code, x, order: x,
    explain="slope 1: a copy passes its change on",
    batch=broadcast_rule,
)  # fmt: skip


def inferred(shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """The shape with its one -1 replaced by the length that makes `size` elements.

    Raises ShapeError where there is no such length, or where it is not unique.
    """
    if -1 not in shape:
        if math.prod(shape) == size and (not shape or min(shape) >= 0):
            return shape
        raise _no_such_shape(shape, size)
    at = shape.index(-1)
    rest = shape[:at] + shape[at + 1 :]
    if -1 in rest:
        raise ShapeError("only one dimension can be inferred", "Write -1 once in a shape.")
    count = math.prod(rest)
    if count == 0 and size == 0:
        raise ShapeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the "
            "unspecified dimension size -1 can be any value and is ambiguous",
            "Give every length of an empty tensor's shape.",
        )
    if min(rest, default=0) < 0 or count == 0 or size % count:
        raise _no_such_shape(shape, size)
    return (*shape[:at], size // count, *shape[at + 1 :])


def _no_such_shape(shape: tuple[int, ...], size: int) -> ShapeError:
    for at, length in enumerate(shape):
        if length < -1:
            return ShapeError(
                f"invalid shape dimension {length} at index {at} of shape {list(shape)}"
            )
    return ShapeError(
        f"shape '{list(shape)}' is invalid for input of size {size}",
        "The lengths of a shape must multiply to the number of elements; -1 stands for what is "
        "left.",
    )


def _shape_samples(s: Sampler) -> Call:
    shape = s.shape()
    size = math.prod(shape)
    target = s.choice([(size,), (-1,), (1, size), shape[::-1], (*shape, 1)])
    return (s.array(shape), target), {}


def _contiguous(samples: Callable[[Sampler], Call]) -> Callable[[Sampler], Call]:
    """The same samples with arrays that stand row by row, so that a view is possible."""

    def drawn(s: Sampler) -> Call:
        (x, *others), attrs = samples(s)
        return (np.array(x, order="C"), *others), attrs

    return drawn


@public(torch="Tensor.view", samples=_contiguous(_shape_samples))
def view(input: Tensor, *shape: Any) -> Any:
    """The same memory in another shape; one length may be -1.

    x: any shape -> `shape`. Raises ShapeError where the element counts differ, or where the
    strides of the tensor do not allow it (after a transposition, for example).

    >>> import wengert as wg
    >>> wg.tensor([[1.0, 2.0], [3.0, 4.0]]).view(-1)
    tensor([1., 2., 3., 4.])
    """
    if len(shape) == 1 and isinstance(shape[0], (DType, np.dtype, type)):
        raise ArgumentError(
            "view(dtype) would show the bits of one dtype as another; there is no such operation",
            "Use .to(dtype) for the values in another dtype.",
        )
    data = array_of(input)
    target = inferred(sizes(shape), data.size)
    if not can_view(data, target):
        raise ShapeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces)",
            "Use .reshape(...) instead: it copies where it must.",
        )
    return view_op(input, shape=target)


@public(torch="reshape", samples=_shape_samples)
def reshape(input: Tensor, *shape: Any) -> Any:
    """The elements, row by row, in another shape; one length may be -1.

    A view of the same memory where the strides allow it, else a copy. Raises ShapeError where
    the element counts differ.
    """
    data = array_of(input)
    target = inferred(sizes(shape), data.size)
    return (view_op if can_view(data, target) else unsafe_view_op)(input, shape=target)


def _pair_samples(s: Sampler) -> Call:
    shape = s.shape()
    return (s.array(shape), s.array(shape[::-1])), {}


@public(torch="Tensor.view_as", samples=_contiguous(_pair_samples))
def view_as(input: Tensor, other: Tensor) -> Any:
    """`input.view(shape_of(other))`."""
    return view(input, shape_of(other))


@public(torch="Tensor.reshape_as", samples=_pair_samples)
def reshape_as(input: Tensor, other: Tensor) -> Any:
    """`input.reshape(shape_of(other))`."""
    return reshape(input, shape_of(other))


def _flatten_samples(s: Sampler) -> Call:
    shape = s.shape()
    start, end = sorted((s.integer(0, max(len(shape) - 1, 0)), max(len(shape) - 1, 0)))
    return (s.array(shape), start, s.choice([end, -1])), {}


@public(torch="flatten", samples=_flatten_samples)
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The dimensions from `start_dim` to `end_dim` as one. A 0-d tensor becomes one element.

    x: (a, b, c, d) -> (a, b * c, d) for start_dim=1, end_dim=2. Raises ShapeError where
    `start_dim` comes after `end_dim`.
    """
    shape = shape_of(input)
    start, end = one_dim(start_dim, len(shape)), one_dim(end_dim, len(shape))
    if start > end:
        raise ShapeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, (1,))
    if start == end:
        return input
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@public(torch="ravel", samples=lambda s: ((s.array(s.shape()),), {}))
def ravel(input: Tensor) -> Any:
    """All elements in one dimension, row by row."""
    return view_op(contiguous(input), shape=(array_of(input).size,))


def _unflatten_samples(s: Sampler) -> Call:
    shape = (*s.shape(0, 1), 6, *s.shape(0, 1))
    at = s.choice([d for d, length in enumerate(shape) if length == 6])
    return (s.array(shape), at, s.choice([(2, 3), (-1, 2), (6, 1)])), {}


@public(torch="unflatten", samples=_unflatten_samples)
def unflatten(input: Tensor, dim: int, sizes: Any) -> Any:
    """One dimension as several; one of the sizes may be -1.

    x: (a, b * c, d) -> (a, b, c, d) for dim=1, sizes=(b, c). Raises ShapeError where the sizes
    do not multiply to the length of the dimension.
    """
    shape = shape_of(input)
    at = one_dim(dim, len(shape))
    parts = tuple(integer("a size", length) for length in sizes)
    if not parts:
        raise ShapeError("unflatten: sizes must be non-empty")
    known = math.prod(length for length in parts if length != -1)
    fits = shape[at] == known if -1 not in parts else known and shape[at] % known == 0
    if not fits or parts.count(-1) > 1:
        raise ShapeError(
            f"unflatten: Provided sizes {list(parts)} don't multiply up to the size of dim {at} "
            f"({shape[at]}) in the input tensor"
        )
    parts = tuple(shape[at] // known if length == -1 else length for length in parts)
    return reshape(input, (*shape[:at], *parts, *shape[at + 1 :]))


def _squeeze_samples(s: Sampler) -> Call:
    shape = s.choice([(1, 3, 1), (2, 1), (1,), (), (1, 1)])
    dims = [None, -1, *range(len(shape)), tuple(range(len(shape)))]
    dim = s.choice(dims)
    return (s.array(shape),) if dim is None else (s.array(shape), dim), {}


@public(torch="squeeze", samples=_squeeze_samples)
def squeeze(input: Tensor, dim: Dims = None) -> Any:
    """Without the dimensions of length 1: all of them, or those among `dim`.

    x: (1, 3, 1) -> (3,); with dim=0, (3, 1). Dimensions of other lengths stay.
    """
    ndim = ndim_of(input)
    if dim is None:
        return squeeze_op(input, dim=None)
    if isinstance(dim, (int, np.integer)):
        return squeeze_op(input, dim=one_dim(dim, ndim))
    return squeeze_op(input, dim=many_dims(dim, ndim) if len(dim) else ())


def _unsqueeze_samples(s: Sampler) -> Call:
    shape = s.shape()
    return (s.array(shape), s.dim(len(shape) + 1)), {}


@public(torch="unsqueeze", samples=_unsqueeze_samples)
def unsqueeze(input: Tensor, dim: int) -> Any:
    """With a dimension of length 1 put in before `dim`. x: (a, b) -> (a, 1, b) for dim=1."""
    return unsqueeze_op(input, dim=one_dim(dim, ndim_of(input) + 1))


@public(torch="clone", samples=lambda s: ((s.array(s.shape()),), {}))
def clone(input: Tensor) -> Any:
    """A copy in its own memory. The gradient passes through it."""
    return clone_op(checked(input), order="K")


@public(torch="Tensor.contiguous", samples=lambda s: ((s.array(s.shape()),), {}))
def contiguous(input: Tensor) -> Any:
    """The tensor itself if its elements stand row by row in memory, else a copy that does."""
    return input if array_of(input).flags.c_contiguous else clone_op(input, order="C")


@public(torch="atleast_1d", samples=lambda s: ((s.array(s.shape()),), {}), method=False)
def atleast_1d(*tensors: Any) -> Any:
    """With at least one dimension: () -> (1,). Several tensors give a tuple."""
    return _each(tensors, lambda x: x if ndim_of(x) else reshape(x, (1,)))


@public(torch="atleast_2d", samples=lambda s: ((s.array(s.shape()),), {}), method=False)
def atleast_2d(*tensors: Any) -> Any:
    """With at least two dimensions: () -> (1, 1), (n,) -> (1, n). Several give a tuple."""

    def raised(x: Any) -> Any:
        if not ndim_of(x):
            return reshape(x, (1, 1))
        return unsqueeze(x, 0) if ndim_of(x) == 1 else x

    return _each(tensors, raised)


@public(torch="atleast_3d", samples=lambda s: ((s.array(s.shape()),), {}), method=False)
def atleast_3d(*tensors: Any) -> Any:
    """With at least three dimensions: () -> (1, 1, 1), (n,) -> (1, n, 1), (a, b) -> (a, b, 1)."""

    def raised(x: Any) -> Any:
        if not ndim_of(x):
            return reshape(x, (1, 1, 1))
        if ndim_of(x) == 1:
            x = unsqueeze(x, 0)
        return unsqueeze(x, -1) if ndim_of(x) == 2 else x

    return _each(tensors, raised)


def _each(tensors: tuple[Any, ...], change: Any) -> Any:
    if len(tensors) == 1 and not isinstance(tensors[0], (list, tuple)):
        return change(tensors[0])
    if len(tensors) == 1:
        tensors = tuple(tensors[0])
    return tuple(change(x) for x in tensors)
