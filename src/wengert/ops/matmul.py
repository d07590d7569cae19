"""The matrix product: matmul, the operator @."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import dtype_of
from wengert.core.op import Op
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, DTypeError, ShapeError
from wengert.ops.batching_products import product_rule
from wengert.ops.define import public
from wengert.ops.kinds import multilinear
from wengert.ops.samples import Call, Sampler

_FLOAT32: Final = np.dtype(np.float32)
_BLAS: Final = frozenset(np.dtype(c) for c in "fdFD")
EXPLAIN: Final = "the slope in one factor is the other factor, transposed"
SOURCE: Final = "for z = x @ y: x_bar = z_bar @ y.T, y_bar = x.T @ z_bar"


# Forward -----------------------------------------------------------------------------------------


def product(name: str, x: Any, y: Any) -> Any:
    """x @ y by torch's rules: all of one dtype,."""
    try:
        dtype = x.dtype
        if dtype is y.dtype and dtype in _BLAS:
            if x.ndim > 2 >= y.ndim:
                return _in_one(x, y)
            return x @ y
    except (AttributeError, ValueError):
        pass  # explained by the checks
    check_factors(name, x, y)
    return _in_one(x, y) if x.ndim > 2 >= y.ndim else x @ y


def _matmul(x: Any, y: Any) -> Any:
    return product("matmul", x, y)


def _in_one(x: Any, y: Any) -> Any:
    """A batch of matrices times one matrix or vector: one call of BLAS, not one per matrix."""
    rows = math.prod(x.shape[:-1])
    out = np.empty(x.shape[:-1] + y.shape[1:], x.dtype)
    np.matmul(x.reshape(rows, x.shape[-1]), y, out=out.reshape(rows, *y.shape[1:]))
    return out


def check_factors(name: str, x: Any, y: Any) -> None:
    """Raise where x @ y is not defined: numbers, 0-d tensors, shapes or dtypes that do not fit."""
    for factor in (x, y):
        if not hasattr(factor, "dtype"):
            raise ArgumentError(
                f"{name}: unsupported operand type {type(factor).__name__}",
                "Both must be tensors; multiply by a number with *.",
            )
    if not (x.ndim and y.ndim):
        raise ShapeError(
            f"both arguments to {name} need to be at least 1D, but they are {x.ndim}D and "
            f"{y.ndim}D",
            "Multiply by a number with *.",
        )
    check_one_dtype(name, x, y)
    if x.dtype == np.bool_ and x.size and y.size:
        raise DTypeError(f"{name} is not implemented for bool", "Cast to an integer dtype first.")
    inner = y.shape[-2] if y.ndim > 1 else y.shape[0]
    if x.shape[-1] != inner:
        raise _mismatch(name, x, y, inner)
    _batch_shape(name, x, y)


def check_one_dtype(name: str, *operands: Any) -> None:
    """Raise DTypeError unless all operands have one dtype: products do not promote, as in torch."""
    dtypes = [operand.dtype for operand in operands]
    if any(dtype != dtypes[0] for dtype in dtypes):
        names = " != ".join(dtype_of(dtype).name for dtype in dtypes)
        raise DTypeError(
            f"{name}: expected m1 and m2 to have the same dtype, but got: {names}",
            "Cast one of them: x.to(y.dtype).",
        )


def _mismatch(name: str, x: Any, y: Any, inner: int) -> ShapeError:
    left, right = ("x".join(map(str, factor.shape)) for factor in (x, y))
    remedy = f"The last dimension of the first ({x.shape[-1]}) must be as long as "
    remedy += "the vector" if y.ndim == 1 else "the last but one of the second"
    remedy += f" ({inner})."
    if y.ndim == 2 and x.shape[-1] == y.shape[-1]:
        remedy += " The second one's transpose, .T, would fit."
    return ShapeError(
        f"{name}: mat1 and mat2 shapes cannot be multiplied ({left} and {right})", remedy
    )


def _batch_shape(name: str, x: Any, y: Any) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise ShapeError(
            f"{name}: the batch dimensions of shapes {tuple(x.shape)} and {tuple(y.shape)} do not "
            "broadcast",
            "All dimensions but the last two must be equal, or 1, from the last back.",
        ) from None


def product_aval(name: str, x: Aval, y: Aval) -> Aval:
    """The aval of x @ y."""
    check_factors(name, x, y)
    rows = x.shape[-2:-1] if x.ndim > 1 else ()
    columns = y.shape[-1:] if y.ndim > 1 else ()
    return Aval(_batch_shape(name, x, y) + rows + columns, x.dtype)


