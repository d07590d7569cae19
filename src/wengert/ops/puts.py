"""Elements written where indices or a mask say: index_put, masked_scatter, fill_diagonal_."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.core.write import in_place
from wengert.errors import ArgumentError, DTypeError, ShapeError
from wengert.ops.arguments import array_of, flag, shape_of
from wengert.ops.create import as_tensor
from wengert.ops.define import method, public
from wengert.ops.expand import common_shape, expand_op
from wengert.ops.fill import masked_fill
from wengert.ops.gather import index_select
from wengert.ops.index import index_put_op
from wengert.ops.limits import clamp_min
from wengert.ops.reshape import reshape
from wengert.ops.samples import Call, Sampler
from wengert.ops.scan import cumsum
from wengert.ops.selection import where
from wengert.ops.subscript import parse


def _index_put_samples(s: Sampler) -> Call:
    shape = s.shape(1, 2)
    count = s.integer(1, shape[0])
    rows = np.arange(shape[0])[:count].copy()  # each once: which of two stays is not defined
    values = s.array((count, *shape[1:]))
    return (s.array(shape), (rows,), values), s.choice([{}, {"accumulate": True}])


@public(torch="index_put", samples=_index_put_samples, in_place=True)
def index_put(
    input: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False
) -> Any:
    """A copy of x with out[indices] = values, or += with accumulate; None takes a whole dimension.

    indices: index tensors or masks, one per dimension. values: broadcast to what they pick. Raises
    DTypeError where the dtypes differ.

    >>> import wengert as wg
    >>> wg.zeros(3).index_put((wg.tensor([0, 0]),), wg.ones(2), accumulate=True)
    tensor([2., 0., 0.])
    """
    if not isinstance(indices, (tuple, list)):
        raise ArgumentError(f"index_put: indices must be a tuple, not {type(indices).__name__}")
    adds = flag("index_put: accumulate", accumulate)
    have, other = array_of(input).dtype, array_of(values).dtype
    if have != other:
        raise DTypeError(
            f"Index put requires the source and destination dtypes match, got {have} for the "
            f"destination and {other} for the source.",
            "Cast one of them with .to(dtype).",
        )
    shape = shape_of(input)
    entries = tuple(slice(None) if i is None else i for i in indices)
    basic, dims, arrays = parse(entries, shape)
    attrs = {"basic": basic, "dims": dims, "shape": shape, "accumulate": adds}
    return index_put_op(input, values, *arrays, **attrs)


def _masked_scatter_samples(s: Sampler) -> Call:
    shape = s.shape()
    mask = s.mask(shape)
    return (s.array(shape), mask, s.array((s.integer(int(np.prod(shape)), 80),))), {}


@public(torch="masked_scatter", samples=_masked_scatter_samples, in_place=True)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Any:
    """A copy of x with the source's first elements, in order, where the mask is true.

    x and the mask are broadcast. Raises DTypeError unless the mask is of bools and the dtypes are
    equal, ShapeError where the source has too few elements.

    >>> import wengert as wg
    >>> wg.zeros(3).masked_scatter(wg.tensor([True, False, True]), wg.tensor([1., 2., 3.]))
    tensor([1., 0., 2.])
    """
    picked = array_of(mask)
    if picked.dtype != bool:
        raise DTypeError(f"masked_scatter expects a boolean mask, not {picked.dtype}")
    if array_of(input).dtype != array_of(source).dtype:
        raise DTypeError(
            f"masked_scatter: expected self and source to have same dtypes but got "
            f"{array_of(input).dtype} and {array_of(source).dtype}"
        )
    shape = common_shape("masked_scatter", shape_of(input), picked.shape)
    flat = reshape(source, (-1,))
    wanted = expand_op(mask, shape=shape)
    if not getattr(wanted, "_level", 0):
        _check_count(int(np.sum(array_of(wanted))), shape_of(flat)[0])
    if not shape_of(flat)[0]:
        return where(wanted, flat.sum(), input)  # nothing is picked
    # By cumulative sums and not by x[mask]: so it can be mapped and traced.
    places = clamp_min(cumsum(reshape(wanted, (-1,)), 0) - 1, 0)
    values = index_select(flat, 0, places)
    return where(wanted, reshape(values, shape), input)


def _check_count(picked: int, there: int) -> None:
    if there < picked:
        raise ShapeError(
            "masked_scatter: expected self and source to have same number of elements: the mask "
            f"picks {picked}, and the source has {there}"
        )


@method(Tensor)
def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """A number on the main diagonal, in place; with `wrap`, again and again in tall matrices.

    Raises ShapeError below two dimensions, and beyond where lengths differ.

    >>> import wengert as wg
    >>> wg.zeros(2, 2).fill_diagonal_(1)
    tensor([[1., 0.],
            [0., 1.]])
    """
    shape = shape_of(self)
    if len(shape) < 2:
        raise ShapeError("dimensions must larger than 1", f"This tensor has {len(shape)}.")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise ShapeError("all dimensions of input must be of equal length", f"They are {shape}.")
    mask = np.zeros(shape, bool)
    np.fill_diagonal(mask, True, wrap=wrap)

    def fill_diagonal(x: Tensor) -> Any:
        return masked_fill(x, as_tensor(mask), fill_value)

    return in_place(fill_diagonal, self)
