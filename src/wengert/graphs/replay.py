"""A graph at other inputs: the same operations, other leaves, values computed when asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.dtype import category, is_numeric
from wengert.core.handles import _new
from wengert.core.node import Applied, Leaf, Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, DTypeError, ShapeError
from wengert.graphs.graph import Graph
from wengert.graphs.names import Names
from wengert.graphs.vertex import Vertex, identity, key_of


def outputs_at(graph: Graph, inputs: dict[str, Any]) -> Any:
    """The outputs' values with some inputs replaced: one tensor, or a tuple of several."""
    outputs, names, leaves = replayed(graph, inputs)
    there = Graph(outputs, names, leaves)
    results = tuple(_new(np.array(v.value._data)[()], None) for v in there.outputs)
    return results[0] if len(results) == 1 else results


def replayed(graph: Graph, inputs: dict[str, Any]) -> tuple[list[Node], Names, list[Node]]:
    """The graph at other inputs: its output nodes, the names carried over, and its leaves.

    Inputs that are not given keep their values. Raises ArgumentError for names of results,
    ShapeError and DTypeError for values that do not fit, MissingValueError and StaleError for
    inputs that are not given and whose values are gone.
    """
    copies = Copies(graph, [_replacement(graph, name, value) for name, value in inputs.items()])
    for node in graph.order():
        copies.add(node)
    naming = graph.naming
    names = {name: copies.of(graph.keys[i]) for i, name in enumerate(naming.names)}
    names |= {alias: copies.of(graph.keys[i]) for alias, i in naming.aliases.items()}
    outputs = [copies.of(vertex.key) for vertex in graph.outputs]
    return outputs, Names(names), [copies.of(vertex.key) for vertex in graph.inputs]


def _replacement(graph: Graph, name: str, value: Any) -> tuple[Any, Any]:
    """What stands for an input, and what shall stand there instead."""
    vertex = graph[name]
    if vertex.is_operation:
        known = ", ".join(v.name for v in graph.nodes if not v.is_operation)
        raise ArgumentError(f"{name} is computed, not an input", f"The inputs are: {known}.")
    tensor = _new(_fitting(vertex, value), None)
    return vertex.key, Leaf(tensor, vertex.site) if vertex.is_input else tensor


def _fitting(vertex: Vertex, value: Any) -> Any:
    """A new value in the input's shape and dtype; one number fills it."""
    aval = vertex.aval
    return np.array(np.broadcast_to(checked(vertex, value).astype(aval.dtype), aval.shape))[()]


def checked(vertex: Vertex, value: Any) -> Any:
    """A new value as an array, if it fits into an input; raises what `replayed` raises."""
    aval = vertex.aval
    array = np.asarray(value._data if isinstance(value, Tensor) else value)
    if not is_numeric(array.dtype):
        raise ArgumentError(
            f"{vertex.name}: {value!r} is no number and no array of numbers",
            f"Give {aval}, as a tensor, an array or lists; one number fills it.",
        )
    if category(array.dtype) > category(aval.dtype):
        raise DTypeError(
            f"{vertex.name} is {aval}; the new value is {array.dtype}",
            "A graph is for fixed dtypes: cast the value, or record the computation again.",
        )
    if array.shape not in (aval.shape, ()):
        raise ShapeError(
            f"{vertex.name} has shape {aval.shape}; the new value has {array.shape}",
            "A graph is for fixed shapes: record the computation again for others.",
        )
    return array


class Copies:
    """Copies of a graph's nodes, with some leaves and constants replaced."""

    def __init__(self, graph: Graph, replacements: list[tuple[Any, Any]]) -> None:
        self._values = graph.values
        self._copies = {identity(key): new for key, new in replacements}

    def of(self, key: Any) -> Any:
        """The copy of a node; constants that are not replaced stay themselves."""
        return self._copies.get(identity(key), key)

    def add(self, node: Node) -> None:
        """Copy a node whose inputs have been copied."""
        if node in self._copies:
            return
        if isinstance(node, Leaf):
            value = np.array(self._values.of(node))[()]
            self._copies[node] = Leaf(_new(value, None), node.site)
            return
        inputs = tuple(self.of(key_of(source)) for source in node.inputs)
        operands = tuple(self._operand(node, i, source) for i, source in enumerate(inputs))
        copy = Applied(node.plan, inputs, operands, node.attrs, None, node.aval, node.site)
        if node.scope:
            copy.get_extra().scope = node.scope
        self._copies[node] = copy

    def _operand(self, node: Node, i: int, source: Any) -> Any:
        """What a copied node keeps of an input: a number as it is, a constant cast as it was."""
        if isinstance(source, Node):
            return None
        if source is key_of(node.inputs[i]):
            return self._values.constant(node, i)
        return source._data.astype(node.operand_aval(i).dtype)
