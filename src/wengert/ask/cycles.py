"""Reference cycles through a graph: what keeps it from being freed when it is let go."""

from __future__ import annotations

import gc
from collections import deque
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import node_of

_MOST_OBJECTS = 10_000


def cycles(graph: Graph) -> list[str]:
    """Each object of the user's on a node that leads back to that node, in words.

    A graph by itself has no cycles; a hook that refers to its own tensor, or a context that holds
    the output, makes one, and the graph then lives until the garbage collector finds it.
    """
    found: list[str] = []
    for node in graph.order():
        for what, start in _hung_on(node):
            tensor = _reached(start, node)
            if tensor is not None:
                name = _name(graph, node)
                back = _name(graph, tensor._node)
                found.append(f"{name} -> {what} -> {back} -> {name}" if back != name
                             else f"{name} -> {what} -> {name}")  # fmt: skip
    return found


def _hung_on(node: Node) -> list[tuple[str, Any]]:
    """What users hang on a node, each with what it is called."""
    extra = node.extra
    context = getattr(node, "ctx", None)  # of a Function
    found: list[tuple[str, Any]] = []
    if context is not None:
        found += [(f"ctx.{name}", value) for name, value in vars(context).items()]
    if extra is None:
        return found
    if extra.hooks is not None:
        for each in (extra.hooks.tensor, extra.hooks.before, extra.hooks.after):
            for hook in each.values():
                found.append((f"hook {getattr(hook, '__qualname__', repr(hook))}", hook))
    if extra.packed is not None:
        found.append(("a saved value", [kept for kept, _ in extra.packed.kept.values()]))
    if extra.metadata is not None:
        found.append(("its metadata", extra.metadata))
    return found


def _reached(start: Any, node: Node) -> Tensor | None:
    """A tensor that an object leads to and whose history leads to `node`."""
    queue = deque([start])
    seen = {id(start)}
    while queue and len(seen) < _MOST_OBJECTS:
        each = queue.popleft()
        if isinstance(each, Tensor):
            found = node_of(each)
            if found is not None and _depends(found, node):
                return each
            continue
        for other in _referents(each):
            if id(other) not in seen:
                seen.add(id(other))
                queue.append(other)
    return None


def _referents(each: Any) -> list[Any]:
    """What an object refers to, but for modules, classes and the global variables of functions."""
    if isinstance(each, FunctionType):
        cells = [cell.cell_contents for cell in each.__closure__ or () if not _is_empty(cell)]
        return [*cells, each.__defaults__, each.__dict__]
    skipped = (ModuleType, type, FrameType, CodeType, Node, Graph)
    return [other for other in gc.get_referents(each) if not isinstance(other, skipped)]


def _is_empty(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  # raises where there is nothing
    except ValueError:
        return True
    return False


def _depends(newer: Node, older: Node) -> bool:
    """Whether a node was computed from another, or is it."""
    todo, seen = [newer], {newer}
    while todo:
        node = todo.pop()
        if node is older:
            return True
        for source in node.inputs:
            is_new = isinstance(source, Node) and source not in seen
            if is_new and source.sequence >= older.sequence:
                seen.add(source)
                todo.append(source)
    return False


def _name(graph: Graph, node: Any) -> str:
    index = graph.index_of(node)
    return graph.naming.names[index] if index is not None else node.op.name
