"""A sweep: a graph made anew, node by node, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wengert.core.node import PROJECTION_PLAN, Applied, Leaf, Node, project
from wengert.graphs.graph import collect

Visit = Callable[[Node, tuple[Any, ...]], Any]


def rebuilt(outputs: Sequence[Node], visit: Visit) -> list[Node]:
    """The outputs with each node replaced by visit(node, its new inputs), oldest first.

    For an operation with several outputs, visit may return a tuple of nodes.
    """
    new: dict[Any, Any] = {None: None}
    for node in collect(outputs):
        inputs = tuple([new[source] for source in node.inputs])
        if type(node) is Leaf:
            new[node] = node
        elif inputs and type(inputs[0]) is tuple:  # the node is a projection
            assert node.attrs is not None
            new[node] = inputs[0][node.attrs["index"]]
        else:
            new[node] = visit(node, inputs)
    return [new[node] for node in outputs]


def users_of(order: Sequence[Node]) -> dict[Node, list[Node]]:
    """Per node the nodes that use it, once for each use."""
    users: dict[Node, list[Node]] = {node: [] for node in order}
    for node in order:
        for source in node.inputs:
            if source is not None:
                users[source].append(node)
    return users


def with_inputs(node: Node, inputs: tuple[Any, ...], at: Node | None = None) -> Node:
    """The node on other inputs; itself if they are the same. at: whose line it gets."""
    if inputs == node.inputs:
        return node
    if node.plan is PROJECTION_PLAN:
        assert node.attrs is not None
        return project(inputs[0], node.attrs["index"], None, node.aval)
    site = node.site if at is None else at.site
    return Applied(node.plan, inputs, node.operands, node.attrs, None, node.aval, site)


def seen_operands(node: Node) -> list[Any]:
    """Per input its aval, or the number that it is."""
    numbers = node.operands or (None,) * len(node.inputs)
    sources = zip(node.inputs, numbers, strict=True)
    return [s.aval if isinstance(s, Node) else number for s, number in sources]
