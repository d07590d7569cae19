"""What a derivative owes to one part of a graph, and what remains without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from wengert.ask.derivative import adjoints, between, check_size, derivative, shaped, units
from wengert.ask.edges import Edge
from wengert.ask.quiet import quiet
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.errors import UnknownNameError, did_you_mean
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

Use = tuple[int, int]
"""An edge by the index of its consumer and the slot."""


class Cutting:
    """A graph with some edges cut: derivatives of what remains. Made by `graph.without`.

    Values are those of the whole graph; only changes do not pass along the edges that are cut.
    """

    def __init__(self, graph: Graph, cut: frozenset[Use], what: str) -> None:
        self._graph = graph
        self._cut = cut
        self._what = what

    @quiet
    def derivative(self, of: Any, wrt: Any = None) -> Tensor:
        """d of / d wrt along the remaining paths, in the shape of `graph.derivative`."""
        graph = self._graph
        of, wrt = (graph.outputs[-1], graph[of]) if wrt is None else (graph[of], graph[wrt])
        check_size(of, wrt.aval)
        on_path = between(graph, of, wrt)
        zeros = np.zeros(wrt.shape, wrt.aval.dtype)
        rows = np.zeros((of.aval.size, *wrt.shape), wrt.aval.dtype)
        for i, unit in enumerate(units(of.shape, of.aval.dtype) if on_path else ()):
            rows[i] = adjoints(graph, of, unit, on_path, self._cut).get(wrt.index, zeros)
        return shaped(rows, of, wrt)

    def __repr__(self) -> str:
        return f"the graph without {self._what}"


def without(graph: Graph, parts: Iterable[Any]) -> Cutting:
    """Cut edges, nodes (all edges into and out of them) and scopes (all their nodes)."""
    cut: set[Use] = set()
    names: list[str] = []
    for part in parts:
        uses, name = _uses(graph, part)
        cut |= uses
        names.append(name)
    return Cutting(graph, frozenset(cut), " and ".join(names))


def contribution(graph: Graph, part: Any, of: Vertex, wrt: Vertex) -> Tensor:
    """The sum over the paths from wrt to of that go through a part: all, less what remains."""
    whole = derivative(graph, of, wrt)
    rest = without(graph, [part]).derivative(of, wrt)
    return _new(np.asarray(whole._data - rest._data)[()], None)


def _uses(graph: Graph, part: Any) -> tuple[set[Use], str]:
    """The edges that belong to a part, and what it is called."""
    if isinstance(part, Edge):
        name = f"{part.producer.name} -> {part.consumer.name}"
        return {(part.consumer.index, part.slot)}, name
    if isinstance(part, str) and part not in graph:
        vertices = _in_scope(graph, check_scope(graph, part, graph.names()))
        return set().union(*map(_around, vertices)), f"scope {part}"
    vertex = graph[part]
    return _around(vertex), vertex.name


def _around(vertex: Vertex) -> set[Use]:
    """All edges into a vertex and out of it."""
    graph = vertex.graph
    into = {(vertex.index, slot) for slot, _ in graph.sources(vertex.index)}
    return into | set(graph.uses(vertex.index))


def _in_scope(graph: Graph, scope: str) -> list[Vertex]:
    """The operations filed under a scope, and under those inside it."""
    return [v for v in graph if v.is_within(scope)]


def check_scope(graph: Graph, scope: Any, others: Sequence[str] = ()) -> str:
    """The name of a scope. Raises UnknownNameError if the graph has none of that name.

    others: what else it could have been the name of.
    """
    known = scopes(graph)
    if scope in known:
        return str(scope)
    what = "no node and no scope" if others else "no scope"
    raise UnknownNameError(
        f"the graph has {what} named {scope!r}", did_you_mean(str(scope), (*others, *known))
    )


def scopes(graph: Graph) -> list[str]:
    """The scopes of the graph's operations, those around them included, by first use."""
    found: dict[str, None] = {}
    for scope in dict.fromkeys(v.scope for v in graph if v.is_operation and v.scope):
        for part in accumulate(scope.split("/"), "{}/{}".format):
            found[part] = None
    return list(found)
