"""Aliases: what transforms bind arguments to, and results without the history of a transform."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.node import Carrier, Node
from wengert.core.op import OPS
from wengert.core.record import _new, make_leaf
from wengert.core.tensor import Tensor
from wengert.core.view import attach
from wengert.modes import current
from wengert.transform.batch import Batched, lifted
from wengert.transform.residuals import without_history
from wengert.transform.reverse import upstream
from wengert.transform.tree import tree_map


def alias_leaf(tensor: Tensor) -> Any:
    """A fresh alias of a tensor, with a node of its own to differentiate with respect to."""
    inner = lifted(tensor)
    if isinstance(inner, Batched) and (inner._node is None or type(inner._node) is Carrier):
        alias: Any = inner._handle()
        if inner._node is not None:
            alias._node = copied(inner._node, alias)
        attach(alias, inner, OPS["alias"], None, current())
    else:
        alias = OPS["alias"](inner)
    node = alias._node
    if node is None or type(node) is Carrier:
        extra = node.extra if node is not None else None
        alias._node = None
        leaf = make_leaf(alias)
        leaf.extra = extra
    return alias


def copied(carrier: Node, tensor: Tensor) -> Carrier:
    """The same tangents for another handle."""
    made = Carrier(tensor)
    extra = carrier.extra
    if extra is not None and extra.tangents:
        made.get_extra().tangents = dict(extra.tangents)
    return made


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
    if recording and upstream([value._node])[-1].sequence < started:
        return value
    return without_history(value)
