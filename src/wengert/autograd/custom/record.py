"""Recording an application: its node, its outputs' place in the graph, and what is saved."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from wengert.autograd.custom.call import Call, Returned, refuse_containers
from wengert.autograd.custom.context import FunctionCtx
from wengert.autograd.custom.node import FunctionNode
from wengert.autograd.custom.outputs import Outputs, index_of
from wengert.autograd.custom.saved import SavedValue
from wengert.core.half import REAL
from wengert.core.marks import inherit_cuts, mark_cut
from wengert.core.memory import Memory
from wengert.core.node import Carrier, Node, next_sequence
from wengert.core.packing import announce
from wengert.core.tensor import Tensor
from wengert.core.write import writable
from wengert.errors import GradientError
from wengert.modes import State
from wengert.sites import Site, user_site


def record(
    call: Call, ctx: FunctionCtx, returned: Returned, sources: Sequence[Node | None], state: State
) -> Any:
    """The outputs of an application, with their place in the graph.

    sources: per tensor among the arguments the node that gradients go on to, or None.
    """
    site = user_site() if state.sites else None
    marks = ctx._marks
    _check_dirty(call, returned, marks.dirty)
    _stamp(call, marks.dirty, state, site)
    mask = sum((source is not None) << i for i, source in enumerate(sources))
    outputs = Outputs(call, returned, ctx, state, site)
    if state.grad and mask:
        refuse_containers(call, returned)
    if not (state.grad and mask and outputs.differentiable):
        return _unrecorded(call, outputs, bool(mask), state, site)
    node = _node(call, ctx, outputs, sources, mask, state, site)
    wrapped = outputs.attached(node)
    marks.saved = tuple(_saved(call, t, node, outputs, sources) for t in marks.to_save)
    announce(node, state)
    for saved in marks.saved:
        if saved is not None:
            saved.pack(state)
    return wrapped


def _check_dirty(call: Call, returned: Returned, dirty: Sequence[Tensor]) -> None:
    """Raise for a tensor marked as written that is not returned; warn if it is no input."""
    for tensor in dirty:
        if index_of(tensor, returned.values) is None:
            raise GradientError(
                f"{call.name}: some elements marked as dirty during the forward method were not "
                "returned as output. The inputs that are modified inplace must all be outputs of "
                "the Function",
                "Return the tensor that was given to mark_dirty, the same object.",
            )
        if index_of(tensor, call.args) is None:
            warnings.warn(
                f"{call.name}: ctx.mark_dirty() received a tensor that was not an input. Only "
                "inputs that have been written into should be given to it.",
                stacklevel=4,
            )


def _stamp(call: Call, dirty: Sequence[Tensor], state: State, site: Site | None) -> None:
    """Note the writes: who saved the old values must learn of them."""
    for tensor in dirty:
        writable(call.name, tensor, state).stamp(next_sequence(), call.name, site)


def _unrecorded(call: Call, outputs: Outputs, cut: bool, state: State, site: Site | None) -> Any:
    """Outputs without history; where it ended is marked."""
    wrapped = outputs.detached()
    for out in outputs.made:
        if cut and not state.inference:
            mark_cut(out, call.name if state.grad else "no_grad", site)
        elif not state.inference:
            inherit_cuts(out, call.tensors)
    return wrapped


def _node(
    call: Call, ctx: FunctionCtx, outputs: Outputs, sources: Sequence[Node | None], mask: int,
    state: State, site: Site | None,
) -> FunctionNode:  # fmt: skip
    """The node: like any other's, its inputs are the tensors, its attributes the rest."""
    tensors = call.tensors
    op = call.op
    plan = op.plan(mask, REAL, len(tensors))
    inputs: list[Any] = list(sources)
    operands: list[Any] = [None] * len(tensors)
    for i, tensor in enumerate(tensors):
        if inputs[i] is None and _is_gone(call, tensor, ctx._marks.dirty):
            inputs[i] = _Overwritten.of(tensor)
        elif inputs[i] is None:
            inputs[i], operands[i] = tensor, _contents(tensor)
    node: FunctionNode = call.function._backward_cls(
        plan, tuple(inputs), tuple(operands) if any(o is not None for o in operands) else None,
        call.attributes or None, outputs.kept_value(), outputs.aval, site,
    )  # fmt: skip
    node.share(ctx)
    node.places, node.returned = outputs.places, outputs.count
    if state.scope:
        node.get_extra().scope = state.scope
    for source in inputs:
        if isinstance(source, _Overwritten):
            source.overwritten(call.name, site)
    return node


def _contents(tensor: Tensor) -> Any:
    """What a node keeps of a constant: its array, or for a transform's a handle on it."""
    if not tensor._level:
        return tensor._data
    bare = tensor._handle()
    bare._node = None
    return bare


class _Overwritten(Tensor):
    """A constant that the Function wrote into: nobody knows any more what it was."""

    __slots__ = ()

    @classmethod
    def of(cls, tensor: Tensor) -> _Overwritten:
        """What stands for a tensor."""
        gone = cls.__new__(cls)
        gone._data, gone._node, gone._memory, gone._extra = tensor._data, None, None, tensor._extra
        return gone

    def overwritten(self, writer: str, site: Site | None) -> None:
        """It is not what it was when the node, which is older than this, was made."""
        memory = self._memory = Memory(self._data)
        memory.stamp(next_sequence(), writer, site)


def _is_gone(call: Call, tensor: Tensor, dirty: Sequence[Tensor]) -> bool:
    return index_of(tensor, dirty) is not None or call.was_written(tensor)


def _saved(
    call: Call, tensor: Any, node: FunctionNode, outputs: Outputs, sources: Sequence[Node | None]
) -> SavedValue | None:
    """One tensor given to save_for_backward, by what it is to the application."""
    if tensor is None:
        return None
    output = index_of(tensor, outputs.raw)
    dirty = node.ctx._marks.dirty
    inputs = call.tensors
    slot = index_of(tensor, inputs)
    if slot is not None and index_of(tensor, dirty) is None:
        source = sources[slot] if sources[slot] is not None else inputs[slot]
        return SavedValue(tensor, node, f"its input {call.layout.inputs[slot]}", source)
    if output is not None:
        which = f"its output {output}" if len(outputs.raw) > 1 else "its output"
        return SavedValue(outputs.made[output], node, which, output=output)
    own = tensor._node
    history = None if own is None or type(own) is Carrier else own
    return SavedValue(tensor, node, "a tensor that it made and saved", history, is_between=True)


__all__ = ["record"]
