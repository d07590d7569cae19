"""From a graph to a scene: which boxes and links a picture shows, and what stands on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from wengert.core.dtype import is_floating
from wengert.draw.scene import Box, Label, Link, Scene
from wengert.errors import WengertError
from wengert.graphs.expression import equation, number, shape_text, summary
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex
from wengert.modes import silently

Use = tuple[int, int]
"""A use of a value: the consumer's index and the slot."""


def scene_of(
    graph: Graph, *, values: bool = True, labels: Mapping[Use, Label] | None = None,
    highlighted: frozenset[Use] = frozenset(),
) -> Scene:  # fmt: skip
    """The graph as boxes and links.

    values: under each operation its value, and beside each input its own. labels: what stands on
    the edges. highlighted: the edges to stress. Constants of one element are drawn inside the
    expressions that use them.
    """
    shown = [v for v in graph.nodes if not (v.is_constant and v.aval.size == 1)]
    place = {v.index: i for i, v in enumerate(shown)}
    outputs = {v.index for v in graph.outputs}
    boxes = [_box(v, v.index in outputs, values) for v in shown]
    links = []
    for vertex in shown:
        for slot, operand in enumerate(vertex.operands):
            if isinstance(operand, Vertex) and operand.index in place:
                use = (vertex.index, slot)
                label = labels.get(use) if labels is not None else None
                ends = (place[operand.index], place[vertex.index])
                links.append(Link(*ends, label, use in highlighted))
    names = ", ".join(v.name for v in graph.outputs)
    return Scene(tuple(boxes), tuple(links), f"computational graph of {names}")


def _box(vertex: Vertex, is_output: bool, values: bool) -> Box:
    kind = _kind(vertex, is_output)
    value = _value_text(vertex) if values else ""
    if not vertex.is_operation:
        one_line = f"{vertex.name} = {value}" if value and vertex.aval.size == 1 else vertex.name
        lines = (value,) if value and vertex.aval.size != 1 else ()
        return Box(kind, one_line, lines, _hint(vertex))
    return Box(kind, equation(vertex), (value,) if value else (), _hint(vertex))


def _kind(vertex: Vertex, is_output: bool) -> str:
    """Leaves of several dimensions are parameters; scalars and vectors at the bottom are inputs."""
    if is_output:
        return "output"
    if vertex.is_constant:
        return "constant"
    if not vertex.is_input:
        return "operation"
    return "parameter" if vertex.aval.size > 1 else "input"


def _value_text(vertex: Vertex) -> str:
    try:
        value = vertex.value._data
    except WengertError:
        return shape_text(vertex.shape)
    return summary(value) if np.size(value) <= 1 else _array_text(value)


def _array_text(value: Any) -> str:
    array = np.asarray(value)
    if array.ndim == 1 and array.size <= 4:
        return summary(array)
    if not is_floating(array.dtype) or not array.size:
        return shape_text(array.shape)
    mean = silently(np.mean, array, dtype=np.float64)
    return f"{shape_text(array.shape)}, mean {number(mean, 3)}"


def _hint(vertex: Vertex) -> str:
    """The tooltip: name, shape, dtype and source line."""
    parts = [equation(vertex), str(vertex.aval)]
    if vertex.site is not None:
        parts.append(str(vertex.site))
    return "\n".join(parts)
