"""Parts of a tensor that are views of it: slices, rows, columns, splits, windows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import DimensionError, ShapeError
from wengert.ops.arguments import integer, ndim_of, shape_of
from wengert.ops.batching import along, part_rule
from wengert.ops.canonical import one_dim
from wengert.ops.define import public
from wengert.ops.kinds import linear
from wengert.ops.labels import call, indexed
from wengert.ops.samples import Call, Sampler

Basic = tuple[int | slice | None, ...]
"""A basic index: integers, slices and None, without an ellipsis."""

_ALL: Final = slice(None)


def take_part(x: Any, *, index: Basic) -> Any:
    """x[index], always a view: the ellipsis keeps NumPy from making a scalar."""
    return np.asarray(x)[(*index, ...)]


def _embed(part: Any, *, index: Basic, shape: tuple[int, ...]) -> Any:
    whole = np.zeros(shape, part.dtype)
    whole[(*index, ...)] = part
    return whole


embed = linear(
    "embed", _embed,
    transpose=lambda ct, index: take_part_of(ct, index=index),
    no_torch="the transpose of basic indexing: zeros with a part filled in",
    explain="slope 1: the elements stand among zeros",
    batch=part_rule, piece="parts",
)  # fmt: skip


def _index_name(attrs: dict[str, Any]) -> str:
    """torch makes one node per step; this names the last one."""
    name = "Alias"
    for entry in attrs.get("index", ()):
        if entry is None:
            name = "Unsqueeze"
        elif not isinstance(entry, slice):
            name = "Select"
        elif entry != _ALL or name == "Alias":
            name = "Slice"
    return name + "Backward0"


def part_op(
    name: str, grad_name: str | Callable[[dict[str, Any]], str], torch: str, several: bool = False
) -> Op:
    """An operation that takes a part by a basic index; torch has several names for it."""
    return linear(
        name, take_part, transpose=lambda ct, x, index: embed(ct, index=index, shape=x.shape),
        written=None if name == "part" else lambda x, index: take_part_of(x, index=index),
        view=True, several=several, torch=torch, grad_name=grad_name, batch=part_rule,
        symbol=lambda args, attrs: indexed(args[0], [], attrs["index"], ()),
        explain="slope 1 for the elements that are taken, 0 for the others",
    )  # fmt: skip


take_part_of: Op = part_op("part", _index_name, "Tensor.__getitem__")
_narrow_op = part_op("narrow", "SliceBackward0", "narrow")
_split_op = part_op("split", "SplitBackward0", "split", several=True)
_split_sizes_op = part_op("split_with_sizes", "SplitWithSizesBackward0", "split", several=True)
_unbind_op = part_op("unbind", "UnbindBackward0", "unbind", several=True)


def _at(dim: int, entry: int | slice) -> Basic:
    return (_ALL,) * dim + (entry,)


def _select_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    dim = s.dim(len(shape))
    return (s.array(shape), dim, s.integer(-shape[dim], shape[dim] - 1)), {}


@public(torch="select", samples=_select_samples)
def select(input: Tensor, dim: int, index: int) -> Any:
    """One slice along a dimension, which goes: (a, b, c) -> (a, c) for dim=1. A view.

    Raises DimensionError where `index` is out of range.
    """
    shape = shape_of(input)
    if not shape:
        raise DimensionError("select() cannot be applied to a 0-dim tensor.")
    at = one_dim(dim, len(shape))
    index = integer("index", index)
    if not -shape[at] <= index < shape[at]:
        raise DimensionError(
            f"select(): index {index} out of range for tensor of size {list(shape)} at "
            f"dimension {at}",
            "Positions count from 0, or backwards from -1.",
        )
    return take_part_of(input, index=_at(at, index % shape[at]))


def _narrow_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    dim = s.dim(len(shape))
    start = s.integer(0, shape[dim])
    return (s.array(shape), dim, start, s.integer(0, shape[dim] - start)), {}


@public(torch="narrow", samples=_narrow_samples)
def narrow(input: Tensor, dim: int, start: int, length: int) -> Any:
    """`length` slices from `start` on along a dimension. A view.

    Raises ShapeError where they reach beyond the end.
    """
    shape = shape_of(input)
    if not shape:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.")
    at = one_dim(dim, len(shape))
    size, start, length = shape[at], integer("start", start), integer("length", length)
    if length < 0:
        raise ShapeError("narrow(): length must be non-negative.")
    if not -size <= start <= size:
        raise DimensionError(
            f"start out of range (expected to be in range of [{-size}, {size}], but got {start})"
        )
    start += size if start < 0 else 0
    if start + length > size:
        raise ShapeError(
            f"start ({start}) + length ({length}) exceeds dimension size ({size}).",
            "The third argument is how many, not where to end; x[start:end] takes the end.",
        )
    return _narrow_op(input, index=_at(at, slice(start, start + length)))


def _cuts(op: Op, input: Tensor, dim: int, bounds: Sequence[int]) -> tuple[Any, ...]:
    """The pieces between consecutive bounds along a dimension."""
    return tuple(
        op(input, index=_at(dim, slice(a, max(a, b)))) for a, b in itertools.pairwise(bounds)
    )


def _split_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    dim = s.dim(len(shape))
    first = s.integer(0, shape[dim])
    sizes = s.choice([s.integer(1, shape[dim]), [first, shape[dim] - first]])
    return (s.array(shape), sizes, dim), {}


@public(torch="split", samples=_split_samples)
def split(input: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> Any:
    """Pieces of the given size (the last one may be smaller), or of the given sizes. Views.

    Raises ShapeError where the sizes do not sum to the length of the dimension.
    """
    shape = shape_of(input)
    if not shape:
        raise ShapeError("split expects at least a 1-dimensional tensor")
    at = one_dim(dim, len(shape))
    size = shape[at]
    if isinstance(split_size_or_sections, (list, tuple)):
        return _split_by_sizes(input, [integer("a size", n) for n in split_size_or_sections], at)
    step = integer("split_size", split_size_or_sections)
    if step < 0:
        raise ShapeError(f"split expects split_size be non-negative, but got split_size={step}")
    if step == 0 and size:
        raise ShapeError(
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {size}"
        )
    bounds = [*range(0, size, step or 1), size] if size else [0, 0]
    return _cuts(_split_op, input, at, bounds)


def _split_by_sizes(input: Tensor, sections: list[int], dim: int) -> tuple[Any, ...]:
    size = shape_of(input)[dim]
    if min(sections, default=0) < 0:
        raise ShapeError(f"split expects non-negative sizes, but got {sections}")
    if sum(sections) != size:
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size "
            f"at dimension {dim}), but got split_sizes={sections}",
            f"They sum to {sum(sections)}; one number in place of the list makes equal pieces.",
        )
    bounds = np.cumsum([0, *sections]).tolist()
    return _cuts(_split_sizes_op, input, dim, bounds)


def _count_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    return (s.array(shape), s.integer(1, 5), s.dim(len(shape))), {}


@public(torch="chunk", samples=_count_samples)
def chunk(input: Tensor, chunks: int, dim: int = 0) -> Any:
    """At most `chunks` pieces of equal size; the last one may be smaller. Views."""
    chunks = integer("chunks", chunks)
    if chunks <= 0:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    if not ndim_of(input):
        raise ShapeError("chunk expects at least a 1-dimensional tensor")
    at = one_dim(dim, ndim_of(input))
    size = shape_of(input)[at]
    if not size:
        return _cuts(_split_op, input, at, [0] * (chunks + 1))
    return split(input, -(-size // chunks), at)


def _tensor_split_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    dim = s.dim(len(shape))
    middle = s.integer(0, shape[dim])
    return (s.array(shape), s.choice([s.integer(1, 4), (middle,), (1, -1), ()]), dim), {}


@public(torch="tensor_split", samples=_tensor_split_samples)
def tensor_split(
    input: Tensor, indices_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Any, ...]:
    """`n` pieces as equal as can be, the longer ones first; or pieces cut at the given places."""
    if not ndim_of(input):
        raise ShapeError("tensor_split expects at least a 1-dimensional tensor")
    at = one_dim(dim, ndim_of(input))
    size = shape_of(input)[at]
    if isinstance(indices_or_sections, (int, np.integer)):
        count = int(indices_or_sections)
        if count <= 0:
            raise ShapeError(f"number of sections must be larger than 0, got {count}")
        bounds = [i * (size // count) + min(i, size % count) for i in range(count + 1)]
    else:
        clamped = (
            slice(integer("an index", i), None).indices(size)[0] for i in indices_or_sections
        )
        bounds = [0, *clamped, size]
    return _cuts(_narrow_op, input, at, bounds)


def _dim_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    return (s.array(shape), s.dim(len(shape))), {}


@public(torch="unbind", samples=_dim_samples)
def unbind(input: Tensor, dim: int = 0) -> tuple[Any, ...]:
    """All slices along a dimension, which goes: (a, b) -> a tensors of shape (b,). Views."""
    if not ndim_of(input):
        raise DimensionError("Dimension specified as 0 but tensor has no dimensions")
    at = one_dim(dim, ndim_of(input))
    return tuple(_unbind_op(input, index=_at(at, i)) for i in range(shape_of(input)[at]))


def _windows(x: Any, *, dim: int, size: int, step: int) -> Any:
    if not np.ndim(x):
        return np.reshape(x, (1,))[:size]
    view = np.lib.stride_tricks.sliding_window_view(x, size, dim, writeable=True)
    return view[(_ALL,) * dim + (slice(None, None, step), ...)]


def _windows_transpose(ct: Any, x: Any, dim: int, size: int, step: int) -> Any:
    """Each element's gradient is the sum over the windows that it lies in."""
    if not x.ndim:
        return np.reshape(ct, ()) if size else None
    total: Any = None
    reach = (ct.shape[dim] - 1) * step + 1
    for offset in range(size):
        index = _at(dim, slice(offset, offset + reach, step))
        part = embed(ct[..., offset], index=index, shape=x.shape)
        total = part if total is None else total + part
    return total


_unfold_op = linear(
    "unfold", _windows, transpose=_windows_transpose,
    view=True, torch="Tensor.unfold", symbol=call("unfold", "dim", "size", "step"),
    explain="slope 1 from each element to every window that it lies in",
    batch=along("dim"),
)  # fmt: skip


def _unfold_samples(s: Sampler) -> Call:
    shape = s.shape(1)
    dim = s.dim(len(shape))
    return (s.array(shape), dim, s.integer(1, shape[dim]), s.integer(1, 3)), {}


@public(torch="Tensor.unfold", samples=_unfold_samples)
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Any:
    """Windows of `size` elements, `step` apart, along a dimension; the window comes last.

    x: (n, b) -> ((n - size) // step + 1, b, size). A view: windows that overlap share memory.
    """
    shape = shape_of(input)
    at = one_dim(dimension, len(shape))
    length = shape[at] if shape else 1
    size, step = integer("size", size), integer("step", step)
    if not 0 <= size <= length:
        raise ShapeError(
            f"maximum size for tensor at dimension {at} is {length} but size is {size}"
        )
    if step <= 0:
        raise ShapeError(f"step is {step} but must be > 0")
    return _unfold_op(input, dim=at, size=size, step=step)
