"""What a program consists of, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wengert.compiler.parts import NativePart
from wengert.compiler.pieces.piece import Piece
from wengert.compiler.types import TYPES
from wengert.core.aval import Aval
from wengert.core.dtype import dtype_of
from wengert.core.node import Node
from wengert.graphs.graph import collect

if TYPE_CHECKING:
    from wengert.compiler.program import Program

MOST_SHOWN: Final = 20
"""Kernels that are shown one by one."""

MOST_NAMES: Final = 12
"""Operations of a kernel that are named."""


@dataclass(frozen=True)
class Group:
    """One kernel: a piece of native code.

    operations: their names, in order. moved: bytes that it reads from memory and writes to it.
    flops: arithmetic operations, each counted as one.
    """

    operations: tuple[str, ...]
    moved: int
    flops: int

    def __str__(self) -> str:
        names = ", ".join(self.operations[:MOST_NAMES])
        more = len(self.operations) - MOST_NAMES
        return f"{names}, and {more} more" if more > 0 else names


@dataclass(frozen=True)
class Report:
    """What a program consists of.

    operations: how many there are after rewriting, and as traced; views that are but addresses in
    native code do not count. groups: kernels, with the operations that are fused in each.
    numpy: operations that NumPy's functions compute, by name, and why: reasons. buffers: how many
    values are kept in memory of the program's own between kernels; nbytes: how much that is, as
    those share it that are never there at once. stages: how many seconds tracing, rewriting,
    planning and making native code took; or tracing, and finding it all in the cache. cached:
    whether the native code was in the cache on disk. threads: how many may run it at most; None for
    as many as `wengert.get_num_threads` says.
    """

    operations: int
    traced: int
    groups: tuple[Group, ...]
    numpy: dict[str, int]
    reasons: dict[str, str]
    buffers: int
    nbytes: int
    stages: dict[str, float]
    cached: bool
    threads: int | None

    @property
    def kernels(self) -> int:
        """How many kernels there are."""
        return len(self.groups)

    @property
    def seconds(self) -> float:
        """How long it took to make the program."""
        return sum(self.stages.values())

    @property
    def native(self) -> int:
        """How many operations run in native code."""
        return self.operations - sum(self.numpy.values())

    @property
    def coverage(self) -> float:
        """The share of operations that run in native code; 1 if there are none."""
        return self.native / self.operations if self.operations else 1.0

    @property
    def moved(self) -> int:
        """Bytes that all kernels read from memory and write to it."""
        return sum(group.moved for group in self.groups)

    @property
    def flops(self) -> int:
        """Arithmetic operations of all kernels."""
        return sum(group.flops for group in self.groups)

    def __str__(self) -> str:
        return "\n".join([
            f"{_count(self.operations, 'operation')} ({self.traced} as traced): {self.native} in "
            f"{_count(self.kernels, 'kernel')}, {self.operations - self.native} by NumPy",
            *self._rows(),
            *(f"  NumPy: {name}{f' x{n}' if n > 1 else ''}: {self.reasons[name]}"
              for name, n in self.numpy.items()),
            f"{self.flops:,} arithmetic operations; {_bytes(self.moved)} moved; "
            f"{_count(self.buffers, 'buffer')} of its own in {_bytes(self.nbytes)}",
            f"made in {self.seconds * 1e3:.1f} ms: "
            + ", ".join(f"{stage} {time * 1e3:.1f}" for stage, time in self.stages.items())
            + (", from the cache" if self.cached else ""),
        ])  # fmt: skip

    def _rows(self) -> list[str]:
        shown = self.groups[:MOST_SHOWN]
        rows = [f"  {i}: {g}  ({_bytes(g.moved)}, {g.flops:,} flops)" for i, g in enumerate(shown)]
        more = len(self.groups) - len(shown)
        return [*rows, f"  and {more} more"] if more else rows


def report_of(program: Program) -> Report:
    """What a program consists of."""
    natives = [part for part in program.parts if isinstance(part, NativePart)]
    groups = tuple(_group(piece) for part in natives for piece in part.pieces)
    others = [
        node
        for part in program.parts
        if not isinstance(part, NativePart)
        for node in part.nodes
        if not node.op.view
    ]
    native = sum(len(group.operations) for group in groups)
    return Report(
        native + len(others),
        sum(_counts(node) for node in collect(program.traced.outputs())),
        groups,
        dict(Counter(node.op.name for node in others)),
        {node.op.name: reason(node) for node in others},
        sum(len(part.block.offsets) for part in natives),
        max((part.block.nbytes for part in natives), default=0),
        program.stages,
        bool(natives) and all(part.loaded is not None and part.loaded.cached for part in natives),
        program.threads,
    )


def _group(piece: Piece) -> Group:
    read = {access.root: 0 for access in piece.loads.values()}
    for node, access in piece.loads.items():
        read[access.root] = min(access.root.aval.nbytes, read[access.root] + node.aval.nbytes)
    written = sum(node.aval.nbytes for node in piece.stores)
    names = tuple(node.op.name for node in piece.nodes)
    return Group(names, sum(read.values()) + written, piece.flops())


def reason(node: Node) -> str:
    """Why NumPy computes an operation."""
    operands = [s.aval for s in node.inputs if isinstance(s, Node)]
    avals: list[Any] = [*operands, *(node.aval if isinstance(node.aval, tuple) else [node.aval])]
    dtypes = {a.dtype for a in avals if isinstance(a, Aval) and a.dtype not in TYPES}
    if dtypes:
        names = ", ".join(sorted(dtype_of(dtype).name for dtype in dtypes))
        return f"there is no native code for {names}"
    op = node.op
    if op.lower is not None or op.reduces or op.piece or op.written is not None:
        return "there is no native code for these arguments, or for none without LLVM"
    return "it has no native code"


def _counts(node: Node) -> bool:
    return bool(node.inputs) and node.op.kind != "projection"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _bytes(count: int, units: Sequence[str] = ("bytes", "kB", "MB", "GB")) -> str:
    size = float(count)
    for unit in units[:-1]:
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} {units[-1]}"
