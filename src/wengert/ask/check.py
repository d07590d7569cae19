"""check: every local derivative against finite differences of its own operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.edges import Edge, edges_from
from wengert.ask.experiment import STEP, in_double
from wengert.ask.local import pull
from wengert.ask.quiet import quiet
from wengert.ask.table import Table
from wengert.core.node import Node
from wengert.errors import MissingValueError, StaleError, WengertError
from wengert.graphs.evaluate import evaluate_node
from wengert.graphs.expression import equation, number
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_DIRECTIONS = 3
_TOLERANCE = 1e-3
_OK, _WRONG, _NOT_FINITE = "ok", "WRONG", "not finite"


class Check(Table):
    """What was compared, edge by edge. True if all agree; `wrong` lists the edges that do not."""

    def __init__(self, rows: list[tuple[str, ...]], wrong: list[Edge], note: str) -> None:
        super().__init__(("edge", "in", "derivative", "measured", ""), rows, note)
        self.wrong = wrong

    def __bool__(self) -> bool:
        return not self.wrong


@quiet
def check(graph: Graph) -> Check:
    """Compare each edge's rule with central differences along a few fixed random directions.

    Each operation is judged by itself, at the values of this run, so a wrong one is named and
    the nodes behind it are not blamed. The differences are taken in double precision.
    """
    rows: list[tuple[str, ...]] = []
    wrong: list[Edge] = []
    skipped: list[str] = []
    random = np.random.default_rng(0)
    for edge in (e for vertex in graph for e in edges_from(vertex) if e.has_rule):
        ends = f"{edge.producer.name} -> {edge.consumer.name}"
        try:
            ruled, measured, verdict = _compare(graph, edge, random)
        except (MissingValueError, StaleError):
            raise
        except WengertError as error:
            skipped.append(f"{ends} could not be checked: {error.what}")
            continue
        if verdict == _WRONG:
            wrong.append(edge)
        if verdict == _NOT_FINITE:
            skipped.append(f"{ends} could not be checked: the values there are not finite")
        rows.append((ends, equation(edge.consumer), number(ruled), number(measured), verdict))
    checked = sum(row[-1] != _NOT_FINITE for row in rows)
    return Check(rows, wrong, "\n".join([_verdict(checked, wrong), *skipped]))


def _verdict(count: int, wrong: list[Edge]) -> str:
    if not count:
        return "there was no local derivative to check"
    if not wrong:
        return f"all {count} local derivatives agree with finite differences"
    places = [_place(edge) for edge in wrong]
    return "the rule is wrong in " + "; ".join(dict.fromkeys(places))


def _place(edge: Edge) -> str:
    """mul (input 1 of e) at train.py:12    e = c * d"""
    name = edge.consumer.op.name if edge.consumer.op is not None else ""
    where = f" at {edge.consumer.site}" if edge.consumer.site is not None else ""
    return f"{name} (input {edge.slot} of {edge.consumer.name}){where}"


def _compare(graph: Graph, edge: Edge, random: Any) -> tuple[float, float, str]:
    """<ct, J t> by the rule and by differences, for the direction where they differ most."""
    worst = (0.0, 0.0, -1.0)
    for _ in range(_DIRECTIONS):
        ct = _direction(random, edge.consumer)
        tangent = _direction(random, edge.producer)
        pulled = pull(edge.consumer, edge.slot, ct.astype(edge.consumer.aval.dtype)[()])
        ruled = float(np.sum(np.conj(in_double(np.asarray(pulled))) * tangent).real)
        moved = _difference(graph, edge, tangent)
        measured = float(np.sum(np.conj(ct) * moved).real)
        if not np.isfinite(measured):
            return ruled, measured, _NOT_FINITE
        scale = max(1.0, float(np.linalg.norm(ct)) * float(np.linalg.norm(moved)))
        error = abs(ruled - measured) / scale
        if not error <= worst[2]:
            worst = (ruled, measured, error)
    return worst[0], worst[1], _OK if worst[2] <= _TOLERANCE else _WRONG


def _direction(random: Any, vertex: Vertex) -> Any:
    drawn = random.standard_normal(vertex.shape)
    if vertex.aval.size == 1:
        drawn = np.ones(vertex.shape)
    if vertex.aval.dtype.kind == "c":
        drawn = drawn + 1j * random.standard_normal(vertex.shape)
    return np.asarray(drawn)


def _difference(graph: Graph, edge: Edge, tangent: Any) -> Any:
    """How the operation's output moves along a tangent of one input, by a central difference."""
    node = edge.consumer.application
    values = [in_double(v) for v in graph.values.operands(node)]
    scale = float(np.max(np.abs(values[edge.slot]), initial=0.0))
    step = STEP * max(1.0, scale)
    ends = []
    for sign in (1, -1):
        moved = list(values)
        moved[edge.slot] = values[edge.slot] + sign * step * tangent
        ends.append(_output(node, moved, edge.consumer.output_index))
    return (np.asarray(ends[0]) - np.asarray(ends[1])) / (2 * step)


def _output(node: Node, operands: list[Any], index: int | None) -> Any:
    result = evaluate_node(node, operands)
    return result if index is None else result[index]
