"""What a node saved for its backward pass, under torch's names: `grad_fn._saved_self`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from wengert.core.handles import from_node
from wengert.core.hooks import Hook, Packed
from wengert.core.node import Applied, Leaf, Node, is_large
from wengert.core.packing import packed
from wengert.core.tensor import Tensor
from wengert.errors import GradientError
from wengert.transform.residuals import check_residuals, projection_of

_TORCHS: Final = {"x": "self", "y": "other", "input": "self"}
"""torch's names of the inputs that rules call so, in most of its functions."""


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
    if not isinstance(node, Applied):
        return  # all that it holds is small
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
        of = SavedTensor if raw else _value
        return of(node, place) if isinstance(place, int) else tuple(of(node, i) for i in place)
    if not raw and node.attrs is not None and short in node.attrs:
        return node.attrs[short]
    raise AttributeError(f"{node.name()!r} object has no attribute {name!r}")


def names(node: Node) -> list[str]:
    """The names of what a node saved, each value once: torch's name where there is one."""
    named = {place: name for name, place in _places(node).items()}
    own = {f"{p}{name}" for name in named.values() for p in ("_saved_", "_raw_saved_")}
    return sorted(own | {f"_saved_{name}" for name in node.attrs or ()})


def _places(node: Node) -> dict[str, int | range]:
    """Where the values are that rules of this operation read, by torch's names and our own.

    A range is of the inputs of an operation that takes any number.
    """
    op, count = node.plan.op, len(node.inputs)
    asked = [0] if op.variadic else [i for i in range(count) if op.rule(i) is not None]
    needs = set().union(*(op.needs(i, count) for i in asked))
    torchs = op.saved_as(node) if callable(op.saved_as) else op.saved_as
    torchs = torchs or tuple(_TORCHS.get(name, name) for name in op.inputs)
    found: dict[str, int | range] = {}
    for inputs in (op.inputs, torchs):
        found |= {name: i for i, name in enumerate(inputs[:count]) if i in needs}
    if op.variadic and op.inputs[-1] in found:
        found[op.inputs[-1]] = range(len(op.inputs) - 1, count)
    if "out" in needs:
        found |= {name: -1 - j for j, name in enumerate(_results(node))}
    return found


def _results(node: Node) -> tuple[str, ...]:
    """The names of the outputs."""
    if isinstance(node.aval, tuple):
        return node.plan.op.results_as or tuple(f"result{j}" for j in range(len(node.aval)))
    return node.plan.op.results_as or ("result",)


def _value(node: Node, place: int) -> Any:
    """A saved value as a tensor with its history; None if this application did not need it."""
    kept = node.plan.keeps_out if place < 0 else node.plan.keeps[place]
    if not kept:
        return None
    seen = check_residuals(node)
    if place < 0:
        several = isinstance(node.aval, tuple)
        value = seen.value[-1 - place] if several else seen.value
        return from_node(value, projection_of(node, -1 - place) if several else node)
    value, source = seen.operands[place], node.inputs[place]
    if value is None:  # an argument that was left out
        return None
    if isinstance(source, Leaf) and source.value is value:
        return source.variable
    if isinstance(source, Tensor):
        return source
    if not isinstance(source, Node):
        return from_node(np.asarray(value)[()], None)
    return from_node(value.astype(source.aval.dtype, copy=False), source)


__all__ = ["SavedTensor", "names", "saved"]
