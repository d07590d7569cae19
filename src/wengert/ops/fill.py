"""masked_fill: a number where a mask is true."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.rules import Select
from wengert.core.tensor import Tensor
from wengert.errors import DTypeError
from wengert.ops.arguments import array_of, is_number
from wengert.ops.define import public
from wengert.ops.index_slices import check_value
from wengert.ops.kinds import elementwise
from wengert.ops.labels import call
from wengert.ops.samples import Call, Sampler


def _masked_fill(x: Any, mask: Any, *, value: Any) -> Any:
    return np.where(mask, np.asarray(value).astype(x.dtype), x)


_KEPT = Select(lambda mask: np.logical_not(mask))
_FILLS = "slope 1 from x where the mask is false"
masked_fill_op = elementwise(
    "masked_fill", _masked_fill, partials=[_KEPT, None],
    promotion="none", torch="masked_fill",
    lower=lambda code, x, mask, value: code.select(mask, code.number(value, x), x),
    vanishing="masked", explain=_FILLS, symbol=call("masked_fill", "value"),
)  # fmt: skip
masked_fill_from_op = elementwise(
    "masked_fill_from", lambda x, mask, value: _masked_fill(x, mask, value=value),
    partials=[_KEPT, None, Select(lambda mask: mask)],
    promotion="none", torch="masked_fill", grad_name="MaskedFillBackward1",
    lower=lambda code, x, mask, value: code.select(mask, value, x),
    explain=_FILLS + ", and from the value where it is true",
)  # fmt: skip


def _masked_fill_samples(s: Sampler) -> Call:
    first, second = s.broadcastable(2)
    value = s.choice([s.array(()), s.number(-2.0, 2.0)])
    return (s.array(np.broadcast_shapes(first, second)), s.mask(second), value), {}


@public(torch="masked_fill", samples=_masked_fill_samples, in_place=True)
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Any:
    """x with a number or a 0-d tensor where the mask is true; x and the mask are broadcast.

    Raises DTypeError unless the mask is of bools, ShapeError for a value with dimensions.
    """
    dtype = array_of(mask).dtype
    if dtype.kind != "b":
        raise DTypeError(
            f"masked_fill only supports boolean masks, but got mask with dtype {dtype}",
            "Compare to get one: mask != 0.",
        )
    check_value("masked_fill", input, value)
    if is_number(value):
        return masked_fill_op(input, mask, value=value)
    return masked_fill_from_op(input, mask, value)
