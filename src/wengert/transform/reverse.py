"""Reverse mode: cotangents swept from the outputs to the inputs, each node once.

The nodes that the roots depend on are collected and sorted by the number they got when they were
made: newest first is an order in which every consumer comes before its producers. One sweep
serves first derivatives, with rules on plain arrays, and higher ones, with rules on tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
from wengert.transform.careful import Careful, Deliver, materialised, sweep
from wengert.transform.conform import conform
from wengert.transform.cotangents import Arrays, Tensors
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
        inputs = node.inputs
        for i in node.plan.wanted:
            source = inputs[i]
            if source not in seen:
                seen.add(source)
                nodes.append(source)
    nodes.sort(key=_by_sequence, reverse=True)
    return nodes


def has_hooks(order: Iterable[Node]) -> bool:
    """Whether there are hooks on any of these nodes."""
    return any(id(node) in WATCHED_NODES for node in order)


def leaves_early(order: list[Node]) -> list[Node]:
    """The order with each leaf right behind its last consumer, if any node in it has hooks.

    So hooks are called as soon as gradients are complete, an optimiser can step while the pass
    goes on, and what a hook sees of other leaves is complete, too.
    """
    if not has_hooks(order):
        return order
    last: dict[Node, int] = {}
    found = {node for node in order if node.plan is LEAF_PLAN}
    for at, node in enumerate(order):
        inputs = node.inputs
        for i in node.plan.wanted:
            source = inputs[i]
            if source in found:
                last.pop(
                    source, None
                )  # so that those of one consumer come in the order of its inputs
                last[source] = at
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
    found: list[tuple[Node, Any]] = silently_swept(
        state, _sweep_arrays, cotangents, order, reach, deliver
    )
    return found


def silently_swept(state: State, sweep: Callable[..., Any], *args: Any) -> Any:
    """sweep(*args, state, context), run with floating-point errors ignored.

    context: the user's, for users' code to run in.
    """
    context = copy_context()
    try:
        return state.run(sweep, *args, state, context)
    except RuntimeError as error:
        started = error.__traceback__ is None or error.__traceback__.tb_next is not None
        if started or "cannot enter context" not in str(error):
            raise
    finally:
        if context[STATE] is not state:
            keep_changes(context)  # users' code ran in it
    with np.errstate(all="ignore"):
        return sweep(*args, state, context)


def _sweep_arrays(
    cotangents: dict[Node, Any], order: Sequence[Node], reach: Reach | None,
    deliver: Deliver | None, state: State, context: Context,
) -> list[tuple[Node, Any]]:  # fmt: skip
    captured: list[tuple[Node, Any]] = []
    careful = Careful(state, context)
    for node in order:
        ct = cotangents.pop(node, None)
        if ct is None:
            continue
        if deliver is not None and node.plan is LEAF_PLAN:
            box = [ct]
            ct = None  # so that the gradient may be stored as it is, if nobody else holds it
            careful.finish(node, box, reach, deliver)
            continue
        if node.extra is not None and node.extra.hooks is not None:
            careful.visit(node, ct, cotangents, reach, deliver, captured)
            continue
        if reach is None:
            if node.grad is not None or node.plan is LEAF_PLAN:
                captured.append((node, ct))
        elif node in reach.targets or node.retains():
            captured.append((node, ct))
        if reach is None or node in reach.through:
            spread_arrays(node, ct, cotangents, reach, careful)
    return captured


def spread_arrays(
    node: Node, ct: Any, cotangents: dict[Node, Any], reach: Reach | None, careful: Careful
) -> None:
    """Pass a node's cotangent on to its inputs, from inside the silent context."""
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

    history=False: nothing differentiates the result again by way of the residuals. Where a function
    is being compiled they have their history all the same: its trace has to see where they are
    from.
    """
    state = current()
    tensors = Tensors(state, history or state.fresh is not None)
    return sweep(cotangents, order, reach, deliver, tensors)


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
    if output.dtype.kind == "c" and seed.dtype.kind != "c":
        raise DTypeError(
            f"{name}: the gradient is {seed.dtype}, a real dtype, the output {output.dtype}",
            "Make it complex: gradient.to(output.dtype).",
        )
    if output.dtype.kind != "c" and seed.dtype.kind == "c":
        raise DTypeError(
            f"{name}: the gradient is {seed.dtype}, a complex dtype, the output {output.dtype}",
            "Take its real part: gradient.real.",
        )
