"""Which operations a picture of a large graph draws as one box: scopes, repeated parts, runs.

A unit is a series of operations that follow each other. Since each operation stands after those
that it uses, boxes of such series can never form a cycle.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Set
from dataclasses import dataclass, replace
from itertools import accumulate

from wengert.core.node import Leaf, Node
from wengert.draw.repeats import repeats
from wengert.graphs.expression import public_name
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Key, Vertex

MOST = 150
"""Boxes up to which a graph is drawn whole."""
RUNS = (24, 12, 6)
"""Boxes of a graph in which nothing says where one part ends and the next begins."""
MOST_NAMED = 4
"""Things that stand on a box by name."""
_TIMES = 3
"""Repetitions from which on a part is drawn once."""
_HIDDEN = 6
"""Operations that a repeated part without a scope stands for at least."""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Unit:
    """A box: the operations from `start` up to `stop`, in the graph's order of operations.

    scope: the scope that all of them are in; "" if none is or the operation stands for itself.
    times: how often the same is repeated. each: what one repetition is made of, where that is more
    than a scope.
    """

    start: int
    stop: int
    scope: str = ""
    times: int = 1
    each: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def is_block(self) -> bool:
        """Whether it stands for more than one operation."""
        return len(self) > 1


class Units:
    """The units of a graph at every level at which its scopes can be closed.

    opened: the scopes that are never closed.
    """

    def __init__(self, graph: Graph, opened: Set[str] = frozenset()) -> None:
        self.opened = opened
        self.operations = [i for i, key in enumerate(graph.keys) if _is_operation(key)]
        nodes = [Vertex(graph, i).application for i in self.operations]
        self.names = [public_name(node.op) for node in nodes]
        self.scopes = [tuple(node.scope.split("/")) if node.scope else () for node in nodes]
        self.kinds = _kinds(graph, self.operations, nodes)
        self.lines = [(kind, node.site) for kind, node in zip(self.kinds, nodes)]
        self.live = _live(graph, self.operations)

    def single(self) -> list[Unit]:
        """Each operation for itself."""
        return [Unit(i, i + 1) for i in range(len(self.operations))]

    def closed(self) -> list[Unit]:
        """All scopes closed but the opened ones, repeated parts once."""
        return self._expanded(Unit(0, len(self.operations)))

    def levels(self) -> Iterator[list[Unit]]:
        """The units with all scopes closed, with one level of scopes opened, with two, ..."""
        units: list[Unit] = []
        deeper = self.closed()
        while deeper != units:
            units = deeper
            yield units
            deeper = [part for unit in units for part in self._deeper(unit)]

    def _deeper(self, unit: Unit) -> list[Unit]:
        return self._expanded(unit) if unit.scope and unit.times == 1 else [unit]

    def _expanded(self, whole: Unit) -> list[Unit]:
        """The units in a unit; those in opened ones in their place."""
        found: list[Unit] = []
        stack = [(whole, True)]
        while stack:
            unit, is_open = stack.pop()
            if not is_open:
                found.append(unit)
            elif unit.times > 1:
                first = unit.start + len(unit) // unit.times
                rest = replace(unit, start=first, times=unit.times - 1)
                stack += [(rest, False), (replace(unit, stop=first, times=1), True)]
            else:
                inside = self._merged(self._inside(unit))
                stack += [(part, part.scope in self.opened) for part in reversed(inside)]
        return found

    def _inside(self, unit: Unit) -> list[Unit]:
        """A scope's own operations, and the scopes next within it; the outermost of the graph."""
        depth = unit.scope.count("/") + 1 if unit.scope else 0
        parts: list[Unit] = []
        start = unit.start
        for place in range(unit.start, unit.stop):
            inner = self.scopes[place][: depth + 1]
            is_last = place + 1 == unit.stop or self.scopes[place + 1][: depth + 1] != inner
            if is_last or len(inner) <= depth:
                name = "/".join(inner) if len(inner) > depth else ""
                parts.append(self._split(Unit(start, place + 1, name)))
                start = place + 1
        return parts

    def _split(self, unit: Unit) -> Unit:
        """A scope that was entered again and again, as one that is repeated: the same lines of the
        program, in turn. Three alike operations on three lines are no repetition.
        """
        if not unit.scope:
            return unit
        found = repeats(self.lines[unit.start : unit.stop], _TIMES)
        whole = [r.times for r in found if r.length * r.times == len(unit)]
        return replace(unit, times=whole[0]) if whole else unit

    def _merged(self, units: list[Unit]) -> list[Unit]:
        """Units of which the same series follows itself, drawn once."""
        signatures = [self._signature(unit) for unit in units]
        cuts = [self.live[unit.start] for unit in units] + [0]
        merged: list[Unit] = []
        at = 0
        for repeat in repeats(signatures, _TIMES, cuts):
            part = units[repeat.start : repeat.stop]
            if not part[0].scope and part[-1].stop - part[0].start < _HIDDEN:
                continue
            merged += units[at : repeat.start]
            at = repeat.stop
            merged.append(self._repeated(part, repeat.length, repeat.times))
        return merged + units[at:]

    def _signature(self, unit: Unit) -> Hashable:
        """What repeated units have in common, names but for their numbers included: block0 is like
        block1, but a key is no query. An opened one is like no other.
        """
        if unit.scope in self.opened:
            return unit
        name = _NUMBER.sub("", unit.scope.rpartition("/")[2])
        return (name, *self.kinds[unit.start : unit.stop])

    def _repeated(self, part: list[Unit], length: int, times: int) -> Unit:
        """block0 .. block11 where each repetition is a scope, else what one is made of."""
        first, last = part[0], part[-1]
        if length == 1 and first.scope:
            return Unit(first.start, last.stop, _span(first, last), times)
        end = part[length - 1]
        if length > MOST_NAMED and first.scope and end.scope:
            return Unit(first.start, last.stop, _span(first, end), times)
        each = tuple(u.scope.rpartition("/")[2] or self.names[u.start] for u in part[:length])
        return Unit(first.start, last.stop, "", times, each)

    def runs(self, units: list[Unit], count: int) -> list[Unit]:
        """The units in so many boxes, cut near even distances where the fewest values pass."""
        reach = max(1, len(units) // (4 * count))
        ends = [0]
        for k in range(1, count):
            even = k * len(units) // count
            near = range(max(ends[-1] + 1, even - reach), min(len(units), even + reach + 1))
            if near:
                ends.append(min(near, key=lambda i: (self.live[units[i].start], abs(i - even), i)))
        pairs = zip(ends, [*ends[1:], len(units)])
        return [_run(units[a:b]) for a, b in pairs if a < b]


def _run(part: list[Unit]) -> Unit:
    """Units in one box."""
    if len(part) == 1:
        return part[0]
    first, last = part[0], part[-1]
    scope = _span(first, last) if all(unit.scope for unit in part) else ""
    return Unit(first.start, last.stop, scope)


def _span(first: Unit, last: Unit) -> str:
    """`block0 .. block11`; the one name that both have."""
    if first.scope == last.scope:
        return first.scope
    return f"{first.scope.partition(' .. ')[0]} .. {last.scope.rpartition('/')[2]}"


def _is_operation(key: Key) -> bool:
    return isinstance(key, Node) and not isinstance(key, Leaf)


def _kinds(graph: Graph, operations: list[int], nodes: list[Node]) -> list[int]:
    """What repeated operations have in common: the operation, and shapes and dtype; as numbers."""
    numbers: dict[Hashable, int] = {}
    avals = [numbers.setdefault((a.shape, a.dtype), len(numbers)) for a in graph.avals]
    kinds = []
    for index, node in zip(operations, nodes):
        inputs = [avals[i] for _, i in graph.sources(index)]
        # What comes out of an operation with several results comes through projections.
        output = None if node is graph.keys[index] else Vertex(graph, index).output_index
        kind = (node.op.name, output, avals[index], *inputs)
        kinds.append(numbers.setdefault(kind, len(numbers)))
    return kinds


def _live(graph: Graph, operations: list[int]) -> list[int]:
    """For each operation how many results of earlier ones are used there or later."""
    place = {index: i for i, index in enumerate(operations)}
    change = [0] * (len(operations) + 1)
    for i, index in enumerate(operations):
        uses = graph.uses(index)
        last = place[uses[-1][0]] if uses else i  # uses stand in the order of their users
        change[i + 1] += 1
        change[min(last + 1, len(operations))] -= 1
    return list(accumulate(change))
