"""The parts of a program: each computes some of its values, which stand in numbered slots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Sequence
from typing import Any

import numpy as np

from wengert.compiler.backend.build import Loaded, program
from wengert.compiler.backend.memory import empty
from wengert.compiler.pieces.piece import Module, Piece
from wengert.compiler.segment import Block, address, array_of
from wengert.core.aval import Aval, stand_in
from wengert.core.computing import cast
from wengert.core.half import forward_of
from wengert.core.node import Node
from wengert.graphs.verify import promoted_operands

Slots = dict[Node, int]


class Part(ABC):
    """What a program consists of: it computes the slots that it writes from those that it reads."""

    nodes: Sequence[Node] = ()
    reads: Sequence[int]
    writes: Sequence[int]

    @abstractmethod
    def run(self, values: list[Any]) -> None:
        """Compute into `values` what it writes from what it reads.

        An array that stands in a slot before it is written is memory that the value may go into.
        """


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


class Refusal(Exception):
    """Native code refuses an input: eager code says why."""


class NativePart(Part):
    """Pieces that run one after the other, as one native function.

    kept: the roots that others read, too. word: where in the block an i32 is that is not 0 if an
    input is refused.
    """

    def __init__(self, pieces: Sequence[Piece], slots: Slots, kept: Container[Node]) -> None:
        self.pieces = tuple(pieces)
        self.kept = kept
        self.nodes = [node for piece in pieces for node in piece.nodes]
        made = list(dict.fromkeys(node for piece in pieces for node in piece.stores))
        loaded = {access.root: None for piece in pieces for access in piece.loads.values()}
        read = [root for root in loaded if root not in set(made)]
        written = [node for node in made if node in kept]
        inner = [node for node in made if node not in kept]
        self.reads = [slots[node] for node in read]
        self.writes = [slots[node] for node in written]
        self.module = Module({node: i for i, node in enumerate([*read, *written, *inner])})
        for piece in pieces:
            piece.write(self.module)
        self.block = Block(self._spans(inner), self.module.workspaces)
        self._made = [(node.aval.shape, node.aval.dtype) for node in written]
        self.word = self._refusal()
        self.loaded: Loaded | None = None

    def _refusal(self) -> int | None:
        """Where in the block the word is that says whether an input is refused."""
        slot = self.module.refuses
        return (
            None
            if slot is None
            else int(self.block.offsets[slot - len(self.reads) - len(self.writes)])
        )

    def _spans(self, inner: Sequence[Node]) -> dict[Node, tuple[int, int]]:
        """Per intermediate value the first and the last piece that has it."""
        spans: dict[Node, tuple[int, int]] = {}
        for i, piece in enumerate(self.pieces):
            for node in piece.stores:  # several may write into one
                spans[node] = spans.get(node, (i, i))[0], i
            for access in piece.loads.values():
                if access.root in spans:
                    spans[access.root] = spans[access.root][0], i
        return {node: spans[node] for node in inner}

    def run(self, values: list[Any]) -> None:
        assert self.loaded is not None
        arrays = [array_of(values[slot]) for slot in self.reads]
        results = [
            empty(shape, dtype) if values[slot] is None else values[slot]
            for slot, (shape, dtype) in zip(self.writes, self._made, strict=True)
        ]
        memory = self.block.take()
        table = self.block.table([*arrays, *results], memory)
        self.loaded.run(address(table))
        refused = self.word is not None and memory[self.word]
        self.block.give(memory)
        if refused:
            raise Refusal
        for slot, result in zip(self.writes, results, strict=True):
            values[slot] = result if result.ndim else result[()]

    @property
    def ir(self) -> str:
        """What LLVM was given, before it optimises."""
        return "\n".join(unit.text for unit in program(self.module))


def numpy_or_projection(node: Node, slots: Slots) -> Part:
    """The part of an operation that is not native."""
    if node.op.kind == "projection":
        return ProjectionPart(node, slots)
    return NumpyPart(node, slots)
