"""The arguments of a checkpointed function, kept for the time when it is run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wengert.core.handles import handle, memory_of
from wengert.core.hooks import Attentive
from wengert.core.memory import Memory
from wengert.core.node import Carrier, Leaf, Node, next_sequence
from wengert.core.packing import packed
from wengert.core.tensor import Tensor
from wengert.errors import StaleError
from wengert.modes import current
from wengert.sites import Site


class Inputs:
    """Positional and keyword arguments as they are now; tensors with their histories.

    Inside of another checkpoint, or of other `saved_tensors_hooks`, those keep the tensors.
    """

    def __init__(self, args: Sequence[Any], kwargs: Mapping[str, Any], site: Site | None) -> None:
        hooks = current().saved
        pack, unpack = hooks[-1] if hooks else (None, None)
        if isinstance(pack, Attentive):
            pack.recorded("checkpoint", site, ())

        def kept(name: str, value: Any) -> Any:
            if not isinstance(value, Tensor) or value._level:
                return _Itself(value)
            if pack is None or unpack is None or isinstance(value._node, Leaf):
                return _Held(name, value, site)
            return _Packed(value._node, packed(pack, value), unpack)

        self._args = [kept(f"argument {i}", value) for i, value in enumerate(args)]
        self._kwargs = {name: kept(name, value) for name, value in kwargs.items()}

    def restored(self) -> tuple[list[Any], dict[str, Any]]:
        """The arguments for a further run. Raises StaleError if one was overwritten."""
        args = [value.get() for value in self._args]
        return args, {name: value.get() for name, value in self._kwargs.items()}


class _Itself:
    """What is no tensor, or one of a transform."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def get(self) -> Any:
        return self._value


class _Held:
    """A tensor: a handle on what it is now, as the original may go on to be something else."""

    __slots__ = ("_memory", "_name", "_sequence", "_site", "_tangents", "_tensor")

    def __init__(self, name: str, tensor: Tensor, site: Site | None) -> None:
        node = tensor._node
        is_plain = type(tensor) is Tensor and not isinstance(node, Leaf)
        # A write makes the node's Memory, if there is none; made here, it would outlive the frame.
        self._memory = memory_of(tensor) if node is None else tensor._memory
        self._tensor = tensor._handle() if is_plain else tensor
        self._tangents = _tangents(node)
        self._name = name
        self._site = site
        self._sequence = next_sequence()

    def get(self) -> Tensor:
        tensor = self._tensor
        memory = self._memory or (tensor._node._memory if tensor._node is not None else None)
        if memory is not None and memory.written > self._sequence:
            where = f" at {memory.site}" if memory.site is not None else ""
            raise StaleError(
                f"checkpoint: {self._name} is needed to run the function again, but it was "
                f"modified by an inplace operation: {memory.writer}{where}",
                "Give the function a clone(), or change the tensor after the backward pass.",
                self._site,
            )
        if not self._tangents:
            return tensor
        return _dual(tensor._data, memory, self._tangents)


class _Packed:
    """A tensor in the keeping of hooks, and its place in the graph."""

    __slots__ = ("_kept", "_node", "_tangents", "_unpack")

    def __init__(self, node: Node | None, kept: Any, unpack: Any) -> None:
        self._node = node
        self._kept = kept
        self._unpack = unpack
        self._tangents = _tangents(node)

    def get(self) -> Tensor:
        data = self._unpack(self._kept)._data
        # A Memory of its own: the node's belongs to the array of the first run.
        memory = Memory(data)
        if self._tangents:
            return _dual(data, memory, self._tangents)
        return handle(data, self._node, memory)


def _tangents(node: Node | None) -> dict[Any, Any]:
    """The tangents, by level, of a tensor that requires no grad: it loses them with the level."""
    extra = node.extra if isinstance(node, Carrier) else None
    return dict(extra.tangents or {}) if extra is not None else {}


def _dual(data: Any, memory: Memory | None, tangents: dict[Any, Any]) -> Tensor:
    dual = handle(data, None, memory)
    for level, tangent in tangents.items():
        level.attach(dual, tangent)
    return dual
