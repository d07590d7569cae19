"""Values of a graph: the kept ones, and the rest computed again with the same functions.

A value that is gone for good, or that was overwritten since, is never replaced by another number:
the error says which value, where it went, and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.memory import Memory
from wengert.core.node import Leaf, Node
from wengert.core.op import Op
from wengert.core.record import promoted
from wengert.core.tensor import Tensor
from wengert.errors import MissingValueError, StaleError
from wengert.modes import silently

if TYPE_CHECKING:
    from wengert.core.graph import Graph


def forward(op: Op, operands: list[Any], attrs: dict[str, Any] | None) -> Any:
    """An operation's forward function on arrays and numbers, promoted as apply does."""
    if op.promotion != "none":
        operands = promoted(op, operands)
    result = silently(op.forward, *operands, **(attrs or {}))
    if isinstance(result, tuple):
        return tuple(_scalar(r) for r in result)
    return _scalar(result)


def _scalar(value: Any) -> Any:
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def evaluate_node(node: Node, operands: list[Any]) -> Any:
    """One step of an evaluation by Graph.walk."""
    if node.op.kind == "projection":
        assert node.attrs is not None
        return operands[0][node.attrs["index"]]
    return forward(node.op, operands, node.attrs)


class Values:
    """The values that belong to one recorded run."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._computed: dict[Node, Any] = {}

    def of(self, key: Node | Tensor) -> Any:
        """The array of a node or of a constant tensor."""
        if isinstance(key, Tensor):
            return key._data
        todo = [key]
        while todo:
            node = todo[-1]
            if self._kept(node) is not None:
                todo.pop()
                continue
            missing = [s for s in node.inputs if isinstance(s, Node) and self._kept(s) is None]
            if missing:
                todo.extend(missing)
                continue
            self._computed[node] = evaluate_node(node, self.operands(node))
            todo.pop()
        return self._kept(key)

    def operands(self, node: Node) -> list[Any]:
        """The values of all inputs of a node: arrays, and numbers as they are."""
        return [
            self.of(source) if isinstance(source, Node) else self.constant(node, i)
            for i, source in enumerate(node.inputs)
        ]

    def _kept(self, node: Node) -> Any:
        found = self._computed.get(node)
        if found is not None:
            return found
        memory = node._memory
        if isinstance(node, Leaf):
            self._check_leaf(node)
            return node.value
        if memory is not None and memory.written > node.sequence:
            return None  # overwritten: to be computed again
        return node.value

    def _check_leaf(self, leaf: Leaf) -> None:
        if leaf.value is None:
            raise MissingValueError(
                f"{self._name(leaf)} has no value: the graph was traced without numbers",
                "Give it one: graph.at(...) is the graph there, graph(...) the outputs.",
            )
        memory = leaf._memory
        if memory is not None and memory.written > self._first_use(leaf):
            raise self._stale(self._name(leaf), memory)

    def _first_use(self, leaf: Leaf) -> float:
        edges = self._graph.edges_from(self._graph[leaf])
        uses = [edge.consumer.key.sequence for edge in edges if isinstance(edge.consumer.key, Node)]
        return min(uses, default=float("inf"))

    def _name(self, key: Any) -> str:
        return self._graph[key].name

    def _stale(self, name: str, memory: Memory) -> StaleError:
        where = f" at {memory.site}" if memory.site is not None else ""
        return StaleError(
            f"{name} was written since this graph was recorded, by {memory.writer}{where}",
            "Ask before the write, or run the computation again.",
        )

    def constant(self, node: Node, i: int) -> Any:
        """The value of a constant input, if it is still what the node saw."""
        source = node.inputs[i]
        if isinstance(source, Aval):
            raise self._gone(node, i, source)
        if isinstance(source, Tensor):
            memory = source._memory
            if memory is not None and memory.written > node.sequence:
                raise self._stale(self._name(source), memory)
        return node.operands[i] if node.operands is not None else None

    def _gone(self, node: Node, i: int, aval: Aval) -> MissingValueError:
        by = "an earlier backward pass" + (f" at {node.freed}" if node.freed is not None else "")
        return MissingValueError(
            f"input {i + 1} of {node.op.name}, a constant {aval}, was dropped by {by}",
            "Pass retain_graph=True to it, or ask before it.",
        )
