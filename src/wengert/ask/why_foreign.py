"""Why a tensor of another system's has no gradient: that system leaves no marks."""

from __future__ import annotations

from wengert.ask.answer import Answer
from wengert.errors import Cause
from wengert.graphs.expression import equation
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_SHOWN = 8


def cut_off(graph: Graph, called: str, requires_grad: bool) -> Answer:
    """It is not in the graph of the output: the operations that take something without history."""
    target = graph.outputs[-1].name
    if not requires_grad:
        return Answer(
            f"{called} has no gradient: it does not require grad.",
            [Cause("does not require grad", None)],
        )
    head = f"{called}.grad is None: no path leads from {called} to {target}."
    taking = [v for v in graph if v.is_operation and _takes_constants(v)]
    if not taking:
        return Answer(f"{head}\n  {target} takes nothing without history: {called} was not used.")
    lines = [f"  {equation(vertex)}" for vertex in taking[-_SHOWN:]]
    left_out = f"\n  ... and {len(taking) - _SHOWN} before" if len(taking) > _SHOWN else ""
    return Answer(
        f"{head}\n  torch leaves no mark where a history is cut. Candidates: what these operations "
        "take without history\n" + "\n".join(lines) + left_out,
        [Cause(f"cut before {vertex.name}", None) for vertex in reversed(taking)],
    )


def _takes_constants(vertex: Vertex) -> bool:
    """Whether an input has no history: a constant, or what the other system does not tell."""
    return any(not isinstance(o, Vertex) or o.is_constant for o in vertex.operands)
