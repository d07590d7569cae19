"""explain: why a derivative is what it is, step by step, with this run's numbers."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

from wengert.ask.backwards import backwards
from wengert.ask.derivation import Block, Derivation, Display, Rows, Sentence
from wengert.ask.derivative import between, derivative
from wengert.ask.edges import Edge
from wengert.ask.experiment import Experiment
from wengert.ask.formula import Derivative, Equation, Number, Product, Sum
from wengert.ask.paths import Path, Paths
from wengert.ask.quiet import quiet
from wengert.errors import MissingValueError
from wengert.graphs.expression import equation, number, summary
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_FEW_PATHS = 4
_FEW_NODES = 16
_STEP = 0.01
_NUMBERS = ("No", "One", "Two", "Three", "Four")


@quiet
def explain(graph: Graph, of: Vertex, wrt: Vertex) -> Derivation:
    """The derivation of d of / d wrt: by paths where they are few and scalar, else backwards."""
    on_path = between(graph, of, wrt, "explain({of!r}, {wrt!r})")
    if of == wrt:
        return Derivation([Sentence(f"{of.name} moves exactly as itself: the derivative is 1.")])
    if not on_path:
        return Derivation(
            [Sentence(f"No path leads from {wrt.name} to {of.name}: the derivative is 0.")]
        )
    paths = Paths(graph, wrt, of)
    scalar = all(Vertex(graph, i).aval.size == 1 for i in on_path)
    if not scalar or paths.count() > _FEW_PATHS or len(on_path) > _FEW_NODES:
        return Derivation(backwards(graph, of, wrt, on_path))
    found = list(islice(paths, _FEW_PATHS))
    blocks = _speeds(found[0]) if len(found) == 1 else _by_paths(found)
    return Derivation([*blocks, Sentence(_measured(graph, of, wrt))])


def _by_paths(paths: list[Path]) -> list[Block]:
    source, target = paths[0].nodes[0], paths[0].nodes[-1]
    count = _NUMBERS[len(paths)]
    return [
        Sentence(f"{count} paths lead from {source.name} to {target.name}. "
                 "Multiply along each, add them up:"),
        Rows(tuple((path.route, path.product) for path in paths)),
        Display(_chain_rule(paths)),
    ]  # fmt: skip


def _chain_rule(paths: list[Path]) -> Equation:
    """d of/d wrt = sum of products of symbols = of numbers = the result."""
    source, target = paths[0].nodes[0], paths[0].nodes[-1]
    symbols = tuple(_product([_symbol(e) for e in reversed(p.edges)]) for p in paths)
    numbers = tuple(_product([_slope(e) for e in reversed(p.edges)]) for p in paths)
    total = Number(summary(sum(np.asarray(p.value._data).reshape(()) for p in paths)))
    whole = Derivative(target.name, source.name)
    sides: list[object] = [whole, _sum(symbols), _sum(numbers), total]
    distinct = [side for i, side in enumerate(sides) if i == 0 or side != sides[i - 1]]
    return Equation(tuple(distinct))


def _product(factors: list[object]) -> object:
    return factors[0] if len(factors) == 1 else Product(tuple(factors))


def _sum(terms: tuple[object, ...]) -> object:
    return terms[0] if len(terms) == 1 else Sum(terms)


def _symbol(edge: Edge) -> object:
    slot = edge.slot if edge.is_parallel else None
    return Derivative(edge.consumer.name, edge.producer.name, slot)


def _slope(edge: Edge) -> object:
    return Number(number(edge.derivative._data))


def _speeds(path: Path) -> list[Block]:
    """One path: if the input moves at 1, how fast everything on the way moves."""
    source, target = path.nodes[0], path.nodes[-1]
    rows = []
    speed: Any = 1.0
    chain = f"{source.name} at 1"
    for edge in path.edges:
        slope = np.asarray(edge.derivative._data).reshape(())[()]
        before, speed = speed, slope * speed
        text = f"{_factor(slope)} * {_factor(before)} = {number(speed)}"
        rows.append((equation(edge.consumer), f"moves at {text}", edge.reason))
        chain += f" -> {edge.consumer.name} at {number(speed)}"
    return [
        Sentence(f"One path leads from {source.name} to {target.name}. Speeds: {chain}."),
        Rows(tuple(rows)),
        Display(_chain_rule([path])),
    ]


def _factor(value: Any) -> str:
    text = number(value)
    return f"({text})" if text.startswith("-") else text


def _measured(graph: Graph, of: Vertex, wrt: Vertex) -> str:
    """Measured: moving b by 0.01 moved e by 0.0501 (predicted 0.05); or why it was not."""
    slope = np.asarray(derivative(graph, of, wrt)._data).reshape(())[()]
    try:
        moved = Experiment(graph).change(of, wrt, np.full(wrt.shape, _STEP)[()])
    except MissingValueError as error:
        return f"Not measured: {error.what}."
    return (
        f"Measured: moving {wrt.name} by {number(_STEP)} moved {of.name} by "
        f"{number(np.asarray(moved).reshape(()))} (predicted {number(slope * _STEP)})."
    )
