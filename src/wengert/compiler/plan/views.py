"""Views as addresses: where the elements of each value lie in somebody's buffer.

Nothing is known here about any operation. A view is applied to a stand-in array of bytes with the
strides of its source; if the result shares that memory, its own strides are the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from wengert.compiler.pieces.piece import Access, contiguous
from wengert.core.aval import Aval, Shape
from wengert.core.node import Node


def accesses(order: Iterable[Node]) -> dict[Node, Access]:
    """Per node, oldest first, where its elements lie, by its own axes.

    A view lies in the buffer of its root. Everything else has a contiguous buffer of its own.
    """
    made: dict[Node, Access] = {}
    for node in order:
        aval = node.aval
        if not isinstance(aval, Aval):
            continue
        found = _viewed(node, made) if node.op.view else None
        made[node] = found or Access(node, 0, contiguous(aval.shape) if aval.shape else ())
    return made


def _viewed(node: Node, made: Mapping[Node, Access]) -> Access | None:
    """The access of a view; None if it cannot be one, so that the operation has to copy."""
    source = node.inputs[0]
    if not isinstance(source, Node) or source not in made or len(node.inputs) != 1:
        return None
    if source.aval.dtype != node.aval.dtype or not node.aval.size:
        return None
    given = made[source]
    found = through(node, given, source.aval.shape, given.root.aval.size)
    if found is None:
        return None
    offset, strides = found
    return Access(given.root, offset, strides)


def through(
    view: Node, given: Access, shape: Shape, size: int
) -> tuple[int, tuple[int, ...]] | None:
    """Offset and strides of a view of what lies at `given`; None if it is not affine.

    shape: of what is viewed. size: the elements in the buffer.
    """
    memory = np.empty(size, np.int8)
    stand_in = as_strided(memory[given.offset :], shape, given.strides)
    found = _apply(view, stand_in)
    if found.shape != view.aval.shape:
        return None
    if not isinstance(found, np.ndarray):  # one element: only its value can say where it was
        return _place_of_element(view, given, shape, size), ()
    offset = _address(found) - _address(memory)
    inside = 0 <= offset < size and np.may_share_memory(found, memory)
    return (offset, _plain(found.strides, found.shape)) if inside else None


def _place_of_element(view: Node, given: Access, shape: Shape, size: int) -> int:
    places = np.arange(size)
    strides = tuple(8 * stride for stride in given.strides)
    return int(_apply(view, as_strided(places[given.offset :], shape, strides)))


def _apply(view: Node, array: Any) -> Any:
    return view.op.forward(array, **(view.attrs or {}))


def _address(array: np.ndarray[Any, Any]) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _plain(strides: tuple[int, ...], shape: Shape) -> tuple[int, ...]:
    """The strides with 0 where there is one element, so that equal accesses are equal."""
    return tuple(0 if side == 1 else stride for stride, side in zip(strides, shape, strict=True))


def is_contiguous(access: Access, shape: Shape) -> bool:
    """Whether the elements lie one after the other, in order."""
    pairs = zip(shape, access.strides, contiguous(shape), strict=True)
    return prod(shape) == 0 or all(side == 1 or own == like for side, own, like in pairs)
