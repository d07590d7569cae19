"""Nudging: move a value a little, compute the rest again, and see what every node does."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.derivative import adjoints, tangents
from wengert.ask.formula import aligned
from wengert.ask.local import as_array
from wengert.core.evaluate import evaluate_node
from wengert.core.expression import number, summary
from wengert.core.graph import Graph, Vertex
from wengert.core.node import Node
from wengert.errors import ArgumentError

_DOUBLE = {"f": np.dtype(np.float64), "c": np.dtype(np.complex128)}


def in_double(value: Any) -> Any:
    """Floats and complex numbers in double precision, so that small differences survive."""
    if not isinstance(value, (np.ndarray, np.generic)) or value.dtype.kind not in "fc":
        return value
    return value.astype(_DOUBLE[value.dtype.kind])


def evaluate_with(graph: Graph, replaced: dict[Any, Any]) -> dict[Node, Any]:
    """All values in double precision, with those in `replaced` (by key) put in place."""
    env: dict[Node, Any] = {}
    for node in graph.order():
        if node in replaced:
            env[node] = replaced[node]
        elif not node.inputs:
            env[node] = in_double(graph.values.of(node))
        else:
            env[node] = evaluate_node(node, _operands(graph, node, env, replaced))
    return env


def _operands(graph: Graph, node: Node, env: dict[Node, Any], replaced: dict[Any, Any]) -> list[Any]:
    operands = []
    for i, source in enumerate(node.inputs):
        if isinstance(source, Node):
            operands.append(env[source])
        elif source is not None and id(source) in replaced:
            operands.append(replaced[id(source)])
        else:
            operands.append(in_double(graph.values.constant(node, i)))
    return operands


def _replaced(vertex: Vertex, value: Any) -> dict[Any, Any]:
    return {vertex.key if isinstance(vertex.key, Node) else id(vertex.key): value}


def changes(graph: Graph, vertex: Vertex, step: Any) -> dict[int, Any]:
    """How the value of every vertex changes if `vertex` moves by `step`, by index."""
    value = in_double(graph.values.of(vertex.key))
    before = evaluate_with(graph, _replaced(vertex, value))
    after = evaluate_with(graph, _replaced(vertex, value + step))
    found = {v.index: after[v.key] - before[v.key] for v in graph.nodes
             if isinstance(v.key, Node) and v.aval.dtype.kind in "fc"}  # fmt: skip
    found[vertex.index] = step
    return found


def measured_change(graph: Graph, of: Vertex, wrt: Vertex, step: float) -> Any:
    """The change of `of`, one element, if the one element of `wrt` moves by `step`."""
    moved = changes(graph, wrt, np.full(wrt.shape, step)[()])[of.index]
    return np.asarray(moved).reshape(())[()]


def measured_slope(graph: Graph, of: Vertex, wrt: Vertex, direction: Any) -> float:
    """The slope of sum(of) along `direction` at wrt, by a central difference in double precision."""
    value = in_double(graph.values.of(wrt.key))
    scale = float(np.max(np.abs(value), initial=0.0))
    step = 6e-6 * max(1.0, scale)  # the cube root of double precision
    ends = []
    for sign in (1, -1):
        env = evaluate_with(graph, _replaced(wrt, value + sign * step * direction))
        ends.append(np.sum(env[of.key] if isinstance(of.key, Node) else in_double(of.key._data)))
    slope: float = ((ends[0] - ends[1]) / (2 * step)).real
    return float(slope)


class Table:
    """Rows of text under headings; notebooks show it as a table."""

    def __init__(self, head: tuple[str, ...], rows: list[tuple[str, ...]], note: str = "") -> None:
        self.head = head
        self.rows = rows
        self.note = note

    def __str__(self) -> str:
        lines = aligned([self.head, *self.rows], gap=3)
        return "\n".join([*lines, self.note] if self.note else lines)

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        from wengert.ask.formula import markdown_escape

        lines = ["| " + " | ".join(self.head) + " |", "|" + "---|" * len(self.head)]
        for row in self.rows:
            lines.append("| " + " | ".join(markdown_escape(cell) for cell in row) + " |")
        return "\n".join(lines)


def nudge(graph: Graph, moves: dict[str, Any]) -> Table:
    """What every node does if the named ones move: predicted by derivatives, and measured.

    Arrays move by a number in every element, or by an array; changes are shown in full for small
    arrays and as their range for larger ones.
    """
    if not moves:
        raise ArgumentError("nudge needs a node and a step", "For example graph.nudge(b=0.01).")
    predicted: dict[int, Any] = {}
    replaced: dict[Any, Any] = {}
    kept: dict[Any, Any] = {}
    for name, step in moves.items():
        vertex = graph[name]
        array = as_array(step, vertex.aval, f"the step of {name}")
        value = in_double(graph.values.of(vertex.key))
        kept.update(_replaced(vertex, value))
        replaced.update(_replaced(vertex, value + in_double(array)))
        for index, moved in tangents(graph, vertex, array).items():
            predicted[index] = moved if index not in predicted else predicted[index] + moved
    before, after = evaluate_with(graph, kept), evaluate_with(graph, replaced)
    rows = []
    for vertex in graph.nodes:
        node = vertex.key
        if isinstance(node, Node) and vertex.index in predicted:
            moved = after[node] - before[node]
            cells = (summary(vertex.value._data), summary(predicted[vertex.index]), summary(moved))
            rows.append((vertex.name, vertex.expression, *cells))
    return Table(("node", "expression", "value", "predicted", "measured"), rows)


def table(graph: Graph) -> Table:
    """Every node with its value, the output's gradient, and the same measured by nudging.

    For arrays the gradient is shown by its norm, and measured along its own direction. With an
    output of several elements, the gradients are those of its sum.
    """
    output = graph.outputs[-1]
    found = adjoints(graph, output, np.ones(output.shape, output.aval.dtype)[()])
    rows = []
    for vertex in graph.nodes:
        if vertex.is_constant:
            continue
        gradient = found.get(vertex.index, np.zeros(vertex.shape))
        value = summary(vertex.value._data)
        rows.append((vertex.name, vertex.expression, value, *_compared(graph, vertex, gradient)))
    note = ""
    if output.aval.size != 1:
        note = f"gradients are those of {output.name}.sum()"
    return Table(("node", "expression", "value", "gradient", "measured", ""), rows, note)


def _compared(graph: Graph, vertex: Vertex, gradient: Any) -> tuple[str, str, str]:
    """The gradient, its measurement, and whether they agree."""
    output = graph.outputs[-1]
    wide = np.asarray(in_double(np.asarray(gradient)))
    if vertex.aval.dtype.kind not in "fc":
        return "", "", "no gradient: integers"
    if wide.size == 1:
        exact = float(wide.reshape(()).real)
        measured = measured_slope(graph, output, vertex, np.ones(vertex.shape))
        shown = number(exact)
    else:
        exact = float(np.linalg.norm(wide))
        direction = wide / exact if exact else np.ones(vertex.shape)
        measured = measured_slope(graph, output, vertex, direction)
        shown = f"norm {number(exact)}"
    agrees = abs(exact - measured) <= 1e-3 * max(1.0, abs(exact))
    return shown, f"{measured:.3f}" if abs(measured) < 1e6 else number(measured), \
        "ok" if agrees else "differs"  # fmt: skip
