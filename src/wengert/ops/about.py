"""What a tensor is: kind, size, layout in memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.handles import memory_of
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, DimensionError
from wengert.ops.canonical import one_dim
from wengert.ops.copying import address
from wengert.ops.define import method, public

# Kind --------------------------------------------------------------------------------------------


@public(torch="is_tensor", method=False, differentiable=False)
def is_tensor(obj: Any) -> bool:
    """Whether this is a wengert.Tensor."""
    return isinstance(obj, Tensor)


@public(torch="is_floating_point", differentiable=False)
def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is float16, bfloat16, float32 or float64."""
    return expect_tensor("is_floating_point", input).dtype.is_floating_point


@public(torch="is_complex", differentiable=False)
def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex64 or complex128."""
    return expect_tensor("is_complex", input).dtype.is_complex


@public(torch="is_inference", method=False, differentiable=False)
def is_inference(input: Tensor) -> bool:
    """Whether this tensor was made in inference_mode."""
    return expect_tensor("is_inference", input).is_inference()


@public(torch="is_nonzero", differentiable=False)
def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is other than zero. Raises ShapeError if there are others."""
    return bool(expect_tensor("is_nonzero", input))


@method(Tensor)
def is_signed(self: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    return self.dtype.is_signed


def expect_tensor(name: str, value: Any) -> Tensor:
    """The value, if it is a tensor; else ArgumentError."""
    if isinstance(value, Tensor):
        return value
    raise ArgumentError(
        f"{name}(): the argument must be a Tensor, not {type(value).__name__}",
        "Make a tensor of it first: wengert.tensor(...).",
    )


# Size --------------------------------------------------------------------------------------------


@public(torch="numel", names=("nelement",), differentiable=False)
def numel(input: Tensor) -> int:
    """The number of elements."""
    return expect_tensor("numel", input).shape.numel()


@method(Tensor)
def size(self: Tensor, dim: int | None = None) -> Any:
    """The shape, or its length along one dimension."""
    if dim is None:
        return self.shape
    return self.shape[_dim_of(self, dim)]


@method(Tensor)
def dim(self: Tensor) -> int:
    """The number of dimensions."""
    return self.ndim


@method(Tensor)
def ndimension(self: Tensor) -> int:
    """The number of dimensions, under its older name."""
    return self.ndim


@method(Tensor)
def element_size(self: Tensor) -> int:
    """Bytes per element."""
    return self.itemsize


def _dim_of(tensor: Tensor, dim: int) -> int:
    if not tensor.shape:
        raise DimensionError(f"Dimension specified as {dim} but tensor has no dimensions")
    return one_dim(dim, tensor.ndim)


# Layout in memory --------------------------------------------------------------------------------


@method(Tensor)
def stride(self: Tensor, dim: int | None = None) -> Any:
    """How many elements apart neighbours are in memory, along each dimension or along one."""
    data = self._data
    if data.size == 0:
        strides = _row_by_row(data.shape)
    else:
        strides = tuple(step // data.itemsize for step in data.strides)
    return strides if dim is None else strides[_dim_of(self, dim)]


def _row_by_row(shape: tuple[int, ...]) -> tuple[int, ...]:
    """torch's strides of an empty tensor; NumPy's are all 0."""
    lengths = [max(length, 1) for length in shape]
    return tuple(math.prod(lengths[i + 1 :]) for i in range(len(lengths)))


@method(Tensor)
def storage_offset(self: Tensor) -> int:
    """How many elements after the start of its memory a view begins."""
    if self._memory is None or not isinstance(self._data, np.ndarray):
        return 0
    return (address(self._data) - address(self._memory.array)) // self._data.itemsize


@method(Tensor)
def data_ptr(self: Tensor) -> int:
    """The address of the first element; aliases of the same memory have the same."""
    self._concrete("data_ptr()")
    memory_of(self)
    return address(self._data)


@method(Tensor)
def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    """Whether the elements stand row by row in memory, without gaps."""
    contiguous: bool = self._data.flags.c_contiguous
    return contiguous
