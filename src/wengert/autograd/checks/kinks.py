"""Operations that are not smooth on the scale of a step, or not finite."""

from __future__ import annotations

import numpy as np

from wengert.ask.along import Along
from wengert.ask.local import pull
from wengert.autograd.checks.local import edges, place_of
from wengert.errors import WengertError
from wengert.graphs.graph import Graph

_BEND = 1e-3


def unsmooth(graph: Graph | None, eps: float) -> str:
    """`relu (input 0 of h) at ...`: the first that bends or jumps within a step, or ""."""
    if graph is None:
        return ""
    random = np.random.default_rng(0)
    for edge in edges(graph):
        if edge.consumer.aval.dtype.kind == "c":
            continue
        ct = random.uniform(0.5, 1, edge.consumer.shape)
        tangent = random.uniform(0.5, 1, edge.producer.shape)
        try:
            along = Along(graph, edge, np.asarray(ct), np.asarray(tangent))
            slopes = (along.change(eps) / eps, -along.change(-eps) / eps)
        except WengertError:
            continue
        if not abs(slopes[0] - slopes[1]) <= _BEND * max(1.0, *map(abs, slopes)):
            return place_of(edge)
    return ""


def not_finite(graph: Graph) -> str:
    """`the value of log (h) at ... is not finite`, or `the derivative of ...`, or ""."""
    for vertex in graph:
        if not np.all(np.isfinite(np.asarray(graph.values.of(vertex.key)).astype(np.complex128))):
            name = vertex.op.name if vertex.op is not None else "the input"
            where = f" at {vertex.site}" if vertex.site is not None else ""
            return f"the value of {name} ({vertex.name}){where} is not finite"
    for edge in edges(graph):
        aval = edge.consumer.aval
        slopes = np.asarray(pull(edge.consumer, edge.slot, np.ones(aval.shape, aval.dtype)[()]))
        if not np.all(np.isfinite(slopes.astype(np.complex128))):
            return f"the derivative of {place_of(edge)} is not finite"
    return ""
