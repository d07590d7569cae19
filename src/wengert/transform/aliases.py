"""Aliases: what transforms bind arguments to, and results without the history of a transform."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.fast import make_leaf
from wengert.core.handles import _new, handle, memory_of
from wengert.core.node import Carrier, Node
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.core.view import attach
from wengert.modes import current
from wengert.transform.batch import Batched, lifted
from wengert.transform.residuals import without_history
from wengert.transform.tree import tree_map


def alias_leaf(tensor: Tensor) -> Any:
    """A fresh alias of a tensor, with a node of its own to differentiate with respect to."""
    inner = lifted(tensor)
    node = inner._node
    if node is not None and type(node) is not Carrier:
        return OPS["alias"](inner)
    # No view: what starts here has nobody's history to follow, and plain tensors are faster.
    alias: Any
    if isinstance(inner, Batched):
        alias = inner._handle()
        alias._node = None
        attach(alias, inner, OPS["alias"], None, current())
    else:
        alias = handle(inner._data, None, memory_of(inner))
        alias._data = inner._data
    leaf = make_leaf(alias)
    if node is not None and node.extra is not None and node.extra.tangents:
        leaf.get_extra().tangents = dict(node.extra.tangents)
    return alias


def zero_leaf(like: Tensor) -> Tensor:
    """Zeros to differentiate with respect to: what a linear function is recorded at."""
    zero = lifted(_new(np.zeros(like._data.shape, like._data.dtype)[()], None))
    make_leaf(zero)
    return zero


def outside(tree: Any, started: int, recording: bool) -> Any:
    """Results as they are outside of the transform that made them.

    History that leads to nothing older than the transform is its own, and ends here.
    """
    return tree_map(lambda value: outside_of(value, started, recording), tree)


def outside_of(value: Any, started: int, recording: bool) -> Any:
    """The same for one value."""
    if not isinstance(value, Tensor) or value._node is None:
        return value
    if recording and _leads_before(value._node, started):
        return value
    return without_history(value)


def _leads_before(node: Node, started: int) -> bool:
    """Whether cotangents of a node flow to one that is older than the transform."""
    todo = [node]
    seen = {node}
    while todo:
        node = todo.pop()
        if node.sequence < started:
            return True
        inputs = node.inputs
        for i in node.plan.wanted:
            source = inputs[i]
            if source not in seen:
                seen.add(source)
                todo.append(source)
    return False
