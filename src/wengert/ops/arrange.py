"""Elements in another order or repeated one by one: flip, roll, rot90, repeat_interleave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ShapeError
from wengert.ops.arguments import array_of, integer, ndim_of, shape_of
from wengert.ops.batching import along, roll_rule
from wengert.ops.batching_index import data_dependent_rule
from wengert.ops.bounds import check_integers, check_vector
from wengert.ops.canonical import one_dim, sizes
from wengert.ops.define import public
from wengert.ops.expand import expand_op
from wengert.ops.gather import index_select_op
from wengert.ops.join import cat
from wengert.ops.kinds import discrete, linear
from wengert.ops.reshape import clone_op, reshape, unsqueeze_op, view_op
from wengert.ops.samples import Call, Sampler
from wengert.ops.slicing import take_part_of
from wengert.ops.trace import data_dependent
from wengert.ops.transpose import transpose

_MOVES = "slope 1 for every element: only their order changes"


def _backwards(x: Any, dims: Sequence[int]) -> Any:
    """flip as a view, which only the compiler has: torch copies."""
    index = tuple(slice(None, None, -1 if d in dims else None) for d in range(x.ndim))
    return take_part_of(x, index=index) if dims else x


flip_op: Op = linear(
    "flip", lambda x, *, dims: np.flip(x, dims).copy(),
    transpose=lambda ct, dims: flip_op(ct, dims=dims), torch="flip", explain=_MOVES,
    batch=along("dims"), written=lambda x, *, dims: _backwards(x, dims),
)  # fmt: skip


def _roll(x: Any, *, shifts: tuple[int, ...], dims: tuple[int, ...]) -> Any:
    """No dimensions: rolled as if there were one."""
    return np.roll(x, shifts, dims or None)


def _roll_written(x: Any, *, shifts: tuple[int, ...], dims: tuple[int, ...]) -> Any:
    if not dims:
        return reshape(_moved_on(reshape(x, -1), sum(shifts), 0), x.shape)
    for by, dim in zip(shifts, dims, strict=True):
        x = _moved_on(x, by, dim)
    return x


def _moved_on(x: Any, by: int, dim: int) -> Any:
    by %= max(x.shape[dim], 1)
    if not by:
        return x
    before = (slice(None),) * dim
    start = x.shape[dim] - by
    return cat([x[(*before, slice(start, None))], x[(*before, slice(0, start))]], dim)


roll_op: Op = linear(
    "roll", _roll,
    transpose=lambda ct, shifts, dims: roll_op(ct, shifts=tuple(-n for n in shifts), dims=dims),
    torch="roll", explain=_MOVES,
    batch=roll_rule, written=_roll_written,
)  # fmt: skip


def _rot90_written(x: Any, *, k: int, dims: tuple[int, int]) -> Any:
    first, second = dims
    if k % 2 == 0:
        return _backwards(x, dims if k % 4 else ())
    turned = transpose(x, first, second)
    return _backwards(turned, (first,) if k % 4 == 1 else (second,))


rot90_op: Op = linear(
    "rot90", lambda x, *, k, dims: np.rot90(x, k, dims).copy(),
    transpose=lambda ct, k, dims: rot90_op(ct, k=-k, dims=dims), torch="rot90", explain=_MOVES,
    batch=along("dims"), written=_rot90_written,
)  # fmt: skip


def _repeat_each_transpose(ct: Any, x: Any, repeats: int, dim: int) -> Any:
    lengths = (*x.shape[: dim + 1], repeats, *x.shape[dim + 1 :])
    return np.reshape(ct, lengths).sum(dim + 1)


def _repeat_each_written(x: Any, *, repeats: int, dim: int) -> Any:
    shape = x.shape
    if not shape:
        return None
    spread = (*shape[: dim + 1], repeats, *shape[dim + 1 :])
    copies = expand_op(unsqueeze_op(x, dim=dim + 1), shape=spread)
    lengths = (*shape[:dim], shape[dim] * repeats, *shape[dim + 1 :])
    return view_op(clone_op(copies, order="C"), shape=lengths)


repeat_each_op = linear(
    "repeat_interleave", lambda x, *, repeats, dim: np.repeat(x, repeats, dim),
    transpose=_repeat_each_transpose, torch="repeat_interleave",
    explain="slope 1 from each element to each of its copies; their gradients add up",
    batch=along("dim"), written=_repeat_each_written,
)  # fmt: skip


def _flip_samples(s: Sampler) -> Call:
    shape = s.shape()
    dims = tuple(d for d in range(len(shape)) if s.choice([True, False]))
    return (s.array(shape), dims), {}


@public(torch="flip", samples=_flip_samples)
def flip(input: Tensor, *dims: Any) -> Any:
    """In reverse order along the given dimensions. A copy.

    Raises ShapeError where a dimension is named twice.
    """
    return flip_op(input, dims=_distinct("flip", sizes(dims), ndim_of(input)))


def _distinct(name: str, dims: Sequence[int], ndim: int) -> tuple[int, ...]:
    found = tuple(one_dim(d, ndim) for d in dims)
    for d in found:
        if found.count(d) > 1:
            raise ShapeError(f"{name}: dim {d} appears multiple times in the list of dims")
    return found if ndim else ()


@public(torch="fliplr", samples=lambda s: ((s.array(s.shape(2)),), {}))
def fliplr(input: Tensor) -> Any:
    """In reverse order along dimension 1: left and right exchanged."""
    if ndim_of(input) < 2:
        raise ShapeError("fliplr: Input must be >= 2-d.")
    return flip_op(input, dims=(1,))


@public(torch="flipud", samples=lambda s: ((s.array(s.shape(1)),), {}))
def flipud(input: Tensor) -> Any:
    """In reverse order along dimension 0: up and down exchanged."""
    if ndim_of(input) < 1:
        raise ShapeError("flipud: Input must be >= 1-d.")
    return flip_op(input, dims=(0,))


def _roll_samples(s: Sampler) -> Call:
    shape = s.shape()
    options: list[tuple[Any, ...]] = [(s.integer(-4, 4),)]
    if shape:
        options.append((s.integer(-4, 4), s.dim(len(shape))))
        options.append(((1, s.integer(-2, 2)), (0, s.dim(len(shape)))))
    return (s.array(shape), *s.choice(options)), {}


@public(torch="roll", samples=_roll_samples)
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Any:
    """Moved on along dimensions; what falls off the end comes back at the start.

    Without `dims`, rolled as if there were one dimension. Raises ShapeError where the counts of
    shifts and dimensions differ.
    """
    by = sizes((shifts,))
    along = () if dims is None else sizes((dims,))
    if len(by) != len(along) and not (len(by) == 1 and not along):
        raise ShapeError(f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(along)}")
    ndim = ndim_of(input)
    found = tuple(one_dim(d, ndim) for d in along)
    if not ndim:
        by, found = (0,), ()
    return roll_op(input, shifts=by if found else by[0:1], dims=found)


def _rot90_samples(s: Sampler) -> Call:
    shape = s.shape(2)
    return (s.array(shape), s.integer(-3, 4), s.choice([(0, 1), (1, 0), (-1, 0)])), {}


@public(torch="rot90", samples=_rot90_samples)
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Any:
    """Turned by 90 degrees, k times, from the first dimension towards the second. A copy."""
    ndim = ndim_of(input)
    if not isinstance(dims, (list, tuple)):
        raise ArgumentError(f"rot90: dims must be two ints, not {type(dims).__name__}")
    plane = sizes((dims,))
    if len(plane) != 2:
        raise ShapeError(f"expected total rotation dims == 2, but got dims = {len(plane)}")
    if ndim < 2:
        raise ShapeError(f"expected total dims >= 2, but got total dims = {ndim}")
    first, second = (one_dim(d, ndim) for d in plane)
    if first == second:
        raise ShapeError(
            f"expected rotation dims to be different, but got dim0 = {first} and dim1 = {second}"
        )
    return rot90_op(input, k=integer("k", k) % 4, dims=(first, second))


def _repeated(repeats: Any) -> Any:
    check_integers("repeat_interleave", repeats)
    if np.any(repeats < 0):
        raise ShapeError("repeats can not be negative")
    return np.repeat(np.arange(repeats.size), np.atleast_1d(repeats))


repeated_indices = discrete(
    "repeated_indices", _repeated, torch="repeat_interleave",
    aval=data_dependent("repeat_interleave with a tensor of repeats"),
    explain="indices have no slope",
    batch=data_dependent_rule,
)  # fmt: skip


def _repeat_each_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    dim = s.dim(len(shape))
    counts = s.choice([s.integer(0, 3), s.integers((shape[dim],), 0, 3)])
    return (s.array(shape), counts, dim), {}


@public(torch="repeat_interleave", samples=_repeat_each_samples)
def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Any:
    """Each element (each slice along `dim`) repeated, the copies side by side.

    repeats: a number, or a tensor with one for each slice; without it, the input holds the
    repeats and the result is the indices. Raises ShapeError where the counts do not fit.
    """
    if repeats is None:
        check_vector("repeat_interleave", input)
        return repeated_indices(input)
    if dim is None:
        input, dim = reshape(input, -1), 0
    at = one_dim(dim, ndim_of(input))
    if not ndim_of(input):
        input = reshape(input, 1)
    size = shape_of(input)[at]
    if isinstance(repeats, (int, np.integer)):
        if repeats < 0:
            raise ShapeError("Repeats must be non-negative")
        result = repeat_each_op(input, repeats=int(repeats), dim=at)
    else:
        result = index_select_op(input, _indices(repeats, size), dim=at)
    if output_size is not None and output_size != result.shape[at]:
        raise ShapeError(
            f"repeat_interleave: output_size is {output_size}, and the repeats give "
            f"{result.shape[at]}"
        )
    return result


def _indices(repeats: Any, size: int) -> Any:
    """Which slice each slice of the result is a copy of."""
    check_vector("repeat_interleave", repeats)
    count = array_of(repeats).size
    if count not in (1, size):
        raise ShapeError(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{count} and input.size(0) = {size}"
        )
    if count != size:
        repeats = expand_op(repeats, shape=(size,))
    return repeated_indices(repeats)
