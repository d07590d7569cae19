"""Tensors joined: cat, stack, hstack, vstack, dstack."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, ShapeError
from wengert.ops.arguments import array_of
from wengert.ops.batching import join_rule
from wengert.ops.canonical import one_dim
from wengert.ops.define import public
from wengert.ops.kinds import linear
from wengert.ops.labels import call
from wengert.ops.reshape import atleast_1d, atleast_2d, atleast_3d
from wengert.ops.samples import Call, Sampler

_PASSES_ON = "slope 1 for every element: each tensor gets back its own part of the gradient"


def _cut_back(ct: Any, i: int, dim: int, bounds: tuple[int, ...]) -> Any:
    return ct[(slice(None),) * dim + (slice(bounds[i], bounds[i + 1]),)]


# bounds: where each input starts, and the end. From the avals, every pullback would have to sum
# the lengths of all the inputs before its own.
cat_op = linear(
    "cat", lambda *xs, dim, bounds: np.concatenate(xs, dim), transpose=_cut_back,
    promotion="common", torch="cat", explain=_PASSES_ON, symbol=call("cat", keywords=("dim",)),
    batch=join_rule, piece="parts",
)  # fmt: skip
stack_op = linear(
    "stack", lambda *xs, dim: np.stack(xs, dim),
    transpose=lambda ct, i, dim: ct[(slice(None),) * dim + (i, ...)],
    promotion="common", torch="stack", explain=_PASSES_ON,
    symbol=call("stack", keywords=("dim",)),
    batch=join_rule, piece="parts",
)  # fmt: skip


def _sequence(name: str, tensors: Any) -> list[Any]:
    if not isinstance(tensors, (list, tuple)):
        raise ArgumentError(
            f"{name}: the tensors must be given as a list or a tuple, "
            f"not as a {type(tensors).__name__}"
        )
    if not tensors:
        raise ArgumentValueError(
            f"{name}(): expected a non-empty list of Tensors",
            "Nothing has neither shape nor dtype; wengert.empty(0) makes an empty tensor.",
        )
    for at, x in enumerate(tensors):
        if not isinstance(x, (Tensor, np.ndarray, np.generic)):
            raise ArgumentError(
                f"{name}: element {at} is a {type(x).__name__}, no tensor",
                "Make a tensor of it first: wengert.tensor(...).",
            )
    return list(tensors)


def _cat_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    dim = s.dim(len(shape))
    arrays = []
    for _ in range(s.integer(1, 3)):
        lengths = list(shape)
        lengths[dim] = s.integer(1, 3)
        arrays.append(s.array(lengths))
    return (arrays, dim), {}


@public(torch="cat", samples=_cat_samples, method=False, names=("concat", "concatenate"))
def cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    """Tensors joined along a dimension; all other lengths are equal.

    (a, n), (b, n) -> (a + b, n). Dtypes are promoted. Raises ShapeError where the shapes do not
    fit; empty tensors of shape (0,) fit with everything.

    >>> import wengert as wg
    >>> wg.cat([wg.tensor([[1, 2]]), wg.tensor([[3, 4]])], dim=1)
    tensor([[1, 2, 3, 4]])
    """
    xs = _sequence("cat", tensors)
    shapes = [array_of(x).shape for x in xs]
    first = next((shape for shape in shapes if shape != (0,)), (0,))
    if not first:
        raise ShapeError(
            "zero-dimensional tensor (at position 0) cannot be concatenated", "Use stack()."
        )
    at = one_dim(dim, len(first))
    if len(first) > 1 and (0,) in shapes:
        empty = (*first[:at], 0, *first[at + 1 :])
        xs = [x.reshape(empty) if shape == (0,) else x for x, shape in zip(xs, shapes, strict=True)]
        shapes = [empty if shape == (0,) else shape for shape in shapes]
    for i, shape in enumerate(shapes):
        if shape != first:
            _check_fits(first, shape, at, i)
    bounds = tuple(itertools.accumulate((shape[at] for shape in shapes), initial=0))
    return cat_op(*xs, dim=at, bounds=bounds)


def _check_fits(first: tuple[int, ...], shape: tuple[int, ...], dim: int, at: int) -> None:
    if len(shape) != len(first):
        raise ShapeError(
            f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}",
            f"Number {at} of the list has shape {shape}, the first {first}.",
        )
    for d, (want, have) in enumerate(zip(first, shape, strict=True)):
        if d != dim and want != have:
            raise ShapeError(
                f"Sizes of tensors must match except in dimension {dim}. Expected size {want} "
                f"but got size {have} for tensor number {at} in the list.",
                f"Its shape is {shape}, the first one's {first}.",
            )


def _stack_samples(s: Sampler) -> Call:
    shape = s.shape()
    arrays = [s.array(shape) for _ in range(s.integer(1, 3))]
    return (arrays, s.dim(len(shape) + 1)), {}


@public(torch="stack", samples=_stack_samples, method=False)
def stack(tensors: Sequence[Any], dim: int = 0) -> Any:
    """Tensors of one shape joined along a new dimension: n times (a, b) -> (n, a, b).

    Raises ShapeError where the shapes differ.
    """
    xs = _sequence("stack", tensors)
    shape = array_of(xs[0]).shape
    for i, x in enumerate(xs):
        if array_of(x).shape != shape:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 "
                f"and {list(x.shape)} at entry {i}"
            )
    return stack_op(*xs, dim=one_dim(dim, len(shape) + 1))


def _row_samples(s: Sampler) -> Call:
    shape = s.shape()
    return ([s.array(shape) for _ in range(s.integer(1, 3))],), {}


@public(torch="hstack", samples=_row_samples, method=False)
def hstack(tensors: Sequence[Any]) -> Any:
    """Side by side: along dimension 1, or 0 for vectors."""
    xs = [atleast_1d(x) for x in _sequence("hstack", tensors)]
    return cat(xs, 0 if xs[0].ndim == 1 else 1)


@public(torch="vstack", samples=_row_samples, method=False, names=("row_stack",))
def vstack(tensors: Sequence[Any]) -> Any:
    """One below the other: along dimension 0, vectors as rows."""
    return cat([atleast_2d(x) for x in _sequence("vstack", tensors)], 0)


@public(torch="dstack", samples=_row_samples, method=False)
def dstack(tensors: Sequence[Any]) -> Any:
    """One behind the other: along dimension 2."""
    return cat([atleast_3d(x) for x in _sequence("dstack", tensors)], 2)
