"""Elements repeated: expand and broadcast (views), repeat and tile (copies), meshgrid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.errors import ShapeError
from wengert.ops.arguments import ndim_of, one_of, shape_of
from wengert.ops.batching import expand_rule, repeat_rule
from wengert.ops.canonical import sizes
from wengert.ops.define import public
from wengert.ops.kinds import linear
from wengert.ops.labels import call
from wengert.ops.reshape import clone_op, reshape, view_op
from wengert.ops.samples import Call, Sampler


def _expand(x: Any, *, shape: tuple[int, ...]) -> Any:
    """A view with stride 0 where elements are shared; parts of it in which none is are writable."""
    if math.prod(shape) == np.size(x):
        return np.reshape(x, shape)
    spread = np.broadcast_to(x, shape)
    if type(x) is np.ndarray and x.flags.writeable:
        spread.flags.writeable = True
    return spread


expand_op = linear(
    "expand", _expand,
    # The walk sums a cotangent over the dimensions that were broadcast.
    transpose=lambda ct: ct,
    view=True, torch="Tensor.expand", symbol=call("expand", "shape"),
    explain="slope 1 from each element to each of its copies; their gradients add up",
    batch=expand_rule,
)  # fmt: skip


def _repeat_transpose(ct: Any, x: Any, repeats: tuple[int, ...]) -> Any:
    """Split each dimension into (repeats, length) and sum over the repeats."""
    lengths = (1,) * (len(repeats) - x.ndim) + x.shape
    split = tuple(n for pair in zip(repeats, lengths, strict=True) for n in pair)
    summed = np.reshape(ct, split).sum(tuple(range(0, len(split), 2))) if split else ct
    return np.reshape(summed, x.shape)


def _repeat_written(x: Any, *, repeats: tuple[int, ...]) -> Any:
    """Each dimension as (repeats, length), expanded along the first of the two."""
    lengths = (1,) * (len(repeats) - x.ndim) + x.shape
    apart = tuple(n for length in lengths for n in (1, length))
    spread = tuple(n for pair in zip(repeats, lengths, strict=True) for n in pair)
    copies = expand_op(reshape(x, apart), shape=spread)
    together = tuple(n * length for n, length in zip(repeats, lengths, strict=True))
    return view_op(clone_op(copies, order="C"), shape=together)


repeat_op = linear(
    "repeat", lambda x, *, repeats: np.tile(x, repeats), transpose=_repeat_transpose,
    torch="Tensor.repeat", symbol=call("repeat", "repeats"),
    explain="slope 1 from each element to each of its copies; their gradients add up",
    batch=repeat_rule, written=_repeat_written,
)  # fmt: skip


def expanded_shape(shape: tuple[int, ...], target: tuple[int, ...]) -> tuple[int, ...]:
    """The target with each -1 replaced by the length there is.

    Raises ShapeError where `shape` does not broadcast to it.
    """
    lead = len(target) - len(shape)
    if lead < 0:
        raise ShapeError(
            f"expand: the number of sizes provided ({len(target)}) must be greater or equal to "
            f"the number of dimensions in the tensor ({len(shape)})"
        )
    result = []
    for at, length in enumerate(target):
        have = shape[at - lead] if at >= lead else 1
        if length == -1 and at < lead:
            raise ShapeError(
                "The expanded size of the tensor (-1) isn't allowed in a leading, non-existing "
                f"dimension {at}"
            )
        length = have if length == -1 else length
        if have not in (1, length) or length < 0:
            raise ShapeError(
                f"The expanded size of the tensor ({length}) must match the existing size "
                f"({have}) at non-singleton dimension {at}.  Target sizes: {list(target)}.  "
                f"Tensor sizes: {list(shape)}"
            )
        result.append(length)
    return tuple(result)


def _expand_samples(s: Sampler) -> Call:
    small, large = s.broadcastable(2)
    return (s.array(small), np.broadcast_shapes(small, large)), {}


@public(torch="Tensor.expand", samples=_expand_samples)
def expand(input: Tensor, *size: Any) -> Any:
    """The tensor seen in a larger shape, its dimensions of length 1 repeated without a copy.

    x: (n, 1) -> (n, m) for size (-1, m): -1 keeps a length. Writing into the result raises
    ArgumentError, since its elements share memory. Raises ShapeError where a length other than 1
    would change.
    """
    return expand_op(input, shape=expanded_shape(shape_of(input), sizes(size)))


@public(torch="broadcast_to", samples=_expand_samples)
def broadcast_to(input: Tensor, *size: Any) -> Any:
    """`input.expand(size)`."""
    return expand(input, *size)


def _expand_as_samples(s: Sampler) -> Call:
    small, large = s.broadcastable(2)
    return (s.array(small), s.array(np.broadcast_shapes(small, large))), {}


@public(torch="Tensor.expand_as", samples=_expand_as_samples)
def expand_as(input: Tensor, other: Tensor) -> Any:
    """`input.expand(shape_of(other))`."""
    return expand(input, shape_of(other))


def _broadcast_samples(s: Sampler) -> Call:
    return tuple(s.array(shape) for shape in s.broadcastable(3)), {}


@public(torch="broadcast_tensors", samples=_broadcast_samples, method=False)
def broadcast_tensors(*tensors: Any) -> Any:
    """The tensors expanded to their common shape. Raises ShapeError where there is none."""
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    shapes = [shape_of(x) for x in tensors]
    shape = common_shape("broadcast_tensors", *shapes)
    return tuple(
        x if have == shape else expand_op(x, shape=shape)
        for x, have in zip(tensors, shapes, strict=True)
    )


def common_shape(name: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all broadcast to; raises ShapeError where there is none."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        given = " and ".join(str(tuple(shape)) for shape in shapes)
        raise ShapeError(
            f"{name}: shapes {given} do not broadcast",
            "From the last dimension back, lengths must be equal, or one of them 1.",
        ) from None


def _repeat_samples(s: Sampler) -> Call:
    shape = s.shape(0, 2, 1, 3)
    count = len(shape) + s.integer(0, 1)
    return (s.array(shape), tuple(s.integer(1, 3) for _ in range(count))), {}


@public(torch="Tensor.repeat", samples=_repeat_samples)
def repeat(input: Tensor, *repeats: Any) -> Any:
    """The whole tensor, `repeats` times along each dimension.

    x: (a, b) -> (2 * a, 3 * b) for (2, 3); further repeats in front add dimensions. Raises
    ShapeError where there are fewer repeats than dimensions.
    """
    counts = sizes(repeats)
    if len(counts) < ndim_of(input):
        raise ShapeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions "
            f"of tensor: {len(counts)} and {ndim_of(input)}",
            "Give one number per dimension, or use tile().",
        )
    if min(counts, default=0) < 0:
        raise ShapeError(f"repeat: the counts {list(counts)} must not be negative")
    return repeat_op(input, repeats=counts)


@public(torch="tile", samples=_repeat_samples)
def tile(input: Tensor, *dims: Any) -> Any:
    """The whole tensor repeated, where counts left out in front are 1."""
    counts = sizes(dims)
    return repeat(input, (1,) * (ndim_of(input) - len(counts)) + counts)


def _meshgrid_samples(s: Sampler) -> Call:
    count = s.integer(1, 3)
    vectors = tuple(s.array(s.shape(0, 1)) for _ in range(count))
    return vectors, {"indexing": s.choice(["ij", "xy"])}


@public(torch="meshgrid", samples=_meshgrid_samples, method=False)
def meshgrid(*tensors: Any, indexing: str = "ij") -> Any:
    """The grid of coordinates that vectors span, one tensor per vector.

    (n,), (m,) -> two tensors of shape (n, m); with indexing="xy", of shape (m, n). Raises
    ShapeError for a tensor with more than one dimension.
    """
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    one_of("meshgrid: indexing", indexing, ("ij", "xy"))
    if not tensors:
        raise ShapeError("meshgrid expects a non-empty TensorList")
    for x in tensors:
        if ndim_of(x) > 1:
            raise ShapeError(f"meshgrid: expected 0-d or 1-d tensors, but one has {shape_of(x)}")
    places = list(range(len(tensors)))
    if indexing == "xy" and len(tensors) > 1:
        places[:2] = [1, 0]
    lengths = [math.prod(shape_of(x)) for x in tensors]
    shape = tuple(lengths[places.index(d)] for d in range(len(tensors)))
    return tuple(
        expand_op(_along(x, place, len(tensors)), shape=shape)
        for x, place in zip(tensors, places, strict=True)
    )


def _along(x: Any, place: int, ndim: int) -> Any:
    """A vector as a tensor with its elements along one of `ndim` dimensions."""
    return reshape(x, (1,) * place + (-1,) + (1,) * (ndim - place - 1))
