"""Edges with the partial derivatives that they hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.derivative import check_size, reaches, units
from wengert.ask.experiment import in_double
from wengert.ask.local import as_array, carries, input_aval, pull, push
from wengert.ask.quiet import quiet
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.errors import GraphError
from wengert.graphs.expression import shape_text, summary
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_ROUNDS = 100
"""Power iterations at most for the norm of an edge between large arrays."""


class Edge:
    """One use of a value by an operation, and the derivative of the result with respect to it.

    Read with the data: from producer to consumer. slot: which input of the operation it is.
    """

    __slots__ = ("_derivative", "consumer", "producer", "slot")

    def __init__(self, producer: Vertex, consumer: Vertex, slot: int) -> None:
        self.producer = producer
        self.consumer = consumer
        self.slot = slot
        self._derivative: Tensor | None = None

    @property
    def symbol(self) -> str:
        """∂c/∂a"""
        return f"∂{self.consumer.name}/∂{self.producer.name}"

    @property
    def is_parallel(self) -> bool:
        """Whether the same value goes into the operation more than once: x * x."""
        return self.consumer.inputs.count(self.producer) > 1

    @property
    def has_rule(self) -> bool:
        """Whether a derivative passes: floats at both ends, and a rule for this input."""
        return carries(self.consumer.graph, self.consumer.index, self.slot)

    @property
    def reason(self) -> str:
        """The operation's slope in words."""
        return self.consumer.op.explain if self.consumer.op is not None else ""

    @property
    def is_elementwise(self) -> bool:
        """Whether each element of the consumer depends on the same element of the producer only."""
        op = self.consumer.op
        same = self.producer.shape == self.consumer.shape
        return same and op is not None and op.kind == "elementwise"

    @property
    def derivative(self) -> Tensor:
        """The local derivative: 0-d between one-element ends, elementwise for elementwise
        operations, otherwise the Jacobian of shape (*consumer.shape, *producer.shape).
        """
        if self._derivative is None:
            self._derivative = self._make_derivative()
        return self._derivative

    def _make_derivative(self) -> Tensor:
        one_element = self.producer.aval.size == self.consumer.aval.size == 1
        if not one_element and not self.is_elementwise:
            return self.jacobian()
        aval = self.consumer.aval
        pulled = pull(self.consumer, self.slot, np.ones(aval.shape, aval.dtype)[()])
        return _new(np.asarray(pulled).reshape(())[()] if one_element else pulled, None)

    def jacobian(self) -> Tensor:
        """All partial derivatives: shape (*consumer.shape, *producer.shape)."""
        out = self.consumer.aval
        check_size(self.consumer, self.producer.aval)
        rows = [pull(self.consumer, self.slot, unit) for unit in units(out.shape, out.dtype)]
        into = input_aval(self.consumer, self.slot)
        return _new(np.array(rows, into.dtype).reshape(out.shape + into.shape), None)

    def vjp(self, ct: Any) -> Tensor:
        """The cotangent of the producer from a cotangent of the consumer's shape."""
        array = as_array(ct, self.consumer.aval, f"the cotangent of {self.consumer.name}")
        return _new(pull(self.consumer, self.slot, array), None)

    def jvp(self, tangent: Any) -> Tensor:
        """The tangent of the consumer from a tangent of the producer's shape."""
        aval = input_aval(self.consumer, self.slot)
        array = as_array(tangent, aval, f"the tangent of {self.producer.name}")
        return _new(push(self.consumer, self.slot, array), None)

    @property
    @quiet
    def norm(self) -> float:
        """The largest factor by which the edge stretches a change (the spectral norm)."""
        return self.stretch()

    @quiet
    def rank(self) -> int:
        """The rank of the Jacobian: how many independent changes pass."""
        return int(np.linalg.matrix_rank(self._matrix()))

    @quiet
    def condition(self) -> float:
        """The ratio of the largest to the smallest factor by which changes are stretched.

        Infinite where some change does not pass at all.
        """
        factors = np.linalg.svd(self._matrix(), compute_uv=False)
        if not factors.size or factors[0] == 0:
            return float("inf")
        return float(factors[0] / factors[-1]) if factors[-1] else float("inf")

    def _matrix(self) -> Any:
        """The Jacobian as a matrix in double precision."""
        shape = self.consumer.aval.size, self.producer.aval.size
        return in_double(self.jacobian()._data).reshape(shape)

    def stretch(self) -> float:
        """The norm, for those who have silenced floating-point errors themselves."""
        if self.producer.aval.size == self.consumer.aval.size == 1:
            return abs(complex(self.derivative._data))
        if self.is_elementwise:
            slopes = np.abs(np.asarray(self.derivative._data))
            return float(slopes.max(initial=0.0))
        if self.producer.aval.size * self.consumer.aval.size <= 10_000:
            shape = self.consumer.aval.size, self.producer.aval.size
            matrix = self.jacobian()._data.reshape(shape)
            return float(np.linalg.norm(in_double(matrix), 2)) if matrix.size else 0.0
        return self._norm_by_iteration()

    def _norm_by_iteration(self) -> float:
        """Power iteration on J^T J, from a fixed start, to a relative change of 1e-6."""
        aval = input_aval(self.consumer, self.slot)
        start = np.random.default_rng(0).standard_normal(aval.shape)
        tangent = (start / np.linalg.norm(start)).astype(aval.dtype)
        norm = 0.0
        for _ in range(_ROUNDS):
            pushed = push(self.consumer, self.slot, tangent)
            back = pull(self.consumer, self.slot, pushed)
            before, norm = norm, float(np.linalg.norm(in_double(pushed)))
            length = float(np.linalg.norm(in_double(back)))
            if length == 0 or abs(norm - before) <= 1e-6 * norm:
                break
            tangent = (back / length).astype(aval.dtype)
        return norm

    @property
    def label(self) -> str:
        """The derivative in a few words: "2", "4×3 0 .. 1", "J 2×3, norm 1.5"."""
        if self.is_elementwise or self.producer.aval.size == self.consumer.aval.size == 1:
            return summary(self.derivative._data)
        shapes = f"{shape_text(self.consumer.shape) or 1} by {shape_text(self.producer.shape) or 1}"
        return f"{shapes}, norm {summary(np.float64(self.norm))}"

    def __repr__(self) -> str:
        ends = f"{self.producer.name} -> {self.consumer.name}"
        return f"Edge({ends}: {self.symbol} = {self.label})"


