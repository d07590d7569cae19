"""What stands on the box of a collapsed part of a graph, and on its ports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wengert.draw.plan import Part, Wire, kind_of
from wengert.draw.units import Unit
from wengert.graphs.expression import equation, public_name, shape_text
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_MOST_NAMED = 4


def title(graph: Graph, part: Part) -> str:
    """`encoder`, `block × 12`, `block0 .. block11 × 12`, `mm, tanh × 100`, `v1 .. v812`."""
    unit = part.unit
    assert unit is not None
    if unit.scope:
        name = unit.scope
    elif 0 < len(unit.each) <= _MOST_NAMED:
        name = ", ".join(unit.each)
    else:
        name = _range(graph, part.members)
    return f"{name} × {unit.times}" if unit.times > 1 else name


def lines(graph: Graph, part: Part) -> tuple[str, ...]:
    """What the box holds, and how many: `attention, mlp`, `14 operations, 3 parameters`."""
    unit = part.unit
    assert unit is not None
    if unit.each and len(unit.each) <= _MOST_NAMED and len(unit.each) * unit.times == len(unit):
        return (_counts(graph, part, unit),)
    return (_contents(graph, part, unit), _counts(graph, part, unit))


def _contents(graph: Graph, part: Part, unit: Unit) -> str:
    """The scopes next within it, in order; without such, its most frequent operations."""
    once = [Vertex(graph, i) for i in part.members[: len(part.members) // unit.times]]
    depth = _depth(once)
    inner = list(dict.fromkeys(p[depth] for v in once if len(p := v.scope.split("/")) > depth))
    if inner and inner != [""]:
        more = ", …" if len(inner) > _MOST_NAMED else ""
        return ", ".join(inner[:_MOST_NAMED]) + more
    counts = Counter(public_name(v.op) for v in once if v.op is not None)
    named = [f"{n} {name}" if n > 1 else name for name, n in counts.most_common(_MOST_NAMED)]
    return ", ".join(named) + (", …" if len(counts) > _MOST_NAMED else "")


def _depth(vertices: Sequence[Vertex]) -> int:
    """How many scopes all of them are in."""
    paths = [v.scope.split("/") if v.scope else [] for v in vertices]
    first, last = min(paths), max(paths)
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    return shared


def _counts(graph: Graph, part: Part, unit: Unit) -> str:
    counts = Counter({"operation": len(unit)})
    counts.update(kind_of(Vertex(graph, i)) for i in part.hidden)
    if unit.times == 1:
        return ", ".join(_count(n, what) for what, n in counts.items())
    if all(n % unit.times == 0 for n in counts.values()):
        each = ", ".join(_count(n // unit.times, what) for what, n in counts.items())
        return f"each {each}"
    rest = ", ".join(_count(n, what) for what, n in counts.items() if what != "operation")
    return f"each {_count(len(unit) // unit.times, 'operation')}; {rest}"


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def hint(graph: Graph, part: Part) -> str:
    """The tooltip of a collapsed box: its operations, and the lines of the program."""
    unit = part.unit
    assert unit is not None
    counts = Counter(public_name(v.op) for i in part.members if (v := Vertex(graph, i)).op)
    frequent = ", ".join(f"{n} {name}" for name, n in counts.most_common(8))
    said = [title(graph, part), _counts(graph, part, unit), frequent, _range(graph, part.members)]
    sites = [site for i in part.members if (site := Vertex(graph, i).site) is not None]
    ends = dict.fromkeys(str(site) for site in (sites[:1] + sites[-1:]))
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
    named = [equation(Vertex(graph, user)) for user in list(users)[:_MOST_NAMED]]
    more = len(users) - len(named)
    used = [f"used by {name}" for name in named] + ([f"and {more} more"] if more else [])
    return "\n".join(["in: " + _values(graph, wire.values), *used])


def leaves(graph: Graph, wire: Wire) -> str:
    """What the port says where values leave a collapsed box: which, and how they are made."""
    made = [equation(Vertex(graph, value)) for value in wire.values[:_MOST_NAMED]]
    return "\n".join(["out: " + _values(graph, wire.values), *made])


def _values(graph: Graph, values: Sequence[int]) -> str:
    named = []
    for value in values[:_MOST_NAMED]:
        vertex = Vertex(graph, value)
        shape = shape_text(vertex.shape) or "scalar"
        named.append(f"{vertex.name} ({shape} {vertex.dtype.name})")
    more = len(values) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
