"""Graphs in Graphviz's language."""

from __future__ import annotations

from wengert.errors import WengertError
from wengert.graphs.expression import equation, shape_text, summary
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex


def to_dot(graph: Graph) -> str:
    """The graph for `dot`, inputs lowest: what is computed, values, and lines as tooltips.

    Constants of one element stand in the expressions that use them.
    """
    shown = [v for v in graph if not _is_inside(v)]
    outputs = {v.index for v in graph.outputs}
    names = ", ".join(v.name for v in graph.outputs)
    lines = [
        f"digraph {quoted(f'computational graph of {names}')} {{",
        "  rankdir=BT;",
        "  node [shape=box, style=rounded];",
    ]
    lines += [f"  {_node(v, v.index in outputs)};" for v in shown]
    for vertex in shown:
        for _, source in graph.sources(vertex.index):
            if not _is_inside(Vertex(graph, source)):
                lines.append(f"  n{source} -> n{vertex.index};")
    return "\n".join([*lines, "}", ""])


def _is_inside(vertex: Vertex) -> bool:
    return vertex.is_constant and vertex.aval.size == 1


def _node(vertex: Vertex, is_output: bool) -> str:
    """The line of one node: its name, its label, what it looks like."""
    facts = {"label": f"{equation(vertex)}\n{_value(vertex)}"}
    if vertex.is_input:
        facts["shape"] = "ellipse"
    elif vertex.is_constant:
        facts["style"] = "dashed"
    elif is_output:
        facts["penwidth"] = "2"
    if vertex.site is not None:
        facts["tooltip"] = str(vertex.site)
    listed = ", ".join(f"{key}={quoted(value)}" for key, value in facts.items())
    return f"n{vertex.index} [{listed}]"


def _value(vertex: Vertex) -> str:
    try:
        return summary(vertex.value._data)
    except WengertError:
        return shape_text(vertex.shape)


def quoted(text: str) -> str:
    """A string of Graphviz: no character in it means anything else."""
    escaped = (
        text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    )
    return f'"{escaped}"'
