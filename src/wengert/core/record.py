"""apply(): compute, and record when a gradient is wanted.

`binary` is the operators' fast way: two float tensors of one dtype, or a tensor and a number, in
the plain mode. Everything else takes the one general way, `apply`.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from wengert.core import tensor as _tensor
from wengert.core.aval import Aval
from wengert.core.dtype import common_dtype, computed_float, is_differentiable
from wengert.core.half import REAL, arithmetic, forward_of
from wengert.core.hooks import Attentive, Hook, Packed
from wengert.core.memory import Memory
from wengert.core.node import (
    LEAF_PLAN,
    SMALL,
    Applied,
    Carrier,
    Cut,
    Dropped,
    Extra,
    Leaf,
    Node,
    Pair,
    is_large,
    next_sequence,
    project,
)
from wengert.core.op import Op, Plan, bind_apply
from wengert.errors import (
    ArgumentError,
    DimensionError,
    DTypeError,
    GradientError,
    ShapeError,
    WengertError,
)
from wengert.modes import State, current, get_state, using
from wengert.sites import _SITES, Site, here

Tensor = _tensor.Tensor

from wengert.core.view import view_of  # noqa: E402  # a view is a Tensor

_ndarray: Final = np.ndarray
_FLOAT32: Final = np.dtype(np.float32)
_FLOAT64: Final = np.dtype(np.float64)
# A number costs NumPy more than the rest of a small operation: 490 ns against 210 ns with a 0-d
# array. So those that formulas are full of are there, in float32 and float64.
_NUMBERS: Final = [
    {number: np.array(number, dtype) for number in (-2, -1, -0.5, 0.5, 1, 2, 3, 4, 10)}
    for dtype in (_FLOAT32, _FLOAT64)
]
_float32: Final = np.float32
_float64: Final = np.float64
_getframe: Final = sys._getframe
# Under mypyc this file's functions have no Python frames, and the user's is the innermost one.
_USER_FRAME: Final = 0 if __file__.endswith(".so") else 2


def binary(op: Op, a: Any, b: Any) -> Any:
    """op(a, b) for the operators + - * /; called straight from Tensor's class body."""
    # Everything a small graph costs is in here: branches instead of calls, nothing looked up twice.
    state = get_state()
    if state is None or not state.plain:
        return apply(op, (a, b), None)
    if type(a) is Tensor:
        x = a._data
        na = a._node
        if type(b) is Tensor:
            y = b._data
            nb = b._node
            if type(x) is not type(y) or (type(x) is _ndarray and x.dtype is not y.dtype):
                return apply(op, (a, b), None)
        elif type(b) is float or type(b) is int:
            y = b
            nb = None
        else:
            return apply(op, (a, b), None)
        kind = type(x)
    elif type(b) is Tensor and (type(a) is float or type(a) is int):
        x = a
        na = None
        y = b._data
        nb = b._node
        kind = type(y)
    else:
        return apply(op, (a, b), None)
    even = True
    left, right = x, y
    if kind is _ndarray:
        if type(x) is not kind:
            dtype = y.dtype
            left = _NUMBERS[dtype is _FLOAT64].get(x, x)
        elif type(y) is not kind:
            dtype = x.dtype
            right = _NUMBERS[dtype is _FLOAT64].get(y, y)
        else:
            dtype = x.dtype
            even = x.shape == y.shape
        if dtype is not _FLOAT32 and dtype is not _FLOAT64:
            return apply(op, (a, b), None)
    elif kind is not _float32 and kind is not _float64:
        return apply(op, (a, b), None)
    try:
        z = state.run(op.forward, left, right)
    except Exception:
        return apply(op, (a, b), None)  # it fails again there, and is explained
    if kind is _ndarray and type(z) is _ndarray and not 0 < z.nbytes <= SMALL:
        return _applied(op, (a, b), z, state)
    pairs = op.pairs
    if na is None:
        if nb is None:
            out = _new(z, None)
            if (x is not a and a._extra is not None) or (y is not b and b._extra is not None):
                inherit_cuts(out, (a, b))
            return out
        plan = pairs[2] or fill_pair(op, 2)
        if x is not a:
            na = a
            if a._extra is not None and plan.keeps[0]:
                _refuse_inference(op, a)
    elif nb is None:
        plan = pairs[1] or fill_pair(op, 1)
        if y is not b:
            nb = b
            if b._extra is not None and plan.keeps[1]:
                _refuse_inference(op, b)
    else:
        plan = pairs[3] or fill_pair(op, 3)
    if plan.drops_x:
        x = None
    if plan.drops_y:
        y = None
    frame = _getframe(_USER_FRAME)
    site = _SITES.get(id(frame.f_code) + frame.f_lasti)  # here(frame), its common case
    if site is None or site.internal:
        site = here(frame)
    node = Pair()
    node.plan = plan
    node.even = even
    node.first = na
    node.second = nb
    node.x = x
    node.y = y
    node.value = z
    node.sequence = next_sequence()
    node.site = site
    node._memory = None
    node.freed = None
    node.extra = None
    node.grad = None
    out = _create(Tensor)  # Tensor(...) written out: the call is a tenth of this function's time
    out._data = z
    out._node = node
    out._memory = None
    out._extra = None
    return out


