"""Nodes inside of a map: how gradients are taken there.

An application to batched tensors that have nodes of their own gives its output one, too. What it
keeps is batched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wengert.core.dtype import is_differentiable
from wengert.core.half import arithmetic
from wengert.core.node import Applied, Carrier, Node, project
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.modes import State
from wengert.sites import user_site


def _inner_node(level: Any, value: Any) -> Node | None:
    """The node of an argument, if it belongs to this level; those of others are seen below."""
    if getattr(value, "_at", None) is not level:
        return None
    node: Node | None = value._node
    return None if type(node) is Carrier else node


def note(
    op: Op, args: Sequence[Any], attrs: dict[str, Any] | None, out: Any, level: Any,
    state: State,
) -> None:  # fmt: skip
    """Give the output a node of its own, if a gradient inside the map is wanted."""
    nodes = [_inner_node(level, a) for a in args]
    mask = 0
    for i, node in enumerate(nodes):
        if node is not None:
            mask |= 1 << i
    if not mask or not op.differentiable:
        return
    several = out if isinstance(out, tuple) else (out,)
    if not any(is_differentiable(o._data.dtype) for o in several):
        return
    numbers = arithmetic([a._data if isinstance(a, Tensor) else a for a in args])
    plan = op.plan(mask, numbers, len(args))
    if not plan.wanted:
        return
    pairs = list(zip(args, nodes, strict=True))
    kept = [_kept(a, node, plan.keeps[i]) for i, (a, node) in enumerate(pairs)]
    sources = [
        node if node is not None else a if isinstance(a, Tensor) else None for a, node in pairs
    ]
    avals = tuple(o._aval for o in several)
    site = user_site() if state.sites else None
    node = Applied(plan, tuple(sources), tuple(kept), attrs or None, None, avals[0], site)
    if state.scope:
        node.get_extra().scope = state.scope
    if state.arrays is not None:
        state.arrays.note_mapped(kept)
    _hang(node, out, avals, state)


def _hang(node: Applied, out: Any, avals: tuple[Any, ...], state: State) -> None:
    """Give a node its value, if that is a residual, and the output its node; or each of several."""
    keeps_out = node.plan.keeps_out
    if isinstance(out, tuple):
        node._aval = avals
        node.value = tuple(_bare(o) for o in out) if keeps_out else None
        for i, one in enumerate(out):
            if is_differentiable(one._data.dtype):
                one._node = project(node, i, None, avals[i])
                one._node._memory = one._memory
    else:
        node.value = _bare(out) if keeps_out else None
        if state.arrays is not None and keeps_out:
            state.arrays.note_mapped((node.value,))
        out._node = node
        node._memory = out._memory  # a view's, so that a write into its base is seen


def _kept(value: Any, node: Node | None, is_residual: bool) -> Any:
    """What a node keeps of an input: a residual as a handle without history.

    A constant keeps what the other levels know of it: its tangents, and its place in the graphs
    outside of this map.
    """
    if not isinstance(value, Tensor):
        return value
    if node is None:
        return value._handle()
    return _bare(value) if is_residual else None


def _bare(value: Tensor) -> Tensor:
    bare = value._handle()
    bare._memory = value._memory
    bare._node = None
    return bare
