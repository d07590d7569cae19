"""The contraction of two arrays over shared indices: the one operation under einsum.

An equation here is canonical: "ij,jk->ik". No index is repeated inside one term, and each one
stands in at least two of the three terms, so nothing is summed on its own and nothing is
broadcast. Both transposes are then contractions of the same kind.
"""

from __future__ import annotations

import functools
from typing import Any, Final, NamedTuple

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.ops.batching_products import equation_rule
from wengert.ops.kinds import multilinear
from wengert.ops.matmul import product

NAMES: Final = (
    "ijklmnopqrstuvwxyzabcdefgh"
    + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    + "".join(chr(ord("α") + i) for i in range(64))
)
"""Names for the dimensions of two factors, more than arrays can have."""


class Plan(NamedTuple):
    """How an equation is computed: a batch of matrix products, or a product of elements.

    x_order, y_order: the factors' dimensions as (batch, left, inner) and (batch, inner, right);
    out_order: the dimensions of (batch, left, right) as the output has them. counts: how many
    dimensions are batch, left and inner.
    """

    x_order: tuple[int, ...]
    y_order: tuple[int, ...]
    out_order: tuple[int, ...]
    counts: tuple[int, int, int]


def terms(equation: str) -> tuple[str, str, str]:
    """The indices of x, of y and of the output."""
    factors, _, out = equation.partition("->")
    xs, _, ys = factors.partition(",")
    return xs, ys, out


@functools.lru_cache(maxsize=4096)
def plan(equation: str) -> Plan:
    """The plan of a canonical equation."""
    xs, ys, out = terms(equation)
    batch = [c for c in out if c in xs and c in ys]
    inner = [c for c in xs if c in ys and c not in out]
    left = [c for c in xs if c not in ys]
    right = [c for c in ys if c not in xs]
    joined = batch + left + right
    return Plan(
        tuple(xs.index(c) for c in batch + left + inner),
        tuple(ys.index(c) for c in batch + inner + right),
        tuple(joined.index(c) for c in out),
        (len(batch), len(left), len(inner)),
    )


def _contract(x: Any, y: Any, *, equation: str) -> Any:
    x_order, y_order, out_order, (batch, left, inner) = plan(equation)
    x, y = np.transpose(x, x_order), np.transpose(y, y_order)
    batch_shape, left_shape = x.shape[:batch], x.shape[batch : batch + left]
    right_shape = y.shape[batch + inner :]
    if inner:
        out = _matrices(x, y, batch, left, inner)
    else:
        out = x.reshape(x.shape + (1,) * len(right_shape)) * y.reshape(
            batch_shape + (1,) * left + right_shape
        )
    return out.reshape(batch_shape + left_shape + right_shape).transpose(out_order)


def _matrices(x: Any, y: Any, batch: int, left: int, inner: int) -> Any:
    """The matrix products of the two, their dimensions merged into rows, inner and columns."""
    rows, middle = _size(x.shape[batch : batch + left]), _size(x.shape[batch + left :])
    columns = _size(y.shape[batch + inner :])
    x = x.reshape((*x.shape[:batch], rows, middle))
    y = y.reshape((*y.shape[:batch], middle, columns))
    return product("einsum", x, y)


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _written(x: Any, y: Any, *, equation: str) -> Any:
    """`_contract` in operations: of elements by broadcasting, or as matmul."""
    x_order, y_order, out_order, (batch, left, inner) = plan(equation)
    x, y = x.permute(x_order), y.permute(y_order)
    batch_shape, left_shape = x.shape[:batch], x.shape[batch : batch + left]
    middle, right_shape = x.shape[batch + left :], y.shape[batch + inner :]
    if inner:
        x = x.reshape((*batch_shape, _size(left_shape), _size(middle)))
        out = x @ y.reshape((*batch_shape, _size(middle), _size(right_shape)))
    else:
        spread = x.reshape(x.shape + (1,) * len(right_shape))
        out = spread * y.reshape(batch_shape + (1,) * left + right_shape)
    return out.reshape(batch_shape + left_shape + right_shape).permute(out_order)


def _aval(x: Aval, y: Aval, equation: str) -> Aval:
    xs, ys, out = terms(equation)
    lengths = dict(zip(xs + ys, x.shape + y.shape, strict=True))
    return Aval(tuple(lengths[c] for c in out), x.dtype)


@functools.lru_cache(maxsize=4096)
def backwards(equation: str) -> tuple[str, str]:
    """The equations of the two transposes: (ct, y) -> x and (x, ct) -> y."""
    xs, ys, out = terms(equation)
    return f"{out},{ys}->{xs}", f"{xs},{out}->{ys}"


def _torch_name(attrs: dict[str, Any]) -> str:
    """torch multiplies elements, or it views the result of a product of matrices."""
    _, _, _, (_, _, inner) = plan(attrs["equation"])
    return "ViewBackward0" if inner else "MulBackward0"


contract_op: Op = multilinear(
    "einsum", _contract,
    transposes=[
        lambda ct, y, equation: contract_op(ct, y, equation=backwards(equation)[0]),
        lambda ct, x, equation: contract_op(x, ct, equation=backwards(equation)[1]),
    ],
    torch="einsum", aval=_aval, grad_name=_torch_name, written=_written,
    symbol=lambda names, attrs: f"einsum({attrs['equation']!r}, {', '.join(names)})",
    explain="the slope in one factor is the sum of the other over the indices that the two and "
    "the result do not share",
    source="x_bar = einsum('ik,jk->ij', z_bar, y) for z = einsum('ij,jk->ik', x, y)",
    batch=equation_rule,
)  # fmt: skip
