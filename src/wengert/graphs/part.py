"""A part of a graph as a graph of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from wengert.core.handles import _new
from wengert.core.node import Leaf, Node
from wengert.errors import GraphError, WengertError
from wengert.graphs.graph import Graph
from wengert.graphs.names import Names
from wengert.graphs.replay import Copies
from wengert.graphs.trace import symbol
from wengert.graphs.vertex import Vertex


def of_scope(graph: Graph, scope: str) -> tuple[list[Node], Names, list[Node]]:
    """The operations filed under a scope; what they use from outside becomes their inputs.

    The outputs are what is used outside, or not at all.
    """
    inside = {v.index for v in graph if v.is_within(scope)}
    ends = {v.index for v in graph.outputs}
    outputs = [
        i
        for i in sorted(inside)
        if i in ends or not {user for user, _ in graph.uses(i)} <= inside or not graph.uses(i)
    ]
    return _part(graph, inside, outputs)


def between(graph: Graph, source: Vertex, target: Vertex) -> tuple[list[Node], Names, list[Node]]:
    """The operations on the ways from one node to another; the first becomes an input.

    Raises GraphError if there is no way.
    """
    behind = _closure([source.index], lambda i: (user for user, _ in graph.uses(i)))
    before = _closure([target.index], lambda i: (at for _, at in graph.sources(i)))
    inside = (behind & before) - {source.index}
    if target.index not in inside:
        raise GraphError(
            f"{target.name} is not computed from {source.name}",
            "subgraph(source, target) leads with the data, from source to target.",
        )
    return _part(graph, inside, [target.index])


def _closure(start: Iterable[int], onward: Any) -> set[int]:
    """All that is reached from `start`."""
    todo = list(start)
    seen = set(todo)
    while todo:
        for other in onward(todo.pop()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def _part(
    graph: Graph, inside: set[int], outputs: Sequence[int]
) -> tuple[list[Node], Names, list[Node]]:
    """Copies of the operations inside; what they use from outside, as leaves with its values."""
    border = sorted({i for index in inside for _, i in graph.sources(index)} - inside)
    replaced = [(graph.keys[i], _border(Vertex(graph, i))) for i in border]
    copies = Copies(graph, replaced)
    kept = {node for i in inside for node in (graph.keys[i], Vertex(graph, i).application)}
    for node in graph.order():
        if node in kept:
            copies.add(node)
    names = {graph.naming.names[i]: copies.of(graph.keys[i]) for i in (*border, *sorted(inside))}
    leaves: list[Node] = [new for _, new in replaced if isinstance(new, Leaf)]
    return [copies.of(graph.keys[i]) for i in outputs], Names(names), leaves


def _border(vertex: Vertex) -> Any:
    """What stands for a value from outside: constants as they are, a leaf for the rest."""
    if vertex.is_constant:
        return vertex.key
    try:
        value = vertex.value
    except WengertError:  # gone: the part has its structure all the same
        return symbol(vertex.aval)._node
    return Leaf(_new(value._data, None), vertex.site) if vertex.is_differentiable else value
