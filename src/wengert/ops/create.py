"""Tensors from data."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.dtype import default_float
from wengert.core.record import _new, make_leaf
from wengert.core.tensor import Tensor
from wengert.ops.canonical import numpy_dtype


def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor with a copy of `data`."""
    array = np.array(data, numpy_dtype(dtype))
    if dtype is None and array.dtype == np.float64 and not isinstance(data, (np.ndarray, np.generic)):
        array = array.astype(default_float())
    made = _new(array[()] if array.ndim == 0 else array, None)
    if requires_grad:
        make_leaf(made)
    return made
