"""The layer x @ W.T + b as one operation: nn.functional.linear."""

from __future__ import annotations

import math
from typing import Any

from wengert.core.aval import Aval
from wengert.core.tensor import Tensor
from wengert.errors import ShapeError
from wengert.ops.affine import check_term, plus
from wengert.ops.arguments import array_of
from wengert.ops.batching_products import linear_rule
from wengert.ops.define import public
from wengert.ops.kinds import general
from wengert.ops.matmul import matmul_op, product, product_aval
from wengert.ops.samples import Call, Sampler


def _linear(x: Any, w: Any, b: Any) -> Any:
    _check(x, w, b)
    out = product("linear", x, w.T)
    return out if b is None else plus("linear", b, out)


def _written(x: Any, w: Any, b: Any) -> Any:
    out = matmul_op(x, w.T if w.ndim == 2 else w)
    return out if b is None else out + b


def _check(x: Any, w: Any, b: Any) -> None:
    if w.ndim not in (1, 2) or (w.ndim == 1 and b is not None):
        raise ShapeError(
            f"linear: the weight must be a matrix (out, in), got shape {tuple(w.shape)}",
            "Without a bias it may also be a vector (in,).",
        )
    if x.ndim and x.shape[-1] != w.shape[-1]:
        shapes = " and ".join("x".join(map(str, a.shape)) for a in (x, w))
        raise ShapeError(
            f"linear: input and weight shapes cannot be multiplied ({shapes})",
            f"The last dimension of the input ({x.shape[-1]}) must be as long as the weight's "
            f"({w.shape[-1]}): the weight is (out, in).",
        )


def _aval(x: Aval, w: Aval, b: Aval | None) -> Aval:
    _check(x, w, b)
    out = product_aval("linear", x, Aval(w.shape[::-1], w.dtype))
    if b is not None:
        check_term("linear", b, out)
    return out


def _to_weight(ct: Any, x: Any, w: Any) -> Any:
    """Rows first: (out, in) directly, not as the transpose of (in, out)."""
    if x.ndim == 1:
        return ct * x if w.ndim == 1 else ct[:, None] * x
    rows = math.prod(x.shape[:-1])
    flat = x.reshape((rows, x.shape[-1]))
    return matmul_op(ct.reshape((rows, *w.shape[:-1])).T, flat)


def _to_input(ct: Any, w: Any) -> Any:
    return ct[..., None] * w if w.ndim == 1 else matmul_op(ct, w)


def _formula(names: list[str], attrs: dict[str, Any]) -> str:
    x, w, *b = names
    return f"{x} @ {w}.T" if b == ["None"] else f"{x} @ {w}.T + {b[0]}"


def _indices(x: Aval, w: Aval, *_: Any) -> str:
    lead = "abcdefgh"[: x.ndim - 2] + ("i" if x.ndim > 1 else "")
    return f"{lead}k,jk,j->{lead}j"


linear_op = general(
    "linear", _linear,
    pullbacks=[_to_input, _to_weight, lambda ct: ct],
    promotion="none", torch="nn.functional.linear", aval=_aval, grad_name="AddmmBackward0",
    symbol=_formula, precedence=11, indices=_indices, written=_written,
    explain="the slope in the input is the weight; in the weight, the input; in the bias, 1",
    source="for z = x @ W.T + b: x_bar = z_bar @ W, W_bar = z_bar.T @ x, b_bar = sum of z_bar",
    batch=linear_rule,
)  # fmt: skip


def _samples(s: Sampler) -> Call:
    width, features = s.integer(1, 4), s.integer(1, 4)
    x, w = s.array((*s.shape(0, 2, 1, 3), width)), s.array((features, width))
    if s.integer(0, 2) == 0:
        return (x, w), {}
    return (x, w, s.array(s.choice([(features,), (1,)]))), {}


@public(torch="nn.functional.linear", samples=_samples, method=False)
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Any:
    """input @ weight.T + bias, the layer of a network.

    input: (..., in), weight: (out, in), bias: (out,) -> (..., out). Raises ShapeError where the
    lengths do not fit, DTypeError where the dtypes differ.

    >>> import wengert as wg
    >>> wg.linear(wg.ones(2, 3), wg.ones(1, 3), wg.ones(1))
    tensor([[4.],
            [4.]])
    """
    for argument in (input, weight):
        array_of(argument)
    return linear_op(input, weight, bias)
