"""What dtypes can hold, and which one comes out of several."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.dtype import (
    DType,
    as_dtype,
    bool_,
    category,
    common_dtype,
    dtype_of,
    get_default_dtype,
    limits_of,
    promote,
)
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError
from wengert.ops.define import public


class finfo:
    """The limits of a floating-point dtype; of a complex one, those of its parts.

    >>> import wengert as wg
    >>> wg.finfo(wg.float16).max
    65504.0
    """

    __slots__ = ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny")

    def __init__(self, type: Any = None) -> None:
        dtype = get_default_dtype() if type is None else as_dtype(type)
        if not (dtype.is_floating_point or dtype.is_complex):
            raise ArgumentError(
                f"finfo() requires a floating-point dtype, not {dtype}", "Use wengert.iinfo."
            )
        limits = limits_of(dtype.numpy)
        self.dtype = dtype.to_real().name
        self.bits = int(limits.bits)
        self.eps = float(limits.eps)
        self.max = float(limits.max)
        self.min = float(limits.min)
        self.tiny = self.smallest_normal = float(limits.tiny)
        self.resolution = float(f"1e-{limits.precision}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash((finfo, self.dtype))

    def __repr__(self) -> str:
        shown = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        facts = ", ".join(f"{name}={getattr(self, name):g}" for name in shown)
        return f"finfo({facts}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer dtype.

    >>> import wengert as wg
    >>> wg.iinfo(wg.uint8).max
    255
    """

    __slots__ = ("bits", "dtype", "max", "min")

    def __init__(self, type: Any) -> None:
        dtype = as_dtype(type)
        if dtype is bool_ or dtype.is_floating_point or dtype.is_complex:
            raise ArgumentError(
                f"iinfo() requires an integer dtype, not {dtype}", "Use wengert.finfo for floats."
            )
        limits = np.iinfo(dtype.numpy)
        self.dtype = dtype.name
        self.bits = int(limits.bits)
        self.max = int(limits.max)
        self.min = int(limits.min)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash((iinfo, self.dtype))

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


@public(torch="promote_types", method=False, differentiable=False)
def promote_types(type1: Any, type2: Any) -> DType:
    """The narrowest dtype that holds both, by torch's rules: float32 for int64 and float32."""
    return dtype_of(promote(as_dtype(type1).numpy, as_dtype(type2).numpy))


@public(torch="result_type", method=False, differentiable=False)
def result_type(tensor1: Any, tensor2: Any) -> DType:
    """The dtype that arithmetic on two tensors or numbers gives."""
    values = [v._data if isinstance(v, Tensor) else v for v in (tensor1, tensor2)]
    return dtype_of(common_dtype(values))


@public(torch="can_cast", method=False, differentiable=False)
def can_cast(from_: Any, to: Any) -> bool:
    """Whether values may be stored in another dtype: not from floats to integers, for example."""
    source, target = as_dtype(from_), as_dtype(to)
    return category(source.numpy) <= category(target.numpy)


__all__ = ["can_cast", "finfo", "iinfo", "promote_types", "result_type"]
