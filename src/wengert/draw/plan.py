"""Which box of a picture stands for which nodes of a graph, and which links join the boxes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from wengert.core.node import Leaf, Node
from wengert.draw.units import MOST, RUNS, Unit, Units
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

Use = tuple[int, int]
"""A use of a value: the consumer's index and the slot."""

MOST_PORTS = 6
"""Links into a collapsed box up to which each value has a link of its own."""
MOST_LINKS = 600
"""Links up to which boxes are not joined to larger ones: nobody can follow more."""
_LINKS_EACH = 4
"""Links for each box up to which runs are short."""
_GROUP = 3
"""Leaves from which on those that go into the same collapsed boxes share a box."""


@dataclass(frozen=True, slots=True)
class Part:
    """A box: an operation, a unit of several, a leaf, or several leaves.

    members: their indices, oldest first. unit: None for leaves. hidden: the leaves and constants
    that are used nowhere else, which the box of a unit hides.
    """

    members: tuple[int, ...]
    unit: Unit | None = None
    hidden: tuple[int, ...] = ()

    @property
    def is_single(self) -> bool:
        return len(self.members) == 1


@dataclass(slots=True)
class Wire:
    """A link: the values that go from one part to another, and their uses there."""

    source: int
    target: int
    values: list[int] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)

    def add(self, value: int, uses: list[Use]) -> None:
        if value not in self.values[-1:]:
            self.values.append(value)
        self.uses += uses


class Plan:
    """The parts of a picture, in the graph's order, and the wires between them."""

    def __init__(
        self, graph: Graph, series: Units, units: list[Unit], *, bounded: bool = True
    ) -> None:
        self.graph = graph
        self.names = series.names
        operations = series.operations
        self._bounded = bounded
        self._unit_of = {i: n for n, u in enumerate(units) for i in operations[u.start : u.stop]}
        leaves, hidden = self._leaves(units)
        parts = [Part(group) for group in leaves]
        for number, unit in enumerate(units):
            members = tuple(operations[unit.start : unit.stop])
            parts.append(Part(members, unit, tuple(hidden[number])))
        self.parts = sorted(parts, key=lambda part: part.members[0])
        self.part_of = {
            index: number
            for number, part in enumerate(self.parts)
            for index in (*part.members, *part.hidden)
        }
        self.wires = self._few(self._wires())

    # ------------------------------------------------------------------ leaves

    def _leaves(self, units: list[Unit]) -> tuple[list[tuple[int, ...]], dict[int, list[int]]]:
        """Leaves in groups, one for each box; and per unit the leaves that only it uses."""
        outputs = {v.index for v in self.graph.outputs}
        users: dict[int, tuple[int, ...]] = {}
        hidden: dict[int, list[int]] = defaultdict(list)
        for index in leaves_of(self.graph):
            used_by = sorted({self._unit_of[user] for user, _ in self.graph.uses(index)})
            if len(used_by) == 1 and units[used_by[0]].is_block and index not in outputs:
                hidden[used_by[0]].append(index)
            else:
                users[index] = tuple(used_by)
        self._show_inputs(users, hidden)
        return self._grouped(users, units), hidden

    def _show_inputs(self, users: dict[int, tuple[int, ...]], hidden: dict[int, list[int]]) -> None:
        """Where nothing would enter a collapsed box, what it uses first stays in sight: the data
        has to come from somewhere.
        """
        entered = {number for used_by in users.values() for number in used_by}
        for index, number in self._unit_of.items():
            if any(self._unit_of.get(i, number) != number for _, i in self.graph.sources(index)):
                entered.add(number)
        for number in sorted(hidden.keys() - entered):
            first = min(hidden[number], key=lambda index: min(self.graph.uses(index)))
            hidden[number].remove(first)
            users[first] = (number,)

    def _grouped(
        self, users: dict[int, tuple[int, ...]], units: list[Unit]
    ) -> list[tuple[int, ...]]:
        """Leaves of one kind with the same users, in one box, if those are collapsed; where there
        are many leaves, in any case; and where that is not enough, with the same first user.
        """
        if not self._bounded:
            return [(index,) for index in users]
        collapsed = {number for number, unit in enumerate(units) if unit.is_block}
        some = {i: u if u and collapsed.issuperset(u) else None for i, u in users.items()}
        first = {i: u[:1] for i, u in users.items()}
        groups = self._joined(some)
        for keys in (users, first):
            if len(groups) > MOST:
                groups = self._joined(keys)
        return groups

    def _joined(self, keys: Mapping[int, Hashable]) -> list[tuple[int, ...]]:
        """Leaves of one kind and one key together; without a key each by itself."""
        groups: dict[Hashable, list[int]] = defaultdict(list)
        for index, key in keys.items():
            kind = kind_of(Vertex(self.graph, index))
            groups[index if key is None else (kind, key)].append(index)
        return list(_divided(groups.values()))

    # ------------------------------------------------------------------ wires

    def _wires(self) -> list[Wire]:
        """One wire for each value that goes into a collapsed box, and for each use elsewhere."""
        wires: dict[Hashable, Wire] = {}
        part_of, sources = self.part_of, self.graph.sources
        for number, part in enumerate(self.parts):
            for user in part.members if part.unit is not None else ():
                for slot, value in sources(user):
                    source = part_of.get(value, number)
                    if source == number:
                        continue
                    key = (source, number, *self._told_apart(source, part, value, slot))
                    wire = wires.setdefault(key, Wire(source, number))
                    wire.add(value, [(user, slot)])
        return list(wires.values())

    def _told_apart(self, source: int, part: Part, value: int, slot: int) -> tuple[int, ...]:
        group = self.parts[source]
        if group.unit is None and not group.is_single:
            return ()
        return (value, slot) if part.is_single else (value,)

    def _few(self, wires: list[Wire]) -> list[Wire]:
        """The same, where many lead into a box with one wire from each box."""
        into = Counter(wire.target for wire in wires)
        merged: dict[Hashable, Wire] = {}
        for number, wire in enumerate(wires):
            many = into[wire.target] > MOST_PORTS and not self.parts[wire.target].is_single
            key = (wire.source, wire.target) if many else number
            if key not in merged:
                merged[key] = wire
                continue
            for value in wire.values:
                merged[key].add(value, [])
            merged[key].uses += wire.uses
        return list(merged.values())


