"""Attention: values, averaged by how well their keys fit a query."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.dtype import dtype_of
from wengert.core.handles import fresh
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, DTypeError, ShapeError
from wengert.ops.arguments import array_of, flag, is_number, shape_of
from wengert.ops.arrange import repeat_interleave
from wengert.ops.axes import refuse_kinds
from wengert.ops.cast import to
from wengert.ops.comparison import eq
from wengert.ops.define import public
from wengert.ops.expand import common_shape
from wengert.ops.logic import all_op
from wengert.ops.matmul import matmul_op
from wengert.ops.normalization import in_full
from wengert.ops.samples import Call, Sampler
from wengert.ops.selection import where_op
from wengert.ops.softmax import softmax_op

_NAME = "scaled_dot_product_attention"


def _samples(s: Sampler) -> Call:
    batch = s.choice([(), (2,), (2, 2)])
    rows, keys, inner, width = (s.integer(1, 3) for _ in range(4))
    shapes = (*batch, rows, inner), (*batch, keys, inner), (*batch, keys, width)
    masks = [None, None, s.mask((rows, keys)), s.array((rows, keys))]
    mask = s.choice(masks)
    options = {"is_causal": mask is None and s.choice([True, False])}
    return (*(s.array(shape) for shape in shapes), mask), {**options, "scale": s.choice([None, 2])}


@public(torch="nn.functional.scaled_dot_product_attention", samples=_samples, method=False)
def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None,
    dropout_p: float = 0.0, is_causal: bool = False, *, scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """softmax(query @ key.mT * scale) @ value: each query's average of the values.

    query: (..., l, e), key: (..., s, e), value: (..., s, v) -> (..., l, v); the leading dimensions
    are broadcast. scale: 1 / sqrt(e) if it is not given. attn_mask: broadcast to (..., l, s); of
    bools, false where a query does not look, or of floats, which are added before the softmax. A
    query that may look nowhere gets zeros. is_causal: query i looks at keys 0 to i. enable_gqa: a
    head of keys and values, dimension -3, serves several heads of queries.

    Raises ShapeError where shapes do not fit, DTypeError where dtypes differ, ArgumentValueError
    for a mask beside is_causal, and for dropout, which is not there: multiply by a mask instead.

    >>> import wengert as wg
    >>> x = wg.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> wg.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)
    tensor([[1.0000, 0.0000],
            [0.3302, 0.6698]])
    """
    q, k, v = array_of(query), array_of(key), array_of(value)
    _check(q, k, v, dropout_p)
    if attn_mask is not None:
        array_of(attn_mask)
    if flag("is_causal", is_causal) and attn_mask is not None:
        raise ArgumentValueError(
            f"{_NAME}: an explicit attn_mask should not be set when is_causal=True",
            "Combine them: attn_mask.tril() of bools.",
        )
    if flag("enable_gqa", enable_gqa):
        key, value = (_for_heads(x, q.shape[-3]) for x in (key, value))
    query, key, value = (in_full(x) for x in (query, key, value))
    factor = 1 / math.sqrt(max(q.shape[-1], 1)) if scale is None else scale
    scores = matmul_op(query * factor, key.mT)
    if is_causal:
        weights = softmax_op(where_op(_causal(scores), scores, -math.inf), dim=scores.ndim - 1)
    elif attn_mask is not None:
        weights = _masked_weights(scores, attn_mask, q)
    else:
        weights = softmax_op(scores, dim=scores.ndim - 1)
    result = matmul_op(weights, value)
    return to(result, q.dtype) if array_of(result).dtype != q.dtype else result


def _causal(scores: Any) -> Tensor:
    """Whether a query comes after a key, or with it."""
    rows, keys = shape_of(scores)[-2:]
    return fresh(np.tri(rows, keys, dtype=np.bool_))


def _masked_weights(scores: Any, mask: Any, query: Any) -> Any:
    """The softmax of what the mask leaves; zeros where it leaves nothing, not 0 / 0."""
    dtype = array_of(mask).dtype
    common_shape(_NAME, shape_of(scores), shape_of(mask))
    if dtype == np.bool_:
        scores = where_op(mask, scores, -math.inf)
    elif dtype in (np.dtype(np.float32), query.dtype):
        scores = scores + in_full(mask)
    else:
        raise DTypeError(
            f"{_NAME}: expected attn_mask dtype to be bool or float or to match query dtype, but "
            f"got {dtype_of(dtype).name} and {dtype_of(query.dtype).name}"
        )
    nothing = all_op(eq(scores, -math.inf), dim=(scores.ndim - 1,), keepdim=True)
    # Chosen before and after: the gradient of a softmax that is NaN would be NaN, times 0 or not.
    weights = softmax_op(where_op(nothing, 0, scores), dim=scores.ndim - 1)
    return where_op(nothing, 0, weights)


def _for_heads(x: Any, heads: int) -> Any:
    """Each head of keys or values as often as it takes for so many heads of queries."""
    own = shape_of(x)[-3]
    if not own or heads % own:
        raise ShapeError(
            f"{_NAME}: the number of heads in key and value, {own}, must divide the number of "
            f"heads in query, {heads}"
        )
    return x if own == heads else repeat_interleave(x, heads // own, dim=-3)


def _check(q: Any, k: Any, v: Any, dropout_p: Any) -> None:
    if min(q.ndim, k.ndim, v.ndim) < 2:
        raise ShapeError(
            f"{_NAME}: expected query, key and value to be at least 2 dimensional, but they have "
            f"{q.ndim}, {k.ndim} and {v.ndim} dimensions"
        )
    if not q.dtype == k.dtype == v.dtype:
        names = ", ".join(dtype_of(x.dtype).name for x in (q, k, v))
        raise DTypeError(
            f"{_NAME}: expected query, key and value to have the same dtype, but got {names}"
        )
    refuse_kinds(_NAME, q, "biuc")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(
            f"{_NAME}: query (..., l, e), key (..., s, e) and value (..., s, v) do not fit: "
            f"{list(q.shape)}, {list(k.shape)}, {list(v.shape)}"
        )
    if not is_number(dropout_p):
        raise ArgumentError(f"{_NAME}: dropout_p must be a float, not {type(dropout_p).__name__}")
    if not 0 <= dropout_p <= 1:
        raise ArgumentValueError(
            f"dropout probability has to be between 0 and 1, but got {dropout_p}"
        )
    if dropout_p:
        raise ArgumentValueError(
            f"{_NAME}: wengert has no dropout",
            "Leave dropout_p at 0, or write the attention out and multiply the weights by a mask.",
        )