def edges_from(vertex: Vertex) -> list[Edge]:
    """The uses of one vertex, with the derivatives that they hold."""
    graph = vertex.graph
    return [Edge(vertex, Vertex(graph, user), slot) for user, slot in graph.uses(vertex.index)]


def find_edge(graph: Graph, source: Vertex, target: Vertex, slot: int | None) -> Edge:
    """The edge from source to target. Raises GraphError for none, or several and no slot."""
    found = [e for e in edges_from(source) if e.consumer == target]
    if slot is not None:
        found = [e for e in found if e.slot == slot]
    if len(found) == 1:
        return found[0]
    if found:
        slots = ", ".join(str(e.slot) for e in found)
        raise GraphError(
            f"{len(found)} edges lead from {source.name} to {target.name}",
            f"Say which with slot=; they are {slots}.",
        )
    raise _no_edge(graph, source, target, slot)


def _no_edge(graph: Graph, source: Vertex, target: Vertex, slot: int | None) -> GraphError:
    if slot is not None:
        return GraphError(f"no edge leads from {source.name} into input {slot} of {target.name}")
    if source in target.consumers:
        return GraphError(
            f"the edge leads from {target.name} to {source.name}",
            f"Edges are read with the data: edge({target.name!r}, {source.name!r}).",
        )
    between = reaches(graph, source, target)
    if between:
        way = " -> ".join(v.name for v in one_way(source, target, between))
        return GraphError(
            f"no edge leads from {source.name} to {target.name}, but a path does: {way}",
            f"derivative({target.name!r}, {source.name!r}) multiplies along all paths.",
        )
    return GraphError(
        f"{target.name} does not depend on {source.name}",
        f"graph[{target.name!r}].inputs are what it is computed from.",
    )


def one_way(source: Vertex, target: Vertex, between: set[int]) -> list[Vertex]:
    """The vertices of one path, following the newest input each time."""
    way = [target]
    while way[-1] != source:
        way.append(max((v for v in way[-1].inputs if v.index in between), key=lambda v: v.index))
    return way[::-1]
