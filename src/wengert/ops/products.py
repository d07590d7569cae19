"""Products of elements and running products, differentiable to any order where factors are 0.

The derivative of a product in one factor is the product of all others. Dividing the product by
the factor gives that only where nothing is 0. Both sides of a factor are computed instead, by one
linear recurrence, whose own derivative is the same recurrence from the other end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.ops.axes import (
    INT64,
    computing,
    dim_for,
    line_call,
    multiply_up,
    over_one,
    running,
    widened,
)
from wengert.ops.batching import along
from wengert.ops.batching_index import flat_when_none, together
from wengert.ops.canonical import numpy_dtype
from wengert.ops.define import public
from wengert.ops.kinds import general
from wengert.ops.samples import Call, Sampler

Dtype = np.dtype[Any] | None


def _recurrence(x: Any, y: Any, *, dim: int, reverse: bool) -> Any:
    """u with u[0] = 0 and u[k] = y[k-1] + x[k-1] u[k-1] along `dim`; from the end if reverse.

    Without y, u[0] = 1 and u[k] = x[k-1] u[k-1]: the product of what stands before.
    """
    out = np.empty(x.shape or (1,), x.dtype)
    u, factors = _lines(out, dim, reverse), _lines(x, dim, reverse)
    if y is None:
        u[:1] = 1
        np.multiply.accumulate(factors[:-1], 0, out=u[1:])
        return out.reshape(x.shape)
    terms = _lines(y, dim, reverse)
    u[:1] = 0
    for k in range(1, len(u)):
        u[k] = factors[k - 1] * u[k - 1] + terms[k - 1]
    return out.reshape(x.shape)


def _lines(array: Any, dim: int, reverse: bool) -> Any:
    """The array with `dim` in front, from its end if reverse; a view."""
    return np.moveaxis(np.atleast_1d(array), dim, 0)[:: -1 if reverse else 1]


recurrence: Op = general(
    "recurrence", _recurrence,
    pullbacks=[
        lambda ct, x, out, dim, reverse: recurrence(x, ct, dim=dim, reverse=not reverse) * out,
        lambda ct, x, dim, reverse: recurrence(x, ct, dim=dim, reverse=not reverse),
    ],
    no_torch="it serves the derivatives of products",
    explain="each element carries on what came before it, times its factor",
    source="the adjoint of u[k] = y[k-1] + x[k-1] u[k-1] runs from the other end: "
    "m[k] = ct[k+1] + x[k+1] m[k+1]; dy = m, dx = m u",
    batch=together, piece="recurrence",
)  # fmt: skip


def _others(x: Any, dim: int) -> Any:
    """For each element the product of all others along `dim`."""
    before = recurrence(x, None, dim=dim, reverse=False)
    return before * recurrence(x, None, dim=dim, reverse=True)


def _divides(out: Any) -> bool:
    """Whether products may be divided by their factors, which is faster: none is 0 or overflowed.

    Never for tensors: the derivative of the quotient would be wrong where a factor is 0.
    """
    return isinstance(out, (np.ndarray, np.generic)) and bool(np.all(np.isfinite(out) & (out != 0)))


def _multiplied(x: Any, dtype: Dtype) -> Any:
    """The dtype of a product: integers are multiplied in int64 unless told otherwise."""
    return dtype or (INT64 if x.dtype.kind in "biu" else x.dtype)


def _prod(x: Any, *, dim: int | None, keepdim: bool, dtype: Dtype) -> Any:
    dims = None if dim is None or not x.ndim else (dim,)
    result = _multiplied(x, dtype)
    return multiply_up(x, dims, computing(result), None, keepdim).astype(result, copy=False)


def _prod_pullback(ct: Any, x: Any, x_aval: Any, out: Any, dim: int | None, keepdim: bool) -> Any:
    if not x_aval.shape:
        return ct
    if _divides(out):
        return widened(ct * out, x_aval, dim, keepdim) / x
    if dim is None:
        return np.reshape(_others(np.reshape(x, (-1,)), 0), x_aval.shape) * ct
    return _others(x, dim) * widened(ct, x_aval, dim, keepdim)


prod_op = general(
    "prod", _prod, pullbacks=[_prod_pullback], torch="prod", latex=r"\prod {}",
    grad_name=lambda attrs: f"ProdBackward{0 if attrs['dim'] is None else 1}",
    explain="the slope in each factor is the product of all others",
    batch=flat_when_none(), reduces="mul",
)  # fmt: skip


def _prod_call(s: Sampler) -> Call:
    (x, dim), _ = line_call(s)
    if s.choice([True, False]):
        return (x,), {}
    return (x, dim), {"keepdim": s.choice([False, True])}


@public(torch="prod", samples=_prod_call)
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The product of all elements, or along a dimension.

    x: any shape -> the shape without `dim`, or with length 1 there if `keepdim`. Integers and
    booleans are multiplied in int64; `dtype` casts first. An empty product is 1. Derivatives are
    right where factors are 0.

    >>> import wengert as wg
    >>> x = wg.tensor([2.0, 0.0, 4.0], requires_grad=True)
    >>> x.prod().backward()
    >>> x.grad
    tensor([0., 8., 0.])
    """
    attributes = over_one(input, dim, keepdim)
    x = input if dtype is None else input.to(dtype)
    return prod_op(x, **attributes, dtype=numpy_dtype(dtype))


def _cumprod(x: Any, *, dim: int, dtype: Dtype) -> Any:
    result = _multiplied(x, dtype)
    if not x.ndim:
        return x.astype(result)
    return np.multiply.accumulate(x, dim, running(result)).astype(result, order="C", copy=False)


def _cumprod_pullback(ct: Any, x: Any, x_aval: Any, out: Any, dim: int) -> Any:
    if not x_aval.shape:
        return ct
    if _divides(out):
        ahead = np.flip(np.cumsum(np.flip(ct * out, dim), dim), dim)
        return ahead / x
    before = recurrence(x, None, dim=dim, reverse=False)
    return before * (ct + recurrence(x, x * ct, dim=dim, reverse=True))


cumprod_op = general(
    "cumprod", _cumprod, pullbacks=[_cumprod_pullback], torch="cumprod",
    piece="running_product",
    explain="each factor scales every product from its place on",
    source="d/dx_j sum_i ct_i prod_{k<=i} x_k = prod_{k<j} x_k (ct_j + sum_{i>j} ct_i "
    "prod_{j<k<=i} x_k)",
    batch=along("dim"),
)  # fmt: skip


@public(torch="cumprod", samples=line_call, in_place=True)
def cumprod(input: Tensor, dim: int, *, dtype: Any = None) -> Any:
    """Running products along a dimension: out_i = x_1 x_2 ... x_i.

    x: any shape -> the same. Integers become int64; `dtype` casts first. Derivatives are right
    where factors are 0.

    >>> import wengert as wg
    >>> wg.tensor([1.0, 2.0, 3.0]).cumprod(0)
    tensor([1., 2., 6.])
    """
    at = dim_for("cumprod", input, dim)
    x = input if dtype is None else input.to(dtype)
    return cumprod_op(x, dim=at, dtype=numpy_dtype(dtype))
