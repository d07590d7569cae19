"""What loops cost: how many instructions, how long, and so in how many chunks they are done."""

from __future__ import annotations

from wengert.compiler.code import Code, Value
from wengert.compiler.loops.flow import Flow
from wengert.compiler.loops.space import Space
from wengert.compiler.loops.values import lowered, type_of
from wengert.compiler.types import size
from wengert.core.node import Node

INSTRUCTION = 0.3
"""Nanoseconds per vector instruction, measured on long chains of them."""

BYTE = 0.03
"""Nanoseconds per byte that is read or written, by one core."""

CACHED_BYTE = 0.01
"""The same where all of it fits into the second cache."""

CACHE = 1 << 19
"""Bytes of a small second cache."""

CHUNK = 15_000.0
"""Nanoseconds that a chunk should take: a parallel region costs about 1,000."""

MOST_CHUNKS = 64


def _length(node: Node, flow: Flow, lanes: int) -> int:
    """How many instructions an operation is lowered to."""
    code = Code(lanes)
    lowered(code, node, flow.sources[node], lambda source: Value("%x", type_of(source)))
    return len(code.lines) + code.called


class Cost:
    """The cost of some loops.

    row: nanoseconds for all passes over one row, or over one part of a row. moved: bytes that are
    read and written per point. waits: whether loops wait for memory.
    """

    def __init__(self, flow: Flow, space: Space, lanes: int) -> None:
        self.per_node = {n: 1 if n.op.reduces else _length(n, flow, lanes) for n in flow.nodes}
        points = space.row
        self.work = 0
        for number in range(flow.passes):
            needed = [*flow.needed(number), *flow.accumulated(number)]
            self.work += sum(self.per_node[node] for node in needed)
        full = [node for node, p in [*space.loads.items(), *space.stores.items()] if any(p.inner)]
        self.moved = sum(size(type_of(node)) for node in full)
        alone = sum(n for node, n in self.per_node.items() if node not in flow.full)
        cached = self.moved * points * space.rows <= CACHE
        computing = self.work * INSTRUCTION / lanes
        moving = self.moved * (CACHED_BYTE if cached else BYTE)
        self.waits = moving > computing
        per_point = max(computing, moving)
        self.row = points * per_point + alone * INSTRUCTION + 2.0

    def chunks(self, rows: int) -> int:
        """In how many chunks so many rows should be done."""
        return max(1, min(int(self.row * rows / CHUNK), MOST_CHUNKS))


def unrolled(work: int) -> int:
    """How many vectors are done in one round of a loop: more where there is little to do."""
    return 4 if work <= 12 else 2 if work <= 40 else 1
