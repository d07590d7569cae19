"""Gradients on their way into `.grad`: at the end of a pass, or leaf by leaf if there are hooks."""

from __future__ import annotations

import sys
from operator import add
from typing import Any, Final

import numpy as np

from wengert.core.handles import _new
from wengert.core.node import ACCUMULATION, RETAINED, WATCHED, Node
from wengert.core.tensor import Tensor
from wengert.modes import silently
from wengert.transform.hooked import completed, prehooked

_ndarray: Final = np.ndarray
_references: Final = sys.getrefcount


def accumulate_arrays(captured: list[tuple[Node, Any]]) -> None:
    """Add captured cotangents to `.grad`. Stored gradients own their memory."""
    while captured:
        node, cotangent = captured.pop()
        stored = node.grad
        if stored is None or stored is RETAINED or stored is WATCHED:
            if type(cotangent) is _ndarray and (
                _references(cotangent) > _OWN or cotangent.base is not None
            ):
                cotangent = cotangent.copy()
            node.grad = cotangent  # its handle is made when somebody looks at it
            continue
        handle = stored if isinstance(stored, Tensor) else None
        array = stored if handle is None else handle._data
        if type(array) is _ndarray and (handle is None or handle._node is None):
            silently(np.add, array, cotangent, out=array)
        else:
            total = silently(add, array, cotangent)
            node.grad = total if handle is None else _new(total, None)


def _own_references() -> int:
    """What getrefcount says in such a loop of an array that nothing else can see."""
    captured = [(None, np.empty(1))]
    _, cotangent = captured.pop()
    return _references(cotangent)


_OWN: Final = _own_references()


def deliver_array(leaf: Node, box: list[Any]) -> None:
    """Finish a leaf where there are hooks: they see its `.grad` as soon as it is complete."""
    hooks = leaf.extra.hooks if leaf.extra is not None else None
    if hooks is None:
        with ACCUMULATION:
            accumulate_arrays([(leaf, box.pop())])
        return
    shown: Tensor | None = None
    if hooks.before or hooks.after:  # who see it, and may write into it
        shown = prehooked(leaf, _new(box.pop().copy(), None), hooks)
        box.append(shown._data)
    with hooks.lock:
        with ACCUMULATION:
            accumulate_arrays([(leaf, box.pop())])
        completed(leaf, shown, hooks)


def deliver_tensor(leaf: Node, box: list[Any]) -> None:
    """The same under create_graph."""
    cotangent = box.pop()
    hooks = leaf.extra.hooks if leaf.extra is not None else None
    if hooks is None:
        accumulate_tensors([(leaf, cotangent)])
        return
    cotangent = prehooked(leaf, cotangent, hooks)
    with hooks.lock:
        accumulate_tensors([(leaf, cotangent)])
        completed(leaf, cotangent, hooks)


def accumulate_tensors(captured: list[tuple[Node, Any]]) -> None:
    """The same under create_graph: gradients have a graph of their own, sums are recorded."""
    with ACCUMULATION:
        for node, cotangent in captured:
            stored = node.retained_grad
            node.grad = cotangent.clone() if stored is None else stored + cotangent


def retained(captured: list[tuple[Node, Any]]) -> list[tuple[Node, Any]]:
    """Of what was captured, the part that retain_grad() asked for: it is stored as well."""
    return [
        pair
        for pair in captured
        if pair[0].inputs and pair[0].grad is not None and pair[0].grad is not WATCHED
    ]


def owned(captured: list[tuple[Node, Any]]) -> dict[Any, Tensor]:
    """Captured arrays as tensors that own their memory."""
    found: dict[Any, Tensor] = {}
    while captured:
        node, cotangent = captured.pop()
        if type(cotangent) is _ndarray and (
            _references(cotangent) > _OWN or cotangent.base is not None
        ):
            cotangent = cotangent.copy()
        found[node] = _new(cotangent, None)
    return found
