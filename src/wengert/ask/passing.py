"""How much of a derivative passes along each edge of the paths between two nodes."""

from __future__ import annotations

import numpy as np

from wengert.ask.derivative import adjoints, tangents
from wengert.ask.local import carries, push
from wengert.ask.quiet import quiet
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex


@quiet
def passing(
    graph: Graph, of: Vertex, wrt: Vertex, on_path: set[int]
) -> tuple[dict[tuple[int, int], float], float]:
    """Per edge, by consumer and slot, what the paths through it contribute; and all together.

    For arrays: to the change of the sum of `of` if every element of wrt moves at speed 1.
    """
    speeds = tangents(graph, wrt, np.ones(wrt.shape, wrt.aval.dtype)[()])
    arriving = adjoints(graph, of, np.ones(of.shape, of.aval.dtype)[()], on_path)
    found: dict[tuple[int, int], float] = {}
    for index in on_path:
        for slot, source in graph.sources(index):
            if source in on_path and source in speeds and carries(graph, index, slot):
                pushed = push(Vertex(graph, index), slot, speeds[source])
                found[index, slot] = _dot(arriving[index], pushed)
    return found, _dot(arriving[wrt.index], speeds[wrt.index])


def _dot(a: object, b: object) -> float:
    return float(np.sum(np.conj(np.asarray(a)) * np.asarray(b)).real)
