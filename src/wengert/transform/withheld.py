"""Which Function's backward gave None, so that nothing reached an input."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wengert.core.node import Node
from wengert.errors import Cause
from wengert.transform.reverse import upstream


def withheld(order: Iterable[Node], target: Any) -> Cause | None:
    """What kept the gradient from a node, and the line of the application; None if nothing did.

    order: the nodes of a sweep that has run.
    """
    for node in order:
        given_none: set[int] = getattr(node, "withheld", None) or set()
        for i in given_none:
            source = node.inputs[i]
            if isinstance(source, Node) and (source is target or target in upstream([source])):
                what = f"the backward of {node.op.name} gave None for its input {node.op.inputs[i]}"
                return Cause(what, node.site)
    return None


def told(cause: Cause) -> str:
    """The same as a sentence."""
    return cause.what + (f", applied at {cause.site}" if cause.site is not None else "")
