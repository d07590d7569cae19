"""The Kronecker product, and the trace."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.tensor import Tensor
from wengert.errors import DTypeError, ShapeError
from wengert.ops.batching_products import kron_rule, trace_rule
from wengert.ops.contract import NAMES, contract_op
from wengert.ops.define import public
from wengert.ops.diagonal import diagonal_op, embed_diagonal_op
from wengert.ops.kinds import linear, multilinear
from wengert.ops.reduce import sum_op, total


def _padded(x: Any, y: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of both with leading 1s, so that they are of one rank."""
    ndim = max(x.ndim, y.ndim)
    return (1,) * (ndim - x.ndim) + x.shape, (1,) * (ndim - y.ndim) + y.shape


def _kron_shape(x: Any, y: Any) -> tuple[int, ...]:
    return tuple(a * b for a, b in zip(*_padded(x, y), strict=True))


def _kron(x: Any, y: Any) -> Any:
    x_shape, y_shape = _padded(x, y)
    spread = np.reshape(x, [n for length in x_shape for n in (length, 1)])
    block = np.reshape(y, [n for length in y_shape for n in (1, length)])
    return np.reshape(spread * block, _kron_shape(x, y))


def _kron_written(x: Any, y: Any) -> Any:
    x_shape, y_shape = _padded(x, y)
    spread = x.reshape([n for length in x_shape for n in (length, 1)])
    block = y.reshape([n for length in y_shape for n in (1, length)])
    return (spread * block).reshape(_kron_shape(x, y))


def _blocks(ct: Any, x: Any, y: Any) -> tuple[Any, str, str]:
    """The cotangent with each dimension split into x's and y's; the names of x's and of y's."""
    x_shape, y_shape = _padded(x, y)
    names = NAMES[: 2 * len(x_shape)]
    pairs = chain.from_iterable(zip(x_shape, y_shape, strict=True))
    return ct.reshape(tuple(pairs)), names[::2], names[1::2]


def _kron_to_left(ct: Any, x: Any, y: Any) -> Any:
    blocks, x_names, y_names = _blocks(ct, x, y)
    both = "".join(map("".join, zip(x_names, y_names, strict=True)))
    equation = f"{both},{y_names}->{x_names}"
    return contract_op(blocks, y.reshape(_padded(x, y)[1]), equation=equation).reshape(x.shape)


def _kron_to_right(ct: Any, x: Any, y: Any) -> Any:
    blocks, x_names, y_names = _blocks(ct, x, y)
    both = "".join(map("".join, zip(x_names, y_names, strict=True)))
    equation = f"{x_names},{both}->{y_names}"
    return contract_op(x.reshape(_padded(x, y)[0]), blocks, equation=equation).reshape(y.shape)


kron_op = multilinear(
    "kron", _kron, transposes=[_kron_to_left, _kron_to_right],
    torch="kron", written=_kron_written, aval=lambda x, y: Aval(_kron_shape(x, y), x.dtype),
    grad_name="UnsafeViewBackward0", latex=r"{} \otimes {}",
    explain="each element of the first scales a copy of the second: slopes are sums over blocks",
    batch=kron_rule,
)  # fmt: skip


@public(
    torch="kron", numpy=(np.kron,),
    samples=lambda s: ((s.array(s.shape(0, 2, 1, 3)), s.array(s.shape(0, 2, 1, 3))), {}),
)  # fmt: skip
def kron(input: Tensor, other: Tensor) -> Any:
    """The Kronecker product: a copy of `other` for each element of `input`, multiplied by it.

    x: (a, b), y: (c, d) -> (a * c, b * d). Ranks may differ: lengths of 1 are put in front.
    """
    return kron_op(input, other)


def _trace(x: Any) -> Any:
    if x.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {x.ndim}")
    if x.dtype == np.bool_:
        raise DTypeError("trace is not implemented for bool", "Cast to an integer dtype first.")
    return total(np.diagonal(x), None, False)


def _trace_transpose(ct: Any, x: Any) -> Any:
    diagonal = np.broadcast_to(ct, (min(x.shape),))
    return embed_diagonal_op(diagonal, offset=0, dim1=0, dim2=1, shape=x.shape)


trace_op = linear(
    "trace", _trace, transpose=_trace_transpose, torch="trace",
    written=lambda x: sum_op(diagonal_op(x, offset=0, dim1=0, dim2=1), dim=None, keepdim=False,
                             dtype=None),
    latex=r"\operatorname{{tr}} {}", explain="slope 1 for the diagonal, 0 for everything else",
    batch=trace_rule,
)  # fmt: skip


@public(torch="trace", samples=lambda s: ((s.array(s.shape(2, 2)),), {}))
def trace(input: Tensor) -> Any:
    """The sum of a matrix's diagonal: (n, m) -> (). Integers are summed in int64.

    Raises ShapeError for a tensor that is no matrix.
    """
    return trace_op(input)
