"""The arrays that a graph keeps alive: each once, whoever shares it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from wengert.core.node import Applied, Leaf, Node
from wengert.core.tensor import Tensor
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex, identity, key_of


class Storage:
    """One piece of memory: its size, the vertex whose value lies in it, and why it is kept.

    reasons: "input", "constant", "output" (small ones are kept so that the graph can be asked),
    or the operations whose derivatives need it.
    """

    __slots__ = ("nbytes", "owner", "reasons", "vertex")

    def __init__(self, owner: Any, vertex: Vertex) -> None:
        self.owner = owner  # keeps the id from being used again meanwhile
        self.nbytes = int(owner.nbytes)
        self.vertex = vertex
        self.reasons: dict[str, None] = {}


def storages(graph: Graph) -> list[Storage]:
    """Every piece of memory that the graph's nodes keep, in the order of what lies in it."""
    found: dict[int, Storage] = {}
    for vertex, array, reason in _kept(graph):
        owner = _owner(array)
        storage = found.get(id(owner))
        if storage is None:
            storage = found[id(owner)] = Storage(owner, vertex)
        elif vertex.index < storage.vertex.index:
            storage.vertex = vertex
        storage.reasons[reason] = None
    return sorted(found.values(), key=lambda s: s.vertex.index)


def overhead(graph: Graph) -> int:
    """The bytes of the nodes themselves: objects, tuples, attributes; no arrays."""
    total = 0
    for node in graph.order():
        total += sys.getsizeof(node)
        if isinstance(node, Applied):  # others have no tuples
            parts = (node.inputs, node.operands, node.attrs)
            total += sum(sys.getsizeof(part) for part in parts if part is not None)
    return total


def _owner(array: Any) -> Any:
    """The array whose memory a view shows."""
    while isinstance(getattr(array, "base", None), np.ndarray):
        array = array.base
    return array


def _kept(graph: Graph) -> Iterator[tuple[Vertex, Any, str]]:
    """(vertex, array, reason) for all that nodes refer to."""
    vertices = _vertices(graph)
    for node in graph.order():
        here = vertices[node]
        operation = node.op.name
        for array in _arrays(node.value):
            is_residual = node.plan.keeps_out
            yield here, array, _reason(node) if not is_residual else f"{operation}'s derivative"
        for i, source in enumerate(node.inputs):
            vertex = vertices.get(identity(key_of(source)), here)
            if isinstance(source, Tensor):
                yield vertex, source._data, "constant"
            operand = node.operands[i] if node.operands is not None else None
            for array in _arrays(operand):
                is_residual = node.plan.keeps[i] if i < len(node.plan.keeps) else True
                yield vertex, array, f"{operation}'s derivative" if is_residual else "constant"
        for array in _arrays(tuple((node.attrs or {}).values())):
            yield here, array, f"an attribute of {operation}"
        for kept, reason in getattr(node, "kept_by_user", ()):  # of a Function
            for array in _arrays(kept):
                yield here, array, reason
        if node.extra is not None and node.extra.packed is not None:
            for kept, _ in node.extra.packed.kept.values():
                for array in _arrays(kept):
                    yield here, array, "packed by a hook"


def _reason(node: Node) -> str:
    return "input" if isinstance(node, Leaf) else "output, to be asked"


def _vertices(graph: Graph) -> dict[Any, Vertex]:
    """The vertex of each node and constant; of several outputs, the first stands for the node."""
    found: dict[Any, Vertex] = {}
    for vertex in graph:
        found[identity(vertex.key)] = vertex
        if vertex.is_operation:
            found.setdefault(vertex.application, vertex)
    return found


def _arrays(value: Any) -> Iterator[Any]:
    """The arrays in a value: itself, a tensor's, or those of a tuple or list."""
    if isinstance(value, (np.ndarray, np.generic)):
        yield value
    elif isinstance(value, Tensor):
        yield value._data
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _arrays(part)
