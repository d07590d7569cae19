"""Whether all or any elements hold, and how many are not zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.tensor import Tensor
from wengert.ops.arguments import array_of, flag
from wengert.ops.axes import Axes, add_up, dims_for, draw_dims, reduction_call
from wengert.ops.batching import along
from wengert.ops.canonical import Dims
from wengert.ops.define import public
from wengert.ops.kinds import discrete
from wengert.ops.reduce import sum_op
from wengert.ops.samples import Call, Sampler


def _judged(reduce: Callable[..., Any]) -> Callable[..., Any]:
    def forward(x: Any, *, dim: Axes | None, keepdim: bool) -> Any:
        result = reduce(x, dim, np.bool_, None, keepdim)
        # uint8 was torch's boolean once, and stays what it was.
        return result.astype(x.dtype) if x.dtype == np.uint8 else result

    return forward


all_op = discrete(
    "all", _judged(np.logical_and.reduce), torch="all", batch=along("dim"), reduces="all"
)
any_op = discrete(
    "any", _judged(np.logical_or.reduce), torch="any", batch=along("dim"), reduces="any"
)


def _dims(name: str, input: Any, dim: Dims) -> Axes | None:
    """As elsewhere, but for all and any () means no dimension, as in torch."""
    return () if dim == () else dims_for(name, input, dim)


@public(torch="all", samples=reduction_call, differentiable=False)
def all_(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Any:
    """Whether all elements are true (not 0), of everything or along dimensions.

    x: any shape -> bool; uint8 for uint8. True for nothing. NaN counts as true.

    >>> import wengert as wg
    >>> wg.tensor([[True, False], [True, True]]).all(dim=1)
    tensor([False,  True])
    """
    array_of(input)
    return all_op(input, dim=_dims("all", input, dim), keepdim=flag("keepdim", keepdim))


@public(torch="any", samples=reduction_call, differentiable=False)
def any_(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Any:
    """Whether any element is true (not 0), of everything or along dimensions.

    x: any shape -> bool; uint8 for uint8. False for nothing. NaN counts as true.

    >>> import wengert as wg
    >>> wg.tensor([[False, False], [True, False]]).any(dim=1)
    tensor([False,  True])
    """
    array_of(input)
    return any_op(input, dim=_dims("any", input, dim), keepdim=flag("keepdim", keepdim))


def _count_nonzero(x: Any, *, dim: Axes | None) -> Any:
    return add_up(x != 0, dim, np.int64)


count_nonzero_op = discrete(
    "count_nonzero", _count_nonzero, torch="count_nonzero", batch=along("dim"),
    written=lambda x, dim: sum_op(x != 0, dim=dim, keepdim=False, dtype=None),
)  # fmt: skip


def _count_call(s: Sampler) -> Call:
    x = s.integers(s.shape(), -1, 2)
    return (x,), {"dim": draw_dims(s, x.ndim)}


@public(torch="count_nonzero", samples=_count_call, differentiable=False)
def count_nonzero(input: Tensor, dim: Dims = None) -> Any:
    """How many elements are not 0, of everything or along dimensions, as int64.

    >>> import wengert as wg
    >>> wg.tensor([0.0, 2.0, 3.0]).count_nonzero()
    tensor(2)
    """
    return count_nonzero_op(input, dim=dims_for("count_nonzero", input, dim))
