"""Writes: a tensor becomes the result of an operation, in its own memory.

Memory is shared, history is functional. Writing into a view gives its base the node `write`, whose
inputs are what the base was and the value written; the view, and the base's other views, follow.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from wengert.core import handles, marks, record
from wengert.core.dtype import category
from wengert.core.memory import Memory
from wengert.core.node import SMALL, Carrier, Leaf, Node, next_sequence, unrecorded
from wengert.core.op import Op
from wengert.core.registry import OPERATORS, OPS, register
from wengert.core.tensor import Tensor
from wengert.core.view import Steps, View, refuse_refused, through
from wengert.errors import ArgumentError, DTypeError, GradientError, ShapeError
from wengert.modes import State, current
from wengert.sites import Site, here

_getframe: Final = sys._getframe


def _write(base: Any, value: Any, *, steps: Steps) -> Any:
    out = np.array(base, order="C")
    part = through(out, steps)
    if np.may_share_memory(part, out):
        part[...] = value
    else:  # in the base's own layout it is a view, in this one a copy: x.T.view(-1)
        places = through(np.arange(out.size).reshape(out.shape), steps)
        out.reshape(-1)[places] = value
    return out[()]


def _without_part(ct: Any, steps: Steps) -> Any:
    return WRITE(ct, 0, steps=steps)


def _write_slices(
    op: Op, values: Sequence[Any], mapped: Sequence[bool], attrs: dict[str, Any], size: int
) -> Any:
    """The batching rule: every slice's part is written, in a copy of the base."""
    base, value = values
    if not mapped[0]:
        base = OPS["expand"](base, shape=(size, *base.shape))
    if getattr(value, "_level", 0):
        if not math.prod(value.shape):
            return OPS["clone"](base, order="C")
        # Another map may have many values and one base: it takes a base for each, this one.
        base = OPS["where"](np.False_, value[(0,) * value.ndim], base)
    whole = region = OPS["clone"](base, order="C")
    for name, step in attrs["steps"]:
        view = OPS[name]
        assert view.batch is not None
        region = view.batch(view, [region], [True], dict(step), size)
    if mapped[1]:
        missing = region.ndim - value.ndim
        value = value[(slice(None), *(None,) * missing)]
    if not _is_part(region, whole):  # as in _write
        shape = tuple(whole.shape)
        places = through(np.arange(math.prod(shape[1:])).reshape(shape[1:]), attrs["steps"])
        flat = whole.reshape((size, math.prod(shape[1:])))
        flat[:, places] = value
        return flat.reshape(shape)
    if isinstance(region, np.ndarray):
        region[...] = value
        return whole
    if isinstance(region, View) and region._base_tensor is whole:
        # Nothing is written in place, which a function that is compiled could not follow.
        if isinstance(value, Tensor):
            value = OPS["to"](value, dtype=region._data.dtype)
            value = OPS["expand"](value, shape=region._data.shape)
        return WRITE(whole, value, steps=region._steps)
    in_place(OPS["copy"], region, value)
    return whole


def _is_part(region: Any, whole: Any) -> bool:
    """Whether the region is a view of the whole, and no copy."""
    if isinstance(whole, np.ndarray):
        return bool(np.may_share_memory(region, whole))
    return region is whole or (region._memory is not None and region._memory is whole._memory)


def _text(args: list[str], attrs: dict[str, Any]) -> str:
    """`x with [0] = v`, `x with .T[0] = v`."""
    place = ""
    for name, step in attrs["steps"]:
        symbol = OPS[name].symbol
        if callable(symbol):
            place = symbol([place], dict(step))
        else:
            place = symbol.format(place) if symbol else f"{place}.{name}()"
    return f"{args[0]} with {place} = {args[1]}"


WRITE: Final = register(
    Op(
        "write", "linear", _write, (_without_part, lambda ct, steps: through(ct, steps)),
        inputs=("base", "value"), attributes=("steps",), aval=lambda base, value, steps: base,
        no_torch="what an in-place change of a view does to its base", grad_name="CopySlices",
        symbol=_text, promotion="none", batch=_write_slices, piece="write",
        holomorphic=False,  # a part may be the real or the imaginary one; its cotangent likewise
        explain="slope 1 from the value to the part that was written, and from the base to the "
        "rest",
    )
)  # fmt: skip


def in_place(function: Callable[..., Any], target: Any, *others: Any, **attrs: Any) -> Tensor:
    """target becomes function(target, *others), in its own memory; recorded where it should be.

    Raises GradientError for a leaf that requires grad and for views that cannot follow,
    ShapeError where the result has another shape, DTypeError where the target's dtype cannot hold
    it.
    """
    written = overwrite(function, target, *others, **attrs)
    _ = written._node  # as in torch, a view's new history is older than what is computed next
    return written


