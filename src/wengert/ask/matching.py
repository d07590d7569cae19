"""Which steps of two graphs are the same: matched by structure, whatever their names and order.

Three rounds, each on what the ones before left over: what is computed the same way from the
inputs; what is used the same way up to the outputs; and what is left, in order, with the fewest
insertions and removals (E. W. Myers, An O(ND) difference algorithm and its variations, 1986).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_MOST_EDITS = 500
"""Insertions and removals up to which the fewest are looked for: time and memory are quadratic."""


class Matching:
    """The pairs of vertices, by index, of two graphs that stand for the same step."""

    def __init__(self, ours: Graph, theirs: Graph) -> None:
        self.ours = ours
        self.theirs = theirs
        self.of: dict[int, int] = {}  # our index -> theirs
        self.back: dict[int, int] = {}
        ids: dict[Any, int] = {}
        self._pair_equal(_from_inputs(ours, ids), _from_inputs(theirs, ids))
        self._pair_equal(_to_outputs(ours, ids), _to_outputs(theirs, ids))
        self._pair_in_order()

    def _add(self, a: int, b: int) -> None:
        self.of[a] = b
        self.back[b] = a

    @property
    def removed(self) -> list[Vertex]:
        """Our vertices that have no counterpart."""
        return [v for v in self.ours if v.index not in self.of]

    @property
    def inserted(self) -> list[Vertex]:
        """Their vertices that have none."""
        return [v for v in self.theirs if v.index not in self.back]

    def pairs(self) -> list[tuple[Vertex, Vertex]]:
        """Matched vertices, ours first, in our order."""
        return [(Vertex(self.ours, a), Vertex(self.theirs, b)) for a, b in sorted(self.of.items())]

    def _pair_equal(self, ours: Sequence[int], theirs: Sequence[int]) -> None:
        """Pair what has the same number; of several, the first with the first."""
        waiting: dict[int, list[int]] = defaultdict(list)
        for b in range(len(theirs) - 1, -1, -1):
            if b not in self.back:
                waiting[theirs[b]].append(b)
        for a, number in enumerate(ours):
            if a not in self.of and waiting.get(number):
                self._add(a, waiting[number].pop())

    def _pair_in_order(self) -> None:
        ours = [v.index for v in self.removed]
        theirs = [v.index for v in self.inserted]
        a = [kind_of(Vertex(self.ours, i)) for i in ours]
        b = [kind_of(Vertex(self.theirs, i)) for i in theirs]
        for i, j in common_subsequence(a, b):
            self._add(ours[i], theirs[j])


def kind_of(vertex: Vertex) -> Hashable:
    """What two steps must share to be the same one, changed: the operation."""
    if vertex.is_operation:
        assert vertex.op is not None
        return vertex.application.name(), vertex.op.name, vertex.output_index
    return "input" if vertex.is_input else "constant"


def details_of(vertex: Vertex) -> Hashable:
    """What is to be seen of a step itself: attributes, and numbers among its inputs."""
    if not vertex.is_operation:
        return str(vertex.aval)
    numbers = tuple(None if isinstance(o, Vertex) else plain(o) for o in vertex.operands)
    shown = {name: v for name, v in vertex.attributes.items() if not name.startswith("_")}
    return plain(shown), numbers


def plain(value: Any) -> Hashable:
    """An attribute as something hashable that is equal for equal attributes."""
    if isinstance(value, dict):
        return tuple((name, plain(v)) for name, v in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return tuple(map(plain, value))
    if isinstance(value, slice):
        return "slice", value.start, value.stop, value.step
    if isinstance(value, (np.ndarray, np.generic)):
        return value.shape, str(value.dtype), value.tobytes()
    return value if isinstance(value, Hashable) else repr(value)


def _numbered(ids: dict[Any, int], described: Hashable) -> int:
    return ids.setdefault(described, len(ids))


def _from_inputs(graph: Graph, ids: dict[Any, int]) -> list[int]:
    """A number for each vertex; equal numbers are computed in the same way from the same inputs."""
    numbers: list[int] = []
    for vertex in graph:
        name = vertex.name if vertex.is_input else ""
        sources = tuple((slot, numbers[i]) for slot, i in graph.sources(vertex.index))
        described = "from", kind_of(vertex), details_of(vertex), str(vertex.aval), name, sources
        numbers.append(_numbered(ids, described))
    return numbers


def _to_outputs(graph: Graph, ids: dict[Any, int]) -> list[int]:
    """A number for each vertex; equal numbers are used in the same way, up to the outputs."""
    numbers = [0] * len(graph)
    places = defaultdict(list)
    for place, output in enumerate(graph.outputs):
        places[output.index].append(place)
    for index in range(len(graph) - 1, -1, -1):
        vertex = Vertex(graph, index)
        users = tuple(sorted((numbers[user], slot) for user, slot in graph.uses(index)))
        ends = tuple(places.get(index, ()))
        described = "to", kind_of(vertex), details_of(vertex), users, ends
        numbers[index] = _numbered(ids, described)
    return numbers


def common_subsequence(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Index pairs of a longest common subsequence; none where the sequences share too little."""
    furthest = {1: 0}
    steps: list[dict[int, int]] = []
    for edits in range(min(len(a) + len(b), _MOST_EDITS) + 1):
        steps.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            i = _start(furthest, diagonal, edits)
            i = _along(a, b, i, i - diagonal)
            furthest[diagonal] = i
            if i >= len(a) and i - diagonal >= len(b):
                return _traced(steps, len(a), len(b))
    return []


def _inserts(furthest: dict[int, int], diagonal: int, edits: int) -> bool:
    """Whether the best way on to a diagonal is an insertion, and not a removal."""
    if diagonal == -edits or diagonal == edits:
        return diagonal == -edits
    return furthest[diagonal - 1] < furthest[diagonal + 1]


def _start(furthest: dict[int, int], diagonal: int, edits: int) -> int:
    """Where an edit on to a diagonal ends."""
    if _inserts(furthest, diagonal, edits):
        return furthest[diagonal + 1]
    return furthest[diagonal - 1] + 1


def _along(a: Sequence[Hashable], b: Sequence[Hashable], i: int, j: int) -> int:
    while i < len(a) and j < len(b) and a[i] == b[j]:
        i += 1
        j += 1
    return i


def _traced(steps: Sequence[dict[int, int]], i: int, j: int) -> list[tuple[int, int]]:
    """The equal pairs on the way back from the end."""
    pairs: list[tuple[int, int]] = []
    for edits in range(len(steps) - 1, -1, -1):
        diagonal = i - j
        start = _start(steps[edits], diagonal, edits)
        while i > start:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        if _inserts(steps[edits], diagonal, edits):
            j -= 1
        else:
            i -= 1
    return pairs[::-1]
