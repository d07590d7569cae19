"""The nodes of a graph that fit a description."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from wengert.errors import ArgumentError
from wengert.graphs.expression import public_name
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

Shape = tuple[int | None, ...]


def select(
    graph: Graph, op: str | None, scope: str | None, name: str | None, shape: Shape | None,
    where: Callable[[Vertex], bool] | None,
) -> list[Vertex]:  # fmt: skip
    """The vertices that fit all that is given, oldest first; see Graph.select."""
    if shape is not None and not isinstance(shape, tuple):
        raise ArgumentError(
            f"select: shape is a tuple, not a {type(shape).__name__}", "Like (None, 3)."
        )
    found = graph.nodes
    if op is not None:
        found = [v for v in found if v.op is not None and op in (v.op.name, public_name(v.op))]
    if scope is not None:
        found = [v for v in found if v.is_within(scope)]
    if name is not None:
        found = [v for v in found if any(fnmatchcase(n, name) for n in graph.naming.of(v.index))]
    if shape is not None:
        found = [v for v in found if _fits(v.shape, shape)]
    return found if where is None else [v for v in found if where(v)]


def _fits(shape: tuple[int, ...], wanted: Shape) -> bool:
    """Whether a shape is the one that is wanted; None fits any length."""
    return len(shape) == len(wanted) and all(
        length in (None, n) for n, length in zip(shape, wanted, strict=True)
    )
