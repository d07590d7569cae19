"""Derivatives between any two nodes of a graph, by accumulation over its vertices."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.local import pull, push
from wengert.core.graph import Graph, Vertex
from wengert.core.record import _new
from wengert.core.tensor import Tensor
from wengert.errors import GraphError


def reaches(graph: Graph, source: Vertex, target: Vertex) -> set[int]:
    """The indices of the vertices on paths from source to target; empty if there are none."""
    forward = {source.index}
    for vertex in graph.nodes[source.index + 1 : target.index + 1]:
        if any(v.index in forward for v in vertex.inputs):
            forward.add(vertex.index)
    if target.index not in forward:
        return set()
    on_path = {target.index}
    for vertex in reversed(graph.nodes[source.index : target.index + 1]):
        if vertex.index in on_path:
            on_path.update(v.index for v in vertex.inputs if v.index in forward)
    return on_path


def adjoints(graph: Graph, of: Vertex, ct: Any, within: set[int] | None = None) -> dict[int, Any]:
    """Reverse accumulation: the cotangent of each vertex that `of` depends on, by index.

    within: keep to these vertices. Constants are left out unless they are in it.
    """
    found: dict[int, Any] = {of.index: ct}
    for vertex in reversed(graph.nodes[: of.index + 1]):
        if vertex.index not in found:
            continue
        for slot, operand in enumerate(vertex.operands):
            if not isinstance(operand, Vertex) or operand.aval.dtype.kind not in "fc":
                continue
            if operand.is_constant if within is None else operand.index not in within:
                continue
            pulled = pull(vertex, slot, found[vertex.index])
            before = found.get(operand.index)
            found[operand.index] = pulled if before is None else before + pulled
    return found


def tangents(graph: Graph, source: Vertex, tangent: Any) -> dict[int, Any]:
    """Forward accumulation: how every vertex moves if `source` moves by `tangent`, by index."""
    found: dict[int, Any] = {source.index: tangent}
    for vertex in graph.nodes[source.index + 1 :]:
        for slot, operand in enumerate(vertex.operands):
            if isinstance(operand, Vertex) and operand.index in found:
                pushed = push(vertex, slot, found[operand.index])
                before = found.get(vertex.index)
                found[vertex.index] = pushed if before is None else before + pushed
    return found


def check_direction(graph: Graph, of: Vertex, wrt: Vertex) -> set[int]:
    """The vertices between; GraphError if the question was asked the wrong way round."""
    between = reaches(graph, wrt, of)
    if not between and reaches(graph, of, wrt):
        raise GraphError(
            f"{of.name} does not depend on {wrt.name}; {wrt.name} depends on {of.name}",
            f"Did you mean derivative({wrt.name!r}, {of.name!r})?",
        )
    return between


def derivative(graph: Graph, of: Vertex, wrt: Vertex) -> Tensor:
    """d of / d wrt as a tensor of shape (*of.shape, *wrt.shape); 0-d for one-element ends.

    Where `of` has one element, the shape is wrt's. Zeros where they are not connected.
    """
    between = check_direction(graph, of, wrt)
    if of.aval.size == 1:
        ct = np.ones(of.shape, of.aval.dtype)[()]
        row = adjoints(graph, of, ct, between).get(wrt.index) if between else None
        zeros = np.zeros(wrt.shape, of.aval.dtype)
        result = np.asarray(zeros if row is None else row)
        return _new(result.reshape(())[()] if result.size == 1 else result, None)
    rows = np.zeros((of.aval.size, *wrt.shape), wrt.aval.dtype)
    for i, unit in enumerate(units(of.shape, of.aval.dtype) if between else ()):
        rows[i] = adjoints(graph, of, unit, between)[wrt.index]
    return _new(rows.reshape(of.shape + wrt.shape), None)


def units(shape: tuple[int, ...], dtype: Any) -> Any:
    """Every array of this shape that is 1 in one place and 0 elsewhere, in C order."""
    size = int(np.prod(shape, dtype=np.int64))
    for i in range(size):
        unit = np.zeros(size, dtype)
        unit[i] = 1
        yield unit.reshape(shape)[()]
