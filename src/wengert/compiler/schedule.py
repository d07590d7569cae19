"""The order of a program's parts, and which operations are fused into one.

Operations become ready when all that they need is there. First everything that is not native runs,
so that as much as possible is ready; then all ready operations of one shape become one kernel,
with those that become ready by it. So no kernel waits for itself.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence

from wengert.compiler.kernel import Kernel
from wengert.compiler.parts import (
    MOST_IN_LOOP,
    NativePart,
    Part,
    Slots,
    is_native,
    numpy_or_projection,
)
from wengert.core.node import Leaf, Node
from wengert.graphs.graph import collect

Build = Callable[[Kernel], None]


class Schedule:
    """The parts of a program, oldest first.

    outputs: nodes whose values are wanted. build: makes a kernel's native code; None where there
    is no compiler, so that all parts are NumPy's.
    """

    def __init__(self, outputs: Sequence[Node], slots: Slots, build: Build | None) -> None:
        self._build = build
        self._slots = slots
        self._wanted = set(outputs)
        self._order = collect(outputs)
        self._users: dict[Node, list[Node]] = {node: [] for node in self._order}
        self._missing: Counter[Node] = Counter()
        self._plain: deque[Node] = deque()
        self._native: dict[tuple[int, ...], deque[Node]] = {}
        self.parts: list[Part] = []
        self._count()

    def _count(self) -> None:
        """How many inputs each operation waits for."""
        for node in self._order:
            for source in node.inputs:
                if isinstance(source, Node):
                    self._users[source].append(node)
                    self._missing[node] += 1

    def made(self) -> list[Part]:
        """All parts."""
        for node in self._order:
            if not node.inputs:
                self._done(node) if isinstance(node, Leaf) else self._ready(node)
        while self._plain or self._native:
            if self._plain:
                node = self._plain.popleft()
                self.parts.append(numpy_or_projection(node, self._slots))
                self._done(node)
            else:
                self._add_kernel()
        return self.parts

    def _ready(self, node: Node) -> None:
        if self._build is not None and is_native(node):
            self._native.setdefault(node.aval.shape, deque()).append(node)
        else:
            self._plain.append(node)

    def _done(self, node: Node) -> None:
        for user in self._users[node]:
            self._missing[user] -= 1
            if not self._missing[user]:
                self._ready(user)

    def _add_kernel(self) -> None:
        """Fuse the ready operations of the shape that has most of them."""
        shape = max(self._native, key=lambda s: len(self._native[s]))
        queue = self._native[shape]
        most = MOST_IN_LOOP if any(side != 1 for side in shape) else len(self._order)
        group: list[Node] = []
        while queue and len(group) < most:
            node = queue.popleft()
            group.append(node)
            self._done(node)
        if not queue:
            del self._native[shape]
        kernel = Kernel(shape, group, self._read_outside(group))
        assert self._build is not None
        self._build(kernel)
        self.parts.append(NativePart(kernel, self._slots))

    def _read_outside(self, group: Sequence[Node]) -> list[Node]:
        """The operations of a group whose values others need."""
        inside = set(group)
        return [
            node
            for node in group
            if node in self._wanted or any(user not in inside for user in self._users[node])
        ]


def last_reads(parts: Sequence[Part], kept: set[int]) -> list[tuple[int, ...]]:
    """Per part the slots that nothing reads after it, so that their arrays can be freed."""
    last: dict[int, int] = {}
    for i, part in enumerate(parts):
        for slot in (*part.reads, *part.writes):
            last[slot] = i
    freed: list[list[int]] = [[] for _ in parts]
    for slot, i in last.items():
        if slot not in kept:
            freed[i].append(slot)
    return [tuple(slots) for slots in freed]
