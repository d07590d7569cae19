"""Messages about tensors that take some looking around."""

from __future__ import annotations

from typing import Any

from wengert.core.escape import IN_ARRAYS
from wengert.core.node import Leaf, Node
from wengert.errors import ArgumentError


def no_counterpart(call: str) -> ArgumentError:
    """The error for a NumPy function that tensors do not answer."""
    return ArgumentError(
        f"{call} has no counterpart here, so it cannot be recorded on tensors",
        "Use a wengert function, or .detach().numpy() where no gradient is needed.",
    )


def no_history_in_array(name: str) -> ArgumentError:
    """The error for writing a tensor into a NumPy array: `array += tensor`, `out=array`."""
    return ArgumentError(
        f"numpy.{name} cannot write a tensor into an array, which holds no history",
        f"Write x = x + t instead of x += t. {IN_ARRAYS}",
    )


def cut_off(tensor: Any) -> str:
    """What cut a tensor off and where, to be added to a sentence; "" if that is not known."""
    cuts = tensor._extra.cuts if tensor._extra is not None else ()
    return ": its history was cut by " + " or ".join(str(cut) for cut in cuts) if cuts else ""


def no_grad_kept(node: Node) -> str:
    """Why `.grad` of an interior tensor is None, and which variables are the leaves."""
    names = node.site.stored_names() if node.site is not None else ()
    what = f"{names[0]!r} is" if names else "This tensor is"
    return (
        f"{what} the result of {node.name()}, no leaf, and gradients are kept for leaves only. "
        f"{_leaves_text(node)}Call .retain_grad() on it before backward()."
    )


def _leaves_text(node: Node) -> str:
    leaves = sorted(set(_leaf_names(node)))
    return f"The leaves it was computed from: {', '.join(leaves[:6])}. " if leaves else ""


def _leaf_names(node: Node) -> list[str]:
    seen = {node}
    todo = [node]
    names: list[str] = []
    for current in todo:
        for source in current.inputs:
            if isinstance(source, Node) and source not in seen:
                seen.add(source)
                todo.append(source)
        if isinstance(current, Leaf) and current.site is not None:
            names.extend(current.site.stored_names()[:1])
    return names
