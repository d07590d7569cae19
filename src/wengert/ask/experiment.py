"""Experiments: values moved a little, and the rest computed again in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.ask.quiet import quiet
from wengert.core.dtype import COMPLEX, FLOATING, category, is_differentiable
from wengert.core.node import Node
from wengert.graphs.evaluate import evaluate_node
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex, identity, key_of

_DOUBLE = {FLOATING: np.dtype(np.float64), COMPLEX: np.dtype(np.complex128)}
_BEND = 1e-3
STEP = 6e-6
"""For central differences in double precision: about the cube root of its resolution."""


def is_kink(change: Callable[[float], float], step: float) -> bool:
    """Whether a function bends at a point: its slopes on either side differ however near one looks.

    change: how much it changes by a step of this size.
    """

    def bend(size: float) -> float:
        return abs(change(size) + change(-size)) / size

    far, near = bend(step), bend(step / 4)
    return far > _BEND * max(1.0, abs(change(step)) / step) and near > far / 2


def in_double(value: Any) -> Any:
    """Floats and complex numbers in double precision, so that small differences survive."""
    if not isinstance(value, (np.ndarray, np.generic)) or not is_differentiable(value.dtype):
        return value
    return value.astype(_DOUBLE[category(value.dtype)])


class Experiment:
    """A graph's values in double precision, and how they move if some of them are moved."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._values: dict[Any, Any] = {}
        for node in graph.order():
            if node.inputs:
                operands = [self._operand(node, i, {}) for i in range(len(node.inputs))]
                self._values[node] = evaluate_node(node, operands)
            else:
                self._values[node] = in_double(graph.values.of(node))

    def value(self, vertex: Vertex) -> Any:
        """The unmoved value of a vertex in double precision."""
        if isinstance(vertex.key, Node):
            return self._values[vertex.key]
        return in_double(self._graph.values.of(vertex.key))

    @quiet
    def moved(self, steps: dict[int, Any], until: int | None = None) -> dict[int, Any]:
        """The values that are no longer the same if vertices are moved by `steps`, by index.

        until: nothing newer than this vertex is computed.
        """
        graph = self._graph
        last = len(graph) - 1 if until is None else until
        by_key = {identity(graph.keys[i]): step for i, step in steps.items()}
        changed: dict[Any, Any] = {id(graph.keys[i]): self.value(Vertex(graph, i)) + step
                   for i, step in steps.items() if not isinstance(graph.keys[i], Node)}  # fmt: skip
        newest = graph.keys[last]
        for node in graph.order():
            step = by_key.get(node)
            if step is not None or any(identity(key_of(s)) in changed for s in node.inputs):
                value = self._again(node, changed)
                changed[node] = value if step is None else value + step
            if node is newest:
                break
        return {i: changed[identity(key)] for i, key in enumerate(graph.keys[: last + 1])
                if identity(key) in changed}  # fmt: skip

    def _again(self, node: Node, changed: dict[Any, Any]) -> Any:
        if not node.inputs:
            return self._values[node]
        operands = [self._operand(node, i, changed) for i in range(len(node.inputs))]
        return evaluate_node(node, operands)

    def _operand(self, node: Node, i: int, changed: dict[Any, Any]) -> Any:
        source = key_of(node.inputs[i])
        key = identity(source)
        if source is not None and key in changed:
            return changed[key]
        if isinstance(source, Node):
            return self._values[source]
        return in_double(self._graph.values.constant(node, i))

    @quiet
    def change(self, of: Vertex, wrt: Vertex, step: Any) -> Any:
        """The change of `of` if wrt moves by `step`."""
        moved = self.moved({wrt.index: step}, until=of.index)
        before = self.value(of)
        return moved.get(of.index, before) - before

    @quiet
    def slope(self, of: Vertex, wrt: Vertex, direction: Any) -> float:
        """The slope of sum(of) along `direction` at wrt, by a central difference."""
        step = self._step(wrt)
        ahead, behind = (self._along(of, wrt, direction, s) for s in (step, -step))
        return (ahead - behind) / (2 * step)

    @quiet
    def bends(self, of: Vertex, wrt: Vertex, direction: Any) -> bool:
        """Whether sum(of) has a kink along `direction` at wrt, and so no slope."""
        return is_kink(lambda s: self._along(of, wrt, direction, s), self._step(wrt))

    def _step(self, wrt: Vertex) -> float:
        return STEP * max(1.0, float(np.max(np.abs(self.value(wrt)), initial=0.0)))

    def _along(self, of: Vertex, wrt: Vertex, direction: Any, size: float) -> float:
        return float(np.sum(self.change(of, wrt, size * direction)).real)
