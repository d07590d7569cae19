"""Diagonals and triangles: diagonal, diag, diag_embed, tril, triu."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.dtype import bool_
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import DimensionError, ShapeError
from wengert.ops.arguments import integer, ndim_of, shape_of
from wengert.ops.batching import along, broadcast_rule, shaped_along
from wengert.ops.canonical import one_dim
from wengert.ops.comparison import ge, le
from wengert.ops.define import public
from wengert.ops.kinds import linear
from wengert.ops.positions import positions
from wengert.ops.samples import Call, Sampler
from wengert.ops.selection import where_op

_TAKES = "slope 1 for the elements that are taken, 0 for the others"


def _diagonal(x: Any, *, offset: int, dim1: int, dim2: int) -> Any:
    """A view one can write into, which np.diagonal's is not."""
    x = np.moveaxis(x, (dim1, dim2), (-2, -1))
    x = x[..., max(-offset, 0) :, max(offset, 0) :]
    length = min(x.shape[-2:])
    return np.einsum("...ii->...i", x[..., :length, :length])


def _embed_diagonal(ct: Any, *, offset: int, dim1: int, dim2: int, shape: tuple[int, ...]) -> Any:
    whole = np.zeros(shape, ct.dtype)
    _diagonal(whole, offset=offset, dim1=dim1, dim2=dim2)[...] = ct
    return whole


def _triangle(keeps: Any, x: Any, diagonal: int) -> Any:
    """x where the column less the row is at most, or at least, `diagonal`; else 0."""
    if x.ndim < 2:
        return None
    rows, columns = x.shape[-2:]
    above = positions(x, x.ndim - 1) - positions(x, x.ndim - 2)
    zero = False if x.dtype == bool_ else 0  # 0 would make numbers of truth values
    return where_op(keeps(above, min(max(diagonal, -rows), columns)), x, zero)


diagonal_op: Op = linear(
    "diagonal", _diagonal,
    transpose=lambda ct, x, offset, dim1, dim2: embed_diagonal_op(
        ct, offset=offset, dim1=dim1, dim2=dim2, shape=x.shape
    ),
    view=True, torch="diagonal", explain=_TAKES,
    batch=along("dim1", "dim2"),
)  # fmt: skip
diagonal_copy_op = linear(
    "diagonal_copy", lambda x, *, offset, dim1, dim2: _diagonal(
        x, offset=offset, dim1=dim1, dim2=dim2
    ).copy(),
    transpose=lambda ct, x, offset, dim1, dim2: embed_diagonal_op(
        ct, offset=offset, dim1=dim1, dim2=dim2, shape=x.shape
    ),
    torch="diagonal_copy", grad_name="DiagonalBackward0_copy", explain=_TAKES,
    batch=along("dim1", "dim2"), written=lambda x, **how: diagonal_op(x, **how),
)  # fmt: skip
embed_diagonal_op: Op = linear(
    "diag_embed", _embed_diagonal,
    transpose=lambda ct, offset, dim1, dim2: diagonal_op(ct, offset=offset, dim1=dim1, dim2=dim2),
    torch="diag_embed", explain="slope 1: the elements stand among zeros",
    batch=shaped_along("dim1", "dim2"), piece="parts",
)  # fmt: skip
tril_op: Op = linear(
    "tril", lambda x, *, diagonal: np.tril(x, diagonal),
    transpose=lambda ct, diagonal: tril_op(ct, diagonal=diagonal),
    torch="tril", explain="slope 1 on and below the diagonal, 0 above",
    batch=broadcast_rule, written=lambda x, *, diagonal: _triangle(le, x, diagonal),
)  # fmt: skip
triu_op: Op = linear(
    "triu", lambda x, *, diagonal: np.triu(x, diagonal),
    transpose=lambda ct, diagonal: triu_op(ct, diagonal=diagonal),
    torch="triu", explain="slope 1 on and above the diagonal, 0 below",
    batch=broadcast_rule, written=lambda x, *, diagonal: _triangle(ge, x, diagonal),
)  # fmt: skip


def _plane(dim1: int, dim2: int, ndim: int) -> tuple[int, int]:
    """Two different dimensions."""
    if ndim < 2:
        one_dim(dim1, ndim), one_dim(dim2, ndim)
        raise DimensionError("diagonals need at least 2 dimensions, and the tensor has fewer")
    first, second = one_dim(dim1, ndim), one_dim(dim2, ndim)
    if first == second:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return first, second


def _diagonal_samples(s: Sampler) -> Call:
    shape = s.shape(2)
    dims = s.choice([(0, 1), (-1, 0), (-2, -1)])
    return (s.array(shape), s.integer(-2, 2), *dims), {}


@public(torch="diagonal", samples=_diagonal_samples)
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """The diagonal of the plane of two dimensions, as the last dimension. A view.

    x: (n, m, b) -> (b, min(n, m)). offset: > 0 above the main diagonal, < 0 below. Raises
    ShapeError where the two dimensions are the same.
    """
    first, second = _plane(dim1, dim2, ndim_of(input))
    return diagonal_op(input, offset=integer("offset", offset), dim1=first, dim2=second)


def _diag_embed_samples(s: Sampler) -> Call:
    shape = s.shape(1, 2)
    dims = s.choice([(), (0, 1), (-1, 0)])
    return (s.array(shape), s.integer(-2, 2), *dims), {}


@public(torch="diag_embed", samples=_diag_embed_samples)
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """Matrices with the last dimension on a diagonal and zeros elsewhere.

    x: (b, n) -> (b, n, n); n + |offset| for an offset.
    """
    shape = list(shape_of(input))
    if not shape:
        raise DimensionError("diag_embed needs at least 1 dimension, and the tensor has none")
    first, second = _plane(dim1, dim2, len(shape) + 1)
    side = shape.pop() + abs(integer("offset", offset))
    for dim in sorted((first, second)):
        shape.insert(dim, side)
    return embed_diagonal_op(
        input, offset=integer("offset", offset), dim1=first, dim2=second, shape=tuple(shape)
    )


@public(torch="diag", samples=lambda s: ((s.array(s.shape(1, 2)), s.integer(-2, 2)), {}))
def diag(input: Tensor, diagonal: int = 0) -> Any:
    """The diagonal of a matrix, as a copy; or the matrix with a vector on its diagonal.

    (n, m) -> (min(n, m),); (n,) -> (n, n). Raises ShapeError for other tensors.
    """
    ndim = ndim_of(input)
    if ndim == 1:
        return diag_embed(input, diagonal)
    if ndim != 2:
        raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    return diagonal_copy_op(input, offset=integer("diagonal", diagonal), dim1=0, dim2=1)


def _triangle_samples(s: Sampler) -> Call:
    return (s.array(s.shape(2)), s.integer(-2, 2)), {}


def _check_matrix(name: str, input: Any) -> None:
    if ndim_of(input) < 2:
        raise ShapeError(f"{name}: input tensor must have at least 2 dimensions")


@public(torch="tril", samples=_triangle_samples, in_place=True)
def tril(input: Tensor, diagonal: int = 0) -> Any:
    """The lower triangle of each matrix: zeros above the given diagonal."""
    _check_matrix("tril", input)
    return tril_op(input, diagonal=integer("diagonal", diagonal))


@public(torch="triu", samples=_triangle_samples, in_place=True)
def triu(input: Tensor, diagonal: int = 0) -> Any:
    """The upper triangle of each matrix: zeros below the given diagonal."""
    _check_matrix("triu", input)
    return triu_op(input, diagonal=integer("diagonal", diagonal))
