"""Graphs for networkx, which users have and we do not need."""

from __future__ import annotations

from typing import Any

from wengert.errors import ArgumentError
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex


def to_networkx(graph: Graph) -> Any:
    """A networkx.MultiDiGraph: nodes by name, edges with the data, keyed by slot.

    Raises ArgumentError if networkx is not installed.
    """
    try:
        import networkx
    except ImportError:
        raise ArgumentError(
            "to_networkx needs networkx, which is not installed", "pip install networkx"
        ) from None
    made = networkx.MultiDiGraph(outputs=[v.name for v in graph.outputs])
    for vertex in graph:
        made.add_node(vertex.name, **_facts(vertex))
    for edge in graph.edges:
        made.add_edge(edge.producer.name, edge.consumer.name, key=edge.slot, slot=edge.slot)
    return made


def _facts(vertex: Vertex) -> dict[str, Any]:
    """Plain values, so that the graph can be written to a file."""
    kind = "operation" if vertex.is_operation else "input" if vertex.is_input else "constant"
    site = vertex.site
    return {
        "kind": kind,
        "op": vertex.op.name if vertex.op is not None else "",
        "expression": vertex.expression,
        "shape": vertex.shape,
        "dtype": vertex.dtype.name,
        "scope": vertex.scope,
        "line": f"{site.filename}:{site.line}" if site is not None else "",
    }
