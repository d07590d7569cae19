"""check: every local derivative against finite differences of its own operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.edges import Edge, edges_from
from wengert.ask.experiment import STEP, in_double, is_kink
from wengert.ask.local import pull
from wengert.ask.quiet import quiet
from wengert.ask.table import Table
from wengert.core.dtype import limits_of
from wengert.core.half import is_half
from wengert.errors import Cause, MissingValueError, StaleError, WengertError
from wengert.graphs.evaluate import evaluate_node
from wengert.graphs.expression import equation, number
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_DIRECTIONS = 3
_TOLERANCE = 1e-3
_NOISE = 1e-3
_FINER = 1e-2
_FURTHER_STEPS = (1e4, 1e2, 1e-2, 1e-4, 1e-6)
_OK, _WRONG, _KINK, _NOT_FINITE = "ok", "WRONG", "a kink", "not finite"
_WHY_NOT = {_KINK: "it bends there", _NOT_FINITE: "the values there are not finite"}


class Check(Table):
    """What was compared, edge by edge. True if all agree; `wrong` lists the edges that do not."""

    def __init__(self, rows: list[tuple[str, ...]], wrong: list[Edge], note: str) -> None:
        super().__init__(("edge", "in", "derivative", "measured", ""), rows, note)
        self.wrong = wrong

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The operations whose rule is wrong, with their lines."""
        return tuple(Cause(_culprit(edge), edge.consumer.site) for edge in self.wrong)

    def __bool__(self) -> bool:
        return not self.wrong


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
        if verdict in _WHY_NOT:
            skipped.append(f"{ends} could not be checked: {_WHY_NOT[verdict]}")
        rows.append((ends, equation(edge.consumer), number(ruled), number(measured), verdict))
    checked = sum(row[-1] not in _WHY_NOT for row in rows)
    return Check(rows, wrong, "\n".join([_verdict(checked, wrong), *skipped]))


def _rounding(edge: Edge) -> float:
    """How far a rule may be off because the values that it is made of were rounded to halves."""
    dtypes = [end.aval.dtype for end in (edge.producer, edge.consumer)]
    return max((4 * float(limits_of(d).eps) for d in dtypes if is_half(d)), default=0.0)


def _verdict(count: int, wrong: list[Edge]) -> str:
    if not count:
        return "there was no local derivative to check"
    if not wrong:
        return f"all {count} local derivatives agree with finite differences"
    places = [_place(edge) for edge in wrong]
    return "the rule is wrong in " + "; ".join(dict.fromkeys(places))


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
        error = abs(ruled - measured) / along.scale
        if not error <= largest:
            largest, verdict = error, _OK
            if not error <= tolerance and not along.agrees(ruled, tolerance):
                verdict = _KINK if is_kink(along.change, along.step) else _WRONG
            worst = (ruled, measured, verdict)
    return worst


class Along:
    """How <ct, output> of one operation changes along a tangent of one input, in double."""

    def __init__(self, graph: Graph, edge: Edge, ct: Any, tangent: Any) -> None:
        self._node = edge.consumer.application
        self._index = edge.consumer.output_index
        self._slot = edge.slot
        self._ct = ct
        self._tangent = tangent
        self._operands = [in_double(v) for v in graph.values.operands(self._node)]
        self._before = self._output(0.0)
        value = self._operands[edge.slot]
        self.step = STEP * max(1.0, float(np.max(np.abs(value), initial=0.0)))
        self.scale = 1.0

    def _output(self, size: float) -> Any:
        moved = list(self._operands)
        moved[self._slot] = moved[self._slot] + size * self._tangent
        result = evaluate_node(self._node, moved)
        return np.asarray(result if self._index is None else result[self._index])

    def change(self, size: float) -> float:
        """The change by a step of this size."""
        return float(np.sum(np.conj(self._ct) * (self._output(size) - self._before)).real)

    def slope(self) -> float:
        """The slope by a central difference; `scale` is then what an error is measured by."""
        moved = (self._output(self.step) - self._output(-self.step)) / (2 * self.step)
        self.scale = max(1.0, float(np.linalg.norm(self._ct)) * float(np.linalg.norm(moved)))
        return float(np.sum(np.conj(self._ct) * moved).real)

    def agrees(self, ruled: float, tolerance: float) -> bool:
        """Whether the rule's slope is that over another step, where this one's says little.

        Steep functions need smaller steps: sin at 5e8 oscillates within this one. Sums with a large
        number need larger ones, as rounding leaves nothing of a small change.
        """
        sizes = [np.abs(v) for v in (self._operands[self._slot], self._before)]
        rounding = np.finfo(np.float64).eps * sum(float(np.max(s, initial=0.0)) for s in sizes)
        finer = self._over(self.step * _FINER)
        noise = 8 * rounding / (self.step * _FINER)
        change = abs(self._over(self.step) - finer)
        if noise * _FINER <= tolerance and change <= (tolerance + noise) * self.scale:
            return False
        for factor in _FURTHER_STEPS:
            step = self.step * factor
            noise = 8 * rounding / step
            if noise <= _NOISE and abs(self._over(step) - ruled) <= (
                (tolerance + noise) * self.scale
            ):
                return True
        return False

    def _over(self, step: float) -> float:
        """The slope over a step of this size."""
        return (self.change(step) - self.change(-step)) / (2 * step)


def _direction(random: Any, vertex: Vertex) -> Any:
    drawn = random.standard_normal(vertex.shape)
    if vertex.aval.size == 1:
        drawn = np.ones(vertex.shape)
    if vertex.aval.dtype.kind == "c":
        drawn = drawn + 1j * random.standard_normal(vertex.shape)
    return np.asarray(drawn)
