"""explain: why a derivative is what it is, step by step, with this run's numbers."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

from wengert.ask.derivative import adjoints, check_direction, derivative
from wengert.ask.edges import Edge, asked
from wengert.ask.formula import (
    Derivation,
    Derivative,
    Display,
    Equation,
    Number,
    Product,
    Rows,
    Sentence,
    Sum,
)
from wengert.ask.nudge import measured_change
from wengert.ask.paths import Path, Paths
from wengert.core.expression import equation, number, shape_text, summary
from wengert.core.graph import Graph, Vertex

_FEW_PATHS = 6
_STEP = 0.01


def explain(graph: Graph, of: Vertex, wrt: Vertex) -> Derivation:
    """The derivation of d of / d wrt: by paths where they are few and scalar, else backwards."""
    between = check_direction(graph, of, wrt)
    if of is wrt:
        return Derivation([Sentence(f"{of.name} moves exactly as itself: the derivative is 1.")])
    if not between:
        return Derivation(
            [Sentence(f"No path leads from {wrt.name} to {of.name}: the derivative is 0.")]
        )
    paths = Paths(graph, wrt, of)
    scalar = all(graph.nodes[i].aval.size == 1 for i in between)
    if not scalar or paths.count() > _FEW_PATHS:
        return _backwards(graph, of, wrt, between)
    found = list(islice(paths, _FEW_PATHS))
    return _speeds(graph, found[0]) if len(found) == 1 else _by_paths(graph, of, wrt, found)


def _by_paths(graph: Graph, of: Vertex, wrt: Vertex, paths: list[Path]) -> Derivation:
    rows = tuple((path.route, path.product) for path in paths)
    count = _NUMBERS[len(paths)]
    return Derivation(
        [
            Sentence(f"{count} paths lead from {wrt.name} to {of.name}. "
                     "Multiply along each, add them up:"),
            Rows(rows),
            Display(_chain_rule(of, wrt, paths)),
            Sentence(_measured(graph, of, wrt)),
        ]
    )  # fmt: skip


_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six")


def _chain_rule(of: Vertex, wrt: Vertex, paths: list[Path]) -> Equation:
    """d of/d wrt = sum of products of symbols = of numbers = the result."""
    symbols = tuple(_product([_symbol(e) for e in reversed(p.edges)]) for p in paths)
    numbers = tuple(_product([_slope(e) for e in reversed(p.edges)]) for p in paths)
    total = Number(summary(sum(np.asarray(p.value._data).reshape(()) for p in paths)))
    whole = Derivative(of.name, wrt.name)
    sides: list[object] = [whole, _sum(symbols), _sum(numbers), total]
    distinct = [side for i, side in enumerate(sides) if i == 0 or side != sides[i - 1]]
    return Equation(tuple(distinct))


def _product(factors: list[object]) -> object:
    return factors[0] if len(factors) == 1 else Product(tuple(factors))


def _sum(terms: tuple[object, ...]) -> object:
    return terms[0] if len(terms) == 1 else Sum(terms)


def _symbol(edge: Edge) -> object:
    return Derivative(edge.consumer.name, edge.producer.name)


def _slope(edge: Edge) -> object:
    return Number(number(edge.derivative._data))


def _speeds(graph: Graph, path: Path) -> Derivation:
    """One path: if the input moves at 1, how fast everything on the way moves."""
    source, target = path.nodes[0], path.nodes[-1]
    rows = []
    speed: Any = 1.0
    for edge in path.edges:
        slope = np.asarray(edge.derivative._data).reshape(())[()]
        before, speed = speed, slope * speed
        text = f"{_factor(slope)} * {_factor(before)} = {number(speed)}"
        rows.append((equation(edge.consumer), f"moves at {text}", _why_slope(edge)))
    chain = f"{source.name} at 1"
    speed = 1.0
    for edge in path.edges:
        speed = np.asarray(edge.derivative._data).reshape(())[()] * speed
        chain += f" -> {edge.consumer.name} at {number(speed)}"
    return Derivation(
        [
            Sentence(f"One path leads from {source.name} to {target.name}. Speeds: {chain}"),
            Rows(tuple(rows)),
            Display(_chain_rule(target, source, [path])),
            Sentence(_measured(graph, target, source)),
        ]
    )


def _factor(value: Any) -> str:
    text = number(value)
    return f"({text})" if text.startswith("-") else text


def _why_slope(edge: Edge) -> str:
    op = edge.consumer.op
    return op.explain if op is not None else ""


def _measured(graph: Graph, of: Vertex, wrt: Vertex) -> str:
    """moving b by 0.01 moved e by 0.0501 (predicted 0.05)"""
    slope = derivative(graph, of, wrt)._data
    moved = measured_change(graph, of, wrt, _STEP)
    predicted = np.asarray(slope).reshape(())[()] * _STEP
    return (
        f"Measured: moving {wrt.name} by {number(_STEP)} moved {of.name} by {number(moved)} "
        f"(predicted {number(predicted)})."
    )


def _backwards(graph: Graph, of: Vertex, wrt: Vertex, between: set[int]) -> Derivation:
    """Reverse accumulation: each node between once, newest first, shapes beside values."""
    blocks: list[Sentence | Rows | Display] = []
    if of.aval.size == 1:
        seed: Any = np.ones(of.shape, of.aval.dtype)[()]
        start = f"Start with d{of.name}/d{of.name} = 1"
    else:
        seed = np.ones(of.shape, of.aval.dtype)
        start = f"{of.name} has shape {tuple(of.shape)}; start with 1 for each of its elements"
    blocks.append(Sentence(f"{start} and go back, newest node first; each edge multiplies, "
                           "and what meets at a node is added."))  # fmt: skip
    found = adjoints(graph, of, seed, between)
    rows = []
    for vertex in reversed(graph.nodes[wrt.index : of.index + 1]):
        if vertex.index in between:
            rows.append(_backward_row(vertex, of, found[vertex.index], between))
    blocks.append(Rows(tuple(rows)))
    result = found[wrt.index]
    shape = f" of shape {tuple(wrt.shape)}" if wrt.aval.size != 1 else ""
    blocks.append(Sentence(f"So d{of.name}/d{wrt.name}{shape} is {summary(result)}."))
    return Derivation(blocks)


def _backward_row(
    vertex: Vertex, of: Vertex, adjoint: Any, between: set[int]
) -> tuple[str, str, str, str]:
    uses = [asked(e) for e in vertex.graph.edges_from(vertex) if e.consumer.index in between]
    via = " + ".join(f"d{of.name}/d{e.consumer.name} * {e.symbol}" for e in uses)
    rule = "; ".join(dict.fromkeys(_why_slope(e) for e in uses if _why_slope(e)))
    shape = shape_text(vertex.shape) or "scalar"
    return (f"{equation(vertex)}", shape, f"d{of.name}/d{vertex.name} = {summary(adjoint)}",
            f"= {via}" + (f"   ({rule})" if rule else "") if uses else "")  # fmt: skip
