"""Residuals as the rules see them: wrapped with their history, or unpacked."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import is_differentiable
from wengert.core.handles import from_node
from wengert.core.hooks import Packed
from wengert.core.memory import Memory
from wengert.core.node import Carrier, Node, project
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.core.view import Wrapped
from wengert.errors import ArgumentError, Cause, FreedError, GradientError, StaleError
from wengert.sites import Site


def check_residuals(node: Node, unread: Container[int] = ()) -> Any:
    """The node, or what stands for it where its residuals were packed, for the pulls to read from.

    unread: inputs that are kept, and that do not matter this time.

    Raises FreedError or StaleError if a value that the pullback needs is gone or overwritten.
    """
    if node.freed is not None:
        raise FreedError(
            f"{node.name()}: the values saved for backward were freed by an earlier backward pass"
            + _at(node.freed),
            "Pass retain_graph=True to the earlier call, or compute the loss anew.",
            causes=(Cause("freed", node.freed if isinstance(node.freed, Site) else None),),
        )
    packed = node.extra.packed if node.extra is not None else None
    check_fresh(node, packed.kept if packed is not None else (), unread)
    _check_contents(node)
    return node if packed is None else Unpacked(node, packed)


def check_fresh(node: Node, packed: Container[int] = (), unread: Container[int] = ()) -> None:
    """Raise StaleError if a value that the pullback needs was overwritten, but for packed ones."""
    sequence = node.sequence
    operands = node.operands or ()
    for i in node.plan.residuals:
        source = node.inputs[i]
        # What is traced has no array, and what it was is a node of its own after a write.
        if source is None or i in packed or i in unread:
            continue
        if not operands or operands[i] is None:
            continue
        memory = source._memory
        if memory is not None and memory.written > sequence and _lies_in(operands[i], memory):
            _raise_stale(node, memory, f"its input {i + 1}")
    memory = node._memory
    if memory is None or memory.written <= sequence or not node.plan.keeps_out:
        return
    if -1 not in packed and _lies_in(node.value, memory):
        _raise_stale(node, memory, "its output")


def _check_contents(node: Node) -> None:
    """Raise StaleError if the contents of a mapped residual were overwritten from outside its map.

    Each map counts its own writes; what stands for one tensor in two maps has the contents only in
    common.
    """
    operands = node.operands or ()
    for i in node.plan.residuals if operands else ():
        _check_written(node, operands[i], f"its input {i + 1}")
    if node.plan.keeps_out:
        for value in node.value if type(node.value) is tuple else (node.value,):
            _check_written(node, value, "its output")


def _check_written(node: Node, value: Any, what: str) -> None:
    if isinstance(value, Wrapped):
        memory = value._contents()._memory
        if memory is not None and memory.written > node.sequence:
            _raise_stale(node, memory, what)


def _lies_in(value: Any, memory: Memory) -> bool:
    """Whether a saved value is in this memory, and no copy: in-place operations save copies.

    A NumPy scalar counts as being in there: it stands for what was saved before the first alias.
    """
    if isinstance(value, Tensor):  # of a transform
        return value._memory is None or value._memory is memory
    array = memory.array
    if type(value) is not np.ndarray or type(array) is not np.ndarray:
        return True
    return bool(np.may_share_memory(value, array))


def _raise_stale(node: Node, memory: Any, what: str) -> None:
    raise StaleError(
        f"{node.name()} needs {what} for the backward pass, but it was modified by an inplace "
        f"operation: {memory.writer}{_at(memory.site)}\n  saved by {node.op.name}{_at(node.site)}",
        "Write the result into a new tensor, or clone() before the in-place operation.",
        causes=(
            Cause(f"overwritten by {memory.writer}", memory.site),
            Cause(f"saved by {node.op.name}", node.site),
        ),
    )


def _at(site: Any) -> str:
    return f" at {site}" if site is not None else ""


class Unpacked:
    """A node whose residuals were given into the keeping of `saved_tensors_hooks`."""

    __slots__ = ("attrs", "node", "operands", "value")

    def __init__(self, node: Node, packed: Packed) -> None:
        self.node = node
        self.attrs = node.attrs
        self.value = node.value
        operands = list(node.operands or (None,) * len(node.inputs))
        outputs: list[Any] = []
        for place, (kept, unpack) in packed.kept.items():
            array = unpacked(node, place, unpack(kept))
            if place < 0:
                outputs.append(array)
            else:
                operands[place] = array
        if outputs:
            self.value = tuple(outputs) if type(node.aval) is tuple else outputs[0]
        self.operands = tuple(operands)

    def operand_aval(self, i: int) -> Aval:
        return self.node.operand_aval(i)

    def operand_avals(self) -> tuple[Aval, ...]:
        return self.node.operand_avals()


def unpacked(node: Node, place: int, value: Any) -> Any:
    """The array that an unpack hook returned, if it is what was packed.

    place: as in Packed. Raises ArgumentError, GradientError or StaleError if it is not.
    """
    if not isinstance(value, Tensor):
        raise ArgumentError(
            f"{node.name()}: the unpack hook returned a {type(value).__name__}, not a Tensor",
            "It must return the tensor that the pack hook was given.",
            node.site,
        )
    want = _packed_aval(node, place)
    if value._aval != want:
        raise GradientError(
            f"{node.name()}: the unpack hook returned {value._aval} for what was {want}",
            "It must return the tensor that the pack hook was given.",
            node.site,
        )
    data = value._data
    source = node if place < 0 else node.inputs[place]
    memory = getattr(source, "_memory", None)  # what was let go has none
    if memory is not None and memory.written > node.sequence and _shares(value, memory):
        _raise_stale(node, memory, "the tensor that its unpack hook returned")
    return data[()] if isinstance(data, np.ndarray) and data.ndim == 0 else data


def _shares(value: Tensor, memory: Memory) -> bool:
    return value._memory is memory or value._data is memory.array


def _packed_aval(node: Node, place: int) -> Any:
    """The aval of what was packed: an input may have been cast to what is computed in."""
    if place < 0:
        return node.aval[-1 - place] if type(node.aval) is tuple else node.aval
    aval = node.operand_aval(place)
    packed = node.extra.packed if node.extra is not None else None
    dtype = packed.cast.get(place) if packed is not None else None
    return aval if dtype is None else Aval(aval.shape, dtype)


class Rewrapped:
    """A node as the rules see it when they run on tensors: residuals carry their history.

    Without it the second derivative through a residual would silently be lost. history=False is
    for a sweep that nothing differentiates again: residuals carry their tangents only.
    """

    __slots__ = ("_history", "_seen", "attrs", "node")

    def __init__(self, node: Node, seen: Any, history: bool) -> None:
        self.node = node
        self.attrs = node.attrs
        self._seen = seen
        self._history = history

    @property
    def value(self) -> Any:
        node, value = self.node, self._seen.value
        if value is None and node.plan.keeps_out:
            return traced(node)
        if type(value) is tuple:
            return tuple(self._of(v, projection_of(node, i)) for i, v in enumerate(value))
        return self._of(value, node)

    def _of(self, value: Any, node: Node | None) -> Any:
        extra = node.extra if node is not None else None
        if not self._history and (extra is None or not extra.tangents):
            return value if isinstance(value, Tensor) else rewrap(value, None)
        wrapped = rewrap(value, node)
        return wrapped if self._history else without_history(wrapped)

    @property
    def operands(self) -> Operands:
        return Operands(self)

    def operand(self, i: int) -> Any:
        """The residual or constant that is input i."""
        node = self.node
        values, source = self._seen.operands, node.inputs[i]
        value = values[i] if values is not None else None
        if not isinstance(source, Node):
            return constant(value, source)
        is_residual = value is None and node.plan.keeps[i]
        return traced_operand(node, i) if is_residual else self._of(value, source)

    def operand_aval(self, i: int) -> Aval:
        return self.node.operand_aval(i)

    def operand_avals(self) -> tuple[Aval, ...]:
        return self.node.operand_avals()


class Operands:
    """The operands of a rewrapped node: only those that a rule asks for are wrapped."""

    __slots__ = ("_of",)

    def __init__(self, of: Rewrapped) -> None:
        self._of = of

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            count = len(self._of.node.inputs)
            return tuple(self._of.operand(i) for i in range(*at.indices(count)))
        return self._of.operand(at)


def rewrap(value: Any, node: Node | None) -> Any:
    """A residual as a tensor that comes from `node`; numbers and None as they are."""
    if isinstance(value, (np.ndarray, np.generic)):
        return from_node(value, node)
    if isinstance(value, Tensor):  # of a transform: it has contents of its own
        wrapped = value._handle()
        wrapped._node = node
        return wrapped
    return value


def constant(value: Any, source: Any) -> Any:
    """A constant input, with its tangents: it may be a variable of a level further out."""
    if isinstance(value, Tensor):
        return value
    if not isinstance(source, Tensor) or type(source._node) is not Carrier:
        return rewrap(value, None)
    if value.dtype != source._data.dtype:
        return OPS["to"](source, dtype=value.dtype)
    return source._handle()


def traced(node: Node) -> Any:
    """A residual of a function that is being traced: a symbol for what the node makes."""
    from wengert.graphs.trace import output_of

    return output_of(node)


def traced_operand(node: Node, i: int) -> Any:
    """The same for an input of a node, in the dtype that it is computed in."""
    from wengert.graphs.verify import computed_dtype

    symbol = traced(node.inputs[i])
    dtype = computed_dtype(node, i)
    return symbol if symbol._data.dtype == dtype else OPS["to"](symbol, dtype=dtype)


def without_history(value: Any) -> Any:
    """A handle on the same values whose history has ended; tangents stay."""
    node = value._node if isinstance(value, Tensor) else None
    if node is None or type(node) is Carrier:
        return value
    bare = value._bare()
    if node.extra is not None and node.extra.tangents:
        for level, tangent in node.extra.tangents.items():
            level.attach(bare, tangent)
    return bare


def projection_of(node: Node, i: int) -> Node | None:
    """The projection that the tensor of output i has, if it lives; else a new one."""
    value = node.value[i] if node.value is not None else None  # packed, and not kept
    known = node.extra.projections[i]() if node.extra is not None else None
    if known is None and is_differentiable(node.aval[i].dtype):
        known = project(node, i, value, node.aval[i])
    return known
