"""Who keeps a graph alive: the tensors on its nodes, and the names and containers they stand in."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from types import CellType, FrameType, FunctionType
from typing import Any

from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import node_of
from wengert.sites import is_ours

_MOST_TENSORS = 10
_DEPTH = 4


def holders(graph: Graph) -> list[str]:
    """What holds the graph from outside, newest results first: `loss`, `losses[2] in train()`.

    Found by the garbage collector's book-keeping and the variables of all running functions.
    """
    nodes = {id(node) for node in graph.order() if node.inputs}
    # By type(): isinstance would look at __class__, which some libraries' objects answer with a
    # warning.
    every = (each for each in gc.get_objects() if issubclass(type(each), Tensor))
    tensors = [each for each in every if id(node_of(each)) in nodes]
    tensors.sort(key=lambda tensor: -tensor._node.sequence if tensor._node is not None else 0)
    scopes = list(_scopes())
    found: dict[str, None] = {}
    for tensor in tensors[:_MOST_TENSORS]:
        for name in _names(tensor, scopes, _DEPTH, [tensors]):
            found[name] = None
    if len(tensors) > _MOST_TENSORS:
        found[f"{len(tensors) - _MOST_TENSORS} further tensors on older nodes"] = None
    return list(found)


def _scopes() -> Iterator[tuple[dict[str, Any], str]]:
    """The variables of all running functions and modules, and where they are."""
    seen: set[int] = set()
    for innermost in sys._current_frames().values():
        frame: FrameType | None = innermost
        while frame is not None:
            if not is_ours(frame.f_code) and id(frame.f_globals) not in seen:
                seen.add(id(frame.f_globals))
                yield frame.f_globals, ""
            if not is_ours(frame.f_code) and frame.f_locals is not frame.f_globals:
                yield frame.f_locals, f" in {frame.f_code.co_name}()"
            frame = frame.f_back
    for name, module in list(sys.modules.items()):
        variables = getattr(module, "__dict__", None)
        if isinstance(variables, dict) and id(variables) not in seen:
            yield variables, f" in {name}"


def _names(
    target: Any, scopes: Sequence[tuple[dict[str, Any], str]], depth: int, ignored: list[Any]
) -> list[str]:
    """The names under which an object is to be had; what refers to it where it has none."""
    found = [
        name + where
        for variables, where in scopes
        for name, value in list(variables.items())
        if value is target
    ]
    if found or depth == 0:
        return found
    ignored = [*ignored, scopes, found]
    for referrer in gc.get_referrers(target):
        if any(referrer is each for each in ignored) or _is_inside(referrer):
            continue
        found.extend(_through(referrer, target, scopes, depth, [*ignored, sys._getframe()]))
    return found


def _is_inside(referrer: Any) -> bool:
    """Whether it is a part of a graph or of this search, and no user's object."""
    if isinstance(referrer, FrameType):
        return True  # its variables were looked through
    return isinstance(referrer, (Node, Graph))


def _through(
    referrer: Any, target: Any, scopes: Sequence[tuple[dict[str, Any], str]], depth: int,
    ignored: list[Any],
) -> list[str]:  # fmt: skip
    """The names of what refers to an object, with the place of the object in it."""
    if isinstance(referrer, CellType):
        functions = [f for f in gc.get_referrers(referrer) if isinstance(f, tuple)]
        owners = [o for f in functions for o in gc.get_referrers(f) if isinstance(o, FunctionType)]
        return [f"a closure variable of {o.__qualname__}()" for o in owners]
    place = _place(referrer, target)
    if place is None:
        return []
    names = _names(referrer, scopes, depth - 1, ignored)
    if not names and not isinstance(referrer, (list, tuple, dict, set)):
        names = [f"a {type(referrer).__name__}"]
    return [_with_place(name, place) for name in names]


def _place(container: Any, target: Any) -> str | None:
    """Where in a container an object stands: [2], ['loss'], .loss; None if it does not."""
    if isinstance(container, (list, tuple)):
        return next((f"[{i}]" for i, each in enumerate(container) if each is target), None)
    if isinstance(container, dict):
        return next((f"[{key!r}]" for key, each in container.items() if each is target), None)
    attributes = getattr(container, "__dict__", None)
    if isinstance(attributes, dict):
        return next((f".{key}" for key, each in attributes.items() if each is target), None)
    return None


def _with_place(name: str, place: str) -> str:
    """losses in train() and [2]: losses[2] in train()."""
    head, separator, where = name.partition(" in ")
    return head + place + separator + where
