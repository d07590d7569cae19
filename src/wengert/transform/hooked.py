"""Calling hooks in a sweep: what they see, and what may take its place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from wengert.core.dtype import is_differentiable
from wengert.core.hooks import Hook, Hooks
from wengert.core.node import Leaf, Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, GradientError, ShapeError

if TYPE_CHECKING:
    from wengert.transform.cotangents import Arrays


def replaced(node: Node, ct: Any, hooks: Hooks, kind: Arrays) -> Any:
    """The cotangent after the hooks of the node's tensor; each may replace it."""
    shown = kind.shown(ct)
    for hook in list(hooks.tensor.values()):  # a hook may remove itself, or others
        shown = _fitting(node, hook, hook(shown), shown)
    return kind.taken(shown)


def before(node: Node, ct: Any, hooks: Hooks, kind: Arrays) -> Any:
    """The cotangents after the node's prehooks, which see them as a tuple."""
    shown = _shown(node, ct, kind)
    for hook in list(hooks.before.values()):
        shown = _tuple_fitting(node, hook, hook(shown), shown)
    taken = [None if g is None else kind.taken(g) for g in shown]
    if type(ct) is not list:
        return taken[0]
    places = _differentiable(node)
    return [taken[places.index(j)] if j in places else None for j in range(len(ct))]


def after(
    node: Node, ct: Any, pulled: dict[int, Any], hooks: Hooks, kind: Arrays
) -> dict[int, Any]:
    """The cotangents of the inputs after the node's hooks, which see those of the outputs, too."""
    outputs = _shown(node, ct, kind)
    edges = node.edges()
    inputs = tuple(kind.shown(pulled[i]) if i in pulled else None for i in edges)
    for hook in list(hooks.after.values()):
        inputs = _tuple_fitting(node, hook, hook(inputs, outputs), inputs)
    return {i: kind.taken(g) for i, g in zip(edges, inputs, strict=True) if g is not None}


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


def _shown(node: Node, ct: Any, kind: Arrays) -> tuple[Tensor | None, ...]:
    """The cotangents of a node's outputs as its hooks see them."""
    several = [ct[j] for j in _differentiable(node)] if type(ct) is list else [ct]
    return tuple(None if c is None else kind.shown(c) for c in several)


def _differentiable(node: Node) -> list[int]:
    """The outputs that gradients come back from."""
    if node.plan.joint is not None:
        return list(range(len(node.aval)))
    return [j for j, aval in enumerate(node.aval) if is_differentiable(aval.dtype)]


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


def _called(node: Node, hook: Hook) -> str:
    code = getattr(hook, "__code__", None)
    line = f" ({os.path.basename(code.co_filename)}:{code.co_firstlineno})" if code else ""
    name = getattr(hook, "__name__", type(hook).__name__)
    return f"hook {name!r}{line} on {node.name()}"
