"""A graph's operations applied again, one by one, to tensors or to what stands for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wengert.core.handles import fresh
from wengert.core.node import Applied, Leaf, Node
from wengert.core.tensor import Tensor
from wengert.graphs.graph import collect
from wengert.graphs.vertex import identity, key_of
from wengert.sites import Site


def replayed(outputs: Sequence[Node], env: dict[Any, Any]) -> list[Any]:
    """The outputs from the tensors in `env`, by `identity` of what they stand for.

    env: of all leaves that have no value, and of all constants; it is filled. What is recorded has
    the line that the original has.
    """
    for node in collect(outputs):
        if node not in env:
            env[node] = _placed(_applied(node, env), node.site)
    return [env[node] for node in outputs]


def _applied(node: Node, env: dict[Any, Any]) -> Any:
    if isinstance(node, Leaf):
        return fresh(node.value)  # a constant
    if node.op.kind == "projection":
        assert node.attrs is not None
        return env[node.inputs[0]][node.attrs["index"]]
    numbers = node.operands or (None,) * len(node.inputs)
    pairs = zip(node.inputs, numbers, strict=True)
    args = [n if s is None else env[identity(key_of(s))] for s, n in pairs]
    return node.op.applied(args, node.attrs)


def _placed(made: Any, site: Site | None) -> Any:
    """What was made, recorded at the line of the original in place of that of the call."""
    for tensor in made if isinstance(made, tuple) else (made,):
        node = tensor._node if isinstance(tensor, Tensor) else None
        if type(node) is Applied:
            node.site = site
            if node.op.kind == "projection":
                node.inputs[0].site = site
    return made
