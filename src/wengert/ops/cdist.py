"""Distances between all pairs of rows: cdist."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import dtype_of, is_floating
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, DTypeError, ShapeError
from wengert.ops.arguments import array_of
from wengert.ops.axes import add_up, largest
from wengert.ops.batching_products import rows_rule
from wengert.ops.define import public
from wengert.ops.expand import common_shape
from wengert.ops.extrema import amax_op
from wengert.ops.kinds import general
from wengert.ops.matmul import check_one_dtype, matmul_op
from wengert.ops.reduce import sum_op
from wengert.ops.samples import Call, Sampler

_BLOCK: Final = 1 << 18  # differences held at a time
_MANY: Final = 25  # rows from which on torch takes products of matrices
_NEAR: Final = 1e-5  # of the lengths squared: below it the difference of products loses digits
_MODES: Final = {
    "use_mm_for_euclid_dist_if_necessary": None,
    "use_mm_for_euclid_dist": True,
    "donot_use_mm_for_euclid_dist": False,
}


# Forward -----------------------------------------------------------------------------------------


def _cdist(x: Any, y: Any, *, p: float, mm: bool) -> Any:
    if mm:
        return _by_products(x, y)
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    rows = x.shape[-2]
    out = np.empty((*lead, rows, y.shape[-2]), x.dtype)
    step = max(1, _BLOCK // max(1, math.prod(lead) * y.shape[-2] * y.shape[-1]))
    for first in range(0, rows, step):
        part = x[..., first : first + step, None, :]
        out[..., first : first + step, :] = _norm(np.abs(part - y[..., None, :, :]), p)
    return out


def _norm(apart: Any, p: float) -> Any:
    """The p-norm of absolute values along the last dimension."""
    if p == 0:
        return add_up(np.minimum(np.ceil(apart), 1), -1)
    if p == 1:
        return add_up(apart, -1)
    if p == 2:
        return np.sqrt(add_up(apart * apart, -1))
    if math.isinf(p):
        return largest(apart, -1, initial=0)
    return add_up(apart**p, -1) ** (1 / p)


def _by_products(x: Any, y: Any) -> Any:
    """|x - y|^2 = x.x + y.y - 2 x.y, one product of matrices; near rows are looked at again."""
    wide_x, wide_y = x.astype(np.float64), y.astype(np.float64)
    lengths = add_up(wide_x * wide_x, -1)[..., :, None] + add_up(wide_y * wide_y, -1)[..., None, :]
    squares = lengths - 2 * (wide_x @ wide_y.mT)
    near = np.nonzero(squares < _NEAR * lengths)
    out = np.sqrt(squares)
    size = max(1, _BLOCK // max(1, x.shape[-1]))
    lead = squares.shape[:-2]
    wide_x = np.broadcast_to(wide_x, lead + wide_x.shape[-2:])
    wide_y = np.broadcast_to(wide_y, lead + wide_y.shape[-2:])
    for first in range(0, len(near[0]), size):
        *batch, row, column = (index[first : first + size] for index in near)
        apart = wide_x[(*batch, row)] - wide_y[(*batch, column)]
        out[(*batch, row, column)] = _norm(apart, 2)
    return out.astype(x.dtype)


def _cdist_written(x: Any, y: Any, *, p: float, mm: bool) -> Any:
    """The norms of all differences; None where rows that are near are looked at again."""
    if mm or not x._data.size or not y._data.size:
        return None
    apart = np.abs(x[..., :, None, :] - y[..., None, :, :])
    how: dict[str, Any] = {"dim": (apart.ndim - 1,), "keepdim": False}
    if math.isinf(p):
        return amax_op(apart, **how)
    how["dtype"] = None
    if p == 0:
        return sum_op(np.minimum(np.ceil(apart), 1), **how)
    if p == 1:
        return sum_op(apart, **how)
    if p == 2:
        return np.sqrt(sum_op(apart * apart, **how))
    return sum_op(apart**p, **how) ** (1 / p)


# Pullback ----------------------------------------------------------------------------------------


def _inverse_weighted(ct: Any, out: Any) -> Any:
    """ct / out, and 0 where the distance is: there is no direction to move apart in."""
    return np.where(out == 0, 0, ct / np.where(out == 0, 1, out))


def _slopes(ct: Any, out: Any, x: Any, y: Any, p: float) -> Any:
    """The cotangent times d out[i, j] / d x[i, m], for all i, j and m."""
    apart = x[..., :, None, :] - y[..., None, :, :]
    if p == 2:
        return _inverse_weighted(ct, out)[..., None] * apart
    if p == 1:
        return ct[..., None] * np.sign(apart)
    size = np.abs(apart)
    if math.isinf(p):
        return ct[..., None] * np.where(size == out[..., None], np.sign(apart), 0)
    # where() twice keeps the powers finite where rows, or single elements, coincide.
    share = np.where(apart == 0, 1, size) / np.where(out == 0, 1, out)[..., None]
    return ct[..., None] * np.where(apart == 0, 0, np.sign(apart) * share ** (p - 1))


def _to_first(ct: Any, out: Any, x: Any, y: Any, p: float, mm: bool) -> Any:
    if p == 0:
        return np.zeros(x.shape)
    if mm:
        weights = _inverse_weighted(ct, out)
        return weights.sum(-1)[..., None] * x - matmul_op(weights, y)
    return _slopes(ct, out, x, y, p).sum(-2)


def _to_second(ct: Any, out: Any, x: Any, y: Any, p: float, mm: bool) -> Any:
    if p == 0:
        return np.zeros(y.shape)
    if mm:
        weights = _inverse_weighted(ct, out)
        return weights.sum(-2)[..., None] * y - matmul_op(weights.mT, x)
    return -_slopes(ct, out, x, y, p).sum(-3)


def _aval(x: Aval, y: Aval, p: float, mm: bool) -> Aval:
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    return Aval((*lead, x.shape[-2], y.shape[-2]), x.dtype)


cdist_op = general(
    "cdist", _cdist, pullbacks=[_to_first, _to_second], torch="cdist", aval=_aval,
    saved_as=("x1", "x2"),
    grad_name=lambda attrs: "ViewBackward0" if attrs["mm"] else "CdistBackward0",
    symbol=lambda names, attrs: (
        f"cdist({', '.join(names)})" if attrs["p"] == 2 else
        f"cdist({', '.join(names)}, p={attrs['p']:g})"
    ),
    explain="a row moves its distance by how much of the step points away from the other row",
    source="for d = |x - y|_p: x_bar = d_bar sign(x - y) (|x - y| / d)^(p - 1)",
    batch=rows_rule, written=_cdist_written,
)  # fmt: skip


# Public ------------------------------------------------------------------------------------------


def _samples(s: Sampler) -> Call:
    width, rows, columns = s.integer(1, 3), s.integer(1, 3), s.integer(1, 3)
    first, second = s.choice([((), ()), ((2,), (2,)), ((2,), ()), ((1,), (2,))])
    p = s.choice([2.0, 1.0, 3.0, 1.5, 0.5, math.inf])
    return (s.array((*first, rows, width)), s.array((*second, columns, width))), {"p": p}


@public(torch="cdist", samples=_samples, method=False)
def cdist(
    x1: Tensor, x2: Tensor, p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Any:  # fmt: skip
    """The p-norm distance from each row of x1 to each row of x2.

    x1: (..., n, k), x2: (..., m, k) -> (..., n, m), the leading dimensions broadcast. p: from 0
    (how many elements differ) to infinity (the largest difference). The gradient is 0 where rows
    coincide. From 26 rows on, Euclidean distances are computed by a product of matrices unless
    compute_mode says "donot_use_mm_for_euclid_dist".

    Raises ShapeError where the rows' lengths differ, DTypeError unless both are of one
    floating-point dtype.

    >>> import wengert as wg
    >>> wg.cdist(wg.tensor([[0.0, 0.0]]), wg.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])
    """
    x, y = array_of(x1), array_of(x2)
    _check(x, y)
    if compute_mode not in _MODES:
        raise ArgumentValueError(
            f"cdist: {compute_mode!r} is not a valid value for compute_mode",
            f"They are: {', '.join(_MODES)}.",
        )
    if not isinstance(p, (int, float)):
        raise ArgumentError(f"cdist: p must be a number, not {type(p).__name__}")
    if not p >= 0:
        raise ShapeError(f"cdist only supports non-negative p values, and p is {p}")
    chosen = _MODES[compute_mode]
    many = max(x.shape[-2], y.shape[-2]) > _MANY
    mm = p == 2 and (many if chosen is None else chosen)
    return cdist_op(x1, x2, p=float(p), mm=mm)


def _check(x: Any, y: Any) -> None:
    for name, rows in (("X1", x), ("X2", y)):
        if not is_floating(rows.dtype):
            given = dtype_of(rows.dtype).name
            raise DTypeError(f"cdist only supports floating-point dtypes, {name} got: {given}")
        if rows.ndim < 2:
            raise ShapeError(
                f"cdist only supports at least 2D tensors, {name} got: {rows.ndim}D",
                "A single row is x[None, :].",
            )
    if x.shape[-1] != y.shape[-1]:
        raise ShapeError(
            "cdist: X1 and X2 must have the same number of columns. "
            f"X1: {x.shape[-1]} X2: {y.shape[-1]}"
        )
    check_one_dtype("cdist", x, y)
    common_shape("cdist", x.shape[:-2], y.shape[:-2])
