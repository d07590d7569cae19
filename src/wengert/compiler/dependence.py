"""Which outputs of a graph can have a derivative by which inputs."""

from __future__ import annotations

from collections.abc import Sequence

from wengert.core.dtype import is_differentiable
from wengert.core.node import Node
from wengert.graphs.graph import collect


def dependence(outputs: Sequence[Node], inputs: Sequence[Node]) -> list[int]:
    """Per output a bit for each input that it can have a derivative by."""
    bits = {node: 1 << i for i, node in enumerate(inputs)}
    for node in collect(outputs):
        if node not in bits:
            bits[node] = 0
            for i, source in enumerate(node.inputs):
                if source is not None and _passes(node, i):
                    bits[node] |= bits[source]
    return [bits[node] for node in outputs]


def _passes(node: Node, i: int) -> bool:
    """Whether a derivative by input i goes through a node."""
    if node.op.kind == "projection":
        return is_differentiable(node.aval.dtype)
    if not node.op.differentiable or node.op.rule(i) is None:
        return False
    return isinstance(node.aval, tuple) or is_differentiable(node.aval.dtype)
