"""why: what became of a gradient, and which line is to blame."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.answer import Answer
from wengert.ask.backwards import size
from wengert.ask.derivative import reaches
from wengert.ask.flow import Flow
from wengert.ask.quiet import quiet
from wengert.ask.why_none import cut_off, not_reached, not_required, not_stored, without_history
from wengert.ask.why_nonfinite import nonfinite
from wengert.ask.why_size import profile
from wengert.ask.why_zero import vanished
from wengert.core.extra import Cut
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, WengertError
from wengert.graphs.graph import Graph
from wengert.graphs.names import Names
from wengert.graphs.vertex import Vertex
from wengert.sites import user_frame

_TINY, _HUGE = 1e-7, 1e7
"""Sizes below and above which a gradient is explained as vanishing or exploding."""


def why(x: Any, loss: Any) -> Answer:
    """Why the gradient of `loss` with respect to x is None, zero, not finite, tiny or huge.

    Names the operation and the line. What the graph proves is stated; where it proves nothing, the
    places where the history of `loss` was cut, and those where values left for plain numbers, are
    listed, and called candidates.

    Raises ArgumentError for what is no tensor.
    """
    for name, value in (("x", x), ("loss", loss)):
        if not isinstance(value, Tensor):
            raise ArgumentError(
                f"why: {name} must be a tensor, not {type(value).__name__}",
                "why(x, loss): the tensor whose gradient is in question, and what was "
                "differentiated.",
            )
    names = Names(frame=user_frame())
    called, target = names.of(x) or "x", names.of(loss) or "the loss"
    if loss._node is None:
        return without_history(x, called, loss, target)
    return why_in(Graph([loss._node], names), x, called)


def why_in(graph: Graph, x: Tensor, called: str) -> Answer:
    """The same for a tensor and the last output of a graph."""
    if x._node is None and x not in graph:
        return not_required(_marks(x), x._aval, called)
    if x not in graph:
        return cut_off(graph, x, called, graph.outputs[-1])
    return why_vertex(graph[x])


def why_vertex(vertex: Vertex) -> Answer:
    """The same for a node of a graph."""
    output = vertex.graph.outputs[-1]
    if vertex.is_constant:
        used = next((v.site for v in vertex.consumers if v.site is not None), None)
        return not_required(vertex.cuts, vertex.aval, vertex.name, used)
    if output != vertex and not reaches(vertex.graph, vertex, output):
        return not_reached(vertex, output)
    if vertex.grad is None:
        return not_stored(vertex, output)
    return _explained(vertex, output, vertex.grad._data)


def _marks(tensor: Tensor) -> tuple[Cut, ...]:
    return tensor._extra.cuts if tensor._extra is not None else ()


@quiet
def _explained(vertex: Vertex, output: Vertex, gradient: Any) -> Answer:
    """There is a gradient: what is odd about it, and where that comes from."""
    array = np.asarray(gradient)
    is_finite = np.isfinite(array)
    largest = float(np.abs(array[is_finite]).max(initial=0.0))
    kinds = ((not is_finite.all(), nonfinite), (largest == 0, vanished),
             (not _TINY < largest < _HUGE, profile))  # fmt: skip
    explain = next((function for is_so, function in kinds if is_so), None)
    found = f"{vertex.name}.grad is there: {size(array)}."
    if explain is None or not array.size or not isinstance(vertex.key, Node):
        return Answer(found)
    try:
        return explain(Flow(vertex, output), array)
    except WengertError as error:
        return Answer(
            f"{found}\n  What it comes from cannot be told: {error.what}\n  {error.remedy}"
        )
