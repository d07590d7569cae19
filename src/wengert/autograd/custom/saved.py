"""One tensor that a Function saved: an input, an output, or something in between."""

from __future__ import annotations

import weakref
from typing import Any

from wengert.core.aval import Aval
from wengert.core.dtype import is_differentiable
from wengert.core.handles import memory_of
from wengert.core.hooks import Hook
from wengert.core.memory import Memory
from wengert.core.node import Leaf, Node, project
from wengert.core.packing import packed
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, GradientError, StaleError
from wengert.modes import State, current
from wengert.transform.residuals import rewrap


class SavedValue:
    """A saved tensor. It never holds the node that saved it, so nothing goes in a circle.

    place: what it is to the function, in words, for errors. source: for an input, the node or the
    constant it is; for a tensor in between, its own node. output: for an output, which one.
    is_between: whether it is neither.
    """

    __slots__ = (
        "_aval", "_kept", "_memory", "_node", "_output", "_source", "_unpack", "_value",
        "is_between", "place",
    )  # fmt: skip

    def __init__(
        self, tensor: Tensor, node: Node, place: str, source: Any = None,
        output: int | None = None, is_between: bool = False,
    ) -> None:  # fmt: skip
        if tensor.is_inference():
            raise GradientError(
                f"{node.op.name}: a tensor made in inference_mode cannot be saved for backward",
                "Clone it outside of inference_mode, or make it under no_grad instead.",
            )
        self.place = place
        self._node = weakref.ref(node)
        self._source = source
        self._output = output
        self.is_between = is_between
        # An input's memory is known to its node; others might be written by way of a handle that
        # nobody here knows.
        is_input = output is None and not is_between
        # What hooks keep is not checked, and a Memory would hold the array that they let go.
        is_packed = bool(current().saved)
        self._memory: Memory | None = tensor._memory if is_input or is_packed else memory_of(tensor)
        self._value = _bare(tensor)
        self._aval: Aval = tensor._aval
        self._kept: Any = None
        self._unpack: Hook | None = None

    @property
    def loses_history(self) -> bool:
        """Whether it is a float that is neither an input nor an output."""
        return self.is_between and is_differentiable(self._aval.dtype)

    def pack(self, state: State) -> None:
        """Give the value to the innermost `saved_tensors_hooks`, if there are any."""
        if state.saved:
            self.register_hooks(*state.saved[-1])

    def register_hooks(self, pack_hook: Hook, unpack_hook: Hook) -> None:
        """Keep pack_hook(value) instead of the value; unpack_hook makes a tensor of it again."""
        if self._unpack is not None:
            raise GradientError("hooks are registered already for what was saved here")
        tensor = self.tensor()
        kept = packed(pack_hook, tensor)
        if kept is tensor and self._output is not None:  # its history holds what would hold it
            kept = rewrap(self._value, None)
        self._kept = kept
        self._unpack = unpack_hook
        self._value = None

    def kept(self) -> tuple[Any, bool]:
        """What is kept in its place, and whether a hook made that."""
        is_packed = self._unpack is not None
        return (self._kept if is_packed else self._value), is_packed

    @property
    def data(self) -> Tensor:
        """The saved value, with its history."""
        return self.tensor()

    def unpack(self) -> Tensor:
        """The same."""
        return self.tensor()

    def tensor(self) -> Tensor:
        """The saved tensor, with its history. Raises StaleError if it was overwritten since."""
        node = self._node()
        if self._unpack is not None:
            return self._unpacked(node)
        self._check_fresh(node)
        source = self._source
        value = self._value
        if isinstance(source, Tensor):
            return source if source._data is value else self._handle(None)
        if isinstance(source, Leaf) and source.value is value:
            return source.variable
        return self._handle(source if source is not None else self._made_by(node))

    def _handle(self, node: Node | None) -> Tensor:
        made: Tensor = rewrap(self._value, node)
        if made._memory is None:
            made._memory = self._memory
        return made

    def _made_by(self, node: Node | None) -> Node | None:
        """The node of the output that this is; None if all is gone, or it has no gradient."""
        if node is None or self._output is None:
            return None
        if not isinstance(node.aval, tuple):
            return node
        extra = node.get_extra()
        known = extra.projections[self._output]() if extra.projections else None
        return known or project(node, self._output, None, self._aval)

    def _check_fresh(self, node: Node | None) -> None:
        memory = self._memory
        if memory is None and isinstance(self._source, (Node, Tensor)):
            memory = self._source._memory
        if node is None or memory is None or memory.written <= node.sequence:
            return
        by = f" at {memory.site}" if memory.site is not None else ""
        at = f" at {node.site}" if node.site is not None else ""
        raise StaleError(
            f"{node.name()} needs {self.place} for the backward pass, but it was modified by an "
            f"inplace operation: {memory.writer}{by}\n  saved by {node.op.name}{at}",
            "Write the result into a new tensor, or clone() before the in-place operation.",
        )

    def _unpacked(self, node: Node | None) -> Tensor:
        assert self._unpack is not None
        value = self._unpack(self._kept)
        name = node.name() if node is not None else "Function"
        if not isinstance(value, Tensor):
            raise ArgumentError(
                f"{name}: the unpack hook returned a {type(value).__name__}, not a Tensor",
                "It must return the tensor that the pack hook was given.",
            )
        if value._aval != self._aval:
            raise GradientError(
                f"{name}: the unpack hook returned {value._aval} for what was {self._aval}",
                "It must return the tensor that the pack hook was given.",
            )
        if value._node is not None:
            return value
        source = self._source if isinstance(self._source, Node) else self._made_by(node)
        return value if source is None else rewrap(_bare(value), source)


def _bare(tensor: Tensor) -> Any:
    """What is kept: the array, or of a tensor of a transform a handle without history."""
    if not tensor._level:
        return tensor._data
    bare = tensor._handle()
    bare._node = None
    return bare
