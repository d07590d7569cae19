"""Reverse mode: cotangents swept from the outputs to the inputs, each node once.

The nodes that the roots depend on are collected and sorted by the number they got when they were
made: newest first is an order in which every consumer comes before its producers. One sweep
serves first derivatives, with rules on plain arrays, and higher ones, with rules on tensors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import Context, copy_context
from operator import attrgetter
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.hooks import WATCHED_NODES
from wengert.core.node import LEAF_PLAN, Applied, Node, Pair
from wengert.errors import DTypeError, ShapeError
from wengert.modes import STATE, State, current, entered, keep_changes
from wengert.sites import Site
from wengert.transform.careful import Arrays, Careful, Deliver, Tensors, materialised, sweep
from wengert.transform.conform import conform
from wengert.transform.residuals import check_fresh

_by_sequence = attrgetter("sequence")
_ndarray: Final = np.ndarray


def upstream(roots: Iterable[Node]) -> list[Node]:
    """The nodes that cotangents of the roots flow to, newest first; no recursion.

    A node is newer than all it depends on, so every consumer comes before its producers.
    """
    nodes = list(roots)
    seen = set(nodes)
    for node in nodes:  # grows while it is walked
        plan = node.plan
        if type(node) is Pair:
            if plan.first:
                source = node.first
                if source not in seen:
                    seen.add(source)
                    nodes.append(source)
            if plan.second:
                source = node.second
                if source not in seen:
                    seen.add(source)
                    nodes.append(source)
        elif plan is not LEAF_PLAN:
            inputs = node.inputs
            for i in plan.wanted:
                source = inputs[i]
                if source not in seen:
                    seen.add(source)
                    nodes.append(source)
    nodes.sort(key=_by_sequence, reverse=True)
    return nodes


def leaves_early(order: list[Node]) -> list[Node]:
    """The order with each leaf right behind its last consumer, if any node in it has hooks.

    So hooks are called as soon as gradients are complete, an optimiser can step while the pass
    goes on, and what a hook sees of other leaves is complete, too.
    """
    if not any(id(node) in WATCHED_NODES for node in order):
        return order
    last: dict[Node, int] = {}
    found = {node for node in order if not node.inputs}
    for at, node in enumerate(order):
        for i in node.plan.wanted:
            if node.inputs[i] in found:
                last[node.inputs[i]] = at
    behind: dict[int, list[Node]] = {}
    for leaf, at in last.items():
        behind.setdefault(at, []).append(leaf)
    early: list[Node] = []
    for at, node in enumerate(order):
        if node not in last:
            early.append(node)
        early.extend(behind.get(at, ()))
    return early


class Reach:
    """What a sweep is limited to: the targets, and the nodes through which they are reached.

    into_nodes: whether the hooks of targets that are no leaves are called though the sweep ends
    there, as torch's backward(inputs=...) does.
    """

    __slots__ = ("into_nodes", "sources", "targets", "through")

    def __init__(self, targets: set[Node], order: Sequence[Node], into_nodes: bool = False) -> None:
        self.into_nodes = into_nodes
        self.targets = targets
        self.through: set[Node] = set()
        for node in reversed(order):
            for source in node.inputs:
                if isinstance(source, Node) and (source in self.through or source in targets):
                    self.through.add(node)
                    break
        self.sources = targets | self.through


def sweep_arrays(
    cotangents: dict[Node, Any], order: Sequence[Node], reach: Reach | None = None,
    deliver: Deliver | None = None,
) -> list[tuple[Node, Any]]:  # fmt: skip
    """Sweep cotangents back, with the rules on plain arrays.

    cotangents: of the roots, in their avals; used up. order: upstream of the roots. Returns the
    cotangents of the targets, or without `reach` of the leaves, and of nodes that retain theirs.
    Nothing is stored and nothing is freed, so an interrupt leaves gradients and graph as they were;
    except with `deliver`: it is given what leaves get, as soon as that is complete.
    """
    state = current()
    if state.anomaly is not None:
        with entered(state.but(grad=False)):
            return sweep(cotangents, order, reach, deliver, Arrays(state))
    context = copy_context()  # the user's: the loop runs in another one
    try:
        found: list[tuple[Node, Any]] = state.run(
            _sweep_arrays, cotangents, order, reach, deliver, state, context
        )
        return found
    except RuntimeError as error:
        if "cannot enter context" not in str(error) or len(cotangents) == 0:
            raise
    finally:
        if context[STATE] is not state:
            keep_changes(context)  # users' code ran in it
    with np.errstate(all="ignore"):
        return _sweep_arrays(cotangents, order, reach, deliver, state, context)


def _sweep_arrays(
    cotangents: dict[Node, Any], order: Sequence[Node], reach: Reach | None,
    deliver: Deliver | None, state: State, context: Context,
) -> list[tuple[Node, Any]]:  # fmt: skip
    # The loop in which a small graph spends its time: in one piece, its names local, and inside the
    # context that ignores floating-point errors. Users' code runs outside of it.
    captured: list[tuple[Node, Any]] = []
    careful: Careful | None = None
    pop, get = cotangents.pop, cotangents.get
    for node in order:
        ct = pop(node, None)
        if ct is None:
            continue
        plan = node.plan
        if plan is LEAF_PLAN or node.grad is not None or reach is not None:
            if deliver is not None or (node.extra is not None and node.extra.hooks is not None):
                careful = careful or Careful(state, context)
                careful.visit(node, ct, cotangents, reach, deliver, captured)
                continue
            if reach is None or node in reach.targets or node.retains():
                captured.append((node, ct))
            if plan is LEAF_PLAN or (reach is not None and node not in reach.through):
                continue
        if type(node) is not Pair or node.extra is not None or node.freed is not None:
            careful = careful or Careful(state, context)
            _spread(node, ct, cotangents, reach, careful)
            continue
        first, second = node.first, node.second
        if plan.keeps_any and (
            node._memory is not None
            or (first is not None and first._memory is not None)
            or (second is not None and second._memory is not None)
        ):
            check_fresh(node)
        if plan.first and (reach is None or first in reach.sources):
            pull = plan.pull_first
            pulled = ct if pull is None else pull(node, ct)
            value = first.value
            if type(pulled) is not type(value) or (
                type(pulled) is _ndarray
                and (pulled.shape != value.shape or pulled.dtype is not value.dtype)
            ):
                pulled = conform(pulled, first.aval)
            before = get(first)
            cotangents[first] = pulled if before is None else before + pulled
        if plan.second and (reach is None or second in reach.sources):
            pull = plan.pull_second
            pulled = ct if pull is None else pull(node, ct)
            value = second.value
            if type(pulled) is not type(value) or (
                type(pulled) is _ndarray
                and (pulled.shape != value.shape or pulled.dtype is not value.dtype)
            ):
                pulled = conform(pulled, second.aval)
            before = get(second)
            cotangents[second] = pulled if before is None else before + pulled
    return captured


def _spread(
    node: Node, ct: Any, cotangents: dict[Node, Any], reach: Reach | None, careful: Careful
) -> None:
    """Pass the cotangent of any node on to its inputs: what the loop above does for pairs."""
    plan = node.plan
    if plan.special:
        careful.spread(node, ct, cotangents, reach)
        return
    seen: Any = node
    if plan.keeps_any:
        if node.freed is not None or node.extra is not None:
            seen = careful.check_residuals(node)
        else:
            check_fresh(node)
    if type(ct) is list:
        ct = materialised(node, ct)
    inputs = node.inputs
    for i, pull in plan.steps:
        source = inputs[i]
        if reach is not None and source not in reach.sources:
            continue
        pulled = ct if pull is None else pull(seen, ct)
        if pulled is None:
            continue
        value = source.value
        if type(pulled) is not type(value) or (
            type(pulled) is _ndarray
            and (pulled.shape != value.shape or pulled.dtype is not value.dtype)
        ):
            pulled = conform(pulled, source.aval)
        before = cotangents.get(source)
        cotangents[source] = pulled if before is None else before + pulled


def sweep_tensors(
    cotangents: dict[Node, Any], order: Sequence[Node], reach: Reach | None = None,
    deliver: Deliver | None = None, history: bool = True,
) -> list[tuple[Node, Any]]:  # fmt: skip
    """The same with the rules on tensors, so that what they compute is recorded in turn.

    history=False: nothing differentiates the result again by way of the residuals.
    """
    return sweep(cotangents, order, reach, deliver, Tensors(current(), history))


def free(order: Sequence[Node], freed: Site | str, reach: Reach | None = None) -> None:
    """Free the nodes that were swept: large residuals, constants and values go.

    freed: the line that did it, for the error of a second pass.
    """
    for node in order:
        if reach is None or node in reach.through:
            if node.plan.keeps_any:
                node.freed = freed
                if node.extra is not None:
                    node.extra.packed = None
            if type(node) is not Pair and isinstance(node, Applied):
                node.drop_large()


def check_seed(output: Aval, seed: Aval, name: str) -> None:
    """Raise where a cotangent given by the user does not fit the output."""
    if output.shape != seed.shape:
        raise ShapeError(
            f"{name}: the gradient has shape {seed.shape}, the output {output.shape}",
            "They must be equal: one number per element of the output.",
        )
    if output.dtype.kind != "c" and seed.dtype.kind == "c":
        raise DTypeError(
            f"{name}: the gradient is {seed.dtype}, a complex dtype, the output {output.dtype}",
            "Take its real part: gradient.real.",
        )
