"""One graph of a function and its pullback, cut in two: what runs at once, and what runs backward.

What the backward part needs of the forward one is kept, as residuals; but elementwise operations
and views are computed again, from what is kept or from the inputs: in a fused kernel that costs
less than memory does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wengert.compiler.rewrite import rewritten
from wengert.compiler.tracing import Traced, new_node
from wengert.core.node import Leaf, Node, project
from wengert.graphs.graph import collect
from wengert.graphs.trace import symbol
from wengert.transform.tree import flatten


class Parts(NamedTuple):
    """Two programs.

    forward: from the inputs to the outputs, and then the residuals. backward: from some inputs, the
    residuals and the cotangents to the gradients. needed: which inputs those are.
    """

    forward: Traced
    backward: Traced
    needed: tuple[int, ...]


def partitioned(joint: Traced, inputs: int, outputs: int) -> Parts:
    """The two parts of a joint graph.

    joint: its leaves are `inputs` inputs, and cotangents; its results are `outputs` outputs, and
    gradients.
    """
    leaves, cotangents = joint.inputs[:inputs], joint.inputs[inputs:]
    results = rewritten(joint.outputs())
    values, gradients = results[:outputs], results[outputs:]
    late = _dependent(results, cotangents)
    again, residuals = _frontier(gradients, late)
    needed = [i for i, leaf in enumerate(leaves) if leaf in again]
    kept = [_leaf(node) for node in residuals]
    copies = _copied(gradients, dict(zip(residuals, kept, strict=True)), again)
    given = [*(leaves[i] for i in needed), *kept, *cotangents]
    # What a written pullback closes over is read at every call, by both parts.
    return Parts(
        _traced(leaves, joint, [*values, *residuals]),
        _traced(given, joint, [copies.get(g, g) for g in gradients]),
        tuple(needed),
    )


def _traced(leaves: Sequence[Leaf], joint: Traced, results: Sequence[Node]) -> Traced:
    spec = flatten(list(results))[1]
    return Traced(list(leaves), {}, list(joint.hidden), list(results), spec)


def _leaf(node: Node) -> Leaf:
    leaf = symbol(node.aval)._node
    assert isinstance(leaf, Leaf)
    return leaf


def _dependent(results: Sequence[Node], cotangents: Sequence[Node]) -> set[Node]:
    """All that depends on a cotangent."""
    found = set(cotangents)
    for node in collect(results):
        if any(source in found for source in node.inputs):
            found.add(node)
    return found


def _frontier(gradients: Sequence[Node], late: set[Node]) -> tuple[set[Node], list[Node]]:
    """What runs backward, leaves included, and the residuals that it needs, oldest first."""
    again: set[Node] = set()
    residuals: set[Node] = set()
    todo = list(gradients)
    while todo:
        node = todo.pop()
        if node in again or node in residuals:
            continue
        if node in late or not node.inputs or is_cheap(node):
            again.add(node)
            todo.extend(source for source in node.inputs if isinstance(source, Node))
        else:
            residuals.add(node)
    return again, sorted(residuals, key=lambda node: node.sequence)


def is_cheap(node: Node) -> bool:
    """Whether an operation is computed again rather than kept: elementwise ones and views."""
    return node.op.lower is not None or node.op.view


def _copied(
    gradients: Sequence[Node], new: dict[Node, Node], again: set[Node]
) -> Mapping[Node, Node]:
    """Copies of what depends on a residual, with leaves in the place of those."""
    for node in collect(gradients):
        if node not in again or not any(source in new for source in node.inputs):
            continue
        inputs: tuple[Any, ...] = tuple(new.get(s, s) for s in node.inputs)
        if node.op.kind == "projection":
            assert node.attrs is not None
            new[node] = project(inputs[0], node.attrs["index"], None, node.aval)
            continue
        numbers = node.operands or (None,) * len(node.inputs)
        new[node] = new_node(node.op, inputs, numbers, node.attrs, node.aval, node.site)
    return new