# Transposes --------------------------------------------------------------------------------------


def _to_left(ct: Any, x: Any, y: Any) -> Any:
    """The transpose in x. The walk sums over batch dimensions that x was broadcast along."""
    if y.ndim == 1:
        return ct * y if x.ndim == 1 else ct[..., None] * y
    if x.ndim > 1:
        return matmul_op(ct, y.mT)
    if y.ndim == 2:
        return matmul_op(y, ct)
    return matmul_op(y, ct[..., None])[..., 0]


def _to_right(ct: Any, x: Any, y: Any) -> Any:
    """The transpose in y, likewise."""
    if x.ndim == 1:
        if y.ndim == 1:
            return ct * x
        return OPS["outer"](x, ct) if y.ndim == 2 else x[:, None] * ct[..., None, :]
    if y.ndim > 2 or x.ndim == y.ndim == 2:
        return matmul_op(x.mT, ct)
    rows = math.prod(x.shape[:-1])
    flat = x.reshape((rows, x.shape[-1]))
    return matmul_op(flat.mT, ct.reshape((rows, *y.shape[1:])))


_BY_RANKS = {
    (1, 1): "DotBackward0", (2, 1): "MvBackward0", (1, 2): "SqueezeBackward4",
    (2, 2): "MmBackward0",
}  # fmt: skip


def _grad_name(node: Any) -> str:
    """torch dispatches by the ranks of the factors, and names the node after what it chose."""
    ranks = (node.operand_aval(0).ndim, node.operand_aval(1).ndim)
    return _BY_RANKS.get(ranks, "UnsafeViewBackward0")


def _saved_as(node: Any) -> tuple[str, ...]:
    names = {"DotBackward0": "tensor", "MvBackward0": "vec", "MmBackward0": "mat2"}
    return "self", names.get(_grad_name(node), "other")


def product_indices(x: Aval, y: Aval) -> str:
    """Like "ik,kj->ij", with further letters in front for batches; "" where those are broadcast."""
    batch = max(x.ndim, y.ndim, 2) - 2
    if batch and x.shape[:-2] != y.shape[:-2]:
        return ""
    lead = "abcdefgh"[:batch]
    row, column = "i" if x.ndim > 1 else "", "j" if y.ndim > 1 else ""
    return f"{lead}{row}k,{lead}k{column}->{lead}{row}{column}"


def dot_written(x: Any, y: Any) -> Any:
    """The sum of products of two vectors, which joins the loops that make them; None of others."""
    floats = x._data.dtype.kind == "f"
    return (x * y).sum() if floats and x.ndim == y.ndim == 1 else None


matmul_op: Op = multilinear(
    "matmul", _matmul, transposes=[_to_left, _to_right],
    promotion="none", torch="matmul", aval=lambda x, y: product_aval("matmul", x, y),
    grad_name=_grad_name, saved_as=_saved_as, symbol="{} @ {}", precedence=12, latex="{} {}",
    indices=product_indices, piece="product", written=dot_written, explain=EXPLAIN, source=SOURCE,
    batch=product_rule,
)  # fmt: skip


# Public ------------------------------------------------------------------------------------------


def _matmul_samples(s: Sampler) -> Call:
    inner = s.integer(0, 3) if s.integer(0, 9) == 9 else s.integer(1, 3)
    rows = s.choice([(), (s.integer(1, 3),)])
    columns = s.choice([(), (s.integer(1, 3),)])
    first, second = s.broadcastable(2) if s.integer(0, 1) else ((), ())
    x = ((*first, *rows) if rows else ()) + (inner,)
    y = (*second, inner, *columns) if columns else (inner,)
    return (s.array(x), s.array(y)), {}


@public(torch="matmul", samples=_matmul_samples, numpy=(np.matmul,))
def matmul(input: Tensor, other: Tensor) -> Any:
    """The matrix product, also written `input @ other`.

    x: (..., n, k), y: (..., k, m) -> (..., n, m), the leading dimensions broadcast. A vector in
    front is a row and a vector behind a column, and that dimension is left out of the result:
    (k,), (k,) -> (); (n, k), (k,) -> (n,); (k,), (k, m) -> (m,). Integers are computed in their
    own dtype. Raises ShapeError where the inner lengths differ or a factor is 0-d, DTypeError
    where the dtypes differ.

    >>> import wengert as wg
    >>> wg.tensor([[1.0, 2.0], [3.0, 4.0]]) @ wg.tensor([1.0, 1.0])
    tensor([3., 7.])
    """
    return matmul_op(input, other)
