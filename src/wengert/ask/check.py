"""check: every local derivative against finite differences of its own operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.edges import Edge, asked
from wengert.ask.local import pull
from wengert.ask.nudge import Table, in_double
from wengert.core.evaluate import evaluate_node
from wengert.core.expression import equation, number
from wengert.core.graph import Graph, Vertex
from wengert.core.node import Node

_DIRECTIONS = 3
_TOLERANCE = 1e-3


class Check(Table):
    """What was compared, edge by edge. True if all agree; `wrong` lists the edges that do not."""

    def __init__(self, rows: list[tuple[str, ...]], wrong: list[Edge], note: str) -> None:
        super().__init__(("edge", "in", "derivative", "measured", ""), rows, note)
        self.wrong = wrong

    def __bool__(self) -> bool:
        return not self.wrong


def check(graph: Graph) -> Check:
    """Compare each edge's rule with central differences along a few fixed random directions.

    Each operation is judged by itself, at the values of this run, so a wrong one is named and
    the nodes behind it are not blamed. The differences are taken in double precision.
    """
    rows: list[tuple[str, ...]] = []
    wrong: list[Edge] = []
    random = np.random.default_rng(0)
    for plain in graph.edges:
        edge = asked(plain)
        if not _comparable(edge):
            continue
        ruled, measured, agrees = _compare(graph, edge, random)
        if not agrees:
            wrong.append(edge)
        ends = f"{edge.producer.name} -> {edge.consumer.name}"
        rows.append((ends, equation(edge.consumer), number(ruled), number(measured),
                     "ok" if agrees else "WRONG"))  # fmt: skip
    return Check(rows, wrong, _verdict(rows, wrong))


def _verdict(rows: list[tuple[str, ...]], wrong: list[Edge]) -> str:
    if not wrong:
        return f"all {len(rows)} local derivatives agree with finite differences"
    places = [f"{e.consumer.op.name if e.consumer.op else ''} ({e.consumer.name}, input {e.slot})"
              + (f" at {e.consumer.site}" if e.consumer.site else "") for e in wrong]  # fmt: skip
    return "the rule is wrong in " + "; ".join(dict.fromkeys(places))


def _comparable(edge: Edge) -> bool:
    """Whether the edge carries a derivative: floating point at both ends, and a rule."""
    op = edge.consumer.op
    kinds = (edge.producer.aval.dtype.kind, edge.consumer.aval.dtype.kind)
    return op is not None and op.differentiable and all(k in "fc" for k in kinds) \
        and op.rule(edge.slot) is not None  # fmt: skip


def _compare(graph: Graph, edge: Edge, random: Any) -> tuple[float, float, bool]:
    """<ct, J t> by the rule and by differences, for the direction where they differ most."""
    worst = (0.0, 0.0, -1.0)
    for _ in range(_DIRECTIONS):
        ct = _direction(random, edge.consumer)
        tangent = _direction(random, edge.producer)
        pulled = pull(edge.consumer, edge.slot, ct.astype(edge.consumer.aval.dtype)[()])
        ruled = float(np.sum(np.conj(in_double(np.asarray(pulled))) * tangent).real)
        moved = _difference(graph, edge, tangent)
        measured = float(np.sum(np.conj(ct) * moved).real)
        both_odd = not np.isfinite(ruled) and not np.isfinite(measured)
        scale = max(1.0, float(np.linalg.norm(ct)) * float(np.linalg.norm(moved)))
        error = 0.0 if both_odd else abs(ruled - measured) / scale
        if not error <= worst[2]:
            worst = (ruled, measured, error)
    return worst[0], worst[1], bool(worst[2] <= _TOLERANCE)


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
    step = 6e-6 * max(1.0, scale)
    ends = []
    for sign in (1, -1):
        moved = list(values)
        moved[edge.slot] = values[edge.slot] + sign * step * tangent
        ends.append(_output(node, moved, edge.consumer.output_index))
    return (np.asarray(ends[0]) - np.asarray(ends[1])) / (2 * step)


def _output(node: Node, operands: list[Any], index: int | None) -> Any:
    result = evaluate_node(node, operands)
    return result if index is None else result[index]
