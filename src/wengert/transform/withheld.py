"""Which Function's backward gave None, so that nothing reached an input."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wengert.core.node import Node
from wengert.transform.reverse import upstream


def withheld(order: Iterable[Node], target: Any) -> str:
    """What kept the gradient from a node, as a sentence: "" if no Function did.

    order: the nodes of a sweep that has run.
    """
    for node in order:
        given_none: set[int] = getattr(node, "withheld", None) or set()
        for i in given_none:
            source = node.inputs[i]
            if isinstance(source, Node) and (source is target or target in upstream([source])):
                at = f", applied at {node.site}" if node.site is not None else ""
                name = f"its input {node.op.inputs[i]}"
                return f"the backward of {node.op.name} gave None for {name}{at}"
    return ""
