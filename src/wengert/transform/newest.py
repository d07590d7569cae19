"""The sweep of a plain `backward()`: newest node first, and its nodes are found on the way.

A node is newer than all it depends on, so the newest that has a cotangent is complete. Where a
sweep is limited to some inputs, or hooks want to know what it will reach, reverse.py collects the
nodes first; here that would be a quarter of the time of a small graph.
"""

from __future__ import annotations

from contextvars import Context
from heapq import heappop, heappush
from itertools import islice
from typing import Any

from wengert.core.hooks import WATCHED_NODES
from wengert.core.node import LEAF_PLAN, Node, Pair
from wengert.modes import State
from wengert.transform.careful import Careful
from wengert.transform.conform import conform
from wengert.transform.residuals import check_fresh
from wengert.transform.reverse import spread_arrays

Captured = list[tuple[Node, Any]]


def sweep_newest(
    root: Node, seed: Any, state: State, context: Context
) -> tuple[Captured, list[Node]]:
    """Sweep a cotangent back, with the rules on plain arrays; called by `silently_swept`.

    Returns the cotangents of the leaves, and of nodes that retain theirs; and the nodes that have
    something to free. Nothing is stored and nothing is freed.
    """
    # The loop in which a small graph spends its time: in one piece, its names local, and inside the
    # context that ignores floating-point errors. Users' code runs outside of it.
    captured: Captured = []
    to_free: list[Node] = []
    careful: Careful | None = None
    cotangents = {root: seed}
    pop, get = cotangents.pop, cotangents.get
    ready = [] if root.plan is LEAF_PLAN else [(-root.sequence, root)]
    while ready:
        node = heappop(ready)[1]
        ct = pop(node)
        if type(node) is not Pair or node.extra is not None or node.freed is not None:
            to_free.append(node)
            careful = careful or Careful(state, context)
            known = len(cotangents)
            _spread(node, ct, cotangents, careful, captured)
            for source in islice(reversed(cotangents), len(cotangents) - known):
                if source.plan is not LEAF_PLAN:
                    heappush(ready, (-source.sequence, source))
            continue
        if node.grad is not None:
            captured.append((node, ct))
        plan = node.plan
        first, second = node.first, node.second
        if plan.keeps_any:
            to_free.append(node)
            if (
                node._memory is not None
                or (first is not None and first._memory is not None)
                or (second is not None and second._memory is not None)
            ):
                check_fresh(node)
        if plan.first:
            pull = plan.pull_first
            pulled = ct if pull is None else pull(node, ct)
            if not node.even:
                pulled = conform(pulled, first.aval)
            before = get(first)
            if before is not None:
                cotangents[first] = before + pulled
            else:
                cotangents[first] = pulled
                if first.plan is not LEAF_PLAN:
                    heappush(ready, (-first.sequence, first))
        if plan.second:
            pull = plan.pull_second
            pulled = ct if pull is None else pull(node, ct)
            if not node.even:
                pulled = conform(pulled, second.aval)
            before = get(second)
            if before is not None:
                cotangents[second] = before + pulled
            else:
                cotangents[second] = pulled
                if second.plan is not LEAF_PLAN:
                    heappush(ready, (-second.sequence, second))
    if careful is not None and WATCHED_NODES:  # by users' code that this pass called
        for leaf in list(cotangents):
            if leaf.extra is not None and leaf.extra.hooks is not None:
                careful.visit(leaf, pop(leaf), cotangents, None, None, captured)
    captured.extend(cotangents.items())
    return captured, to_free


def _spread(
    node: Node, ct: Any, cotangents: dict[Node, Any], careful: Careful, captured: Captured
) -> None:
    """Any node: its hooks, what is kept of its cotangent, and what it passes on."""
    if node.extra is not None and node.extra.hooks is not None:
        careful.visit(node, ct, cotangents, None, None, captured)
        return
    if node.grad is not None:
        captured.append((node, ct))
    spread_arrays(node, ct, cotangents, None, careful)
