"""check: every local derivative against finite differences of its own operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.along import Along
from wengert.ask.edges import Edge, edges_from
from wengert.ask.experiment import in_double, is_kink
from wengert.ask.local import pull
from wengert.ask.quiet import quiet
from wengert.ask.table import Table
from wengert.core.dtype import limits_of
from wengert.core.half import is_half
from wengert.errors import Cause, MissingValueError, StaleError, WengertError
from wengert.graphs.expression import equation, number
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_DIRECTIONS = 3
_TOLERANCE = 1e-3
_CLOSE = 1e-7
"""For rules in double precision where the slope is known to its last digits."""
_OK, _WRONG, _ROUNDED = "ok", "WRONG", "rounded"
_KINK, _NOT_FINITE = "a kink", "not finite"
_WHY_NOT = {_KINK: "it bends there", _NOT_FINITE: "the values there are not finite"}


class Check(Table):
    """What was compared, edge by edge. True if all agree.

    wrong: the edges whose formula is wrong. rounded: those whose formula is right and whose
    precision is not: in double precision they agree.
    """

    def __init__(
        self, rows: list[tuple[str, ...]], wrong: list[Edge], rounded: list[Edge], note: str
    ) -> None:
        super().__init__(("edge", "in", "derivative", "measured", ""), rows, note)
        self.wrong = wrong
        self.rounded = rounded

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The operations whose rule is wrong, with their lines; then those that lose precision."""
        return tuple(
            Cause(_culprit(edge), edge.consumer.site) for edge in (*self.wrong, *self.rounded)
        )

    def __bool__(self) -> bool:
        return not (self.wrong or self.rounded)


@quiet
def check(graph: Graph, tolerance: float = _TOLERANCE) -> Check:
    """Compare each edge's rule with central differences along a few fixed random directions.

    Each operation is judged by itself, at the values of this run, so a wrong one is named and
    the nodes behind it are not blamed. The differences are taken in double precision.
    tolerance: how far a rule may be off, relative to the size of the derivative, or to 1;
    for half dtypes at least four units of their last place.
    """
    rows: list[tuple[str, ...]] = []
    wrong: list[Edge] = []
    rounded: list[Edge] = []
    skipped: list[str] = []
    random = np.random.default_rng(0)
    for edge in (e for vertex in graph for e in edges_from(vertex) if e.has_rule):
        ends = f"{edge.producer.name} -> {edge.consumer.name}"
        try:
            allowed = max(tolerance, _rounding(edge))
            ruled, measured, verdict = _compare(graph, edge, random, allowed)
        except (MissingValueError, StaleError):
            raise
        except WengertError as error:
            skipped.append(f"{ends} could not be checked: {error.what}")
            continue
        if verdict == _WRONG:
            wrong.append(edge)
        if verdict == _ROUNDED:
            rounded.append(edge)
        if verdict in _WHY_NOT:
            skipped.append(f"{ends} could not be checked: {_WHY_NOT[verdict]}")
        rows.append((ends, equation(edge.consumer), number(ruled), number(measured), verdict))
    checked = sum(row[-1] not in _WHY_NOT for row in rows)
    notes = [_verdict(checked, wrong, rounded), *skipped]
    return Check(rows, wrong, rounded, "\n".join(notes))


def _rounding(edge: Edge) -> float:
    """How far a rule may be off because the values that it is made of were rounded to halves."""
    dtypes = [end.aval.dtype for end in (edge.producer, edge.consumer)]
    return max((4 * float(limits_of(d).eps) for d in dtypes if is_half(d)), default=0.0)


def _verdict(count: int, wrong: list[Edge], rounded: list[Edge]) -> str:
    if not count:
        return "there was no local derivative to check"
    parts = []
    if wrong:
        parts.append("the rule is wrong in " + "; ".join(dict.fromkeys(map(_place, wrong))))
    if rounded:
        places = "; ".join(dict.fromkeys(map(_place, rounded)))
        parts.append(f"the formula is right, and loses its precision in {places}")
    return "\n".join(parts) or f"all {count} local derivatives agree with finite differences"


def _place(edge: Edge) -> str:
    """mul (input 1 of e) at train.py:12    e = c * d"""
    return str(Cause(_culprit(edge), edge.consumer.site))


def _culprit(edge: Edge) -> str:
    name = edge.consumer.op.name if edge.consumer.op is not None else ""
    return f"{name} (input {edge.slot} of {edge.consumer.name})"


def _compare(graph: Graph, edge: Edge, random: Any, tolerance: float) -> tuple[float, float, str]:
    """<ct, J t> by the rule and by differences, for the direction where they differ most."""
    worst = (0.0, 0.0, _OK)
    largest = -1.0
    for _ in range(_DIRECTIONS):
        ct = _direction(random, edge.consumer)
        tangent = _direction(random, edge.producer)
        pulled = pull(edge.consumer, edge.slot, ct.astype(edge.consumer.aval.dtype)[()])
        ruled = float(np.sum(np.conj(in_double(np.asarray(pulled))) * tangent).real)
        along = Along(graph, edge, ct, tangent)
        measured = along.slope()
        if not np.isfinite(measured):
            return ruled, measured, _NOT_FINITE
        bound = tolerance
        if along.is_exact and edge.consumer.aval.dtype == np.float64:
            bound = min(tolerance, _CLOSE)
        error = abs(ruled - measured) / along.scale
        if not error <= largest:
            largest, verdict = error, _OK
            if not error <= bound and (along.is_exact or not along.agrees(ruled, tolerance)):
                verdict = _judged(along, measured, tolerance)
            worst = (ruled, measured, verdict)
    return worst


def _judged(along: Along, measured: float, tolerance: float) -> str:
    """What is wrong where the rule and the differences do not agree."""
    if not along.is_exact and is_kink(along.change, along.step):
        return _KINK
    in_double = along.ruled_in_double()
    agrees = in_double is not None and abs(in_double - measured) <= tolerance * along.scale
    return _ROUNDED if agrees and along.is_single else _WRONG


def _direction(random: Any, vertex: Vertex) -> Any:
    drawn = random.standard_normal(vertex.shape)
    if vertex.aval.size == 1:
        drawn = np.ones(vertex.shape)
    if vertex.aval.dtype.kind == "c":
        drawn = drawn + 1j * random.standard_normal(vertex.shape)
    return np.asarray(drawn)
