"""One step of a sweep, with everything that can hang on a node: hooks, users' functions, checks.

The fast loop in reverse.py takes this way only for nodes that need it; sweeps on tensors take it
for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context, ContextVar
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wengert.core.hooks import Hooks
from wengert.core.node import LEAF_PLAN, PROJECTION_PLAN, Node
from wengert.core.tensor import Tensor
from wengert.modes import State, entered, silent_context
from wengert.sites import ASKED
from wengert.transform import hooked, ordinary
from wengert.transform.cotangents import Arrays, Tensors
from wengert.transform.residuals import check_residuals, rewrap

if TYPE_CHECKING:
    from wengert.transform.reverse import Reach

Deliver = Callable[[Node, list[Any]], None]
"""Gives a leaf its cotangent, which is taken out of the list."""


class Sweep:
    """One sweep under way, for those who keep something until its end: they know it weakly."""

    __slots__ = ("__weakref__",)


SWEEP: Final[ContextVar[Sweep | None]] = ContextVar("wengert_sweep", default=None)
"""The innermost sweep under way, as users' code that it calls sees it."""


class Careful:
    """The careful way, from inside the silent context of the fast loop.

    Users' code must see the user's context: it runs in a copy of that, with a silent context of
    its own, as the loop's is in use.
    """

    def __init__(self, state: State, context: Context) -> None:
        self._state = state
        self._context = context
        self._sweep = Sweep()
        self._kind: Arrays | None = None

    def _run(self, function: Callable[..., Any], *args: Any) -> Any:
        if self._kind is None:
            state = self._state.but(run=silent_context().run, grad=False)
            self._context.run(entered(state).__enter__)
            self._kind = Arrays(state)
        return self._context.run(_within, self._sweep, function, *args)

    def visit(
        self, node: Node, ct: Any, cotangents: dict[Node, Any], reach: Reach | None,
        deliver: Deliver | None, captured: list[tuple[Node, Any]],
    ) -> None:  # fmt: skip
        self._run(lambda: visit(node, ct, cotangents, reach, deliver, self._arrays(), captured))

    def finish(self, leaf: Node, box: list[Any], reach: Reach | None, deliver: Deliver) -> None:
        self._run(lambda: finish(leaf, box, reach, deliver, self._arrays()))

    def spread(self, node: Node, ct: Any, cotangents: dict[Node, Any], reach: Reach | None) -> None:
        self._run(lambda: spread(node, ct, cotangents, reach, self._arrays()))

    def check_residuals(self, node: Node) -> Any:
        return self._run(check_residuals, node)

    def _arrays(self) -> Arrays:
        assert self._kind is not None
        return self._kind


def _within(sweep: Sweep, function: Callable[..., Any], *args: Any) -> Any:
    before = SWEEP.set(sweep)
    try:
        return function(*args)
    finally:
        SWEEP.reset(before)


def sweep(
    cotangents: dict[Node, Any], order: Sequence[Node], reach: Reach | None,
    deliver: Deliver | None, kind: Arrays,
) -> list[tuple[Node, Any]]:  # fmt: skip
    """A whole sweep, step by careful step. Returns what was captured, as sweep_arrays does."""
    captured: list[tuple[Node, Any]] = []
    on_tensors = kind if type(kind) is Tensors and kind.anomaly is None and not deliver else None
    before = SWEEP.set(Sweep())
    try:
        for node in order:
            ct = cotangents.pop(node, None)
            if ct is None:
                continue
            if on_tensors is not None and ordinary.is_ordinary(node, ct):
                ASKED.set(on_tensors.line)  # finding it anew for each operation took a tenth
                ordinary.visit(node, ct, cotangents, reach, on_tensors, captured)
                ASKED.set(None)
            else:
                visit(node, ct, cotangents, reach, deliver, kind, captured)
    finally:
        ASKED.set(None)
        SWEEP.reset(before)
    return captured


def visit(
    node: Node, ct: Any, cotangents: dict[Node, Any], reach: Reach | None,
    deliver: Deliver | None, kind: Arrays, captured: list[tuple[Node, Any]],
) -> None:  # fmt: skip
    """One node: its tensor's hooks, what is kept of its cotangent, and what it passes on."""
    if deliver is not None and node.plan is LEAF_PLAN:
        finish(node, [ct], reach, deliver, kind)
        return
    hooks = node.extra.hooks if node.extra is not None else None
    if hooks is not None and hooks.tensor:
        ct = hooked.replaced(node, ct, hooks, kind)
    if node.retains() or (not node.inputs if reach is None else node in reach.targets):
        captured.append((node, ct))
    if reach is None or node in reach.through:
        spread(node, ct, cotangents, reach, kind, hooks)
    elif reach.into_nodes and hooks is not None and (hooks.before or hooks.after):
        run(node, ct, (), kind, hooks)


