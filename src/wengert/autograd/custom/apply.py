"""apply(): a Function on its arguments, whatever they are: plain, traced, mapped, with tangents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wengert.autograd.custom import mapped
from wengert.autograd.custom.again import on_zeros
from wengert.autograd.custom.call import Call, Returned
from wengert.autograd.custom.context import FunctionCtx
from wengert.autograd.custom.record import record
from wengert.autograd.custom.tangent import push
from wengert.core.node import Carrier, Node
from wengert.core.record import innermost
from wengert.core.tensor import Tensor
from wengert.modes import State, current
from wengert.transform.batch import Batched


def applied(call: Call) -> Any:
    """What a Function returns for its arguments, with its place in the graph."""
    tensors = call.tensors
    inner = innermost(tensors) if tensors else None
    if isinstance(inner, Batched):
        return mapped.applied(call, inner._at)
    if inner is not None and inner._level:
        return _traced(call, inner)
    state = current()
    ctx = call.context()
    # Before forward, which may write: a view that cannot follow its base is refused here.
    sources = list(map(node_of, tensors))
    output = call.run(ctx, state)
    return finished(call, ctx, output, sources, state.levels, state)


def finished(
    call: Call, ctx: FunctionCtx, output: Any, sources: Sequence[Node | None],
    levels: Sequence[Any], state: State,
) -> Any:  # fmt: skip
    """Record what forward returned, and push tangents. levels: those that see the application."""
    try:
        outputs = record(call, ctx, Returned(output), sources, state)
        forward = [level for level in levels if hasattr(level, "tangent")]
        if forward:
            push(call, ctx, outputs, forward, state)
        return outputs
    finally:
        ctx._marks.over()


def node_of(tensor: Tensor) -> Node | None:
    """The node that gradients go on to; None for a constant."""
    node = tensor._node
    return None if node is None or type(node) is Carrier else node


def _traced(call: Call, inner: Any) -> Any:
    """In a function that is traced: an opaque operation, its shapes those that zeros give."""
    outputs = inner._apply(call.op, call.tensors, call.attributes)
    several = outputs if isinstance(outputs, tuple) else (outputs,)
    returned = on_zeros(call)
    values = list(returned.values)
    for place, tensor in zip(returned.places, several, strict=True):
        values[place] = tensor
    return returned.wrapped(values)
