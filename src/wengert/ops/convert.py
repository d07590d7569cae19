"""Tensors out of wengert and into it: Python's numbers, NumPy's arrays, DLPack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.dtype import dtype_of
from wengert.core.escape import IN_ARRAYS
from wengert.core.handles import _new, memory_of
from wengert.core.marks import mark_inference
from wengert.core.memory import Memory
from wengert.core.tensor import Tensor
from wengert.errors import (
    ArgumentError,
    ArgumentValueError,
    ExportError,
    GradientError,
    ShapeError,
)
from wengert.modes import current, silently
from wengert.ops.canonical import check_device, numpy_dtype
from wengert.ops.define import method, public
from wengert.sites import note_exit

# Python's numbers --------------------------------------------------------------------------------


@method(Tensor)
def item(self: Tensor) -> Any:
    """The only element as a Python number. Raises ShapeError if there are others, or none.

    >>> import wengert as wg
    >>> wg.tensor([2.5]).item()
    2.5
    """
    data = self._concrete("item()")
    if data.size != 1:
        raise ShapeError(
            f"a Tensor with {data.size} elements cannot be converted to Scalar",
            "Use .tolist() for all elements.",
        )
    if self._node is not None:
        note_exit("item")
    return data.item()


@method(Tensor)
def tolist(self: Tensor) -> Any:
    """The elements as nested lists of Python numbers; a number for a 0-d tensor."""
    if self._node is not None:
        note_exit("tolist")
    return self._concrete("tolist()").tolist()


@method(Tensor)
def __format__(self: Tensor, spec: str) -> str:
    """A 0-d tensor is formatted as its number, others as their text."""
    if self._data.ndim == 0 and (spec or type(self) is Tensor):
        return format(self._concrete("format()").item(), spec)
    return object.__format__(self, spec)


@method(Tensor)
def __reversed__(self: Tensor) -> Any:
    """reversed(x): along the first dimension, as a tensor."""
    return self.flip(0) if self.shape else self


# NumPy and DLPack --------------------------------------------------------------------------------


@method(Tensor)
def numpy(self: Tensor, *, force: bool = False) -> Any:
    """The elements as a NumPy array, without copying: writes into either are seen by both.

    A write into the array leaves no trace: whether a value that a backward pass needs was
    overwritten in this way cannot be known. `autograd.graph.increment_version(x)` tells it.

    force: also for a tensor that requires grad; its history stays behind. Raises GradientError
    for those otherwise.

    >>> import wengert as wg
    >>> x = wg.tensor([1.0, 2.0])
    >>> x.numpy()[0] = 5
    >>> x
    tensor([5., 2.])
    """
    if self._node is not None and not force:
        self._concrete("numpy()")
        raise GradientError(
            "Can't call numpy() on Tensor that requires grad.",
            f"Use tensor.detach().numpy() instead. {IN_ARRAYS}",
        )
    return _shared(self, "numpy()")


def _shared(tensor: Tensor, what: str) -> Any:
    """A new array object on the tensor's own memory."""
    tensor._concrete(what)
    if tensor._node is not None or (tensor._extra is not None and tensor._extra.cuts):
        note_exit(what.removesuffix("()"))
    memory_of(tensor)
    return tensor._data.view()


@method(Tensor)
def __array__(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    """What np.asarray(tensor) is: tensor.numpy(), cast if another dtype is asked for."""
    array = numpy(self)
    if dtype is None or np.dtype(dtype) == array.dtype:
        return array.copy() if copy else array
    if copy is False:
        raise ArgumentValueError(
            f"{dtype_of(array.dtype).name} cannot become {np.dtype(dtype)} without a copy"
        )
    return silently(array.astype, dtype)


@method(Tensor)
def __dlpack__(self: Tensor, **wishes: Any) -> Any:
    """A DLPack capsule on the tensor's memory. Raises ExportError if it requires grad."""
    if self._node is not None:
        raise ExportError(
            "Can't export tensors that require gradient", "Use tensor.detach() instead."
        )
    array = _shared(self, "__dlpack__()")
    return array.__dlpack__(**{k: v for k, v in wishes.items() if v is not None})


@method(Tensor)
def __dlpack_device__(self: Tensor) -> tuple[int, int]:
    """DLPack's number of the CPU."""
    return 1, 0


@public(method=False, differentiable=False, torch="from_numpy")
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor on an array's memory, without copying: writes into either are seen by both.

    Raises ArgumentError for anything but an array, and for dtypes that tensors cannot have;
    ArgumentValueError for negative strides and foreign byte order, as torch does.

    >>> import numpy as np
    >>> import wengert as wg
    >>> a = np.zeros(2)
    >>> x = wg.from_numpy(a)
    >>> a[0] = 1
    >>> x
    tensor([1., 0.], dtype=wengert.float64)
    """
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentError(
            f"expected np.ndarray (got {type(ndarray).__name__})", "wengert.tensor() copies."
        )
    array = np.asarray(ndarray)
    if not array.dtype.isnative:
        raise ArgumentValueError(
            f"the array's byte order is not this machine's (dtype {array.dtype})",
            "Use wengert.tensor(array), which copies and converts.",
        )
    dtype_of(array.dtype)
    if any(stride % array.itemsize for stride in array.strides):
        raise ArgumentValueError(
            "the array's strides are no multiples of its element size",
            "Use wengert.tensor(array), which copies.",
        )
    if any(stride < 0 for stride in array.strides):
        raise ArgumentValueError(
            "at least one stride in the given array is negative, and tensors with negative "
            "strides are not supported",
            "Use wengert.tensor(array), which copies.",
        )
    made = _new(array, None)
    made._memory = Memory(array)
    return mark_inference(made) if current().inference else made


@public(method=False, differentiable=False, torch="from_dlpack")
def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor on the memory of any object that speaks DLPack, without copying.

    Raises ArgumentError for objects that do not.

    >>> import numpy as np
    >>> import wengert as wg
    >>> wg.from_dlpack(np.array([1, 2]))
    tensor([1, 2])
    """
    check_device(device)
    if not hasattr(ext_tensor, "__dlpack__"):
        raise ArgumentError(f"a {type(ext_tensor).__name__} has no __dlpack__ method")
    array = np.from_dlpack(ext_tensor)
    return from_numpy(array.copy() if copy else array)


@public(method=False, differentiable=False, torch="frombuffer")
def frombuffer(
    buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """A tensor on the bytes of a buffer, such as a bytearray, from `offset` on."""
    make: Callable[..., Any] = np.frombuffer
    try:
        array = make(buffer, numpy_dtype(dtype), count, offset)
    except ValueError as error:
        raise ArgumentValueError(f"frombuffer: {error}") from None
    return from_numpy(array).requires_grad_(requires_grad)
