"""What hooks can ask about the backward pass that calls them."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Sequence
from typing import Any, Final

from wengert.core.hooks import WATCHED_NODES
from wengert.core.node import Node
from wengert.transform.reverse import Reach


class Pass:
    """One backward pass: the nodes it goes through, and what it is limited to."""

    def __init__(self, order: Sequence[Node], reach: Reach | None) -> None:
        self._order = order
        self._nodes: set[Node] = set()
        self._reach = reach

    def computes(self, node: Node) -> bool:
        """Whether this pass computes the gradient at this node."""
        reach = self._reach
        self._nodes = self._nodes or set(self._order)
        return node in self._nodes and (reach is None or node in reach.sources)


RUNNING: Final[contextvars.ContextVar[Pass | None]] = contextvars.ContextVar(
    "wengert_pass", default=None
)
"""The innermost pass under way; known only while there are hooks that might ask."""


Captured = list[tuple[Node, Any]]


def announced(
    sweep: Callable[..., Captured], cotangents: dict[Node, Any], order: Sequence[Node],
    reach: Reach | None, *rest: Any,
) -> Captured:  # fmt: skip
    """A sweep that hooks can ask about."""
    if not WATCHED_NODES:
        return sweep(cotangents, order, reach, *rest)
    before = RUNNING.get()
    RUNNING.set(Pass(order, reach))
    try:
        return sweep(cotangents, order, reach, *rest)
    finally:
        RUNNING.set(before)
