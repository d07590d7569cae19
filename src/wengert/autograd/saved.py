"""What a node saved for its backward pass, under torch's names: `grad_fn._saved_self`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from wengert.core.hooks import Hook, Packed
from wengert.core.node import Leaf, Node, is_large
from wengert.core.record import from_node, packed
from wengert.core.tensor import Tensor
from wengert.errors import GradientError
from wengert.transform.residuals import check_residuals

_TORCH: Final = ("self", "other")
"""torch's names of a first and second input, in most of its functions."""


class SavedTensor:
    """One saved value: `data` is the value, `register_hooks` gives it into other hands."""

    def __init__(self, node: Node, place: int) -> None:
        self._node = node
        self._place = place

    @property
    def data(self) -> Tensor | None:
        """The saved value, with its history."""
        value: Tensor | None = _value(self._node, self._place)
        return value

    def unpack(self) -> Tensor | None:
        """The same."""
        return self.data

    def register_hooks(self, pack_hook: Hook, unpack_hook: Hook) -> None:
        """Keep pack_hook(value) instead of the value; unpack_hook makes a tensor of it again.

        Raises GradientError if there are hooks, if nothing was saved, or if it was freed.
        """
        node, place = self._node, self._place
        value = self.data
        if not isinstance(value, Tensor):
            raise GradientError(f"{node.name()}: no tensor was saved here")
        extra = node.get_extra()
        if extra.packed is None:
            extra.packed = Packed({})
        if place in extra.packed.kept:
            raise GradientError(f"{node.name()}: hooks are registered already for what was saved")
        kept = packed(pack_hook, value)
        extra.packed.kept[place] = (kept, unpack_hook)
        _drop(node, place)


def _drop(node: Node, place: int) -> None:
    """Let a saved value go; small ones stay, so that a small graph can be asked."""
    if place >= 0 and node.operands is not None:
        node.operands = tuple(
            None if i == place and is_large(operand) else operand
            for i, operand in enumerate(node.operands)
        )
    elif node._aval is not None:
        node.value = None


def saved(node: Any, name: str) -> Any:
    """`_saved_<name>` or `_raw_saved_<name>` of a node.

    Raises FreedError after a backward pass that freed it, StaleError if it was overwritten since,
    AttributeError for what an operation of this kind does not save.
    """
    raw = name.startswith("_raw")
    short = name.removeprefix("_raw").removeprefix("_saved_")
    place = _places(node).get(short)
    if place is not None:
        return SavedTensor(node, place) if raw else _value(node, place)
    if not raw and node.attrs is not None and short in node.attrs:
        return node.attrs[short]
    raise AttributeError(f"{node.name()!r} object has no attribute {name!r}")


def names(node: Node) -> list[str]:
    """The names of what a node saved."""
    own = {f"{prefix}{name}" for name in _places(node) for prefix in ("_saved_", "_raw_saved_")}
    return sorted(own | {f"_saved_{name}" for name in node.attrs or ()})


def _places(node: Node) -> dict[str, int]:
    """Where the values are that rules of this operation read, by torch's names and our own."""
    op, count = node.plan.op, len(node.inputs)
    needs = set().union(*(op.needs(i, count) for i in range(count) if op.rule(i) is not None))
    found: dict[str, int] = {}
    for i in range(count):
        if i in needs:
            if i < len(_TORCH):
                found[_TORCH[i]] = i
            if i < len(op.inputs):
                found[op.inputs[i]] = i
    if "out" in needs:
        if isinstance(node.aval, tuple):
            found |= {f"result{j}": -1 - j for j in range(len(node.aval))}
        else:
            found["result"] = -1
    return found


def _value(node: Node, place: int) -> Any:
    """A saved value as a tensor with its history; None if this application did not need it."""
    kept = node.plan.keeps_out if place < 0 else node.plan.keeps[place]
    if not kept:
        return None
    seen = check_residuals(node)
    if place < 0:
        several = isinstance(node.aval, tuple)
        value = seen.value[-1 - place] if several else seen.value
        return from_node(value, None if several else node)
    value, source = seen.operands[place], node.inputs[place]
    if isinstance(source, Leaf) and source.value is value:
        return source.variable
    if isinstance(source, Tensor):
        return source
    if isinstance(value, (int, float, complex)):
        value = np.asarray(value)[()]
    return from_node(value, source if isinstance(source, Node) else None)


__all__ = ["SavedTensor", "names", "saved"]