def overwrite(function: Callable[..., Any], target: Any, *others: Any, **attrs: Any) -> Tensor:
    """in_place for a target that nobody keeps: a view's history is made anew when it is used."""
    name = name_in_place(function)
    given = (*others, *attrs.values()) if attrs else others
    for tensor in (target, *given):
        if isinstance(tensor, Tensor) and tensor._level:
            special: Any = record.innermost((target, *given))
            written: Tensor = special._in_place(function, target, others, attrs)
            return written
    state = current()
    refuse(name, target, state)
    # Older than all that is recorded below, and newer than all that was: who saved the old value
    # is told from who uses the new one by this number.
    when = next_sequence()
    memory = writable(name, target, state)
    node = target._node
    if (state.grad or state.levels) and (node is not None or any(map(_has_node, given))):
        _record(name, function, target, others, attrs, state)
    else:
        source = handles.handle(target._data, None, memory)
        result = function(source, *others, **attrs)
        store(name, target._data, result._data)
        if node is None and any(map(_has_node, given)):
            marks.mark_cut(target, "no_grad", _site(state))
    memory.stamp(when, name, _site(state))
    changed: Tensor = target
    return changed


def name_in_place(function: Callable[..., Any]) -> str:
    """What users call a function that writes into its first argument: "mul_"."""
    name = function.name if isinstance(function, Op) else function.__name__.rstrip("_")
    return f"{name}_"


def _site(state: State) -> Site | None:
    return here(_getframe(2)) if state.sites else None


def _has_node(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_has_node, value))
    return isinstance(value, Tensor) and value._node is not None


def has_history(value: Any) -> bool:
    """Whether there is more than tangents."""
    if isinstance(value, (tuple, list)):
        return any(map(has_history, value))
    node = value._node if isinstance(value, Tensor) else None
    return node is not None and type(node) is not Carrier


def writable(name: str, target: Tensor, state: State) -> Memory:
    """The memory of a tensor that is written into next; who must know of that is told.

    Raises GradientError for an inference tensor outside of inference_mode.
    """
    if target.is_inference() and not state.inference:
        raise GradientError(
            f"{name}: inplace update to inference tensor outside inference_mode is not allowed"
            + marks.made_at(target),
            "clone() gives a normal tensor.",
        )
    memory = handles.memory_of(target)
    for pack, _ in state.saved:
        if hasattr(pack, "before_write"):
            pack.before_write(memory)
    if state.arrays is not None:
        state.arrays.before_write(memory.array)
    return memory


def refuse(name: str, target: Tensor, state: State) -> None:
    """Raise for tensors that must not be written into, here and now."""
    if not state.grad:
        return
    remedy = "Change it under wengert.no_grad(), or compute a new tensor."
    if state.started:
        remedy = "Change a copy of the argument: x = np.copy(x), or x.clone()."
    if isinstance(target._node, Leaf):
        raise GradientError(f"{name}: a leaf that requires grad is being changed in place", remedy)
    if isinstance(target, View) and target._base_tensor is not None:
        if target._refusal and has_history(target._base_tensor):
            refuse_refused(target, "is being modified inplace")
        base = target._base_tensor
        if isinstance(base._node, Leaf) or (base.is_leaf and target.requires_grad):
            what = "a view of a leaf that requires grad is being changed in place"
            raise GradientError(f"{name}: {what}", remedy)


def _record(
    name: str, function: Callable[..., Any], target: Tensor, others: tuple[Any, ...],
    attrs: dict[str, Any], state: State,
) -> None:  # fmt: skip
    """Compute on a copy, store, and give the target, or its base, the new node."""
    if (
        isinstance(target, View)
        and target._refusal
        and state.grad
        and has_history((*others, *attrs.values()))
    ):
        refuse_refused(target, "is being modified inplace")
    check_memory(name, target._data)
    given = tuple(_snapshot(o, target) for o in others)
    attrs = {key: _snapshot(value, target) for key, value in attrs.items()}
    if function is OPS["copy"] and isinstance(target, View) and target._base_tensor is not None:
        _write_through(target, _spread(given[0], target._data), state)
        return
    before = target._node
    source = handles.handle(target._data.copy(), before, None)
    result = _fitted(name, target._data, function(source, *given, **attrs))
    if result._node is None:
        if before is None:
            store(name, target._data, result._data)
            return
        result = OPS["copy"](source, result)  # the old history ends here, with the gradient zero
    node = result._node  # None where there were tangents only, and they end here
    if node is not None and node.plan.keeps_out and node.value is result._data:
        node.value = target._data  # one array for both, as in torch
        node._memory = target._memory
        if state.arrays is not None:
            state.arrays.note(node)
    if isinstance(target, View) and target._base_tensor is not None:
        _write_through(target, result, state)
    else:
        np.copyto(target._data, result._data)
        _rewrite(target, node, state)