def finish(leaf: Node, box: list[Any], reach: Reach | None, deliver: Deliver, kind: Arrays) -> None:
    """A leaf, whose cotangent is complete: its tensor's hooks, and what is wanted of it."""
    hooks = leaf.extra.hooks if leaf.extra is not None else None
    if hooks is not None and hooks.tensor:
        box.append(hooked.replaced(leaf, box.pop(), hooks, kind))
    if reach is None or leaf in reach.targets:
        deliver(leaf, box)


def spread(
    node: Node, ct: Any, cotangents: dict[Node, Any], reach: Reach | None, kind: Arrays,
    hooks: Hooks | None = None,
) -> None:  # fmt: skip
    """Pass a node's cotangent on to its inputs."""
    plan = node.plan
    if plan is PROJECTION_PLAN:
        _bundle(node, ct, cotangents)
        return
    steps = [
        (i, pull) for i, pull in plan.steps if reach is None or node.inputs[i] in reach.sources
    ]
    if not steps:
        return
    for i, cotangent in run(node, ct, steps, kind, hooks).items():
        source = node.inputs[i]
        before = cotangents.get(source)
        cotangents[source] = cotangent if before is None else kind.add(before, cotangent)


def run(
    node: Node, ct: Any, steps: Sequence[tuple[int, Any]], kind: Arrays, hooks: Hooks | None
) -> dict[int, Any]:
    """The cotangents of a node's inputs, with its own hooks called before and after."""
    if hooks is not None and hooks.before:
        ct = hooked.before(node, ct, hooks, kind)
        if ct is None:
            return {}
    if kind.anomaly is None:
        pulled = _pulled(node, ct, steps, kind)
    else:
        pulled = kind.anomaly.watched(node, ct, lambda: _pulled(node, ct, steps, kind))
    if hooks is not None and hooks.after:
        pulled = hooked.after(node, ct, pulled, hooks, kind)
    return pulled


def _pulled(node: Node, ct: Any, steps: Sequence[tuple[int, Any]], kind: Arrays) -> dict[int, Any]:
    """The cotangents of the inputs, conformed; those that are zero are left out."""
    plan = node.plan
    if not steps:
        return {}
    if plan.joint is not None:  # what was saved is checked when a user's function looks at it
        return _joint(node, ct, [i for i, _ in steps], kind)
    seen = check_residuals(node) if plan.keeps_any else node
    if type(ct) is list:
        ct = materialised(node, ct)
        if type(kind) is Tensors:
            ct = tuple(rewrap(c, None) if not isinstance(c, Tensor) else c for c in ct)
    found: dict[int, Any] = {}
    for i, pull in steps:
        pulled = ct if pull is None else kind.pull(pull, node, seen, ct)
        if pulled is not None:
            found[i] = kind.conform(pulled, node.inputs[i])
    return found


def _joint(node: Node, ct: Any, wanted: list[int], kind: Arrays) -> dict[int, Any]:
    """The pullback of a Function: all inputs at once, on tensors."""
    several = ct if type(ct) is list else [ct]
    shown = [None if c is None else kind.shown(c) for c in several]
    joint = node.plan.joint
    assert joint is not None
    given = joint(node, shown, wanted)
    return {
        i: kind.conform(kind.taken(g), node.inputs[i])
        for i, g in zip(wanted, given, strict=True)
        if g is not None
    }


def _bundle(projection: Node, ct: Any, cotangents: dict[Node, Any]) -> None:
    """Put the cotangent of one output beside those of the operation's other outputs."""
    source = projection.inputs[0]
    bundle = cotangents.get(source)
    if bundle is None:
        bundle = cotangents[source] = [None] * len(source.aval)
    assert projection.attrs is not None
    bundle[projection.attrs["index"]] = ct


def materialised(node: Node, bundle: list[Any]) -> tuple[Any, ...]:
    """Zeros for the outputs that nothing depends on."""
    return tuple(
        np.zeros(aval.shape, aval.dtype)[()] if ct is None else ct
        for ct, aval in zip(bundle, node.aval, strict=True)
    )
