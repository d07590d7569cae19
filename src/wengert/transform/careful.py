"""One step of a sweep, with everything that can hang on a node: hooks, users' functions, checks.

The fast loop in reverse.py takes this way only for nodes that need it; sweeps on tensors take it
for all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextvars import Context, ContextVar
from operator import add
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wengert.core.dtype import is_differentiable
from wengert.core.hooks import Hook, Hooks
from wengert.core.node import LEAF_PLAN, PROJECTION_PLAN, Leaf, Node
from wengert.core.record import _new, from_node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, GradientError, ShapeError
from wengert.modes import State, entered, silent_context
from wengert.transform.conform import conform
from wengert.transform.residuals import Rewrapped, check_residuals, rewrap

if TYPE_CHECKING:
    from wengert.transform.reverse import Reach

Deliver = Callable[[Node, list[Any]], None]
"""Gives a leaf its cotangent, which is taken out of the list."""


class Sweep:
    """One sweep under way, for those who keep something until its end: they know it weakly."""

    __slots__ = ("__weakref__",)


SWEEP: Final[ContextVar[Sweep | None]] = ContextVar("wengert_sweep", default=None)
"""The innermost sweep under way, as users' code that it calls sees it."""


class Arrays:
    """Cotangents are arrays; rules run on arrays."""

    def __init__(self, state: State) -> None:
        self.anomaly = state.anomaly
        self._run = state.run

    def pull(self, pull: Any, node: Node, seen: Any, ct: Any) -> Any:
        return self._run(pull, seen, ct)

    def conform(self, pulled: Any, source: Node) -> Any:
        return self._run(conform, pulled, source.aval)

    def add(self, before: Any, pulled: Any) -> Any:
        return self._run(add, before, pulled)

    def shown(self, ct: Any) -> Tensor:
        """A cotangent as hooks and users' functions see it: a tensor that owns its memory."""
        return _new(ct.copy() if isinstance(ct, np.ndarray) else ct, None)

    def taken(self, value: Tensor) -> Any:
        """What a hook or a user's function returned, as a cotangent."""
        data = value._data
        return data[()] if isinstance(data, np.ndarray) and data.ndim == 0 else data


class Tensors(Arrays):
    """Cotangents are tensors; what the rules compute is recorded in turn.

    history: whether the residuals carry theirs, because the result is differentiated again.
    """

    def __init__(self, state: State, history: bool) -> None:
        super().__init__(state)
        self._history = history

    def pull(self, pull: Any, node: Node, seen: Any, ct: Any) -> Any:
        return pull(Rewrapped(node, seen, self._history), ct)

    def conform(self, pulled: Any, source: Node) -> Any:
        if not isinstance(pulled, Tensor):
            pulled = from_node(np.asarray(pulled)[()], None)
        return conform(pulled, source.aval)

    def add(self, before: Any, pulled: Any) -> Any:
        return before + pulled

    def shown(self, ct: Any) -> Tensor:
        shown: Tensor = ct
        return shown

    def taken(self, value: Tensor) -> Any:
        return value


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
    before = SWEEP.set(Sweep())
    try:
        for node in order:
            ct = cotangents.pop(node, None)
            if ct is not None:
                visit(node, ct, cotangents, reach, deliver, kind, captured)
    finally:
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
        ct = _replaced(node, ct, hooks, kind)
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
        box.append(_replaced(leaf, box.pop(), hooks, kind))
    if reach is None or leaf in reach.targets:
        deliver(leaf, box)


def _replaced(node: Node, ct: Any, hooks: Hooks, kind: Arrays) -> Any:
    """The cotangent after the hooks of the node's tensor; each may replace it."""
    shown = kind.shown(ct)
    for hook in list(hooks.tensor.values()):  # a hook may remove itself, or others
        shown = _fitting(node, hook, hook(shown), shown)
    return kind.taken(shown)


def _fitting(node: Node, hook: Hook, new: Any, old: Tensor) -> Tensor:
    """What a hook returned in place of a gradient. Raises where it is none."""
    if new is None:
        return old
    if not isinstance(new, Tensor):
        raise ArgumentError(
            f"{_called(node, hook)} returned {type(new).__name__}",
            "A hook returns None, or a tensor that replaces the gradient.",
            node.site,
        )
    if new._data.shape != old._data.shape:
        raise ShapeError(
            f"{_called(node, hook)} has changed the size of value: it returned a gradient of "
            f"shape {tuple(new.shape)} for one of {tuple(old.shape)}",
            "Return a gradient of the same shape.",
            node.site,
        )
    if new._data.dtype != old._data.dtype:
        raise GradientError(
            f"{_called(node, hook)} has changed the type of value (was {old.dtype} got "
            f"{new.dtype})",
            "Return a gradient of the same dtype.",
            node.site,
        )
    return new


