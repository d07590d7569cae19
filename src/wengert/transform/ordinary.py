"""One step of a sweep on tensors, for nodes that nothing hangs on: most of them.

What careful.py does for any node, in one piece: a Hessian's first sweep spends its time here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wengert.core.node import LEAF_PLAN, Node
from wengert.core.tensor import Tensor
from wengert.transform.cotangents import Tensors
from wengert.transform.residuals import Rewrapped, check_residuals

if TYPE_CHECKING:
    from wengert.transform.reverse import Reach


def is_ordinary(node: Node, ct: Any) -> bool:
    """Whether there is no hook, no packed residual, no bundle of cotangents, nothing to retain."""
    extra = node.extra
    if extra is not None and (extra.hooks is not None or extra.packed is not None):
        return False
    plan = node.plan
    return not plan.special and plan.joint is None and node.grad is None and isinstance(ct, Tensor)


def visit(
    node: Node, ct: Tensor, cotangents: dict[Node, Any], reach: Reach | None, kind: Tensors,
    captured: list[tuple[Node, Any]],
) -> None:  # fmt: skip
    """One ordinary node: what is kept of its cotangent, and what it passes on."""
    plan = node.plan
    if plan is LEAF_PLAN if reach is None else node in reach.targets:
        captured.append((node, ct))
    if reach is not None and node not in reach.through:
        return
    inputs = node.inputs
    seen: Rewrapped | None = None
    for i, pull in plan.steps:
        source = inputs[i]
        if reach is not None and source not in reach.sources:
            continue
        pulled: Any = ct
        if pull is not None:
            if seen is None:
                if plan.keeps_any:
                    check_residuals(node)
                seen = Rewrapped(node, node, kind.history)
            pulled = pull(seen, ct)
            if pulled is None:
                continue
        pulled = kind.conform(pulled, source)
        before = cotangents.get(source)
        cotangents[source] = pulled if before is None else before + pulled
