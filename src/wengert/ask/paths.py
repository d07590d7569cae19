"""Paths: the chain rule read as a sum over paths of products of edge derivatives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.ask.derivative import adjoints, between, check_size, derivative, shaped, units
from wengert.ask.edges import Edge, edges_from
from wengert.ask.local import carries, pull
from wengert.ask.quiet import quiet
from wengert.ask.semiring import COUNT, Semiring, flow
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.graphs.expression import number, summary
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

if TYPE_CHECKING:
    from wengert.ask.top import Top

_SHOWN = 20
_MOST_PARTS = 12
_WIDTH = 100


class Path:
    """One way from a start to an end; its contribution is the product along its edges.

    The way from a node to itself has no edges, and contributes 1.
    """

    __slots__ = ("edges", "start")

    def __init__(self, start: Vertex, edges: tuple[Edge, ...]) -> None:
        self.start = start
        self.edges = edges

    @property
    def nodes(self) -> tuple[Vertex, ...]:
        return (self.start, *(edge.consumer for edge in self.edges))

    @property
    def is_scalar(self) -> bool:
        """Whether every node on the way has one element, so that the factors are numbers."""
        return all(node.aval.size == 1 for node in self.nodes)

    @property
    @quiet
    def value(self) -> Tensor:
        """The product of the edge derivatives: 0-d between one-element ends, else of shape
        (*end.shape, *start.shape), or the start's shape where the end has one element.
        """
        start, end = self.nodes[0], self.nodes[-1]
        if self.is_scalar:
            product = np.prod([e.derivative._data for e in self.edges], dtype=end.aval.dtype)
            return _new(product, None)
        check_size(end, start.aval)
        return shaped([self._pull(unit) for unit in units(end.shape, end.aval.dtype)], end, start)

    def _pull(self, ct: Any) -> Any:
        for edge in reversed(self.edges):
            ct = pull(edge.consumer, edge.slot, ct)
        return ct

    @property
    def route(self) -> str:
        """b -> c -> e; parallel edges say which input they are."""
        names = [self.start.name]
        for edge in self.edges:
            which = f" (input {edge.slot})" if edge.is_parallel else ""
            names.append(f"{edge.consumer.name}{which}")
        return " -> ".join(_shortened(names))

    @property
    def product(self) -> str:
        """1 * 2 = 2"""
        if not self.is_scalar:
            return summary(self.value._data)
        factors = [_factor(edge.derivative._data) for edge in self.edges]
        result = summary(self.value._data)
        shown = " * ".join(_shortened(factors))
        return f"{shown} = {result}" if len(factors) > 1 else result

    def __str__(self) -> str:
        line = f"{self.route}: {self.product}"
        return line if len(line) <= _WIDTH else f"{self.route}:\n    {self.product}"

    def __repr__(self) -> str:
        return f"Path({self})"


def _shortened(parts: list[str]) -> list[str]:
    """A long list without its middle."""
    if len(parts) <= _MOST_PARTS:
        return parts
    left_out = len(parts) - _MOST_PARTS + 1
    return [*parts[: _MOST_PARTS // 2], f"... {left_out} more ...", *parts[1 - _MOST_PARTS // 2 :]]


def _factor(value: Any) -> str:
    text = number(value)
    return f"({text})" if text.startswith("-") else text


def in_digits(count: int) -> str:
    """A whole number as text; of one with thousands of digits, which Python refuses, the size."""
    digits = int(count.bit_length() * math.log10(2))
    return str(count) if digits < 1000 else f"about 10^{digits}"


class Paths:
    """All paths between two nodes, enumerated lazily; counted and ranked without enumerating.

    source, target: where they start and end. stops: further nodes that they must go through.
    """

    def __init__(
        self, graph: Graph, source: Vertex, target: Vertex, stops: tuple[Vertex, ...] = ()
    ) -> None:
        self.graph = graph
        self.source = source
        self.target = target
        self.stops = stops
        # Per stretch from one stop to the next, the vertices on it.
        legs = pairwise((source, *stops, target))
        question = "paths({wrt!r}, {of!r})"
        self._legs = [between(graph, end, start, question) for start, end in legs]

    def through(self, node: Any) -> Paths:
        """Only the paths through a node as well."""
        stop = self.graph[node]
        stops = sorted((*self.stops, stop), key=lambda vertex: vertex.index)
        return Paths(self.graph, self.source, self.target, tuple(stops))

    def __iter__(self) -> Iterator[Path]:
        """Depth first, in the order of the edges; a stack, so no depth is too deep."""
        if not self:
            return
        if self.source == self.target:
            yield Path(self.source, ())
            return
        trail: list[Edge] = []
        stack = [self._onward(self.source)]
        while stack:
            edge = next(stack[-1], None)
            if edge is None:
                stack.pop()
                if trail:
                    trail.pop()
            elif edge.consumer == self.target:
                yield Path(self.source, (*trail, edge))
            else:
                trail.append(edge)
                stack.append(self._onward(edge.consumer))

    def _onward(self, vertex: Vertex) -> Iterator[Edge]:
        return (e for e in edges_from(vertex) if self._has(vertex.index, e.consumer.index)
                and e.has_rule)  # fmt: skip

    def _has(self, source: int, target: int) -> bool:
        """Whether an edge between two vertices lies on one of the paths: past no stop."""
        return any(source in leg and target in leg for leg in self._legs)

    def count(self) -> int:
        """The exact number of paths, by dynamic programming."""
        return int(self.sweep(COUNT) or 0)

    def sweep(self, semiring: Semiring) -> Any:
        """What a semiring makes of all paths, in one sweep; None if there are none."""
        if not self:
            return None
        found: dict[int, Any] = {self.source.index: semiring.one}
        for index in sorted(set().union(*self._legs)):
            for slot, i in self.graph.sources(index):
                if i in found and self._has(i, index) and carries(self.graph, index, slot):
                    edge = Edge(Vertex(self.graph, i), Vertex(self.graph, index), slot)
                    value = semiring.times(found[i], edge)
                    found[index] = semiring.plus(found[index], value) if index in found else value
        return found[self.target.index]

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        return all(self._legs)  # the number may be larger than len() can tell

    @quiet
    def sum(self) -> Tensor:
        """The sum over all paths: the derivative of the end with respect to the start.

        With stops, the part of it that goes through them.
        """
        if not self.stops:
            return derivative(self.graph, self.target, self.source)
        check_size(self.target, self.source.aval)
        rows = np.zeros((self.target.aval.size, *self.source.shape), self.source.aval.dtype)
        for i, unit in enumerate(units(self.target.shape, self.target.aval.dtype) if self else ()):
            rows[i] = self._pulled(unit)
        return shaped(rows, self.target, self.source)

    def _pulled(self, ct: Any) -> Any:
        """A cotangent of the end, pulled back to the start, from stop to stop."""
        ends = reversed(list(pairwise((self.source, *self.stops, self.target))))
        for (start, end), leg in zip(ends, reversed(self._legs), strict=True):
            ct = adjoints(self.graph, end, ct, leg)[start.index]
        return ct

    @quiet
    def flow(self) -> float:
        """The sum over paths of the products of absolute derivatives, or norms for arrays.

        How much arrives if nothing cancels: compare it with the size of `.sum()`.
        """
        return float(self.sweep(flow(Edge.stretch)) or 0.0)

    def top(self, k: int = 5, *, exact: bool = False) -> Top:
        """The k paths that contribute most, largest first, without going through all of them.

        Ranked by the size of the product. Where a node on the way has several elements, that is
        bounded by the product of the edges' norms, and the ranking is one of bounds; exact=True
        works products out until the ranking is certain.
        """
        from wengert.ask.top import top

        return top(self, k, exact)

    def __str__(self) -> str:
        count = self.count()
        if not count:
            return f"no path leads from {self.source.name} to {self.target.name}"
        lines = [str(path) for path, _ in zip(self, range(_SHOWN), strict=False)]
        if count > _SHOWN:
            lines.append(f"... and {in_digits(count - _SHOWN)} more")
        lines.append(f"sum: {summary(self.sum()._data)}")
        return "\n".join(lines)

    __repr__ = __str__
