"""Handles on arrays, and the memory that they share: what tensors are made with."""

from __future__ import annotations

import threading
import weakref
from typing import Any, Final

import numpy as np

from wengert.core import tensor as _tensor
from wengert.core.memory import Memory
from wengert.core.node import Leaf, Node
from wengert.modes import current

Tensor = _tensor.Tensor

_ndarray: Final = np.ndarray
_create: Final = Tensor.__new__


def _new(data: Any, node: Node | None) -> Tensor:
    """A tensor without the constructor's checks."""
    made = _create(Tensor)
    made._data = data
    made._node = node
    made._memory = None
    made._extra = None
    return made


def fresh(array: Any) -> Tensor:
    """A tensor on an array that nobody else has: a constant of a function that is compiled."""
    made = _new(array, None)
    state = current()
    if state.fresh is not None:
        note_fresh(made, state.fresh)
    return made


def note_fresh(made: Tensor, noted: dict[int, Any]) -> None:
    """Note a tensor that was made of nothing."""
    # By its array as well: other handles share that, and the tensor may get another one.
    for one in (made, made._data):
        noted[id(one)] = one


def handle(data: Any, node: Node | None, memory: Memory | None) -> Tensor:
    """A further handle on an array, with its place in the graph and its memory."""
    made = _new(data, node)
    made._memory = memory
    return made


def from_node(data: Any, node: Node | None) -> Tensor:
    """A tensor handle on an array and its place in a graph."""
    return handle(data, node, node._memory if node is not None else None)


def handle_of(leaf: Leaf) -> Tensor:
    """A new handle for a leaf whose own is gone."""
    made = _new(leaf.value, leaf)
    made._memory = leaf._memory
    leaf.handle = weakref.ref(made)
    return made


def memory_of(tensor: Tensor) -> Memory:
    """The tensor's Memory, made on demand; a 0-d tensor is boxed into an array in it."""
    memory = tensor._memory
    if memory is None or type(tensor._data) is not _ndarray:
        with _MAKING:
            return _make_memory(tensor)
    return memory


# Two threads that make aliases of one tensor must find the same Memory: without the lock, in one
# of fifty runs of eight threads they did not. It costs a first alias 40 ns.
_MAKING: Final = threading.RLock()  # following a view makes Memories, too


def _make_memory(tensor: Tensor) -> Memory:
    memory = tensor._memory
    if memory is None:
        node = tensor._node
        known = node._memory if node is not None else None
        if known is not None and known.array is tensor._data:  # of another handle on the same array
            memory = tensor._memory = known
        else:
            memory = tensor._memory = Memory(tensor._data)
            if known is None and node is not None:  # a copy's is not that of what was saved
                node._memory = memory
    if type(tensor._data) is not _ndarray:
        tensor._data = memory.array = np.array(tensor._data)
        if isinstance(tensor._node, Leaf):
            tensor._node.value = tensor._data
    return memory


def take_memory(tensor: Tensor, data: Any, memory: Memory) -> None:
    """Give a tensor an array in another memory; what it knows of writes it keeps."""
    before = memory_of(tensor)
    memory.version, memory.written = before.version, before.written
    memory.writer, memory.site = before.writer, before.site
    tensor._data, tensor._memory = data, memory
    tensor._leave_base()
    if isinstance(tensor._node, Leaf):
        tensor._node.value, tensor._node._memory = data, memory
