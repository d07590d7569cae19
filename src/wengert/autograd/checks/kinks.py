"""Operations that are not smooth on the scale of a step."""

from __future__ import annotations

import numpy as np

from wengert.ask.check import Along
from wengert.ask.edges import edges_from
from wengert.autograd.checks.local import place_of
from wengert.errors import WengertError
from wengert.graphs.graph import Graph

_BEND = 1e-3


def unsmooth(graph: Graph | None, eps: float) -> str:
    """`relu (input 0 of h) at ... bends`, for the first that does within a step, or ""."""
    if graph is None:
        return ""
    random = np.random.default_rng(0)
    for vertex in graph:
        for edge in edges_from(vertex):
            if not edge.has_rule or edge.consumer.aval.dtype.kind == "c":
                continue
            ct = random.uniform(0.5, 1, edge.consumer.shape)
            tangent = random.uniform(0.5, 1, edge.producer.shape)
            try:
                along = Along(graph, edge, np.asarray(ct), np.asarray(tangent))
                slopes = (along.change(eps) / eps, -along.change(-eps) / eps)
            except WengertError:
                continue
            if not abs(slopes[0] - slopes[1]) <= _BEND * max(1.0, *map(abs, slopes)):
                return f"{place_of(edge)} bends"
    return ""
