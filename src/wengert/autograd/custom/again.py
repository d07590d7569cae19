"""A Function applied once more: for graphs at other inputs, and for questions after a backward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.autograd.custom.call import Call, Returned
from wengert.autograd.custom.layout import Layout
from wengert.autograd.custom.node import FunctionNode, backward_of
from wengert.core.aval import stand_in
from wengert.core.dtype import is_differentiable
from wengert.core.fast import make_leaf
from wengert.core.handles import _new
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import MissingValueError
from wengert.modes import current, using
from wengert.transform.residuals import traced


def forward(function: Any, layout: Layout) -> Callable[..., Any]:
    """The Function as a function of arrays and attributes, on copies of the arrays."""

    def run(*arrays: Any, **attrs: Any) -> Any:
        call = _call(function, layout, [_own(a) for a in arrays], attrs)
        datas = tuple(v._data for v in returned_by(call).values if isinstance(v, Tensor))
        return datas[0] if len(datas) == 1 else datas

    return run


def applied_to(op: Any, tensors: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """What the Function returns for these tensors; recorded like any application."""
    from wengert.autograd.custom.apply import applied

    return applied(_call(op.function, op.layout, tensors, attrs))


def returned_by(call: Call) -> Returned:
    """What forward returns, run for its values only."""
    with using(grad=False, levels=(), saved=()):
        return Returned(call.run(call.context(), current()))


def on_zeros(call: Call) -> Returned:
    """What forward returns for zeros in the place of its tensors: the form of its result."""
    args = list(call.args)
    for place in call.layout.places:
        args[place] = _own(stand_in(args[place]._aval))
    return returned_by(call.but(args))


def _call(function: Any, layout: Layout, tensors: Sequence[Any], attrs: dict[str, Any]) -> Call:
    args = layout.arguments(tensors, attrs)
    count = len(args) - len(layout.keywords)
    return Call(function, args[:count], dict(zip(layout.keywords, args[count:], strict=True)))


def _own(array: Any) -> Tensor:
    return _new(np.array(array)[()], None)


def pulled(seen: Any, ct: Any, slot: int) -> Any:
    """The cotangent of one input as a question asks for it; None for zero.

    seen: the node with its operands' values. ct: an array, or a tuple of them for several outputs.
    The context of the recorded run is used while its saved values are there; after that the
    function runs again.
    """
    cts = [_own(c) for c in (ct if isinstance(ct, tuple) else (ct,))]
    node = _live(seen.node) or _applied_again(seen)
    from wengert.autograd.custom.pullback import joint

    with using(grad=False, saved=()):
        (gradient,) = joint(node, cts, [slot])
    return None if gradient is None else gradient._data


def _live(node: Node) -> FunctionNode | None:
    is_live = isinstance(node, FunctionNode) and node.ctx._marks.freed is None
    return node if is_live else None  # type: ignore[return-value]  # is_live says it is one


def _applied_again(seen: Any) -> FunctionNode:
    """The node of a fresh application to the same values."""
    op = seen.node.plan.op
    tensors = [_own(seen.operands[i]) for i in range(len(op.layout.inputs))]
    with using(grad=True, levels=(), saved=(), inference=False):
        for tensor in tensors:
            if is_differentiable(tensor._data.dtype):
                make_leaf(tensor)
        inputs = [t.view(t.shape) if t._node is not None else t for t in tensors]
        call = _call(op.function, op.layout, inputs, seen.attrs or {})
        from wengert.autograd.custom.apply import applied

        outputs = [
            v for v in Returned(applied(call)).values if isinstance(v, Tensor)
        ]  # fmt: skip
    _check_same(seen, outputs)
    made = next(t.grad_fn for t in outputs if t.grad_fn is not None)
    while not isinstance(made, FunctionNode):  # it wrote into its input
        made = next(n for n, _ in made.next_functions if n is not None)
    return made


def _check_same(seen: Any, outputs: Sequence[Tensor]) -> None:
    """Raise where the function gives something else than it gave in the recorded run."""
    kept = seen.node.value
    if kept is None:
        return
    values = kept if isinstance(kept, tuple) else (kept,)
    for value, output in zip(values, outputs, strict=True):
        if not np.allclose(value, output._data, equal_nan=True):
            raise MissingValueError(
                f"{seen.node.plan.op.name} gives another value when it runs again, so its "
                "derivative in the recorded run is gone with the values saved for backward",
                "Ask before backward(), or pass retain_graph=True.",
                seen.node.site,
            )


def joint_traced(node: Node, cotangents: Sequence[Any], wanted: Sequence[int]) -> list[Any]:
    """The pullback of an application in a traced function: the user's code is traced, too.

    Raises TraceError where that needs numbers.
    """
    op: Any = node.plan.op
    tensors = [traced(source) if isinstance(source, Node) else source for source in node.inputs]
    call = _call(op.function, op.layout, tensors, node.attrs or {})
    ctx = call.context()
    with using(grad=True):
        first = () if call.splits else (ctx,)
        output = call.given_to(op.function.forward, *first)
        if call.splits:
            op.function.setup_context(ctx, call.args, output)
    made = traced(node)
    values = Returned(output).values
    outputs = [v for v in values if isinstance(v, Tensor)]
    by_id = dict(zip(map(id, outputs), made if isinstance(made, tuple) else (made,), strict=True))
    ctx._marks.seen = tuple(by_id.get(id(t), t) for t in ctx._marks.to_save)
    drawn = iter(cotangents)
    given = [
        _traced_cotangent(ctx, next(drawn), v) if isinstance(v, Tensor) else None for v in values
    ]
    result = backward_of(op.function)(ctx, *((given,) if op.function.boxed_grads_call else given))
    gradients = result if isinstance(result, tuple) else (result,)
    return [gradients[op.layout.places[i]] for i in wanted]


def _traced_cotangent(ctx: Any, cotangent: Any, output: Tensor) -> Any:
    if cotangent is None and ctx._marks.materialize:
        return _own(np.zeros(output._data.shape, output._data.dtype))
    return cotangent
