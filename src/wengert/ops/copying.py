"""Copies and pickles of tensors."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from wengert.core.extra import Extra
from wengert.core.fast import make_leaf
from wengert.core.handles import memory_of
from wengert.core.marks import mark_cut
from wengert.core.memory import Memory
from wengert.core.tensor import Tensor
from wengert.core.view import View
from wengert.errors import GradientError
from wengert.ops.define import method
from wengert.sites import user_site


def named(tensor: Tensor, name: str | None) -> Tensor:
    """The tensor, with the name that graphs show."""
    if name is None:
        return tensor
    node = tensor._node
    if node is not None:
        node.get_extra().name = name
    else:
        tensor._extra = tensor._extra or Extra()
        tensor._extra.name = name
    return tensor


def given_name(tensor: Tensor) -> str | None:
    """The name that was given with tensor(..., name=), or None."""
    extra = tensor._extra if tensor._node is None else tensor._node.extra
    return extra.name if extra is not None else None


def rebuilt(
    kind: type[Tensor], data: Any, requires_grad: bool, name: str | None, rest: dict[str, Any]
) -> Tensor:
    """A tensor from what a copy or a pickle keeps of it; `rest` is what a subclass adds."""
    made = kind.__new__(kind)
    made._data = data
    made._node = None
    made._memory = None
    made._extra = None
    if requires_grad:
        make_leaf(made)
    if rest:
        made.__dict__.update(rest)
    return named(made, name)


def _kept(tensor: Tensor) -> tuple[bool, str | None, dict[str, Any]]:
    """Besides the numbers: the flag, the name, and what a subclass keeps on the object."""
    return tensor.requires_grad, given_name(tensor), getattr(tensor, "__dict__", {})


def _kind(tensor: Tensor) -> type[Tensor]:
    """What a copy is: of a view, an ordinary tensor."""
    return Tensor if isinstance(tensor, View) else type(tensor)


def _share(made: Tensor, memory: Memory | None) -> Tensor:
    """The tensor, with the Memory that its array belongs to."""
    made._memory = memory
    if made._node is not None:
        made._node._memory = memory
    return made


@method(Tensor)
def __copy__(self: Tensor) -> Tensor:
    """A new handle on the same memory. It is a leaf, as in torch, whatever this one is."""
    self._concrete("copy.copy()")
    memory = memory_of(self)
    made = _share(rebuilt(_kind(self), self._data, *_kept(self)), memory)
    if not self.is_leaf:
        mark_cut(made, "copy.copy", user_site())
    return made


@method(Tensor)
def __deepcopy__(self: Tensor, memo: dict[int, Any]) -> Tensor:
    """A leaf with copies of the numbers and of the gradient.

    Tensors that share memory have copies that share theirs. Raises GradientError for the results
    of operations.
    """
    if id(self) in memo:
        known: Tensor = memo[id(self)]
        return known
    if not self.is_leaf:
        raise GradientError(
            "only tensors created explicitly by the user (graph leaves) support deepcopy",
            "Use .detach() first, or .clone() for a copy that stays in the graph.",
        )
    self._concrete("copy.deepcopy()")
    data, memory = _deep(self, memo)
    requires_grad, name, rest = _kept(self)
    made = _share(rebuilt(_kind(self), data, requires_grad, name, {}), memory)
    memo[id(self)] = made
    if rest:
        made.__dict__.update(copy.deepcopy(rest, memo))
    if self.grad is not None:
        made.grad = copy.deepcopy(self.grad, memo)
    return made


class _Block:
    """The copy of all bytes that a Memory spans, in which its aliases find their places."""

    def __init__(self, memory: Memory) -> None:
        self.source = memory  # held, so that its id stays its own
        self.start, end = byte_bounds(memory.array)
        self._bytes = np.empty(end - self.start, np.uint8)
        self.memory = Memory(self.place(memory.array))
        self.memory.array[...] = memory.array

    def place(self, array: Any) -> Any:
        """Where the copy of an array in this memory is."""
        offset = address(array) - self.start
        return np.ndarray(array.shape, array.dtype, self._bytes, offset, array.strides)


def _deep(tensor: Tensor, memo: dict[int, Any]) -> tuple[Any, Memory | None]:
    """The copied array, and the copied Memory if there is one."""
    memory = tensor._memory
    if memory is None or not isinstance(tensor._data, np.ndarray):
        return tensor._data.copy(), None
    block = memo.get(id(memory))
    if block is None:
        block = memo[id(memory)] = _Block(memory)
    return block.place(tensor._data), block.memory


def address(array: Any) -> int:
    """Where an array's first element is."""
    place: int = array.__array_interface__["data"][0]
    return place


@method(Tensor)
def __reduce_ex__(self: Tensor, protocol: Any) -> tuple[Any, ...]:
    """Pickled: numbers, requires_grad, name. The history stays behind, and so does the gradient.

    A UserWarning says so of hooks.
    """
    hooks = self._node.extra.hooks if self._node is not None and self._node.extra else None
    for hook in hooks.tensor.values() if hooks is not None else ():
        warnings.warn(
            f"hook {getattr(hook, '__name__', hook)!r} on the tensor is not pickled with it",
            stacklevel=2,
        )
    return rebuilt, (_kind(self), self._concrete("pickle"), *_kept(self))
