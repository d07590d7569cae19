"""Positions along a dimension, as values: what the compiler writes selections by index with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.registry import OPS
from wengert.ops.batching import shape_of
from wengert.ops.kinds import discrete
from wengert.ops.reshape import reshape


def counting_dtype(count: int) -> np.dtype[Any]:
    """What positions are counted in: of the narrowest a vector holds the most."""
    return np.dtype(np.int32 if count < 1 << 31 else np.int64)


def _in_every_slice(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """The same positions for each slice of a map."""
    count = shape_of(values[0])[1 + attrs["dim"]]
    return OPS["expand"](np.arange(count, dtype=counting_dtype(count)), shape=(size, count))


positions_op = discrete(
    "positions",
    lambda x, *, dim: np.arange(x.shape[dim], dtype=counting_dtype(x.shape[dim])),
    aval=lambda x, dim: Aval((x.shape[dim],), counting_dtype(x.shape[dim])),
    no_torch="0, 1, 2, ... as often as there are slices along a dimension",
    explain="positions have no slope", of_shapes=True, batch=_in_every_slice,
)  # fmt: skip


def positions(x: Any, dim: int) -> Any:
    """The position along a dimension of each element, in a shape that broadcasts against x.

    x: a tensor with dimensions; dim: from 0 on. (a, b, c) -> (b, 1) for dim=1.
    """
    found = positions_op(x, dim=dim)
    behind = len(shape_of(x)) - dim - 1
    return reshape(found, (-1, *(1,) * behind)) if behind else found
