"""What hooks can ask about the backward pass that calls them."""

from __future__ import annotations

import contextvars
from collections.abc import Sequence
from typing import Final

from wengert.core.node import Node
from wengert.transform.reverse import Reach


class Pass:
    """One backward pass: the nodes it goes through, and what it is limited to."""

    def __init__(self, order: Sequence[Node], reach: Reach | None) -> None:
        self._nodes = set(order)
        self._reach = reach

    def computes(self, node: Node) -> bool:
        """Whether this pass computes the gradient at this node."""
        reach = self._reach
        return node in self._nodes and (reach is None or node in reach.sources)


RUNNING: Final[contextvars.ContextVar[Pass | None]] = contextvars.ContextVar(
    "wengert_pass", default=None
)
"""The innermost pass under way; known only while there are hooks that might ask."""