def _divided(groups: Iterable[list[int]]) -> Iterator[tuple[int, ...]]:
    """Groups that are worth a box of their own; the others one by one."""
    for group in groups:
        if len(group) >= _GROUP:
            yield tuple(group)
        else:
            yield from ((index,) for index in group)


def plan_of(
    graph: Graph, collapse: bool | None, opened: Set[str] = frozenset(), most: int = MOST
) -> Plan:
    """What is drawn of a graph.

    collapse: True to close all scopes but `opened`, and to draw repeated parts once; False to draw
    every node; None to do so only where more than `most` boxes would be drawn, and then to open as
    many levels of scopes as fit. Only with False the number of boxes has no bound.
    """
    units = Units(graph, opened)
    shown = len(units.operations) + len(leaves_of(graph))
    if collapse is False or (collapse is None and shown <= most):
        return Plan(graph, units, units.single(), bounded=False)
    best: Plan | None = None
    for level in units.levels():
        plan = Plan(graph, units, level) if len(level) <= most else None
        fits = plan is not None and len(plan.parts) <= most and len(plan.wires) <= MOST_LINKS
        if fits:
            best = plan
        if not fits or collapse:
            break
    return best if best is not None else _in_runs(graph, units)


def _in_runs(graph: Graph, units: Units) -> Plan:
    """As many boxes as can be followed: fewer where all of them use each other."""
    closed = units.closed()
    for count in RUNS:
        plan = Plan(graph, units, units.runs(closed, count))
        if len(plan.wires) <= _LINKS_EACH * len(plan.parts):
            break
    return plan


def leaves_of(graph: Graph) -> list[int]:
    """The inputs and constants that stand for themselves: constants of one element are written
    into the expressions that use them.
    """
    return [
        index
        for index, key in enumerate(graph.keys)
        if isinstance(key, Leaf) or (not isinstance(key, Node) and graph.avals[index].size != 1)
    ]


def kind_of(vertex: Vertex) -> str:
    """Leaves of several dimensions are parameters; scalars and vectors at the bottom are inputs."""
    if vertex.is_constant:
        return "constant"
    if not vertex.is_input:
        return "operation"
    return "parameter" if vertex.aval.size > 1 else "input"
