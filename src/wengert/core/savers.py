"""Who saved which array, in a function that was given NumPy's arrays.

There, a table that is filled in place (path[t + 1] = path[t] + step) must not spoil what its own
earlier rows were saved for, as it would in torch. What was saved of an array is copied when the
array is written into: what is never written costs nothing but the note.

The arrays that the user computes with besides are written without our knowing. Those that are small
are copied when they are saved; of large ones a sum is kept, and compared before the derivative is
taken.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wengert.core import handles
from wengert.core.memory import Memory
from wengert.core.node import Node
from wengert.errors import StaleError

if TYPE_CHECKING:
    from wengert.core.node import Applied

_ndarray: Final = np.ndarray
COPIED: Final = 1 << 16
"""Bytes up to which a constant is copied; a sum of as many takes as long."""


class Savers:
    """The nodes that keep an array, by the memory that it lies in; and sums of constants."""

    __slots__ = ("_by_owner", "_constants", "_handles")

    def __init__(self) -> None:
        self._by_owner: dict[int, list[weakref.ref[Applied]]] = {}
        self._handles: dict[int, list[weakref.ref[Any]]] = {}
        self._constants: list[tuple[weakref.ref[Applied], Any, int]] = []

    def note(self, node: Applied) -> None:
        """Note what a new node keeps."""
        if node.operands is not None:
            self._take_constants(node, node.operands)
        for operand in node.operands or ():
            if type(operand) is _ndarray:
                self._by_owner.setdefault(_owner(operand), []).append(weakref.ref(node))
        if node.plan.keeps_out and type(node.value) is _ndarray:
            self._by_owner.setdefault(_owner(node.value), []).append(weakref.ref(node))

    def _take_constants(self, node: Applied, operands: tuple[Any, ...]) -> None:
        """Copy small arrays that are no tensors' own, and note the sums of large ones."""
        for i, operand in enumerate(operands):
            if type(operand) is _ndarray and operand.flags.writeable:
                source = node.inputs[i]
                if isinstance(source, Node) or source is None or source._memory is not None:
                    continue
                if operand.nbytes <= COPIED:
                    copies = list(node.operands or ())
                    copies[i] = operand.copy()
                    node.operands = tuple(copies)
                elif i in node.plan.residuals:
                    self._constants.append((weakref.ref(node), operand, _sum(operand)))

    def note_mapped(self, handles: Sequence[Any]) -> None:
        """Note what a node inside of a map keeps: handles of its own on mapped tensors."""
        for kept in handles:
            if hasattr(kept, "_value"):
                array = _innermost(kept)._data
                if type(array) is _ndarray:
                    self._handles.setdefault(_owner(array), []).append(weakref.ref(kept))

    def check(self) -> None:
        """Raise StaleError if a constant array was changed after it was used."""
        for saver, array, known in self._constants:
            node = saver()
            if node is not None and _sum(array) != known:
                raise StaleError(
                    f"{node.op.name}: an array that was used as a constant has been changed since, "
                    "so the derivative would be wrong",
                    "Change a copy of it: array = array.copy().",
                    node.site,
                )

    def before_write(self, array: Any) -> None:
        """Give copies to all that keep a part of this array, which is written into next."""
        for saver in self._by_owner.pop(_owner(array), ()):
            node = saver()
            if node is not None:
                _preserve(node, array)
        for reference in self._handles.pop(_owner(array), ()):
            kept = reference()
            if kept is not None and np.may_share_memory(_innermost(kept)._data, array):
                kept._value = _apart(kept._value)
                kept._memory = Memory(kept._data)  # of its own: what it keeps is not stale


def _innermost(mapped: Any) -> Any:
    """The tensor with the values of all slices."""
    while hasattr(mapped, "_value"):
        mapped = mapped._value
    return mapped


def _apart(value: Any) -> Any:
    """The same tensor on a copy of its values."""
    if not hasattr(value, "_value"):
        return handles.handle(value._data.copy(), value._node, None)
    made = value._handle()
    made._value = _apart(value._value)
    return made


def _sum(array: Any) -> int:
    """A number that changes when the contents do: the sum of the bytes, eight at a time."""
    flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    whole = flat.size // 8 * 8
    words = int(np.add.reduce(flat[:whole].view(np.uint64)))
    return words + int(np.add.reduce(flat[whole:], dtype=np.uint64))


def _owner(array: Any) -> int:
    """Names the memory of an array. A name may be used again; who it named then is looked at."""
    while type(array.base) is _ndarray:
        array = array.base
    return id(array)


def _preserve(node: Applied, array: Any) -> None:
    node.operands = tuple(_copied(operand, array) for operand in node.operands or ()) or None
    if node.plan.keeps_out:
        node.value = _copied(node.value, array)


def _copied(value: Any, array: Any) -> Any:
    if type(value) is _ndarray and np.may_share_memory(value, array):
        return value.copy()
    return value