def _called(node: Node, hook: Hook) -> str:
    code = getattr(hook, "__code__", None)
    line = f" ({os.path.basename(code.co_filename)}:{code.co_firstlineno})" if code else ""
    name = getattr(hook, "__name__", type(hook).__name__)
    return f"hook {name!r}{line} on {node.name()}"


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
        ct = _before(node, ct, hooks, kind)
        if ct is None:
            return {}
    if kind.anomaly is None:
        pulled = _pulled(node, ct, steps, kind)
    else:
        pulled = kind.anomaly.watched(node, ct, lambda: _pulled(node, ct, steps, kind))
    if hooks is not None and hooks.after:
        pulled = _after(node, ct, pulled, hooks, kind)
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


def _before(node: Node, ct: Any, hooks: Hooks, kind: Arrays) -> Any:
    """The cotangents after the node's prehooks, which see them as a tuple."""
    shown = _shown(node, ct, kind)
    for hook in list(hooks.before.values()):
        shown = _tuple_fitting(node, hook, hook(shown), shown)
    taken = [None if g is None else kind.taken(g) for g in shown]
    if type(ct) is not list:
        return taken[0]
    places = _differentiable(node)
    return [taken[places.index(j)] if j in places else None for j in range(len(ct))]


def _shown(node: Node, ct: Any, kind: Arrays) -> tuple[Tensor | None, ...]:
    """The cotangents of a node's outputs as its hooks see them."""
    several = [ct[j] for j in _differentiable(node)] if type(ct) is list else [ct]
    return tuple(None if c is None else kind.shown(c) for c in several)


def _differentiable(node: Node) -> list[int]:
    """The outputs that gradients come back from."""
    if node.plan.joint is not None:
        return list(range(len(node.aval)))
    return [j for j, aval in enumerate(node.aval) if is_differentiable(aval.dtype)]


def _after(
    node: Node, ct: Any, pulled: dict[int, Any], hooks: Hooks, kind: Arrays
) -> dict[int, Any]:
    """The cotangents of the inputs after the node's hooks, which see those of the outputs, too."""
    outputs = _shown(node, ct, kind)
    edges = node.edges()
    inputs = tuple(kind.shown(pulled[i]) if i in pulled else None for i in edges)
    for hook in list(hooks.after.values()):
        inputs = _tuple_fitting(node, hook, hook(inputs, outputs), inputs)
    return {i: kind.taken(g) for i, g in zip(edges, inputs, strict=True) if g is not None}


def _tuple_fitting(
    node: Node, hook: Hook, new: Any, old: tuple[Tensor | None, ...]
) -> tuple[Tensor | None, ...]:
    """What a node's hook returned in place of a tuple of gradients."""
    if new is None:
        return old
    remedy = f"A hook returns None, or a tuple that replaces the gradients, {len(old)} here."
    if not isinstance(new, tuple):
        what = f"{_called(node, hook)} returned {type(new).__name__}, no tuple"
        raise ArgumentError(what, remedy, node.site)
    if len(new) != len(old):
        raise GradientError(
            f"{_called(node, hook)} returned an incorrect number of values (got {len(new)}, but "
            f"expected {len(old)})",
            remedy,
            node.site,
        )
    return tuple(_entry_fitting(node, hook, n, o) for n, o in zip(new, old, strict=True))


def _entry_fitting(node: Node, hook: Hook, new: Any, old: Tensor | None) -> Tensor | None:
    if new is None:
        return None
    if old is None:
        raise GradientError(
            f"{_called(node, hook)} can't replace a None gradient with a non-None value",
            "Return None in the places where the hook was given None.",
            node.site,
        )
    return _fitting(node, hook, new, old)


def prehooked(leaf: Node, gradient: Tensor, hooks: Hooks) -> Tensor:
    """A leaf's gradient after the prehooks of its node, before it is accumulated."""
    seen: tuple[Tensor | None, ...] = (gradient,)
    for hook in list(hooks.before.values()):
        seen = _tuple_fitting(leaf, hook, hook(seen), seen)
    return gradient if seen[0] is None else seen[0]


def completed(leaf: Node, gradient: Tensor | None, hooks: Hooks) -> None:
    """What is called when a leaf's `.grad` is complete: with its tensor, and with its gradient.

    gradient: may be left out where no hook of the node is called with it.
    """
    assert isinstance(leaf, Leaf)
    for hook in list(hooks.accumulated.values()):
        tensor = leaf.variable
        returned = hook(tensor)
        # The tensor itself is what an in-place operation returns: `lambda w: w.sub_(...)`.
        if returned is not None and returned is not tensor:
            raise (GradientError if isinstance(returned, Tensor) else ArgumentError)(
                f"{_called(leaf, hook)} returned {type(returned).__name__}, not None",
                "The gradient is in the tensor's .grad: change it there.",
                leaf.site,
            )
    for hook in list(hooks.after.values()):
        _tuple_fitting(leaf, hook, hook((), (gradient,)), ())
