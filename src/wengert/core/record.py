"""apply(): compute, and record when a gradient is wanted.

It is the general way, that of every operation; core/fast.py has the shortcuts of small graphs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.computing import _scalar, as_operand, compute, promoted
from wengert.core.dtype import is_differentiable
from wengert.core.half import arithmetic, forward_of
from wengert.core.handles import Tensor, _new, memory_of
from wengert.core.marks import inherit_cuts, mark_cut, mark_inference, refuse_inference
from wengert.core.node import SMALL, Applied, Carrier, Node, project
from wengert.core.op import Op, Plan, bind_apply
from wengert.core.packing import pack_residuals
from wengert.core.view import view_of
from wengert.modes import State, current
from wengert.sites import Site, here

_ndarray: Final = np.ndarray
_getframe: Final = sys._getframe
USER_FRAME: Final[int] = 0 if __file__.endswith(".so") else 2
"""How far up to begin to look for the user's frame. Under mypyc the core's functions have none."""

_OPERANDS: Final = (np.ndarray, np.generic, int, float, complex, type(None))


def apply(op: Op, args: Sequence[Any], attrs: dict[str, Any] | None) -> Any:
    """Apply an operation: unwrap, promote, compute, wrap, and record if a gradient is wanted.

    With no Tensor among the arguments it is the forward function itself. Raises ShapeError,
    DTypeError, DimensionError or ArgumentError where the arguments do not fit.
    """
    has_tensor = False
    for a in args:
        if isinstance(a, Tensor):
            if a._level:
                return innermost(args)._apply(op, args, attrs)
            has_tensor = True
    if not has_tensor:
        return _without_tensor(op, args, attrs)
    state = current()
    sources, datas, mask = _unwrap(op, args)
    if op.view and isinstance(args[0], Tensor) and type(datas[0]) is not _ndarray:
        datas[0] = memory_of(args[0]).array  # a view needs an array to share
    operands = promoted(op, datas) if op.promotion != "none" else datas
    result = compute(op, operands, attrs, state)
    if type(result) is tuple:
        results = tuple(_scalar(r) for r in result)
        outs = _wrap_several(op, sources, operands, attrs, results, mask, state)
        if not mask and not state.inference:
            for out in outs:
                inherit_cuts(out, args)
        if state.levels:
            _push(op, args, attrs, outs, state)
        return outs
    if op.view:
        out = _view(op, args[0], datas[0], result, attrs, state)
    else:
        out = _new(_scalar(result), None)
    if mask or state.inference:
        _note(op, sources, operands, attrs, out, mask, state)
    else:
        inherit_cuts(out, args)
    if state.levels:
        _push(op, args, attrs, out, state)
    return out


def _without_tensor(op: Op, args: Sequence[Any], attrs: dict[str, Any] | None) -> Any:
    for a in args:
        if not isinstance(a, _OPERANDS):
            as_operand(op, a)  # raises
    return forward_of(op, args)(*args, **(attrs or {}))


def innermost(args: Sequence[Any]) -> Any:
    """The argument of the innermost level: it says how an operation applies to all of them."""
    found: Any = None
    for a in args:
        if isinstance(a, Tensor) and (found is None or a._level > found._level):
            found = a
    return found


def _push(
    op: Op, args: Sequence[Any], attrs: dict[str, Any] | None, out: Any, state: State
) -> None:
    """Forward mode: the tangents of the output, at every level, the outermost first."""
    for level in state.levels:
        level.push(op, args, attrs or {}, out)


def note(
    op: Op, args: Sequence[Any], attrs: dict[str, Any] | None, out: Tensor, state: State
) -> None:
    """Record an application whose output has been computed in another way."""
    sources, datas, mask = _unwrap(op, args)
    _note(op, sources, datas, attrs, out, mask, state)
    if state.levels:
        _push(op, args, attrs, out, state)


def large(
    plan: Plan, args: tuple[Any, Any], sources: tuple[Any, Any], kept: tuple[Any, Any], z: Any,
    site: Site | None,
) -> Any:  # fmt: skip
    """What `fast.binary` has computed, where it is large, with a node of the general kind.

    kept: per input, its array if it is a constant or a residual, else None.
    """
    if type(sources[0]) is Carrier or type(sources[1]) is Carrier:
        return apply(plan.op, args, None)
    out = _new(z, None)
    is_small = z.nbytes <= SMALL  # there is nothing in it
    value = z if plan.keeps_out or is_small else None
    aval = None if is_small else Aval(z.shape, z.dtype)
    operands = kept if kept[0] is not None or kept[1] is not None else None
    out._node = Applied(plan, sources, operands, None, value, aval, site)
    return out


def note_several(
    op: Op, args: Sequence[Any], results: tuple[Any, ...], state: State
) -> tuple[Tensor, ...]:
    """The same for several outputs, which are wrapped."""
    sources, datas, mask = _unwrap(op, args)
    return _wrap_several(op, sources, datas, None, results, mask, state)


def _unwrap(op: Op, args: Sequence[Any]) -> tuple[list[Any], list[Any], int]:
    """Per argument its source (node, constant tensor or None) and its array; and the node mask."""
    sources: list[Any] = []
    datas: list[Any] = []
    mask = 0
    for i, a in enumerate(args):
        if isinstance(a, Tensor):
            node = a._node
            datas.append(a._data)
            if node is None or type(node) is Carrier:
                sources.append(a)
            else:
                sources.append(node)
                mask |= 1 << i
        elif a is None or type(a) in (int, float, bool, complex):
            datas.append(a)
            sources.append(None)
        else:
            datas.append(as_operand(op, a))
            sources.append(_new(a, None) if isinstance(a, _ndarray) else None)
    return sources, datas, mask


def _view(
    op: Op, source: Any, data: Any, result: Any, attrs: dict[str, Any] | None, state: State
) -> Tensor:
    """The output of a view operation: a view if it shares its source's memory."""
    if isinstance(source, Tensor) and np.may_share_memory(result, data):
        made = view_of(source, result, op, attrs, state)
        if source._extra is not None and source._extra.inference:
            mark_inference(made)
        return made
    return _new(result, None)


