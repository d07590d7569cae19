"""Products over other dimensions than matmul's: outer, inner and tensordot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError, ShapeError
from wengert.ops.arguments import array_of
from wengert.ops.arithmetic import mul
from wengert.ops.batching_products import outer_rule
from wengert.ops.canonical import one_dim
from wengert.ops.contract import NAMES, contract_op
from wengert.ops.define import public
from wengert.ops.kinds import multilinear
from wengert.ops.matmul import check_one_dtype, matmul_op
from wengert.ops.mm import check_ranks
from wengert.ops.reduce import sum_op
from wengert.ops.reshape import reshape, view_op
from wengert.ops.samples import Call, Sampler

_FLATTEN: Final = "Flatten them first: x.ravel()."


def outer_product(x: Any, y: Any) -> Any:
    """x[i] * y[j], the forward function of outer."""
    check_ranks("outer", x, y, 1, 1, _FLATTEN)
    return np.multiply.outer(x, y)


def outer_written(x: Any, y: Any) -> Any:
    """The same by broadcasting."""
    return x[:, None] * y


def outer_aval(x: Aval, y: Aval) -> Aval:
    """Its aval."""
    check_ranks("outer", x, y, 1, 1, _FLATTEN)
    return Aval(x.shape + y.shape, x.dtype)


outer_op = multilinear(
    "outer", outer_product,
    transposes=[lambda ct, y: matmul_op(ct, y), lambda ct, x: matmul_op(x, ct)],
    torch="outer", aval=outer_aval, written=outer_written, grad_name="MulBackward0",
    latex=r"{} \otimes {}",
    explain="each element of one vector meets every element of the other: slopes are its sums",
    source="for z_ij = x_i y_j: x_bar = z_bar @ y, y_bar = x @ z_bar",
    batch=outer_rule,
)  # fmt: skip


def _vectors(s: Sampler) -> Call:
    return (s.array(s.shape(1, 1)), s.array(s.shape(1, 1))), {}


@public(torch="outer", samples=_vectors, names=("ger",))
def outer(input: Tensor, vec2: Tensor) -> Any:
    """All products of two vectors' elements: (n,), (m,) -> (n, m), out[i, j] = x[i] * y[j].

    Raises ShapeError for tensors that are no vectors.
    """
    return outer_op(input, vec2)


def _contract(x: Any, y: Any, x_dims: Sequence[int], y_dims: Sequence[int]) -> Any:
    """The sum over pairs of dimensions; x's others come first, then y's."""
    x_names = NAMES[: len(x.shape)]
    free = iter(NAMES[len(x.shape) :])
    pairs = dict(zip(y_dims, x_dims, strict=True))
    y_names = "".join(x_names[pairs[d]] if d in pairs else next(free) for d in range(len(y.shape)))
    out = [n for n in x_names if n not in y_names] + [n for n in y_names if n not in x_names]
    return contract_op(x, y, equation=f"{x_names},{y_names}->{''.join(out)}")


def _inner_samples(s: Sampler) -> Call:
    if s.integer(0, 5) == 5:
        return s.choice([(s.array(()), s.array((3,))), (s.array((2, 3)), s.array(()))]), {}
    length = s.integer(1, 3)
    first, second = s.shape(0, 2, 1, 3), s.shape(0, 2, 1, 3)
    return (s.array((*first, length)), s.array((*second, length))), {}


@public(torch="inner", samples=_inner_samples, numpy=(np.inner,))
def inner(input: Tensor, other: Tensor) -> Any:
    """The sum of products over the last dimension of both: (..., k), (...', k) -> (..., ...').

    For 0-d tensors, the product. Raises ShapeError where the last lengths differ, DTypeError
    where the dtypes do.
    """
    x, y = array_of(input), array_of(other)
    if not (x.ndim and y.ndim):
        return mul(input, other)
    check_one_dtype("inner", x, y)
    if x.shape[-1] != y.shape[-1]:
        raise ShapeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(x.shape)} and {list(y.shape)}"
        )
    return _contract(input, other, (x.ndim - 1,), (y.ndim - 1,))


Dims = int | Sequence[Sequence[int]] | Tensor


def _paired_dims(dims: Any, x_ndim: int, y_ndim: int) -> tuple[list[int], list[int]]:
    """The dimensions of x and of y that are summed over, in pairs."""
    if isinstance(dims, (Tensor, np.ndarray)):
        dims = array_of(dims).tolist()
    if isinstance(dims, (int, np.integer)):
        if not 0 <= dims <= min(x_ndim, y_ndim):
            raise ShapeError(
                f"tensordot expects 0 <= dims <= {min(x_ndim, y_ndim)}, the dimensions that both "
                f"have, but got dims={dims}"
            )
        return list(range(x_ndim - dims, x_ndim)), list(range(dims))
    try:
        first, second = (list(part) for part in dims)
    except (TypeError, ValueError):
        raise ArgumentValueError(
            f"tensordot: dims is an int, or two lists of dimensions, not {dims!r}"
        ) from None
    if len(first) != len(second):
        raise ShapeError("tensordot: both dimension lists should have same length")
    return _distinct(first, x_ndim), _distinct(second, y_ndim)


def _distinct(dims: list[Any], ndim: int) -> list[int]:
    found = [one_dim(d, ndim) for d in dims]
    for d in found:
        if found.count(d) > 1:
            raise ShapeError(f"tensordot: dim {d} appears multiple times in the list of dims")
    return found


def _tensordot_samples(s: Sampler) -> Call:
    a, b, c, d = (s.integer(1, 3) for _ in range(4))
    shapes_and_dims: list[Any] = [
        ((a, b, c), (b, c, d), 2), ((a, b), (b, c), 1), ((a, b), (c,), 0),
        ((a, b, c), (c, a, d), ([0, 2], [1, 0])), ((a, b), (d, a), ([-2], [1])),
        ((a, b), (a, b), 2),
    ]  # fmt: skip
    first, second, dims = s.choice(shapes_and_dims)
    return (s.array(first), s.array(second)), {"dims": dims}


@public(torch="tensordot", samples=_tensordot_samples, method=False)
def tensordot(a: Tensor, b: Tensor, dims: Dims = 2) -> Any:
    """The sum of products over pairs of dimensions.

    dims: how many of a's last and b's first dimensions are paired, or two lists of dimensions.
    a: (i, j, k), b: (j, k, l) -> (i, l). A length of 1 is paired with any. Raises ShapeError where
    paired lengths differ, DTypeError where the dtypes do.

    >>> import wengert as wg
    >>> wg.tensordot(wg.ones(2, 3, 4), wg.ones(3, 4, 5)).shape
    wengert.Size([2, 5])
    """
    x, y = array_of(a), array_of(b)
    x_dims, y_dims = _paired_dims(dims, x.ndim, y.ndim)
    check_one_dtype("tensordot", x, y)
    if not x_dims:
        flat = outer_op(reshape(a, -1), reshape(b, -1))
        return view_op(flat, shape=(*x.shape, *y.shape))
    for d, e in zip(x_dims, y_dims, strict=True):
        if x.shape[d] != y.shape[e] and 1 not in (x.shape[d], y.shape[e]):
            raise ShapeError(
                f"tensordot: contracted dimensions need to match, but first has size {x.shape[d]} "
                f"in dim {d} and second has size {y.shape[e]} in dim {e}"
            )
    a = _summed_to_one(a, [d for d, e in zip(x_dims, y_dims) if y.shape[e] == 1 != x.shape[d]])
    b = _summed_to_one(b, [e for d, e in zip(x_dims, y_dims) if x.shape[d] == 1 != y.shape[e]])
    return _contract(a, b, x_dims, y_dims)


def _summed_to_one(x: Any, dims: Sequence[int]) -> Any:
    return sum_op(x, dim=tuple(sorted(dims)), keepdim=True, dtype=None) if dims else x