def _applied(op: Op, args: tuple[Any, Any], z: Any, state: State) -> Tensor:
    """What `binary` has computed, where it is large: recorded in the general way."""
    out = _new(z, None)
    sources, datas, mask = _unwrap(op, args)
    if mask:
        _note(op, sources, datas, None, out, mask, state)
    else:
        inherit_cuts(out, args)
    return out


def fill_pair(op: Op, mask: int) -> Plan:
    """The plan of an operation with two inputs, entered where `binary` looks for it."""
    plan = op.pairs[mask] = op.plan(mask, REAL, 2)
    plan.serve_pairs(mask)
    return plan


_create: Final = Tensor.__new__
_OPERANDS: Final = (np.ndarray, np.generic, int, float, complex, type(None))
_create_leaf: Final = Leaf.__new__
_weak: Final = weakref.ref


def handle(data: Any, node: Node | None, memory: Memory | None) -> Tensor:
    """A further handle on an array, with its place in the graph and its memory."""
    made = _new(data, node)
    made._memory = memory
    return made


def _new(data: Any, node: Node | None) -> Tensor:
    """A tensor without the constructor's checks."""
    made = _create(Tensor)
    made._data = data
    made._node = node
    made._memory = None
    made._extra = None
    return made


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
        for a in args:
            if not isinstance(a, _OPERANDS):
                as_operand(op, a)  # raises
        return forward_of(op, args)(*args, **(attrs or {}))
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


def as_operand(op: Op, value: Any) -> Any:
    """An array as it is; NumPy's scalars as Python's, which are weak; else ArgumentError."""
    if isinstance(value, _ndarray):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (int, float, complex)):
        return value
    raise ArgumentError(
        f"{op.name}: an argument of type {type(value).__name__} is no tensor and no number",
        "Make a tensor of it first: wengert.tensor(...).",
    )


def promoted(op: Op, datas: Sequence[Any]) -> list[Any]:
    """The arrays cast to the dtype that torch computes in."""
    if _agree(datas, op.promotion):
        return list(datas)
    if op.promotion == "numeric":
        _refuse_masks(op, datas)
    dtype = common_dtype(datas)
    if op.promotion == "float" and dtype.kind in "biu":
        dtype = computed_float()
    return [cast(d, dtype) for d in datas]


def _refuse_masks(op: Op, datas: Sequence[Any]) -> None:
    if any(d.dtype.kind == "b" for d in datas if isinstance(d, (_ndarray, np.generic))):
        raise DTypeError(
            f"{op.name}: subtraction with a bool tensor is not supported",
            "Use ~ or logical_not() to invert a mask, or cast it to a number.",
        )


def _agree(datas: Sequence[Any], promotion: str) -> bool:
    """Whether all are arrays of one dtype that stays as it is: the common case, seen quickly."""
    first = None
    for data in datas:
        if type(data) is not _ndarray and not isinstance(data, np.generic):
            return False
        dtype = data.dtype
        if first is None:
            first = dtype
        elif dtype is not first:
            return False
    return first is not None and (is_differentiable(first) or promotion == "common")


