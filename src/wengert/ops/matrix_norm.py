"""Norms of matrices, norms by torch.linalg's rules, and the condition number."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, DTypeError, ShapeError
from wengert.ops.arguments import array_of, flag
from wengert.ops.canonical import Dims, one_dim
from wengert.ops.define import public
from wengert.ops.inverse import inv_op
from wengert.ops.matrices import check_matrix, check_square
from wengert.ops.norm import vector_norm
from wengert.ops.pinv import refuse_order
from wengert.ops.samples import Call, Sampler
from wengert.ops.svd import matrix_samples, svd_op
from wengert.ops.transpose import movedim

_ORDERS: Final = ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)


def _order(name: str, p: Any) -> Any:
    if isinstance(p, (int, float)) and not isinstance(p, bool):
        p = float(p)
    if not isinstance(p, (str, float)):
        raise ArgumentError(f"{name}: the order must be a number or a str, not {type(p).__name__}")
    if p not in _ORDERS:
        raise refuse_order(name, p)
    return p


def _of_matrices(x: Any, p: Any, keepdim: bool) -> Any:
    """A norm of the last two dimensions."""
    if p == "fro":
        return vector_norm(x, 2, (-2, -1), keepdim)
    if p == "nuc" or abs(p) == 2:
        values = svd_op(x, full_matrices=False)[1]
        found = values.sum(-1) if p == "nuc" else _extreme(values, p, -1, False)
        return found[..., None, None] if keepdim else found
    along, across = (-2, -1) if abs(p) == 1 else (-1, -2)
    sums = x.abs().sum(along, keepdim=True)
    found = _extreme(sums, p, across, True)
    return found if keepdim else found[..., 0, 0]


def _extreme(x: Any, p: float, dim: int, keepdim: bool) -> Any:
    """The largest for a positive order, the smallest for a negative one."""
    return x.amax(dim, keepdim=keepdim) if p > 0 else x.amin(dim, keepdim=keepdim)


def matrix_norm_of(name: str, x: Any, p: Any, dim: Any, keepdim: bool, dtype: Any = None) -> Any:
    """A matrix norm along any two dimensions."""
    data = array_of(x)
    flag("keepdim", keepdim)
    order = _order(name, p)
    if isinstance(dim, int) or len(dim) != 2:
        raise ArgumentError(f"{name}: dim must be a 2-tuple. Got {dim}")
    if data.ndim < 2:
        raise ShapeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if data.dtype.kind in "biu":
        raise DTypeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {data.dtype}"
        )
    rows, columns = (one_dim(d, data.ndim) for d in dim)
    if rows == columns:
        raise ArgumentError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    x = x if dtype is None else x.to(dtype)
    found = _of_matrices(movedim(x, (rows, columns), (-2, -1)), order, keepdim)
    return movedim(found, (-2, -1), (rows, columns)) if keepdim else found


def _samples(s: Sampler) -> Call:
    x = matrix_samples(s)
    dim = s.choice([(-2, -1), (-1, -2), (x.ndim - 2, x.ndim - 1)])
    return (x, s.choice(_ORDERS), dim, s.choice([False, True])), {}


@public(torch="linalg.matrix_norm", room="linalg", samples=_samples)
def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """A norm of matrices: (..., m, n) -> (...), or ones there with keepdim.

    ord: "fro", the root of the sum of all squares; "nuc", the sum of the singular values; 2, -2,
    the largest and smallest of them; 1, -1, inf, -inf, the largest and smallest sum of absolute
    values of a column and of a row.

    >>> import wengert as wg
    >>> wg.linalg.matrix_norm(wg.tensor([[3.0, 0.0], [0.0, 4.0]]), "nuc")
    tensor(7.)
    """
    return matrix_norm_of("linalg.matrix_norm", A, ord, dim, keepdim, dtype)


def _norm_samples(s: Sampler) -> Call:
    x = matrix_samples(s)
    keepdim = {"keepdim": s.choice([False, True])}
    if s.choice([False, True]):
        return (x, s.choice([None, *_ORDERS]), (-2, -1)), keepdim
    return (x, s.choice([None, 1, 2, 3]), -1), keepdim


@public(torch="linalg.norm", room="linalg", samples=_norm_samples)
def norm(
    A: Tensor, ord: Any = None, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """A vector norm or a matrix norm, as `dim` or the rank of A says; torch.linalg.norm.

    Without ord, the root of the sum of all squares. With one, `dim` of one dimension means
    vectors and of two matrices; without dim, A must be one vector or one matrix.
    """
    ndim = array_of(A).ndim
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None and ndim not in (1, 2):
        raise ShapeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{ndim}D."
        )
    count = ndim if dim is None else 1 if isinstance(dim, int) else len(dim)
    if count == 2:
        pair = (0, 1) if dim is None else dim
        return matrix_norm_of("linalg.norm", A, ord, pair, keepdim, dtype)
    if isinstance(ord, str):
        raise ArgumentError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    return vector_norm(A, ord, dim, keepdim, dtype=dtype)


def _cond_samples(s: Sampler) -> Call:
    x = matrix_samples(s)
    rows, columns = x.shape[-2:]
    orders = [None, *_ORDERS] if rows == columns else [None, 2, -2]
    return (x, s.choice(orders)), {}


@public(torch="linalg.cond", room="linalg", samples=_cond_samples)
def cond(A: Tensor, p: Any = None) -> Any:
    """The condition number: the norm of A times the norm of its inverse, (..., n, n) -> (...).

    p: an order of `matrix_norm`. None, 2 and -2 use singular values, and take (..., m, n). A
    singular matrix has an infinite one.
    """
    data = array_of(A)
    if data.ndim < 2:
        raise ShapeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    order = _order("linalg.cond", 2 if p is None else p)
    if order in (2, -2):
        check_matrix("linalg.cond", data)
    else:
        check_square(f"linalg.cond(ord={p})", data)
    if data.size == 0:
        return A.new_zeros(data.shape[:-2])
    if order in (2, -2):
        values = svd_op(A, full_matrices=False)[1]
        ends = values[..., 0], values[..., -1]
        return ends[1] / ends[0] if p == -2 else ends[0] / ends[1]
    inverse = inv_op(A, check=False)
    found = _of_matrices(A, order, False) * _of_matrices(inverse, order, False)
    return np.where(np.isnan(found), np.inf, found)
