"""conform: a cotangent in the shape and dtype of its primal."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.half import widened
from wengert.core.tensor import Tensor
from wengert.errors import ShapeError

_ndarray: Final = np.ndarray


def conform(cotangent: Any, aval: Aval) -> Any:
    """Undo broadcasting and promotion: the cotangent in its primal's shape and dtype.

    Sums over the axes that were broadcast; takes the real part for a real primal.
    """
    if isinstance(cotangent, Tensor):
        return _conform_tensor(cotangent, aval)
    if not isinstance(cotangent, (_ndarray, np.generic)):
        cotangent = np.asarray(cotangent)
    if cotangent.shape != aval.shape:
        cotangent = _unbroadcast(widened(cotangent), aval.shape)
    if cotangent.dtype != aval.dtype:
        if cotangent.dtype.kind == "c" and aval.dtype.kind != "c":
            cotangent = cotangent.real
        cotangent = cotangent.astype(aval.dtype)
    return cotangent[()] if not aval.shape and type(cotangent) is _ndarray else cotangent


def _conform_tensor(cotangent: Tensor, aval: Aval) -> Tensor:
    have = cotangent._data
    result: Any = cotangent
    if have.shape != aval.shape:
        result = _unbroadcast(widened(result), aval.shape)
    if result._data.dtype != aval.dtype:
        if have.dtype.kind == "c" and aval.dtype.kind != "c":
            result = result.real
        result = result.to(aval.dtype)
    conformed: Tensor = result
    return conformed


def _unbroadcast(cotangent: Any, shape: tuple[int, ...]) -> Any:
    lead = cotangent.ndim - len(shape)
    if lead < 0:
        raise ShapeError(f"a cotangent of shape {tuple(cotangent.shape)} for a primal of {shape}")
    axes = tuple(range(lead)) + tuple(
        lead + i for i, length in enumerate(shape) if length == 1 and cotangent.shape[lead + i] != 1
    )
    summed = cotangent.sum(axes, keepdims=True) if axes else cotangent
    if summed.shape[lead:] != shape:
        raise ShapeError(f"a cotangent of shape {tuple(cotangent.shape)} for a primal of {shape}")
    return summed.reshape(shape)