def cast(data: Any, dtype: np.dtype[Any]) -> Any:
    """An array, NumPy scalar or number in `dtype`; the same object if it has it already."""
    if data is None:
        return None
    if isinstance(data, _ndarray):
        return data if data.dtype is dtype else data.astype(dtype, copy=False)
    if isinstance(data, np.generic):
        return data if data.dtype is dtype else data.astype(dtype)
    try:
        return np.asarray(data).astype(dtype)[()]
    except OverflowError:
        raise DTypeError(f"the number {data} does not fit into {dtype}") from None


def compute(op: Op, operands: Sequence[Any], attrs: dict[str, Any] | None, state: State) -> Any:
    """The forward function, floating-point errors ignored, failures explained."""
    forward = forward_of(op, operands)
    try:
        if attrs:
            return state.run(forward, *operands, **attrs)
        return state.run(forward, *operands)
    except WengertError:
        raise
    except RuntimeError as error:
        if "cannot enter context" not in str(error):
            raise
    except (ValueError, IndexError, TypeError) as error:
        raise explained(op, operands, error) from None
    # The context is in use: an operation inside a forward function, or another thread.
    with np.errstate(all="ignore"):
        return forward(*operands, **(attrs or {}))


def explained(op: Op, operands: Sequence[Any], error: Exception) -> WengertError:
    """What went wrong in a forward function, with shapes and dtypes."""
    arrays = [d for d in operands if isinstance(d, (_ndarray, np.generic))]
    shapes = " and ".join(str(tuple(d.shape)) for d in arrays)
    dtypes = ", ".join(dict.fromkeys(str(d.dtype) for d in arrays))
    text = f"{op.name}: {error} (shapes {shapes}; dtype {dtypes})"
    if not arrays or _is_about_arguments(error):
        return ArgumentError(text)
    of_shapes = op.kind == "elementwise" or "broadcast" in str(error)
    if isinstance(error, ValueError) and of_shapes and len(arrays) > 1:
        return ShapeError(
            f"{op.name}: shapes {shapes} do not broadcast",
            "From the last dimension back, lengths must be equal, or one of them 1.",
        )
    if isinstance(error, IndexError):
        return DimensionError(text)
    return DTypeError(text) if isinstance(error, TypeError) else ShapeError(text)


def _is_about_arguments(error: Exception) -> bool:
    """Whether a call does not fit its signature, or has something else where a number belongs."""
    message = str(error)
    if isinstance(error, TypeError):
        about_dtypes = any(word in message for word in ("ufunc", "boolean", "dtype"))
        no_number = any(word in message for word in ("argument", "'O'", "'<U", "ObjectDType"))
        return not about_dtypes or no_number
    return message.startswith("could not convert string")


def _scalar(value: Any) -> Any:
    """0-d results are NumPy scalars: their arithmetic is five times cheaper than on 0-d arrays."""
    return value[()] if type(value) is _ndarray and value.ndim == 0 else value


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
                _refuse_inference(plan.op, source)
        else:
            kept.append(None)
    site = here(_getframe(_USER_FRAME)) if state.sites else None
    node = Applied(
        plan, tuple(sources), tuple(kept) if has_operands else None, attrs or None, value, aval,
        site,
    )  # fmt: skip
    if state.scope:
        node.get_extra().scope = state.scope
    if state.saved:
        _pack(node, state)
    if state.arrays is not None:
        state.arrays.note(node)
    return node


def announce(node: Node, state: State) -> None:
    """Tell hooks that ask for it which operation saves what they are given next."""
    pack = state.saved[-1][0] if state.saved else None
    if isinstance(pack, Attentive):
        pack.recorded(node.op.name, node.site, node.aval)


def _pack(node: Applied, state: State) -> None:
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


def from_node(data: Any, node: Node | None) -> Tensor:
    """A tensor handle on an array and its place in a graph."""
    return handle(data, node, node._memory if node is not None else None)


def _refuse_inference(op: Op, constant: Tensor) -> None:
    extra = constant._extra
    if extra is not None and extra.inference:
        raise GradientError(
            f"{op.name}: a tensor made in inference_mode cannot be saved for backward"
            + made_at(constant),
            "Clone it outside of inference_mode, or make it under no_grad instead.",
        )


def made_at(tensor: Tensor) -> str:
    """The line that made a tensor without history, if its mark tells."""
    cuts = tensor._extra.cuts if tensor._extra is not None else ()
    return f"\n  it was made at {cuts[0].site}" if cuts and cuts[0].site is not None else ""


