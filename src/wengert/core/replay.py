"""A graph at other inputs: only its values, or recorded anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.core.evaluate import evaluate_node
from wengert.core.names import Names
from wengert.core.node import Node
from wengert.core.record import _new, make_leaf
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ShapeError
from wengert.modes import enable_grad

if TYPE_CHECKING:
    from wengert.core.graph import Graph, Vertex


def _given(graph: Graph, inputs: dict[str, Any]) -> dict[Any, Any]:
    """New values by node, or by the id of a constant tensor."""
    given: dict[Any, Any] = {}
    for name, value in inputs.items():
        vertex = graph[name]
        if vertex.is_operation:
            known = ", ".join(v.name for v in graph.nodes if not v.is_operation)
            raise ArgumentError(f"{name} is computed, not an input", f"The inputs are: {known}.")
        key = vertex.key
        given[key if isinstance(key, Node) else id(key)] = _fitting(vertex, value)
    return given


def _fitting(vertex: Vertex, value: Any) -> Any:
    """A new value in the input's shape and dtype; numbers fill it."""
    aval = vertex.aval
    array = np.asarray(value._data if isinstance(value, Tensor) else value)
    if array.dtype.kind not in "biufc":
        raise ArgumentError(f"{vertex.name}: {value!r} is no number and no array")
    if array.shape not in (aval.shape, ()):
        raise ShapeError(
            f"{vertex.name} has shape {aval.shape}; the new value has {array.shape}",
            "A graph is for fixed shapes: record the computation again for others.",
        )
    return np.array(np.broadcast_to(array, aval.shape).astype(aval.dtype))[()]


def outputs_at(graph: Graph, inputs: dict[str, Any]) -> Any:
    """The outputs' values with some inputs replaced."""
    given = _given(graph, inputs)
    env: dict[Node, Any] = {}
    for node in graph.order():
        if not node.inputs:
            env[node] = given[node] if node in given else graph.values.of(node)
        else:
            env[node] = evaluate_node(node, _operands(graph, node, env, given))
    outputs = tuple(_new(np.copy(env[v.key])[()], None) for v in graph.outputs)  # type: ignore[index]
    return outputs[0] if len(outputs) == 1 else outputs


def _operands(graph: Graph, node: Node, env: dict[Node, Any], given: dict[Any, Any]) -> list[Any]:
    found = []
    for i, source in enumerate(node.inputs):
        if isinstance(source, Node):
            found.append(env[source])
        elif id(source) in given:
            found.append(given[id(source)])
        else:
            found.append(graph.values.constant(node, i))
    return found


def replayed(graph: Graph, inputs: dict[str, Any]) -> tuple[list[Node], Names]:
    """The graph recorded anew at other inputs: its output nodes, and the names carried over."""
    given = _given(graph, inputs)
    made: dict[Any, Any] = {}
    with enable_grad():
        for node in graph.order():
            if not node.inputs:
                made[node] = _fresh_leaf(given[node] if node in given else graph.values.of(node))
            elif node.op.kind == "projection":
                assert node.attrs is not None
                made[node] = made[node.inputs[0]][node.attrs["index"]]
            else:
                made[node] = _apply_again(graph, node, made, given)
    for node, tensor in made.items():
        if isinstance(tensor, Tensor) and tensor._node is not None:
            tensor._node.site = node.site
    named = {v.name: made[v.key] for v in graph.nodes if isinstance(v.key, Node)}
    constants = {v.name: made.get(id(v.key), v.key) for v in graph.nodes if v.is_constant}
    outputs = [made[v.key]._node for v in graph.outputs]
    return outputs, Names({**named, **constants})


def _fresh_leaf(value: Any) -> Tensor:
    leaf = _new(np.array(value)[()], None)
    make_leaf(leaf)
    return leaf


def _apply_again(graph: Graph, node: Node, made: dict[Any, Any], given: dict[Any, Any]) -> Any:
    operands: list[Any] = []
    for i, source in enumerate(node.inputs):
        if isinstance(source, Node):
            operands.append(made[source])
        elif id(source) in given:
            operands.append(made.setdefault(id(source), _new(given[id(source)], None)))
        elif isinstance(source, Tensor):
            graph.values.constant(node, i)  # raises if it was written since
            operands.append(source)
        else:
            operands.append(graph.values.constant(node, i))
    return node.op(*operands, **(node.attrs or {}))
