"""What flows back from an output to one node: the derivatives on the way, edge by edge."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from wengert.ask.derivative import adjoints, reaches
from wengert.ask.edges import Edge, edges_from
from wengert.ask.local import pull
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex


class Flow:
    """The derivatives of an output on all ways to a node.

    vertex: where they arrive. output: where they start; of an array its sum. on_path: the indices
    of the vertices between.
    """

    def __init__(self, vertex: Vertex, output: Vertex) -> None:
        self.graph: Graph = vertex.graph
        self.vertex = vertex
        self.output = output
        self.on_path = reaches(self.graph, vertex, output) or {vertex.index}

    @cached_property
    def adjoints(self) -> dict[int, Any]:
        """The derivative of the output with respect to each vertex on the way, by index."""
        seed = np.ones(self.output.shape, self.output.aval.dtype)[()]
        return adjoints(self.graph, self.output, seed, self.on_path)

    def of(self, vertex: Vertex) -> Any:
        return self.adjoints[vertex.index]

    def backwards(self) -> Iterator[Vertex]:
        """The vertices on the way, the output first."""
        return (Vertex(self.graph, i) for i in sorted(self.on_path, reverse=True))

    def edges_into(self, vertex: Vertex) -> list[Edge]:
        """The edges into a vertex along which derivatives flow on."""
        sources = self.graph.sources(vertex.index)
        edges = (Edge(Vertex(self.graph, i), vertex, slot) for slot, i in sources)
        return [e for e in edges if e.producer.index in self.on_path and e.has_rule]

    def edges_out_of(self, vertex: Vertex) -> list[Edge]:
        """The uses of a vertex from which derivatives arrive at it."""
        return [e for e in edges_from(vertex) if e.consumer.index in self.on_path and e.has_rule]

    def along(self, edge: Edge) -> Any:
        """What flows along one edge: the consumer's derivative through the operation."""
        return pull(edge.consumer, edge.slot, self.of(edge.consumer))


def called(edge: Edge) -> str:
    """The operation of an edge; of users' own functions, the class's name."""
    op = edge.consumer.op
    assert op is not None
    return op.name
