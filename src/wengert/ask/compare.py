"""compare: where two graphs differ: in structure, in values, in derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wengert.ask.derivative import adjoints
from wengert.ask.divergence import Divergence, first_in_derivatives, first_in_values
from wengert.ask.matching import Matching, details_of, kind_of
from wengert.ask.quiet import quiet
from wengert.errors import Cause, WengertError
from wengert.graphs.expression import equation
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_SHOWN = 20


@dataclass(frozen=True)
class Difference:
    """One step in which two graphs differ.

    kind: "changed" (attributes, numbers, shapes), "rewired" (other inputs), "replaced", "moved",
    "removed" or "inserted". ours and theirs: the step, where there is one.
    """

    kind: str
    ours: Vertex | None
    theirs: Vertex | None

    @property
    def cause(self) -> Cause:
        """The operation and the line, of the other graph where it is there."""
        vertex = self.theirs if self.theirs is not None else self.ours
        assert vertex is not None
        return Cause(f"{self.kind}: {_what(vertex)}", vertex.site)

    def __str__(self) -> str:
        sides = [equation(v) for v in (self.ours, self.theirs) if v is not None]
        sites = [v.site for v in (self.ours, self.theirs) if v is not None and v.site is not None]
        lines = "".join(f"\n              {line}" for line in dict.fromkeys(map(str, sites)))
        return f"  {self.kind:<10}  {'  ->  '.join(sides)}{lines}"


def _what(vertex: Vertex) -> str:
    return vertex.name if vertex.op is None else vertex.op.name


class Comparison:
    """How two graphs differ. True if they do not.

    differences: in structure, in the order of the computation. values and derivatives: the first
    divergence among the steps that match, or None. matched: pairs of vertices. notes: what could
    not be compared, and why.
    """

    def __init__(
        self, matching: Matching, differences: list[Difference], values: Divergence | None,
        derivatives: Divergence | None, notes: list[str],
    ) -> None:  # fmt: skip
        self.differences = differences
        self.values = values
        self.derivatives = derivatives
        self.matched = matching.pairs()
        self.notes = notes

    def __bool__(self) -> bool:
        return not (self.differences or self.values or self.derivatives)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What to look at first: structure, then values, then derivatives."""
        found = [difference.cause for difference in self.differences]
        found += [d.cause for d in (self.values, self.derivatives) if d is not None]
        return tuple(found)

    def __str__(self) -> str:
        lines = [self._structure()]
        lines += map(str, self.differences[:_SHOWN])
        if len(self.differences) > _SHOWN:
            lines.append(f"  ... and {len(self.differences) - _SHOWN} more")
        for what, found in (("Values", self.values), ("Derivatives", self.derivatives)):
            if found is not None:
                lines.append(f"{what} first differ in {found}")
        return "\n".join([*lines, *self.notes])

    __repr__ = __str__

    def _structure(self) -> str:
        count = len(self.matched)
        if self:
            return f"The graphs are equal: {count} nodes match, with their values and derivatives."
        if not self.differences:
            return f"The graphs have the same structure: {count} nodes match."
        places = "one place" if len(self.differences) == 1 else f"{len(self.differences)} places"
        return f"The graphs differ in {places}; {count} nodes match."


@quiet
def compare(ours: Graph, theirs: Graph, rtol: float | None, atol: float | None) -> Comparison:
    """Match two graphs, and compare what matches.

    rtol, atol: how far values and derivatives may be apart; by default as in
    testing.assert_close, by their dtype.
    """
    matching = Matching(ours, theirs)
    notes: list[str] = []
    tolerance = (rtol, atol)
    values = first_in_values(matching, tolerance, notes)
    derivatives = None
    try:
        derivatives = _in_derivatives(matching, tolerance)
    except WengertError as error:
        notes.append(f"Derivatives were not compared: {error.what}")
    return Comparison(matching, _differences(matching), values, derivatives, notes)


def _in_derivatives(
    matching: Matching, tolerance: tuple[float | None, float | None]
) -> Divergence | None:
    """The first divergence on the way back from the last output, if both have it."""
    ours, theirs = matching.ours.outputs[-1], matching.theirs.outputs[-1]
    if not (ours.is_differentiable and theirs.is_differentiable) or ours.shape != theirs.shape:
        return None
    found = [
        adjoints(output.graph, output, np.ones(output.shape, output.aval.dtype)[()])
        for output in (ours, theirs)
    ]
    return first_in_derivatives(matching, found[0], found[1], tolerance)


