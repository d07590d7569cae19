"""Nudging: move a value a little, and see what every node does."""

from __future__ import annotations

from typing import Any

from wengert.ask.derivative import tangents
from wengert.ask.experiment import Experiment
from wengert.ask.local import as_array
from wengert.ask.quiet import quiet
from wengert.ask.table import Table
from wengert.errors import ArgumentError, DTypeError
from wengert.graphs.expression import summary
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex


@quiet
def nudge(graph: Graph, moves: dict[str, Any]) -> Table:
    """What every node does if the named ones move: predicted by derivatives, and measured.

    Arrays move by a number in every element, or by an array; changes are shown in full for small
    arrays and as their range for larger ones.
    """
    if not moves:
        raise ArgumentError("nudge needs a node and a step", "For example graph.nudge(b=0.01).")
    steps: dict[int, Any] = {}
    predicted: dict[int, Any] = {}
    for name, step in moves.items():
        vertex = graph[name]
        steps[vertex.index] = _step(vertex, step)
        for index, moved in tangents(graph, vertex, steps[vertex.index]).items():
            predicted[index] = moved if index not in predicted else predicted[index] + moved
    experiment = Experiment(graph)
    after = experiment.moved(steps)
    rows = []
    for index in sorted(predicted):
        vertex = Vertex(graph, index)
        measured = after[index] - experiment.value(vertex)
        cells = (summary(vertex.value._data), summary(predicted[index]), summary(measured))
        rows.append((vertex.name, vertex.expression, *cells))
    return Table(("node", "expression", "value", "predicted", "measured"), rows)


def _step(vertex: Vertex, step: Any) -> Any:
    if not vertex.is_differentiable:
        raise DTypeError(f"{vertex.name} is {vertex.aval}: integers cannot move a little")
    return as_array(step, vertex.aval, f"the step of {vertex.name}")
