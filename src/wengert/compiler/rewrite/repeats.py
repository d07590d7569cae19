"""Common subexpressions: what is computed several times is computed once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from wengert.compiler.rewrite.keys import UNKNOWN, frozen
from wengert.compiler.rewrite.sweep import rebuilt, with_inputs
from wengert.core.node import Node


def without_repeats(outputs: Sequence[Node]) -> list[Node]:
    """Compute once what is computed several times from the same inputs."""
    known: dict[Hashable, Node] = {}

    def merged(node: Node, inputs: tuple[Any, ...]) -> Node:
        parts = (frozen(node.operands), frozen(node.attrs))
        made = with_inputs(node, inputs)
        if UNKNOWN in parts:
            return made
        return known.setdefault((node.op, *map(id, inputs), parts), made)

    return rebuilt(outputs, merged)
