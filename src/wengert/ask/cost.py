"""What derivatives cost: forward mode against reverse mode, counted for one graph."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from wengert.ask.derivative import between
from wengert.core.node import Node
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex


class Cost(NamedTuple):
    """Multiplications that all derivatives of one node with respect to another take.

    sweep: of one sweep over the edges between, in either direction. forward: one sweep per element
    of the input. reverse: one per element of the output.
    """

    sweep: int
    forward: int
    reverse: int

    def __str__(self) -> str:
        cheaper = "reverse" if self.reverse < self.forward else "forward"
        if self.reverse == self.forward:
            return f"forward and reverse mode take {self.forward} multiplications each"
        return (
            f"forward mode takes {self.forward} multiplications, reverse mode {self.reverse} "
            f"({self.sweep} a sweep): {cheaper} mode is cheaper"
        )


def cost(graph: Graph, of: Vertex, wrt: Vertex) -> Cost:
    """Count along the edges that lead from wrt to of: an elementwise edge one multiplication per
    element, a product what the product itself takes.
    """
    on_path = between(graph, of, wrt, "cost({of!r}, {wrt!r})")
    sweep = sum(
        _edge(Vertex(graph, index), slot)
        for index in on_path
        for slot, source in graph.sources(index)
        if source in on_path
    )
    return Cost(sweep, sweep * wrt.aval.size, sweep * of.aval.size)


def _edge(consumer: Vertex, slot: int) -> int:
    """The multiplications that one edge takes in a sweep."""
    node = consumer.application
    size = max(consumer.aval.size, node.operand_aval(slot).size)
    if not isinstance(consumer.key, Node) or node.op.indices is None or len(node.inputs) < 2:
        return size
    notation = node.op.indices(*node.operand_avals())
    lengths: dict[str, int] = {}
    for letters, i in zip(notation.partition("->")[0].split(","), range(len(node.inputs)),
                          strict=False):  # fmt: skip
        lengths |= dict(zip(letters, node.operand_aval(i).shape, strict=False))
    return prod(lengths.values()) if notation and slot < 2 else size
