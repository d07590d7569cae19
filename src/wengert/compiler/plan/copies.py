"""Copies that a program needs: results that would share memory, and operands that lie badly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wengert.compiler.pieces.kinds import reads
from wengert.compiler.pieces.piece import Access
from wengert.compiler.plan.views import accesses, is_contiguous
from wengert.compiler.rewrite.sweep import rebuilt, with_inputs
from wengert.compiler.tracing import new_node
from wengert.core.node import Leaf, Node
from wengert.graphs.graph import collect
from wengert.ops.reshape import clone_op


def with_copies(outputs: Sequence[Node]) -> list[Node]:
    """The outputs of a program in which every piece can read its operands where they lie.

    Each output is a contiguous buffer of its own, so that no result shares memory with others, or
    with an argument.
    """
    order = collect(outputs)
    found = accesses(order)
    if not any(node.op.view or node.op.piece for node in order):
        return _owning(outputs, found)  # as many thousands of numbers are
    copies: dict[Node, Node] = {}

    def copy_of(node: Node) -> Node:
        if node not in copies:
            copies[node] = copied(node)
        return copies[node]

    def readable(node: Node, inputs: tuple[Any, ...]) -> Node:
        if _has_to_copy(node, found):
            return with_inputs(node, (copy_of(inputs[0]),))
        if node.op.piece:
            inputs = tuple(
                new if not isinstance(old, Node) or reads(node, old, found[old]) else copy_of(new)
                for old, new in zip(node.inputs, inputs, strict=True)
            )
        return with_inputs(node, inputs)

    made = rebuilt(outputs, readable)
    return _owning(made, accesses(collect(made)))


def _has_to_copy(node: Node, found: Mapping[Node, Access]) -> bool:
    """Whether a view is none here, as its elements lie in another order."""
    if not node.op.view or node not in found or found[node].root is not node:
        return False
    (source,) = node.inputs
    return source in found and source.aval.dtype == node.aval.dtype and bool(node.aval.size)


def _owning(outputs: Sequence[Node], found: Mapping[Node, Access]) -> list[Node]:
    """The outputs, copied where they are no contiguous buffer of their own."""
    taken: set[Node] = set()
    made = []
    for node in outputs:
        access = found.get(node)
        root = node if access is None else access.root
        shared = isinstance(root, Leaf) or root in taken
        part = access is not None and root.aval.size != node.aval.size
        if shared or part or (access is not None and not is_contiguous(access, node.aval.shape)):
            node = copied(node)
        else:
            taken.add(root)
        made.append(node)
    return made


def copied(node: Node) -> Node:
    """A contiguous copy of a value."""
    return new_node(clone_op, (node,), (None,), {"order": "C"}, node.aval, node.site)
