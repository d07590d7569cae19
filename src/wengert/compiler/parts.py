"""The parts of a program: each computes some of its values, which stand in numbered slots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from wengert.compiler.kernel import Kernel, can_lower
from wengert.core.aval import Aval, stand_in
from wengert.core.computing import cast
from wengert.core.half import forward_of
from wengert.core.node import Node
from wengert.graphs.verify import promoted_operands

Slots = dict[Node, int]


class Part(ABC):
    """What a program consists of: it computes the slots that it writes from those that it reads."""

    nodes: Sequence[Node] = ()
    kernel: Kernel | None = None
    reads: Sequence[int]
    writes: Sequence[int]

    @abstractmethod
    def run(self, values: list[Any]) -> None:
        """Compute into `values` what it writes from what it reads."""


class NumpyPart(Part):
    """One operation by its own forward function."""

    def __init__(self, node: Node, slots: Slots) -> None:
        self.nodes = (node,)
        self.writes = (slots[node],)
        operands = node.operands or (None,) * len(node.inputs)
        inputs = list(zip(node.inputs, operands, strict=True))
        seen = [s.aval if isinstance(s, Node) else number for s, number in inputs]
        computed = promoted_operands(node.op, seen)
        stands = [stand_in(c) if isinstance(c, Aval) else c for c in computed]
        self._forward: Callable[..., Any] = forward_of(node.op, stands)
        self._attrs = node.attrs or {}
        self._numbers = [None if isinstance(c, Aval) else c for c in computed]
        # Per input that is computed: its place, its slot, and the dtype to cast it to.
        self._fetched = [
            (i, slots[s], c.dtype if isinstance(c, Aval) and c != s.aval else None)
            for i, ((s, _), c) in enumerate(zip(inputs, computed, strict=True))
            if isinstance(s, Node)
        ]
        self.reads = [slot for _, slot, _ in self._fetched]

    def run(self, values: list[Any]) -> None:
        operands = list(self._numbers)
        for i, slot, dtype in self._fetched:
            value = values[slot]
            operands[i] = value if dtype is None else cast(value, dtype)
        values[self.writes[0]] = _scalars(self._forward(*operands, **self._attrs))


def _scalars(value: Any) -> Any:
    """0-d arrays as NumPy scalars, as eager has them; also in a tuple of several outputs."""
    if isinstance(value, tuple):
        return tuple(map(_scalars, value))
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


class ProjectionPart(Part):
    """One of several outputs of an operation."""

    def __init__(self, node: Node, slots: Slots) -> None:
        self.reads, self.writes = (slots[node.inputs[0]],), (slots[node],)
        assert node.attrs is not None
        self._index: int = node.attrs["index"]

    def run(self, values: list[Any]) -> None:
        values[self.writes[0]] = values[self.reads[0]][self._index]


class NativePart(Part):
    """One kernel, which computes a group of elementwise operations in one loop."""

    def __init__(self, kernel: Kernel, slots: Slots) -> None:
        self.kernel = kernel
        self._call = kernel
        self.nodes = kernel.nodes
        self.reads = [slots[node] for node in kernel.inputs]
        self.writes = [slots[node] for node in kernel.outputs]

    def run(self, values: list[Any]) -> None:
        results = self._call([values[slot] for slot in self.reads])
        for slot, result in zip(self.writes, results, strict=True):
            values[slot] = result


MOST_IN_LOOP: Final = 200
"""Operations in one loop, from where on values no longer fit into registers."""


def numpy_or_projection(node: Node, slots: Slots) -> Part:
    """The part of an operation that is not native."""
    if node.op.kind == "projection":
        return ProjectionPart(node, slots)
    return NumpyPart(node, slots)


def is_native(node: Node) -> bool:
    """Whether there is native code for a node."""
    return node.op.kind != "projection" and can_lower(node)
