"""The cross product of vectors with three components."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import DimensionError, ShapeError
from wengert.ops.arguments import array_of
from wengert.ops.batching_products import cross_rule
from wengert.ops.canonical import one_dim
from wengert.ops.define import public
from wengert.ops.expand import common_shape
from wengert.ops.join import stack_op
from wengert.ops.kinds import multilinear
from wengert.ops.matmul import check_one_dtype
from wengert.ops.samples import Call, Sampler
from wengert.ops.slicing import take_part_of


def _cross(x: Any, y: Any, *, dim: int) -> Any:
    """dim is counted from the back, so that both may have leading dimensions of their own."""
    x1, x2, x3 = np.moveaxis(x, dim, 0)
    y1, y2, y3 = np.moveaxis(y, dim, 0)
    return np.stack([x2 * y3 - x3 * y2, x3 * y1 - x1 * y3, x1 * y2 - x2 * y1], axis=dim)


def _cross_written(x: Any, y: Any, *, dim: int) -> Any:
    at = max(x.ndim, y.ndim) + dim
    (x1, x2, x3), (y1, y2, y3) = (_components(v, v.ndim + dim) for v in (x, y))
    return stack_op(x2 * y3 - x3 * y2, x3 * y1 - x1 * y3, x1 * y2 - x2 * y1, dim=at)


def _components(x: Any, dim: int) -> list[Any]:
    return [take_part_of(x, index=(*(slice(None),) * dim, i)) for i in range(3)]


cross_op: Op = multilinear(
    "linalg_cross", _cross,
    transposes=[
        lambda ct, y, dim: cross_op(y, ct, dim=dim), lambda ct, x, dim: cross_op(ct, x, dim=dim)
    ],
    torch="linalg.cross", symbol="cross({}, {})", latex=r"{} \times {}",
    aval=lambda x, y, dim: Aval(np.broadcast_shapes(x.shape, y.shape), x.dtype),
    explain="the slope in one vector is the other, turned a quarter about",
    source="for z = x × y: x_bar = y × z_bar, y_bar = z_bar × x",
    batch=cross_rule, written=_cross_written,
)  # fmt: skip


def _along(name: str, x: Any, y: Any, dim: int | None) -> int:
    """The dimension of length 3, counted from the back."""
    if x.ndim != y.ndim:
        raise ShapeError(
            f"{name}: inputs must have the same number of dimensions, got shapes "
            f"{tuple(x.shape)} and {tuple(y.shape)}"
        )
    check_one_dtype(name, x, y)
    shape = common_shape(name, x.shape, y.shape)
    if dim is None:
        if 3 not in shape:
            raise ShapeError(f"{name}: no dimension of size 3 in input")
        dim = shape.index(3)
    at = one_dim(dim, x.ndim)
    ndim: int = x.ndim
    if not ndim:
        raise DimensionError(f"{name}: dimension {dim} was asked for, but there are no dimensions")
    if x.shape[at] != 3 or y.shape[at] != 3:
        raise ShapeError(
            f"{name}: inputs dimension {dim} must have length 3. Got {x.shape[at]} and "
            f"{y.shape[at]}"
        )
    return at - ndim


def _samples(s: Sampler) -> Call:
    dim = s.choice([0, -1])
    lead = s.integer(1, 3)
    shape = (3, lead) if dim == 0 else (lead, 3)
    one = (3, 1) if dim == 0 else (1, 3)
    return (s.array(s.choice([shape, one])), s.array(shape)), {"dim": dim}


@public(torch="cross", samples=_samples)
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Any:
    """The cross product of vectors along `dim`; the other dimensions are broadcast.

    x, y: (..., 3) for dim=-1 -> the same. Without `dim`, the first dimension of length 3, as in
    torch; `linalg_cross` takes the last one. Raises ShapeError where there is none.

    >>> import wengert as wg
    >>> wg.cross(wg.tensor([1.0, 0.0, 0.0]), wg.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    x, y = array_of(input), array_of(other)
    return cross_op(input, other, dim=_along("cross", x, y, dim))


@public(torch="linalg.cross", samples=_samples, method=False)
def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Any:
    """torch.linalg.cross: the cross product along the last dimension, or `dim`. See `cross`."""
    x, y = array_of(input), array_of(other)
    return cross_op(input, other, dim=_along("linalg.cross", x, y, dim))
