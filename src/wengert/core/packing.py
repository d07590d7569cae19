"""Residuals under `saved_tensors_hooks`: given to a pack hook when an operation is recorded."""

from __future__ import annotations

from typing import Any

from wengert.core.extra import Dropped
from wengert.core.handles import Tensor, from_node
from wengert.core.hooks import Attentive, Hook, Packed
from wengert.core.node import Applied, Leaf, Node, is_large
from wengert.errors import GradientError
from wengert.modes import State, using


def pack_residuals(node: Applied, state: State) -> None:
    """Give the residuals to the hooks of `saved_tensors_hooks`, and keep what they return."""
    pack, unpack = state.saved[-1]
    announce(node, state)
    kept: dict[int, Any] = {}
    cast: dict[int, Any] = {}
    operands = list(node.operands or ())
    inputs = list(node.inputs)
    for i, operand in enumerate(operands):
        # Numbers stay: torch does not show them to the hooks, either.
        if node.plan.keeps[i] and inputs[i] is not None:
            if _dtype_of(inputs[i], operand) != operand.dtype:
                cast[i] = operand.dtype
            kept[i] = packed(pack, _residual(operand, inputs[i])), unpack
            if is_large(operand):
                operands[i] = None
        if not isinstance(inputs[i], Node) and is_large(operand):
            inputs[i] = Dropped(inputs[i], operand)
            operands[i] = None
    if node.plan.keeps_out:
        outputs = node.value if type(node.value) is tuple else (node.value,)
        for j, output in enumerate(outputs):
            kept[-1 - j] = _packed_output(pack, output, node), unpack
        if node._aval is not None:
            node.value = None
    if kept:
        node.inputs, node.operands = tuple(inputs), tuple(operands)
        node.get_extra().packed = Packed(kept, cast)


def announce(node: Node, state: State) -> None:
    """Tell hooks that ask for it which operation saves what they are given next."""
    pack = state.saved[-1][0] if state.saved else None
    if isinstance(pack, Attentive):
        pack.recorded(node.op.name, node.site, node.aval)


def packed(pack: Hook, residual: Tensor) -> Any:
    """What a pack hook makes of a residual. Raises GradientError if it wrote into it."""
    if isinstance(pack, Attentive):
        return pack(residual)
    version = residual._version
    with using(grad=False):
        kept = pack(residual)
    if residual._version != version:
        raise GradientError(
            "a saved tensor pack hook is modifying its input in place",
            "Let it work on a clone().",
        )
    return kept


def _dtype_of(source: Any, operand: Any) -> Any:
    """The dtype of an input before it was cast to what is computed in."""
    if isinstance(source, Node):
        return source.aval.dtype
    return operand.dtype if source is None else source._data.dtype


def _residual(operand: Any, source: Any) -> Tensor:
    """A saved input as hooks see it: the leaf or constant itself, or a handle of the same node."""
    if isinstance(source, Tensor) and source._data is operand:
        return source
    if isinstance(source, Leaf) and source.value is operand:
        return source.variable
    return from_node(operand, source if isinstance(source, Node) else None)


def _packed_output(pack: Hook, output: Any, node: Node) -> Any:
    """What a pack hook makes of a saved output; never a link from the node to itself."""
    residual = from_node(output, None if type(node.value) is tuple else node)
    kept = packed(pack, residual)
    return from_node(output, None) if kept is residual else kept