def _differences(matching: Matching) -> list[Difference]:
    """Differences in structure, in the order of their graph, and where it has nothing, of ours."""
    found = [*_of_pairs(matching), *_of_the_rest(matching)]
    return sorted(found, key=lambda d: _place(matching, d))


def _place(matching: Matching, difference: Difference) -> float:
    """Where a difference belongs in the order of the other graph."""
    if difference.theirs is not None:
        return difference.theirs.index
    assert difference.ours is not None
    before = [matching.of[i] for i in range(difference.ours.index) if i in matching.of]
    return max(before, default=-1) + 0.5


def _of_pairs(matching: Matching) -> list[Difference]:
    found: list[Difference] = []
    for ours, theirs in matching.pairs():
        if _is_changed(matching, ours, theirs):
            found.append(Difference("changed", ours, theirs))
        elif _is_rewired(matching, ours, theirs):
            found.append(Difference("rewired", ours, theirs))
    return found


def _is_changed(matching: Matching, ours: Vertex, theirs: Vertex) -> bool:
    """Other attributes or numbers; another shape or dtype that no input brought along."""
    if details_of(ours) != details_of(theirs):
        return not _same_operands_elsewhere(matching, ours, theirs)
    if ours.aval == theirs.aval:
        return False
    graph, other = matching.ours, matching.theirs
    inputs = zip(ours.inputs, theirs.inputs, strict=False)
    return graph is not other and all(a.aval == b.aval for a, b in inputs)


def _same_operands_elsewhere(matching: Matching, ours: Vertex, theirs: Vertex) -> bool:
    """Whether the numbers are the same, and stand in other places: 1 - h and h - 1."""
    if not ours.is_operation or ours.attributes.keys() != theirs.attributes.keys():
        return False
    numbers = [sorted(repr(o) for o in v.operands if not isinstance(o, Vertex))
               for v in (ours, theirs)]  # fmt: skip
    slots = [[slot for slot, _ in v.graph.sources(v.index)] for v in (ours, theirs)]
    return numbers[0] == numbers[1] and slots[0] != slots[1]


def _is_rewired(matching: Matching, ours: Vertex, theirs: Vertex) -> bool:
    """Whether a matched step has other inputs, which are matched steps themselves."""
    a = dict(matching.ours.sources(ours.index))
    b = dict(matching.theirs.sources(theirs.index))
    if a.keys() != b.keys():
        return True
    both = ((matching.of.get(a[slot]), b[slot]) for slot in a)
    return any(
        mine is not None and other in matching.back and mine != other for mine, other in both
    )


def _of_the_rest(matching: Matching) -> list[Difference]:
    """What has no counterpart: moved, replaced by something else, or just removed or inserted."""
    removed, inserted = matching.removed, matching.inserted
    found: list[Difference] = []
    for kind, alike in (("moved", _is_moved), ("replaced", _is_replaced)):
        for ours in list(removed):
            theirs = next((v for v in inserted if alike(matching, ours, v)), None)
            if theirs is not None:
                removed.remove(ours)
                inserted.remove(theirs)
                found.append(Difference(kind, ours, theirs))
    found += [Difference("removed", v, None) for v in removed]
    return found + [Difference("inserted", None, v) for v in inserted]


def _is_moved(matching: Matching, ours: Vertex, theirs: Vertex) -> bool:
    return kind_of(ours) == kind_of(theirs) and details_of(ours) == details_of(theirs)


def _is_replaced(matching: Matching, ours: Vertex, theirs: Vertex) -> bool:
    """Whether another operation stands between the same inputs and the same uses."""
    sources = [matching.of.get(i, -1) for _, i in matching.ours.sources(ours.index)]
    uses = {(matching.of.get(i, -1), slot) for i, slot in matching.ours.uses(ours.index)}
    same_inputs = sources == [i for _, i in matching.theirs.sources(theirs.index)]
    return same_inputs and uses == set(matching.theirs.uses(theirs.index))
