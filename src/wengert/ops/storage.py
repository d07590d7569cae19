"""Other memory for a tensor, in place: set_, resize_, resize_as_. And Python functions, by element.

None of it is differentiable: tensors with a history are refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.handles import memory_of, take_memory
from wengert.core.memory import Aside, Memory
from wengert.core.tensor import Tensor
from wengert.core.write import in_place, refuse, writable
from wengert.errors import ArgumentError, DTypeError, GradientError
from wengert.modes import current
from wengert.ops.canonical import sizes
from wengert.ops.copying import address
from wengert.ops.define import method


def _take(name: str, target: Tensor, data: Any, memory: Memory) -> Tensor:
    state = current()
    refuse(name, target, state)
    writable(name, target, state)
    take_memory(target, data, memory)
    memory.version += 1
    return target


def _refuse_history(name: str, *tensors: Tensor) -> None:
    if current().grad and any(t.requires_grad for t in tensors):
        raise GradientError(
            f"{name} is not differentiable, and a tensor requires grad",
            "Use it under wengert.no_grad(), or on a detach().",
        )


@method(Tensor)
def set_(self: Tensor, source: Tensor | None = None) -> Tensor:
    """Share the memory of another tensor, from now on; without one, have no elements.

    Raises DTypeError for another dtype, GradientError for tensors that require grad.

    >>> import wengert as wg
    >>> x, y = wg.zeros(2), wg.ones(3)
    >>> x.set_(y).mul_(2), y
    (tensor([2., 2., 2.]), tensor([2., 2., 2.]))
    """
    if source is None:
        _refuse_history("set_", self)
        empty = np.empty(0, self._data.dtype)
        return _take("set_", self, empty, Memory(empty))
    if not isinstance(source, Tensor):
        raise ArgumentError(f"set_ takes a tensor, not {type(source).__name__}")
    if source._data.dtype != self._data.dtype:
        raise DTypeError(f"set_: the source is {source.dtype}, the tensor {self.dtype}")
    _refuse_history("set_", self, source)
    memory = Aside(memory_of(source))
    return _take("set_", self, source._data, memory)


@method(Tensor)
def resize_(self: Tensor, *shape: Any) -> Tensor:
    """Another shape, in place: as many elements of the memory as fit, then zeros.

    Raises GradientError for tensors that require grad.

    >>> import wengert as wg
    >>> wg.tensor([1, 2, 3]).resize_(2, 2)
    tensor([[1, 2],
            [3, 0]])
    """
    wanted = sizes(shape)
    if self.requires_grad:
        raise GradientError("cannot resize variables that require grad", "Resize a detach().")
    memory = memory_of(self)
    data = _stretch(self._data, memory.array, wanted)
    return _take("resize_", self, data, Memory(data))


def _stretch(data: Any, whole: Any, shape: tuple[int, ...]) -> Any:
    """The first elements of the memory in another shape; a copy with zeros if there are too few."""
    count = math.prod(shape)
    if whole.flags.c_contiguous and data.flags.c_contiguous:
        start = (address(data) - address(whole)) // data.itemsize
        flat = whole.reshape(-1)[start:]
    else:
        flat = data.reshape(-1)
    if flat.size < count:
        flat = np.concatenate([flat, np.zeros(count - flat.size, data.dtype)])
    return flat[:count].reshape(shape)


@method(Tensor)
def resize_as_(self: Tensor, the_template: Tensor) -> Tensor:
    """resize_ to the shape of another tensor."""
    resized: Tensor = resize_(self, tuple(the_template.shape))
    return resized


@method(Tensor)
def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """callable(element) in place of each element: slow, and without gradient.

    Raises GradientError for tensors that require grad.
    """
    if self.requires_grad:
        raise GradientError(
            "apply_: a Python function has no derivative", "Use .detach().apply_()."
        )

    def apply(x: Tensor) -> Any:
        return _each(callable, x)

    return in_place(apply, self)


@method(Tensor)
def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """callable(element, other element) in place of each element; the tensors are broadcast.

    Raises GradientError for tensors that require grad.
    """
    if self.requires_grad or tensor.requires_grad:
        raise GradientError("map_: a Python function has no derivative", "Use .detach().")

    def map(x: Tensor, y: Tensor) -> Any:
        return _each(callable, x, y)

    return in_place(map, self, tensor)


def _each(function: Callable[..., Any], *tensors: Tensor) -> Tensor:
    from wengert.ops.create import tensor

    arrays = np.broadcast_arrays(*(t._concrete("a Python function") for t in tensors))
    found = [function(*elements) for elements in zip(*(a.ravel().tolist() for a in arrays))]
    made = np.array(found, arrays[0].dtype).reshape(arrays[0].shape)
    result: Tensor = tensor(made)
    return result
