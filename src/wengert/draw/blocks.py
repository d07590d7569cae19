"""What stands on the box of a collapsed part of a graph, and on its ports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wengert.draw.plan import Part, Plan, Wire, kind_of
from wengert.draw.units import MOST_NAMED, Unit
from wengert.graphs.expression import equation, shape_text
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex


def title(plan: Plan, part: Part) -> str:
    """`encoder`, `block × 12`, `block0 .. block11 × 12`, `mm, tanh × 100`, `v1 .. v812`."""
    unit = part.unit
    assert unit is not None
    if unit.scope:
        name = unit.scope
    elif 0 < len(unit.each) <= MOST_NAMED:
        name = ", ".join(unit.each)
    else:
        name = _range(plan.graph, part.members)
    return f"{name} × {unit.times}" if unit.times > 1 else name


def lines(plan: Plan, part: Part) -> tuple[str, ...]:
    """What the box holds, and how many: `attention, mlp`, `14 operations, 3 parameters`."""
    unit = part.unit
    assert unit is not None
    if unit.each and len(unit.each) <= MOST_NAMED and len(unit.each) * unit.times == len(unit):
        return (_counts(plan, part, unit),)
    return (_contents(plan, part, unit), _counts(plan, part, unit))


def _contents(plan: Plan, part: Part, unit: Unit) -> str:
    """The scopes next within it, in order; without such, its most frequent operations."""
    once = [Vertex(plan.graph, i) for i in part.members[: len(unit) // unit.times]]
    depth = _depth(once)
    paths = (v.scope.split("/") for v in once if v.scope)
    inner = list(dict.fromkeys(path[depth] for path in paths if len(path) > depth))
    if inner:
        more = ", …" if len(inner) > MOST_NAMED else ""
        return ", ".join(inner[:MOST_NAMED]) + more
    counts = Counter(plan.names[unit.start : unit.start + len(once)])
    named = [f"{n} {name}" if n > 1 else name for name, n in counts.most_common(MOST_NAMED)]
    return ", ".join(named) + (", …" if len(counts) > MOST_NAMED else "")


def _depth(vertices: Sequence[Vertex]) -> int:
    """How many scopes all of them are in."""
    paths = [v.scope.split("/") if v.scope else [] for v in vertices]
    first, last = min(paths), max(paths)
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    return shared


def _counts(plan: Plan, part: Part, unit: Unit) -> str:
    counts = Counter({"operation": len(unit)})
    counts.update(kind_of(Vertex(plan.graph, i)) for i in part.hidden)
    if unit.times == 1:
        return ", ".join(_count(n, what) for what, n in counts.items())
    if all(n % unit.times == 0 for n in counts.values()):
        each = ", ".join(_count(n // unit.times, what) for what, n in counts.items())
        return f"each {each}"
    rest = ", ".join(_count(n, what) for what, n in counts.items() if what != "operation")
    return f"each {_count(len(unit) // unit.times, 'operation')}; {rest}"


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def hint(plan: Plan, part: Part) -> str:
    """The tooltip of a collapsed box: its operations, and the lines of the program."""
    unit = part.unit
    assert unit is not None
    counts = Counter(plan.names[unit.start : unit.stop])
    frequent = ", ".join(f"{n} {name}" for name, n in counts.most_common(8))
    said = [
        title(plan, part),
        _counts(plan, part, unit),
        frequent,
        _range(plan.graph, part.members),
    ]
    sites = (Vertex(plan.graph, part.members[end]).site for end in (0, -1))
    ends = dict.fromkeys(str(site) for site in sites if site is not None)
    return "\n".join([*said, *ends])


def _range(graph: Graph, members: Sequence[int]) -> str:
    """`v1 .. v812`."""
    first, last = (Vertex(graph, i).name for i in (members[0], members[-1]))
    return f"{first} .. {last}" if len(members) > 2 else ", ".join(dict.fromkeys((first, last)))


def leaves_title(graph: Graph, members: Sequence[int]) -> tuple[str, str]:
    """Title and line of a box for several leaves: `W1 .. W6`, `6 parameters`."""
    return _range(graph, members), _count(len(members), kind_of(Vertex(graph, members[0])))


def enters(graph: Graph, wire: Wire) -> str:
    """What the port says where values enter a collapsed box: which, and who uses them inside."""
    users = dict.fromkeys(user for user, _ in wire.uses)
    named = [equation(Vertex(graph, user)) for user in list(users)[:MOST_NAMED]]
    more = len(users) - len(named)
    used = [f"used by {name}" for name in named] + ([f"and {more} more"] if more else [])
    return "\n".join(["in: " + _values(graph, wire.values), *used])


def leaves(graph: Graph, wire: Wire) -> str:
    """What the port says where values leave a collapsed box: which, and how they are made."""
    made = [equation(Vertex(graph, value)) for value in wire.values[:MOST_NAMED]]
    return "\n".join(["out: " + _values(graph, wire.values), *made])


def _values(graph: Graph, values: Sequence[int]) -> str:
    named = []
    for value in values[:MOST_NAMED]:
        vertex = Vertex(graph, value)
        shape = shape_text(vertex.shape) or "scalar"
        named.append(f"{vertex.name} ({shape} {vertex.dtype.name})")
    more = len(values) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
