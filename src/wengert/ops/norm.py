"""The lengths of vectors: p-norms, whole or along dimensions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.dtype import DType, as_dtype, category, dtype_of
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, DTypeError, ShapeError
from wengert.ops.arguments import array_of
from wengert.ops.axes import (
    Axes,
    add_up,
    count,
    draw_dims,
    largest,
    over,
    smallest,
    widened,
)
from wengert.ops.batching import along
from wengert.ops.canonical import Dims
from wengert.ops.define import public
from wengert.ops.extrema import amax_op, amin_op
from wengert.ops.kinds import general
from wengert.ops.magnitude import sgn
from wengert.ops.reduce import sum_op
from wengert.ops.samples import Call, Sampler


def _vector_norm(x: Any, *, p: float, dim: Axes | None, keepdim: bool) -> Any:
    size = abs(x)
    dtype = size.dtype
    if p == 0:
        return add_up(size != 0, dim, dtype, None, keepdim)
    if math.isinf(p):
        _check_not_empty(x, p, dim)
        norm = (largest if p > 0 else smallest)(size, dim, None, None, keepdim)
    elif p < 0:
        _check_not_empty(x, p, dim)
        norm = add_up(size**p, dim, None, None, keepdim) ** (1 / p)
    elif p == 2:
        norm = np.sqrt(add_up(np.square(size), dim, None, None, keepdim))
    elif p == 1:
        norm = add_up(size, dim, None, None, keepdim)
    else:
        norm = add_up(size**p, dim, None, None, keepdim) ** (1 / p)
    return norm.astype(dtype)


def _check_not_empty(x: Any, p: float, dim: Axes | None) -> None:
    if x.size == 0 and count(x.shape, dim) == 0:
        raise ShapeError(
            f"linalg.vector_norm cannot compute the {p:g} norm on an empty tensor because the "
            "operation does not have an identity",
            f"The tensor has shape {tuple(x.shape)}: there is no element to return.",
        )


def _norm_pullback(
    ct: Any, x: Any, x_aval: Any, out: Any, p: float, dim: Axes | None, keepdim: bool
) -> Any:
    """Source: torch's norm_backward. Where the norm is 0 the gradient is 0, a subgradient."""
    ct, out = widened(ct, x_aval, dim, keepdim), widened(out, x_aval, dim, keepdim)
    if p == 0:
        return None
    if p == 1:
        return ct * sgn(x)
    if p == 2:
        return ct * np.where(out == 0, 0, x / out)
    if math.isinf(p):
        chosen = (abs(x) == out) | (x != x)
        shares = ct / np.sum(chosen, axis=dim, keepdims=True) * chosen
        return sgn(x) * shares
    if p < 1:
        steepness = np.where(x == 0, 0, abs(x) ** (p - 1))
        return sgn(x) * steepness * ct * out ** (1 - p)
    scale = np.where(out == 0, 0, ct / out ** (p - 1))
    if p < 2:
        return sgn(x) * abs(x) ** (p - 1) * scale
    return x * abs(x) ** (p - 2) * scale


def _norm_written(x: Any, *, p: float, dim: Axes | None, keepdim: bool) -> Any:
    how: dict[str, Any] = {"dim": dim, "keepdim": keepdim}
    if p == 0:
        return sum_op(x != 0, **how, dtype=x._data.dtype)
    size = abs(x)
    if math.isinf(p):
        return (amax_op if p > 0 else amin_op)(size, **how)
    if p == 1:
        return sum_op(size, **how, dtype=None)
    if p == 2:
        return np.sqrt(sum_op(np.square(size), **how, dtype=None))
    return sum_op(size**p, **how, dtype=None) ** (1 / p)