def _snapshot(value: Any, target: Tensor) -> Any:
    """An argument that shares the target's memory, as it is before the write."""
    if isinstance(value, (tuple, list)):
        return type(value)(_snapshot(v, target) for v in value)
    if isinstance(value, Tensor) and np.may_share_memory(value._data, target._data):
        return handles.handle(value._data.copy(), value._node, None)
    return value


def _fitted(name: str, target: np.ndarray[Any, Any], result: Tensor) -> Tensor:
    """The result in the target's dtype, or an error that says why it does not fit."""
    check_fits(name, target.shape, target.dtype, result._data)
    if result._data.dtype != target.dtype:
        cast: Tensor = OPS["to"](result, dtype=target.dtype)
        return cast
    return result


def _spread(value: Any, target: np.ndarray[Any, Any]) -> Tensor:
    """A value cast and broadcast to what it is copied into."""
    if not isinstance(value, Tensor):
        value = handles.handle(np.asarray(value), None, None)
    if target.dtype.kind != "c" and value._data.dtype.kind == "c":
        value = OPS["real"](value)
    if value._data.dtype != target.dtype:
        value = OPS["to"](value, dtype=target.dtype)
    if value._data.shape != target.shape:
        value = OPS["expand"](value, shape=target.shape)
    spread: Tensor = value
    return spread


def _rewrite(target: Tensor, node: Node | None, state: State) -> None:
    """The target has a new node, or none if only its tangents ended; what was to be retained is
    retained there. Under no_grad only the tangents are new.
    """
    old = target._node
    memory = target._memory
    assert memory is not None
    kept = node if state.grad else unrecorded(old, node, state.levels)
    if kept is None or kept is not node:
        target._node = kept
        memory.rewritten = next_sequence()
        return
    if old is not None:
        old.hand_over(node)
    target._node = node
    node._memory = memory
    memory.rewritten = node.sequence


def _write_through(view: View, value: Tensor, state: State) -> None:
    """Write into a view: its base becomes the node `write`, and all its views follow."""
    base = view._base_tensor
    assert base is not None
    if base._memory is not view._memory:
        raise GradientError(
            "a view is being changed in place, and its base has been given other memory since",
            "Take the view anew from the tensor as it is now.",
        )
    value = handles.handle(value._data, value._node, value._memory)  # a view may refuse: no write
    source = base if base._node is not None else handles.handle(np.array(base._data), None, None)
    np.copyto(view._data, value._data)
    data = base._data if base._data.nbytes > SMALL else base._data.copy()
    made = handles.handle(data, None, base._memory)
    args = (handles.handle(base._data, source._node, None) if source is base else source, value)
    record.note(WRITE, args, {"steps": view._steps}, made, state)
    _rewrite(base, made._node, state)


def store(writer: str, target: np.ndarray[Any, Any], value: Any) -> None:
    """Copy a result into an existing array, or say why it does not fit."""
    check_fits(writer, target.shape, target.dtype, value)
    check_memory(writer, target)
    np.copyto(target, value, casting="unsafe")


def check_fits(writer: str, shape: tuple[int, ...], dtype: Any, value: Any) -> None:
    """Raise where a result is no value for a tensor of this shape and dtype."""
    if value.shape != shape:
        raise ShapeError(
            f"{writer}: the result has shape {tuple(value.shape)}, the tensor {tuple(shape)}",
            "An in-place operation cannot change the shape; compute a new tensor instead.",
        )
    if category(value.dtype) > category(dtype):
        raise DTypeError(
            f"{writer}: result type {value.dtype} can't be cast to {dtype}, the tensor's",
            "Cast the tensor first, or compute a new one.",
        )


def check_memory(writer: str, target: np.ndarray[Any, Any]) -> None:
    """Raise where elements of an array are one in memory, or where it is read-only."""
    steps = zip(target.strides, target.shape, strict=True)
    if target.size and any(s == 0 and n > 1 for s, n in steps):
        raise ShapeError(
            f"{writer}: unsupported operation: more than one element of the written-to tensor "
            "refers to a single memory location",
            "clone() the tensor before the operation.",
        )
    if not target.flags.writeable:
        raise ArgumentError(f"{writer}: the tensor's memory is read-only", "Use a clone().")


def augmented(function: Callable[..., Any], target: Any, other: Any) -> Any:
    """target += other. Among arrays a single number is replaced: NumPy's are immutable."""
    if target._data.ndim == 0 and current().arrays is not None:
        return function(target, other)
    return in_place(function, target, other)


OPERATORS.in_place = augmented
