"""Who saved which array, in a function that was given NumPy's arrays.

There, a table that is filled in place (path[t + 1] = path[t] + step) must not spoil what its own
earlier rows were saved for, as it would in torch. What was saved of an array is copied when the
array is written into: what is never written costs nothing but the note.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from wengert.core.node import Applied

_ndarray: Final = np.ndarray


class Savers:
    """The nodes that keep an array, by the memory that it lies in."""

    __slots__ = ("_by_owner",)

    def __init__(self) -> None:
        self._by_owner: dict[int, list[weakref.ref[Applied]]] = {}

    def note(self, node: Applied) -> None:
        """Note what a new node keeps."""
        for operand in node.operands or ():
            if type(operand) is _ndarray:
                self._by_owner.setdefault(_owner(operand), []).append(weakref.ref(node))
        if node.plan.keeps_out and type(node.value) is _ndarray:
            self._by_owner.setdefault(_owner(node.value), []).append(weakref.ref(node))

    def before_write(self, array: Any) -> None:
        """Give copies to all that keep a part of this array, which is written into next."""
        for saver in self._by_owner.pop(_owner(array), ()):
            node = saver()
            if node is not None:
                _preserve(node, array)


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
