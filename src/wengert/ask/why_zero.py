"""Why a gradient is zero: where it is stopped, or where its parts cancel."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.answer import Answer, place
from wengert.ask.edges import Edge
from wengert.ask.flow import Flow, called
from wengert.errors import Cause
from wengert.graphs.expression import equation, summary
from wengert.graphs.vertex import Vertex

_SHOWN = 5


def vanished(flow: Flow, gradient: Any) -> Answer:
    """The edges at which the derivative becomes zero, or the node at which its parts cancel."""
    stopping = [edge for vertex in flow.backwards() for edge in flow.edges_into(vertex)
                if np.any(flow.of(vertex)) and not np.any(flow.along(edge))]  # fmt: skip
    if stopping:
        return _stopped(flow, stopping)
    for vertex in flow.backwards():
        parts = [flow.along(edge) for edge in flow.edges_out_of(vertex)]
        if len(parts) > 1 and all(np.any(p) for p in parts) and not np.any(flow.of(vertex)):
            return _cancelled(flow, vertex, parts)
    return Answer(f"{flow.vertex.name}.grad is all 0, and nothing was found that stops it.")


def _stopped(flow: Flow, edges: list[Edge]) -> Answer:
    causes = [Cause(_kind(edge), edge.consumer.site) for edge in edges]
    name, output = flow.vertex.name, flow.output.name
    where = "in one place" if len(edges) == 1 else f"in {len(edges)} places"
    text = [f"{name}.grad is all 0: on every path from {output} it is stopped, {where}:"]
    for edge, cause in list(zip(edges, causes, strict=True))[:_SHOWN]:
        text.append(f"  {place(edge.consumer.site)}    [{cause.what}]")
        text.append(f"    {_told(edge)}")
    if len(edges) > _SHOWN:
        text.append(f"  ... and {len(edges) - _SHOWN} more")
    return Answer("\n".join(text), causes)


def _kind(edge: Edge) -> str:
    """dead relu; zero factor; a slope of 0 where the operation has no word for it."""
    op = edge.consumer.op
    assert op is not None
    word = op.vanishing or ("zero factor" if op.kind == "multilinear" else "slope 0")
    name = called(edge)
    return word if name in word else f"{word} ({name})"


def _told(edge: Edge) -> str:
    """With this run's numbers, why nothing passes: the other factor, or the input."""
    consumer, producer = edge.consumer, edge.producer
    assert consumer.op is not None
    others = [v for v in consumer.inputs if v != producer]
    zeros = [v for v in others if not np.any(v.value._data)]
    if zeros:
        names = ", ".join(v.name for v in zeros)
        return (
            f"{equation(consumer)}: {names} is 0 everywhere, and so is the slope in {producer.name}"
        )
    reason = f": {consumer.op.explain}" if consumer.op.explain else ""
    value = producer.value._data
    return f"{equation(consumer)}{reason}; {producer.name} is {summary(value)}"


def _cancelled(flow: Flow, vertex: Vertex, parts: list[Any]) -> Answer:
    """Each part is there, and their sum is not: the paths, and where they meet again."""
    edges = flow.edges_out_of(vertex)
    meeting = _meeting(flow, vertex)
    cause = Cause(f"cancelling paths from {vertex.name}", meeting.site)
    text = [
        f"{flow.vertex.name}.grad is all 0: the paths through {vertex.name} cancel. They part "
        f"there and meet again in {equation(meeting)}:",
        f"  {place(meeting.site)}",
    ]
    for edge, part in zip(edges, parts, strict=True):
        text.append(f"  by way of {edge.consumer.name}: {summary(part)}")
    text.append(
        f"  sum: 0. {flow.output.name} does not change with {vertex.name} at all, or the same term "
        "is added and taken away."
    )
    return Answer("\n".join(text), [cause])


def _meeting(flow: Flow, vertex: Vertex) -> Vertex:
    """The first vertex that all paths from another one lead through."""
    open_ends = {vertex.index}
    while True:
        first = min(open_ends)
        if len(open_ends) == 1 and first != vertex.index:
            return Vertex(flow.graph, first)
        open_ends.remove(first)
        onward = flow.edges_out_of(Vertex(flow.graph, first))
        open_ends.update(edge.consumer.index for edge in onward)
        if not open_ends:
            return Vertex(flow.graph, first)
