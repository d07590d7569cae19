"""Reshapes that need a copy say so: they become a copy, shared by all of them, and a view of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.compiler.rewrite.joins import permuted_join
from wengert.compiler.rewrite.writer import Writer, rule
from wengert.compiler.tracing import new_node
from wengert.core.node import Node
from wengert.ops.reshape import clone_op, view_op
from wengert.ops.strides import can_view


@rule(lambda op: op is view_op)
def with_a_copy(node: Node, writer: Writer) -> Any:
    """Copy what cannot be seen in another shape where it lies, as a transpose flattened."""
    source = node.inputs[0]
    if source is None or can_view(layout(source, writer), node.aval.shape):
        return None
    joined = permuted_join(source, writer)
    if joined is not None:  # which makes a new array anyway, now in the right order
        return writer.apply(view_op, joined, at=node, shape=node.aval.shape)
    copy = new_node(clone_op, (source,), (None,), {"order": "C"}, source.aval, node.site)
    return writer.apply(view_op, writer.as_it_is(copy), at=node, shape=node.aval.shape)


def layout(node: Node, writer: Writer) -> Any:
    """An array that lies as a value does: of a view, by its root; all else is contiguous.

    Nobody reads or writes it, so that it takes no memory.
    """
    known = writer.layouts
    views = []
    while node not in known and _is_view(node):
        views.append(node)
        node = node.inputs[0]
    found = known[node] if node in known else np.empty(node.aval.shape, np.int8)
    known[node] = found
    for view in reversed(views):
        found = known[view] = _seen(view, found)
    return found


def _is_view(node: Node) -> bool:
    return node.op.view and len(node.inputs) == 1 and node.inputs[0].aval.dtype == node.aval.dtype


def _seen(view: Node, array: Any) -> Any:
    if view.op is view_op and not can_view(array, view.aval.shape):
        return np.empty(view.aval.shape, np.int8)
    return np.asarray(view.op.forward(array, **(view.attrs or {})))
