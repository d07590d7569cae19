"""Paths: the chain rule read as a sum over paths of products of edge derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from wengert.ask.derivative import between, check_size, derivative, shaped, units
from wengert.ask.edges import Edge, edges_from
from wengert.ask.local import carries, pull
from wengert.ask.quiet import quiet
from wengert.core.record import _new
from wengert.core.tensor import Tensor
from wengert.graphs.expression import number, summary
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

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


class Paths:
    """All paths between two nodes, enumerated lazily; counted without enumerating."""

    def __init__(self, graph: Graph, source: Vertex, target: Vertex) -> None:
        self.graph = graph
        self.source = source
        self.target = target
        self._between = between(graph, target, source, "paths({wrt!r}, {of!r})")

    def __iter__(self) -> Iterator[Path]:
        """Depth first, in the order of the edges; a stack, so no depth is too deep."""
        if not self._between:
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
        return (e for e in edges_from(vertex) if e.consumer.index in self._between and e.has_rule)

    def count(self) -> int:
        """The exact number of paths, by dynamic programming."""
        if not self._between:
            return 0
        ways = {self.source.index: 1}
        for index in range(self.source.index + 1, self.target.index + 1):
            if index in self._between:
                sources = self.graph.sources(index)
                ways[index] = sum(ways.get(i, 0) for s, i in sources
                                  if i in ways and carries(self.graph, index, s))  # fmt: skip
        return ways[self.target.index]

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        return bool(self._between)  # the number may be larger than len() can tell

    def sum(self) -> Tensor:
        """The sum over all paths: the derivative of the end with respect to the start."""
        return derivative(self.graph, self.target, self.source)

    def __str__(self) -> str:
        count = self.count()
        if not count:
            return f"no path leads from {self.source.name} to {self.target.name}"
        lines = [str(path) for path, _ in zip(self, range(_SHOWN), strict=False)]
        if count > _SHOWN:
            lines.append(f"... and {count - _SHOWN} more")
        lines.append(f"sum: {summary(self.sum()._data)}")
        return "\n".join(lines)

    __repr__ = __str__