vector_norm_op = general(
    "vector_norm", _vector_norm, pullbacks=[_norm_pullback], holomorphic=False,
    written=_norm_written, torch="linalg.vector_norm", grad_name="LinalgVectorNormBackward0",
    latex=r"\left\|{}\right\|",
    explain="the slope points away from 0, with length 1 for p = 2",
    source="d |x|_p / d x_i = sign(x_i) |x_i|^(p-1) / |x|_p^(p-1)",
    batch=along("dim"),
)  # fmt: skip


def _order(name: str, p: Any) -> float:
    """The order of a norm as a number; None and "fro" are 2."""
    if p is None or p == "fro":
        return 2.0
    if isinstance(p, str):
        raise ArgumentValueError(
            f"{name}(): no norm {p!r}", 'The orders are numbers, infinities included, and "fro".'
        )
    if isinstance(p, (bool, complex)) or not isinstance(p, (int, float, np.number)):
        raise ArgumentError(f"{name}(): the order must be a number, not {type(p).__name__}")
    return float(p)


def _norm(name: str, input: Any, p: Any, dim: Dims, keepdim: bool, dtype: Any) -> Any:
    data = array_of(input)
    if data.dtype.kind in "biu":
        raise DTypeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{dtype_of(data.dtype).name}",
            "Cast the tensor first: .to(wengert.float32).",
        )
    x = input if dtype is None else input.to(_wider(data.dtype, dtype))
    return vector_norm_op(x, p=_order(name, p), **over(name, input, dim, keepdim))


def _wider(have: np.dtype[Any], dtype: Any) -> DType:
    """The dtype to compute in; DTypeError where it would lose something."""
    wanted = as_dtype(dtype)
    if category(wanted.numpy) != category(have) or not np.can_cast(have, wanted.numpy):
        raise DTypeError(
            f"linalg.vector_norm: the dtype of the input ({dtype_of(have).name}) should be "
            f"convertible without narrowing to the specified dtype ({wanted.name})",
            "Cast the tensor first: .to(dtype).",
        )
    return wanted


_ORDERS = (None, 0, 1, 2, 3, 2.5, 0.5, -1, math.inf, -math.inf)


def _norm_call(s: Sampler) -> Call:
    x = s.array(s.shape(), distinct=True)
    attributes = {"dim": draw_dims(s, x.ndim), "keepdim": s.choice([False, True])}
    return (x, s.choice(_ORDERS)), attributes


def _vector_norm_call(s: Sampler) -> Call:
    (x, p), attributes = _norm_call(s)
    return (x, 2 if p is None else p), attributes


@public(torch="norm", samples=_norm_call)
def norm(
    input: Tensor, p: Any = "fro", dim: Dims = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """The p-norm of the elements, of everything or along dimensions: sum(|x|^p)^(1/p).

    p: a number; inf and -inf give the largest and the smallest |x|, 0 counts what is not 0, "fro"
    is 2, and "nuc" the sum of the singular values of a matrix. x: any shape -> the shape without
    `dim`, or with length 1 there if `keepdim`; real also for complex tensors. The gradient at 0 is
    0. Raises DTypeError for integers.

    >>> import wengert as wg
    >>> x = wg.tensor([3.0, 4.0])
    >>> x.norm(), x.norm(1)
    (tensor(5.), tensor(7.))
    """
    if p == "nuc":
        from wengert.ops.matrix_norm import matrix_norm_of  # which is written with this module

        pair = tuple(range(array_of(input).ndim)) if dim is None else dim
        return matrix_norm_of("norm", input, p, pair, keepdim, dtype)
    return _norm("norm", input, p, dim, keepdim, dtype)


@public(torch="linalg.vector_norm", samples=_vector_norm_call, method=False)
def vector_norm(
    x: Tensor, ord: Any = 2, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """torch.linalg.vector_norm: `norm` under its newer name; `ord` is the order p."""
    if isinstance(ord, str) or ord is None:
        raise ArgumentError(f"vector_norm(): ord must be a number, not {ord!r}")
    return _norm("vector_norm", x, ord, dim, keepdim, dtype)
