"""The derivation of a derivative by reverse accumulation: each node once, newest first."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ask.derivation import Block, Sentence, Step
from wengert.ask.derivative import adjoints
from wengert.ask.edges import Edge, edges_from
from wengert.ask.experiment import Experiment, in_double
from wengert.ask.formula import ATOM, Applied, Derivative, Equation, Number, Product, Sum
from wengert.ask.indices import by_elements
from wengert.ask.rule import pullback_formula
from wengert.core.dtype import is_floating
from wengert.errors import MissingValueError
from wengert.graphs.expression import equation, number, shape_text, summary
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_STEP = 0.01
_MOST_STEPS = 40
_ENDS = 15
"""Where there are more steps, so many are shown at either end."""
_MOST_USES = 12
_USES = 4
"""Where a value is used more often, so many uses are shown at either end of the sum."""


def backwards(graph: Graph, of: Vertex, wrt: Vertex, on_path: set[int]) -> list[Block]:
    """One step per node between.

    Each says what was computed, its derivative from those found before, the rule in words, and
    shapes and sizes.
    """
    found = adjoints(graph, of, np.ones(of.shape, of.aval.dtype)[()], on_path)
    order = list(enumerate(sorted(on_path, reverse=True), 1))
    shown = order if len(order) <= _MOST_STEPS else [*order[:_ENDS], *order[-_ENDS:]]
    steps: list[Block] = [_step(place, Vertex(graph, index), of, on_path, found[index])
                          for place, index in shown]  # fmt: skip
    if len(shown) < len(order):
        count = len(order) - len(shown)
        steps.insert(_ENDS, Sentence(f"... {count} steps are left out ..."))
    return [
        Sentence(_introduction(of, wrt)),
        *steps,
        Sentence(_conclusion(graph, of, wrt, found[wrt.index])),
    ]


def _introduction(of: Vertex, wrt: Vertex) -> str:
    what = _target(of)
    return (
        f"d{what}/d{wrt.name} by the chain rule, from {of.name} back to {wrt.name}. Newest node "
        "first; each step uses the ones above it; what meets at a node is added."
    )


def _target(of: Vertex) -> str:
    """What is differentiated: of an array the sum of its elements."""
    return of.name if of.aval.size == 1 else f"{of.name}.sum()"


def _step(place: int, vertex: Vertex, of: Vertex, on_path: set[int], adjoint: Any) -> Step:
    edges = [e for e in edges_from(vertex) if e.consumer.index in on_path and e.has_rule]
    reasons = _reasons(edges)
    title = equation(vertex)
    shape = shape_text(vertex.shape) or "scalar"
    whole = Derivative(_target(of), vertex.name)
    rules = _rules(vertex, of, edges)
    # A rule too long to be written leaves the derivative itself, which says nothing.
    sides = (whole,) if rules == whole else (whole, rules)
    if np.size(adjoint) > 1:
        elements = _elements(edges, of)
        return Step(place, title, shape, Equation(sides), size(adjoint), reasons, elements)
    value = Number(size(adjoint))
    if edges and value != sides[-1]:
        sides = (*sides, value)
    return Step(place, title, shape, Equation(sides), "", reasons)


def _elements(edges: list[Edge], of: Vertex) -> object:
    """The step in index notation, where one use of the value is all."""
    if len(edges) != 1:
        return None
    is_one = edges[0].consumer == of and of.aval.size == 1
    return by_elements(edges[0], _target(of), is_one)


def _rules(vertex: Vertex, of: Vertex, edges: list[Edge]) -> object:
    """dL/dh * (1 - h * h), and a sum if the vertex is used more than once."""
    if vertex == of:
        return Number("1")
    if len(edges) > _MOST_USES:
        left_out = f"... {len(edges) - 2 * _USES} more ..."
        first, last = ([_term(e, of) for e in part] for part in (edges[:_USES], edges[-_USES:]))
        return Sum((*first, Applied(left_out, r"\dots", ATOM, ()), *last))
    terms = tuple(_term(edge, of) for edge in edges)
    return terms[0] if len(terms) == 1 else Sum(terms)


def _term(edge: Edge, of: Vertex) -> object:
    """The rule with names; where it is too long, the product of the two derivatives."""
    ct: object = Derivative(_target(of), edge.consumer.name)
    if edge.consumer == of and of.aval.size == 1:
        ct = Number("1")
    formula = pullback_formula(edge.consumer, edge.slot, ct)
    if formula is not None:
        return formula
    slot = edge.slot if edge.is_parallel else None
    local = Derivative(edge.consumer.name, edge.producer.name, slot)
    return local if ct == Number("1") else Product((ct, local))


def _reasons(edges: list[Edge]) -> tuple[str, ...]:
    """The local rules in words, of the uses that are shown."""
    if len(edges) > _MOST_USES:
        edges = [*edges[:_USES], *edges[-_USES:]]
    return tuple(dict.fromkeys(_reason(e) for e in edges if e.reason))


def _reason(edge: Edge) -> str:
    return f"{edge.consumer.name} = {edge.consumer.expression}: {edge.reason}"


def size(value: Any) -> str:
    """How large a derivative is: the number, one number for all, or the norm and the range."""
    array = np.asarray(value)
    if array.size == 0 or (array.size <= 4 and array.ndim <= 1):
        return summary(array)
    first = array.reshape(-1)[:1]
    if (array == first).all():
        return f"all {number(first[0])}"
    norm = np.linalg.norm(in_double(array))
    if not np.isfinite(norm) or array.dtype.kind == "c":
        return f"norm {number(norm)}"
    return f"norm {number(norm)}, {number(array.min(), 3)} .. {number(array.max(), 3)}"


def _conclusion(graph: Graph, of: Vertex, wrt: Vertex, adjoint: Any) -> str:
    """So dL/dW, 4×3: norm 0.9, -1 .. 2. Measured: moving W by 0.01 along it moved L by 0.009."""
    wide = np.asarray(in_double(np.asarray(adjoint)))
    norm = float(np.linalg.norm(wide))
    text = size(adjoint)
    shape = "" if text.startswith("[") or wrt.aval.size == 1 else f", {shape_text(wrt.shape)}"
    found = f"So d{_target(of)}/d{wrt.name}{shape}: {text}."
    if not 0 < norm < np.inf:
        return found
    one = wrt.aval.size == 1 and is_floating(wrt.aval.dtype)
    step = np.full(wrt.shape, _STEP) if one else _STEP * wide / norm
    try:
        change = Experiment(graph).change(of, wrt, step[()])
    except MissingValueError as error:
        return f"{found} Not measured: {error.what}."
    predicted = np.sum(np.conj(wide) * step).real
    return (
        f"{found} Measured: moving {wrt.name} by {_STEP}{'' if one else ' along it'} moved "
        f"{_target(of)} by {number(np.sum(change))} (predicted {number(predicted)})."
    )
