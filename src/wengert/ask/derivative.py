"""Derivatives between any two nodes of a graph, by accumulation over its vertices."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

import numpy as np

from wengert.ask.local import carries, pull, push
from wengert.ask.quiet import quiet
from wengert.core.aval import Aval
from wengert.core.handles import _new
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import GraphError
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_MOST_ELEMENTS = 10**8


def reaches(graph: Graph, source: Vertex, target: Vertex) -> set[int]:
    """The indices of the vertices on paths from source to target; empty if there are none.

    Paths lead along edges that carry a derivative: not through integers, not past a cut.
    """
    forward = {source.index}
    for index in range(source.index + 1, target.index + 1):
        if any(i in forward and carries(graph, index, slot) for slot, i in graph.sources(index)):
            forward.add(index)
    if target.index not in forward:
        return set()
    on_path = {target.index}
    for index in range(target.index, source.index, -1):
        if index in on_path:
            on_path.update(i for slot, i in graph.sources(index)
                           if i in forward and carries(graph, index, slot))  # fmt: skip
    return on_path


@quiet
def adjoints(
    graph: Graph, of: Vertex, ct: Any, within: set[int] | None = None,
    cut: Container[tuple[int, int]] = (),
) -> dict[int, Any]:  # fmt: skip
    """Reverse accumulation: the cotangent of each vertex that `of` depends on, by index.

    within: keep to these vertices; without it, constants are left out. cut: edges that nothing
    passes along, by consumer and slot.
    """
    found: dict[int, Any] = {of.index: ct}
    for index in range(of.index, -1, -1):
        if index not in found:
            continue
        vertex = Vertex(graph, index)
        for slot, source in graph.sources(index):
            if not isinstance(graph.keys[source], Node) if within is None else source not in within:
                continue
            if (index, slot) in cut or not carries(graph, index, slot):
                continue
            pulled = pull(vertex, slot, found[index])
            before = found.get(source)
            found[source] = pulled if before is None else before + pulled
    return found


@quiet
def tangents(graph: Graph, source: Vertex, tangent: Any) -> dict[int, Any]:
    """Forward accumulation: how every vertex moves if `source` moves by `tangent`, by index."""
    found: dict[int, Any] = {source.index: tangent}
    for index in range(source.index + 1, len(graph)):
        for slot, operand in graph.sources(index):
            if operand in found and carries(graph, index, slot):
                pushed = push(Vertex(graph, index), slot, found[operand])
                before = found.get(index)
                found[index] = pushed if before is None else before + pushed
    return found


def between(
    graph: Graph, of: Vertex, wrt: Vertex, question: str = "derivative({of!r}, {wrt!r})"
) -> set[int]:
    """The vertices on the paths from wrt to of. question: how it was asked, for the error.

    Raises GraphError if the question was asked the wrong way round, or about integers.
    """
    for vertex in (of, wrt):
        if not vertex.is_differentiable:
            raise GraphError(
                f"{vertex.name} is {vertex.aval}: only floats and complex numbers have derivatives",
                "Write 2. instead of 2, or cast it before it is used.",
            )
    found = reaches(graph, wrt, of)
    if not found and reaches(graph, of, wrt):
        raise GraphError(
            f"{of.name} does not depend on {wrt.name}; {wrt.name} depends on {of.name}",
            f"Did you mean {question.format(of=wrt.name, wrt=of.name)}?",
        )
    return found


@quiet
def derivative(graph: Graph, of: Vertex, wrt: Vertex) -> Tensor:
    """d of / d wrt as a tensor of shape (*of.shape, *wrt.shape); 0-d for one-element ends.

    Where `of` has one element, the shape is wrt's. Zeros where they are not connected.
    """
    check_size(of, wrt.aval)
    on_path = between(graph, of, wrt)
    rows = np.zeros((of.aval.size, *wrt.shape), wrt.aval.dtype)
    for i, unit in enumerate(units(of.shape, of.aval.dtype) if on_path else ()):
        rows[i] = adjoints(graph, of, unit, on_path)[wrt.index]
    return shaped(rows, of, wrt)


def check_size(of: Vertex, wrt: Aval) -> None:
    """Raise GraphError for a Jacobian that is too large to be written out."""
    size = of.aval.size * wrt.size
    if size > _MOST_ELEMENTS:
        raise GraphError(
            f"all derivatives of {of.name} would be {size} numbers",
            "Ask for products with them: edge(...).vjp(ct), .jvp(t), .norm; or for the derivative "
            "of a sum.",
        )


def shaped(rows: Any, of: Vertex, wrt: Vertex) -> Tensor:
    """Rows, one per element of `of`, in the shape that derivatives have."""
    shape = wrt.shape if of.aval.size == 1 else of.shape + wrt.shape
    if of.aval.size == wrt.aval.size == 1:
        shape = ()
    return _new(np.array(rows, wrt.aval.dtype).reshape(shape)[()], None)


def units(shape: tuple[int, ...], dtype: Any) -> Iterator[Any]:
    """Every array of this shape that is 1 in one place and 0 elsewhere, in C order."""
    size = int(np.prod(shape, dtype=np.int64))
    for i in range(size):
        unit = np.zeros(size, dtype)
        unit[i] = 1
        yield unit.reshape(shape)[()]