def _note(
    op: Op, sources: list[Any], operands: Sequence[Any], attrs: dict[str, Any] | None,
    out: Tensor, mask: int, state: State,
) -> None:  # fmt: skip
    """Record the application on its output, or mark where history ended."""
    plan = _plan(op, operands, out._data, mask, state)
    if plan is None:
        _mark_cut(out, op, state)
        return
    data = out._data
    large = type(data) is _ndarray and data.nbytes > SMALL
    value = data if plan.keeps_out or not large else None
    aval = Aval(data.shape, data.dtype) if large else None
    node = _node(plan, sources, operands, attrs, value, aval, state)
    if out._memory is not None:  # a pack hook may have made one for the node
        node._memory = out._memory
    out._node = node


def _plan(op: Op, operands: Sequence[Any], out: Any, mask: int, state: State) -> Plan | None:
    """The plan if this application is to be recorded, else None."""
    if not state.grad or not op.differentiable or not mask:
        return None
    if type(out) is not tuple and not is_differentiable(out.dtype):
        return None
    plan = op.plan(mask, arithmetic(operands), len(operands))
    return plan if plan.wanted else None


def _node(
    plan: Plan, sources: list[Any], operands: Sequence[Any], attrs: dict[str, Any] | None,
    value: Any, aval: Any, state: State,
) -> Applied:  # fmt: skip
    keeps = plan.keeps
    kept: list[Any] = []
    has_operands = False
    for i, operand in enumerate(operands):
        source = sources[i]
        if keeps[i] or not isinstance(source, Node):
            kept.append(operand)
            has_operands = has_operands or operand is not None
            if keeps[i] and isinstance(source, Tensor):
                refuse_inference(plan.op, source)
        else:
            kept.append(None)
    site = here(_getframe(USER_FRAME)) if state.sites else None
    node = Applied(
        plan, tuple(sources), tuple(kept) if has_operands else None, attrs or None, value, aval,
        site,
    )  # fmt: skip
    if state.scope:
        node.get_extra().scope = state.scope
    if state.saved:
        pack_residuals(node, state)
    if state.arrays is not None:
        state.arrays.note(node)
    return node


def _mark_cut(out: Tensor, op: Op, state: State) -> None:
    # A view made in inference_mode is an inference tensor if what it is a view of is one.
    if state.inference and type(out) is Tensor:
        by = "inference_mode"
    else:
        by = "no_grad" if not state.grad and op.differentiable else op.name
    mark_cut(out, by, here(_getframe(USER_FRAME)) if state.sites else None)


def _wrap_several(
    op: Op, sources: list[Any], operands: Sequence[Any], attrs: dict[str, Any] | None,
    results: tuple[Any, ...], mask: int, state: State,
) -> tuple[Tensor, ...]:  # fmt: skip
    """One node for the operation, and a projection for each output that can have a gradient."""
    outs = tuple(_new(r, None) for r in results)
    plan = _plan(op, operands, results, mask, state)
    if plan is None:
        if mask or state.inference:
            for out in outs:
                _mark_cut(out, op, state)
        return outs
    avals = tuple(Aval(r.shape, r.dtype) for r in results)
    small = sum(r.nbytes for r in results) <= SMALL
    value = results if plan.keeps_out or small else None
    node = _node(plan, sources, operands, attrs, value, avals, state)
    for i, out in enumerate(outs):
        if is_differentiable(out._data.dtype):
            is_small = out._data.nbytes <= SMALL
            aval = None if is_small else avals[i]
            out._node = project(node, i, out._data if is_small else None, aval)
        else:
            _mark_cut(out, op, state)
    return outs


bind_apply(apply)