def _mark_cut(out: Tensor, op: Op, state: State) -> None:
    # A view made in inference_mode is an inference tensor if what it is a view of is one.
    if state.inference and type(out) is Tensor:
        by = "inference_mode"
    else:
        by = "no_grad" if not state.grad and op.differentiable else op.name
    mark_cut(out, by, here(_getframe(_USER_FRAME)) if state.sites else None)


def mark_cut(out: Tensor, by: str, site: Site | None) -> None:
    """Leave the mark of a cut on a result: who cut, and where."""
    extra = out._extra = out._extra or Extra()
    extra.cuts = (Cut(by, site),)
    extra.inference = extra.inference or by == "inference_mode"


def mark_inference(made: Tensor) -> Tensor:
    """Note that a tensor was made in inference_mode."""
    made._extra = made._extra or Extra()
    made._extra.inference = True
    return made


_MOST_CUTS: Final = 16


def inherit_cuts(out: Tensor, args: Sequence[Any]) -> None:
    """What is computed from constants was cut off where they were: `y = x.detach() * 2`."""
    cuts: list[Cut] = []
    for a in args:
        if isinstance(a, Tensor) and a._extra is not None:
            cuts.extend(a._extra.cuts)
    if cuts:
        distinct = {(cut.by, cut.site): cut for cut in cuts}
        extra = out._extra = out._extra or Extra()
        extra.cuts = tuple(distinct.values())[:_MOST_CUTS]


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


def memory_of(tensor: Tensor) -> Memory:
    """The tensor's Memory, made on demand; a 0-d tensor is boxed into an array in it."""
    memory = tensor._memory
    if memory is None or type(tensor._data) is not _ndarray:
        with _MAKING:
            return _make_memory(tensor)
    return memory


# Two threads that make aliases of one tensor must find the same Memory: without the lock, in one
# of fifty runs of eight threads they did not. It costs a first alias 40 ns.
_MAKING: Final = threading.RLock()  # following a view makes Memories, too


def _make_memory(tensor: Tensor) -> Memory:
    memory = tensor._memory
    if memory is None:
        node = tensor._node
        known = node._memory if node is not None else None
        if known is not None and known.array is tensor._data:  # of another handle on the same array
            memory = tensor._memory = known
        else:
            memory = tensor._memory = Memory(tensor._data)
            if known is None and node is not None:  # a copy's is not that of what was saved
                node._memory = memory
    if type(tensor._data) is not _ndarray:
        tensor._data = memory.array = np.array(tensor._data)
        if isinstance(tensor._node, Leaf):
            tensor._node.value = tensor._data
    return memory


def take_memory(tensor: Tensor, data: Any, memory: Memory) -> None:
    """Give a tensor an array in another memory; what it knows of writes it keeps."""
    before = memory_of(tensor)
    memory.version, memory.written = before.version, before.written
    memory.writer, memory.site = before.writer, before.site
    tensor._data, tensor._memory = data, memory
    tensor._leave_base()
    if isinstance(tensor._node, Leaf):
        tensor._node.value, tensor._node._memory = data, memory


def make_leaf(tensor: Tensor, state: State | None = None) -> Leaf:
    """Give a tensor without history a leaf node: it requires grad from now on."""
    state = state or get_state() or current()
    site: Site | None = None
    if state.sites:
        frame = _getframe(_USER_FRAME)
        site = _SITES.get(id(frame.f_code) + frame.f_lasti)
        if site is None or site.internal:
            site = here(frame)
    # Leaf(tensor, site) written out, as in binary.
    leaf = _create_leaf(Leaf)
    leaf.plan = LEAF_PLAN
    leaf.value = tensor._data
    leaf._aval = None
    leaf.sequence = next_sequence()
    leaf.site = site
    leaf._memory = tensor._memory
    leaf.freed = None
    leaf.extra = None
    leaf.grad = None
    leaf.handle = _weak(tensor)
    tensor._node = leaf
    return leaf


def handle_of(leaf: Leaf) -> Tensor:
    """A new handle for a leaf whose own is gone."""
    made = _new(leaf.value, leaf)
    made._memory = leaf._memory
    leaf.handle = weakref.ref(made)
    return made


bind_apply(apply)
