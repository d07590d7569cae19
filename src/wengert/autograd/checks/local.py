"""Single operations inside of a checked function, each checked by itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from wengert.ask.check import Check, check
from wengert.ask.edges import Edge, edges_from
from wengert.ask.experiment import in_double
from wengert.ask.local import pull
from wengert.autograd.checks.case import Case
from wengert.autograd.checks.mismatch import Failure
from wengert.core.dtype import dtype_of, is_differentiable
from wengert.core.fast import make_leaf
from wengert.core.handles import _new
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import WengertError
from wengert.graphs.graph import Graph
from wengert.graphs.names import Names
from wengert.graphs.vertex import Vertex
from wengert.ops.dtypes import finfo

_LOOSE, _STRICT = 1e-3, 1e-6
"""How far a rule may be off in single precision and in double."""

_ROUNDINGS = 16
"""How many roundings a rule in half precision may be off."""


def graph_of(case: Case) -> Graph | None:
    """The graph of a fresh run, its inputs called what the function calls them."""
    outputs = case.func(*case.inputs)
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    nodes = [o._node for o in outputs if o._node is not None]
    return Graph(nodes, Names(_parameters(case))) if nodes else None


def _parameters(case: Case) -> dict[str, Tensor]:
    try:
        bound = inspect.signature(case.func).bind(*case.inputs).arguments
    except (TypeError, ValueError):
        return {}
    return {name: value for name, value in bound.items() if isinstance(value, Tensor)}


def wrong_rules(graph: Graph) -> Check:
    """Every local derivative against differences of its operation, in double precision."""
    coarsest = max(
        (resolution(v.aval.dtype) for v in graph if is_differentiable(v.aval.dtype)), default=0.0
    )
    if coarsest < np.finfo(np.float32).eps:
        return check(graph, _STRICT)
    return check(graph, max(_LOOSE, _ROUNDINGS * coarsest))


def resolution(dtype: Any) -> float:
    """The distance from 1 to the next number."""
    return float(finfo(dtype_of(dtype)).eps)


def first_rule(case: Case, has: Callable[[Callable[[Any], Any], Any], bool], what: str) -> str:
    """`: it is the rule of tanh ..., which ...` for the first local pullback of a kind, or ""."""
    graph = graph_of(case)
    if graph is None:
        return ""
    for edge in edges(graph):
        aval = edge.consumer.aval
        ct = np.ones(aval.shape, aval.dtype)
        try:
            found = has(partial(_pulled, edge), ct)
        except WengertError:
            continue
        if found:
            return f"\ncause: the rule of {place_of(edge)}\n  {what}"
    return ""


def _pulled(edge: Edge, ct: Any) -> Any:
    return np.asarray(pull(edge.consumer, edge.slot, ct[()]))


def edges(graph: Graph) -> Iterator[Edge]:
    """The uses of values through which derivatives pass."""
    for vertex in graph:
        yield from (e for e in edges_from(vertex) if e.has_rule)


def place_of(edge: Edge) -> str:
    """mul (input 1 of e) at train.py:12    e = c * d"""
    return f"{edge.consumer.op.name if edge.consumer.op else ''} (input {edge.slot} of " + (
        f"{edge.consumer.name}){_at(edge.consumer)}"
    )


def _at(vertex: Vertex) -> str:
    return f" at {vertex.site}" if vertex.site is not None else ""


def failing_operations(graph: Graph, compare: Callable[[Case], None]) -> list[str]:
    """The operations that fail a comparison when they are applied by themselves, in double."""
    failing: list[str] = []
    seen: set[Node] = set()
    for vertex in graph:
        if vertex.op is None or vertex.application in seen or not vertex.application.inputs:
            continue
        seen.add(vertex.application)
        try:
            case = _alone(graph, vertex.application)
            if case is not None:
                compare(case)
        except Failure:
            failing.append(f"{vertex.op.name} ({vertex.name}){_at(vertex)}")
        except Exception:  # an operation that cannot be applied alone is not judged
            continue
    return failing


def _alone(graph: Graph, node: Node) -> Case | None:
    """One application as a function of those inputs that have a derivative."""
    operands = [in_double(v) for v in graph.values.operands(node)]
    places = [
        i for i, v in enumerate(operands)
        if isinstance(v, (np.ndarray, np.generic)) and is_differentiable(v.dtype)
        and isinstance(node.inputs[i], Node) and node.op.rule(i) is not None
    ]  # fmt: skip
    if not places:
        return None

    def alone(*args: Any) -> Any:
        given = [_new(v, None) if isinstance(v, (np.ndarray, np.generic)) else v for v in operands]
        for place, arg in zip(places, args, strict=True):
            given[place] = arg
        out = node.op(*given, **(node.attrs or {}))
        several = out if isinstance(out, (tuple, list)) else (out,)
        return tuple(
            o for o in several if isinstance(o, Tensor) and is_differentiable(o._data.dtype)
        )

    return Case(alone, [_leaf(operands[i]) for i in places])


def _leaf(value: Any) -> Tensor:
    leaf = _new(np.array(value)[()], None)
    make_leaf(leaf)
    return leaf
