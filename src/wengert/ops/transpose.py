"""Dimensions in another order: transpose, permute, movedim, and the properties T, mT, H, mH."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ShapeError
from wengert.ops.arguments import array_of, ndim_of
from wengert.ops.batching import along, permute_rule, t_rule
from wengert.ops.canonical import one_dim, sizes
from wengert.ops.define import public
from wengert.ops.kinds import linear
from wengert.ops.labels import call
from wengert.ops.samples import Call, Sampler

_MOVES_NOTHING = "slope 1 for every element: only their order changes"


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    inverse = [0] * len(dims)
    for to, source in enumerate(dims):
        inverse[source] = to
    return tuple(inverse)


def _permuted(args: list[str], attrs: dict[str, Any]) -> str:
    if attrs["dims"] == (1, 0):
        return f"{args[0]}.T"
    return call("permute", "dims")(args, attrs)


permute_op: Op = linear(
    "permute", lambda x, *, dims: x.transpose(dims),
    transpose=lambda ct, dims: permute_op(ct, dims=_inverse(dims)),
    view=True, torch="permute", symbol=_permuted, explain=_MOVES_NOTHING,
    batch=permute_rule,
)  # fmt: skip


def _exchanged(ndim: int, first: int, second: int) -> tuple[int, ...]:
    """The order of dimensions with two of them exchanged."""
    dims = list(range(ndim))
    if dims:
        dims[first], dims[second] = dims[second], dims[first]
    return tuple(dims)


transpose_op: Op = linear(
    "transpose", lambda x, *, dim0, dim1: x.swapaxes(dim0, dim1) if x.ndim else x[...],
    transpose=lambda ct, dim0, dim1: transpose_op(ct, dim0=dim0, dim1=dim1),
    written=lambda x, dim0, dim1: permute_op(x, dims=_exchanged(x.ndim, dim0, dim1)),
    view=True, torch="transpose", explain=_MOVES_NOTHING,
    symbol=call("transpose", "dim0", "dim1"),
    batch=along("dim0", "dim1"),
)  # fmt: skip
t_op: Op = linear(
    "t", lambda x: x.transpose(),
    transpose=lambda ct: t_op(ct),
    written=lambda x: permute_op(x, dims=tuple(range(x.ndim))[::-1]),
    view=True, torch="t", explain=_MOVES_NOTHING, symbol="{}.T", latex=r"{}^\top",
    batch=t_rule,
)  # fmt: skip


def _two_dims_samples(s: Sampler) -> Call:
    shape = s.shape()
    return (s.array(shape), s.dim(len(shape)), s.dim(len(shape))), {}


@public(torch="transpose", samples=_two_dims_samples, names=("swapaxes", "swapdims"))
def transpose(input: Tensor, dim0: int, dim1: int) -> Any:
    """With two dimensions exchanged: (a, b, c) -> (c, b, a) for 0 and 2. Always a view."""
    ndim = array_of(input).ndim
    first, second = one_dim(dim0, ndim), one_dim(dim1, ndim)
    return transpose_op(input, dim0=first, dim1=second)


@public(torch="t", samples=lambda s: ((s.array(s.shape(0, 2)),), {}))
def t(input: Tensor) -> Any:
    """The transpose of a matrix; vectors and 0-d tensors as they are.

    Raises ShapeError beyond two dimensions.
    """
    if ndim_of(input) > 2:
        raise ShapeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {ndim_of(input)}D",
            "Use .mT for a batch of matrices, or .permute(...).",
        )
    return t_op(input)


def _order(s: Sampler, ndim: int) -> tuple[int, ...]:
    """A random order of dimensions."""
    left = list(range(ndim))
    return tuple(left.pop(s.integer(0, len(left) - 1)) for _ in range(ndim))


def _permute_samples(s: Sampler) -> Call:
    shape = s.shape()
    return (s.array(shape), _order(s, len(shape))), {}


@public(torch="permute", samples=_permute_samples)
def permute(input: Tensor, *dims: Any) -> Any:
    """With the dimensions in the given order: (a, b, c) -> (c, a, b) for (2, 0, 1).

    Raises ShapeError unless every dimension is named once.
    """
    ndim = array_of(input).ndim
    order = sizes(dims)
    if len(order) != ndim:
        raise ShapeError(
            f"permute: {len(order)} dimensions are named, and the tensor has {ndim}",
            "Name every dimension once.",
        )
    order = tuple(one_dim(d, ndim) for d in order)
    if len(set(order)) != ndim:
        raise ShapeError("permute(): duplicate dims are not allowed.")
    return permute_op(input, dims=order)


def _movedim_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    count = s.integer(1, len(shape))
    source, destination = _order(s, len(shape))[:count], _order(s, len(shape))[:count]
    if count == 1:
        return (s.array(shape), source[0], destination[0]), {}
    return (s.array(shape), source, destination), {}


@public(torch="movedim", samples=_movedim_samples, names=("moveaxis",))
def movedim(input: Tensor, source: Any, destination: Any) -> Any:
    """With dimensions moved to new places, the others in their order.

    x: (a, b, c) -> (b, c, a) for source=0, destination=2. Raises ShapeError where a dimension is
    named twice or the counts differ.
    """
    ndim = ndim_of(input)
    if isinstance(source, int) != isinstance(destination, int):
        raise ArgumentError("movedim: give two ints, or two tuples of the same length")
    moved = _unique_dims("source", source, ndim)
    targets = _unique_dims("destination", destination, ndim)
    if len(moved) != len(targets):
        raise ShapeError(
            f"movedim: source names {len(moved)} dimensions and destination {len(targets)}"
        )
    if not ndim:
        return permute_op(input, dims=())
    order = [d for d in range(ndim) if d not in moved]
    for target, dim in sorted(zip(targets, moved, strict=True)):
        order.insert(target, dim)
    return permute_op(input, dims=tuple(order))


def _unique_dims(name: str, dims: int | Sequence[int], ndim: int) -> tuple[int, ...]:
    given = (dims,) if isinstance(dims, (int, np.integer)) else tuple(dims)
    found = tuple(one_dim(d, ndim) for d in given)
    if len(set(found)) != len(found):
        raise ShapeError(f"movedim: repeated dim in `{name}` ({list(given)})")
    return found


def _matrices(input: Tensor, name: str) -> bool:
    """Whether there is something to transpose; raises ShapeError for vectors."""
    ndim = ndim_of(input)
    if ndim == 1:
        raise ShapeError(
            f"tensor.{name} is only supported on matrices or batches of matrices. Got 1-D tensor.",
            "A row is x[None, :], a column x[:, None].",
        )
    return ndim > 1


def _conjugated(input: Tensor) -> Any:
    return np.conj(input) if array_of(input).dtype.kind == "c" else input


@public(torch="adjoint", samples=lambda s: ((s.array(s.shape(2)),), {}))
def adjoint(input: Tensor) -> Any:
    """The conjugate transpose of the last two dimensions; for real numbers, the transpose."""
    return _conjugated(transpose(input, -2, -1) if _matrices(input, "adjoint") else input)


def _property(name: str) -> Callable[[Callable[[Tensor], Any]], Callable[[Tensor], Any]]:
    def attach(function: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
        setattr(Tensor, name, property(function))
        return function

    return attach


@_property("T")
def _reversed(input: Tensor) -> Any:
    """All dimensions in reverse order: the transpose of a matrix."""
    return permute_op(input, dims=tuple(range(array_of(input).ndim))[::-1])


@_property("mT")
def _matrix_transpose(input: Tensor) -> Any:
    """The last two dimensions exchanged."""
    return transpose(input, -2, -1) if _matrices(input, "mT") else transpose(input, 0, 0)


@_property("H")
def _hermitian(input: Tensor) -> Any:
    """The conjugate transpose of a matrix."""
    if ndim_of(input) not in (0, 2):
        raise ShapeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {ndim_of(input)}-D tensor.",
            "For batches of matrices, use tensor.mH.",
        )
    return _conjugated(transpose(input, 0, -1))


@_property("mH")
def _matrix_hermitian(input: Tensor) -> Any:
    """The conjugate transpose of the last two dimensions."""
    return _conjugated(_matrix_transpose(input) if _matrices(input, "mH") else input)
