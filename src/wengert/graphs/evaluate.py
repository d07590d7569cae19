"""Values of a graph: the kept ones, and the rest computed again with the same functions.

A value that is gone for good, or that was overwritten since, is never replaced by another number:
the error says which value, where it went, and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from wengert.core.aval import Aval, aval_of
from wengert.core.computing import cast, promoted
from wengert.core.dtype import category
from wengert.core.half import forward_of
from wengert.core.memory import Memory
from wengert.core.node import Leaf, Node
from wengert.core.op import Op
from wengert.errors import GraphError, MissingValueError, StaleError, WengertError
from wengert.graphs.vertex import identity, key_of
from wengert.modes import silently


def forward(op: Op, operands: list[Any], attrs: dict[str, Any] | None) -> Any:
    """An operation's forward function on arrays and numbers, promoted as apply does."""
    if op.promotion != "none":
        operands = promoted(op, operands)
    result = silently(forward_of(op, operands), *operands, **(attrs or {}))
    if isinstance(result, tuple):
        return tuple(_scalar(r) for r in result)
    return _scalar(result)


def _scalar(value: Any) -> Any:
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def evaluate_node(node: Node, operands: list[Any]) -> Any:
    """One step of an evaluation by Graph.walk.

    Raises GraphError where the operation fails, as it can at other inputs or in a file's graph.
    """
    if node.op.kind == "projection":
        assert node.attrs is not None
        return operands[0][node.attrs["index"]]
    try:
        value = forward(node.op, operands, node.attrs)
    except WengertError:
        raise
    except (Exception, MemoryError) as error:
        raise GraphError(f"{node.op.name} cannot be computed: {error}", site=node.site) from error
    made = tuple(map(aval_of, value)) if isinstance(value, tuple) else aval_of(value)
    if _kind(made) != _kind(node.aval):
        raise GraphError(
            f"{node.op.name} gives {made} here, and the graph was recorded with {node.aval}",
            "Its shape depends on the data: record the computation again.",
            node.site,
        )
    return value


def _kind(aval: Any) -> Any:
    """What stays the same at any inputs and in double precision: shapes, and kinds of dtypes."""
    if isinstance(aval, tuple):
        return tuple(map(_kind, aval))
    return aval.shape, category(aval.dtype)


class Values:
    """The values that belong to one recorded run.

    order: the nodes, oldest first. index and names: the names of the vertices, for errors.
    """

    def __init__(
        self, order: Sequence[Node], index: Mapping[Any, int], names: Sequence[str]
    ) -> None:
        self._order = order
        self._index = index
        self._names = names
        self._computed: dict[Node, Any] = {}

    def of(self, key: Any) -> Any:
        """The array of a node or of a constant."""
        if not isinstance(key, Node):
            return self._constant(key, self._first_uses.get(id(key), 0))
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

    def constant(self, node: Node, i: int) -> Any:
        """The value of a constant input as the node saw it; a number as it is."""
        kept = node.operands[i] if node.operands is not None else None
        source = key_of(node.inputs[i])
        if source is None:
            return kept
        value = self._constant(source, node.sequence, node)
        return cast(value, node.operand_aval(i).dtype) if kept is None else kept

    def _kept(self, node: Node) -> Any:
        found = self._computed.get(node)
        if found is not None:
            return found
        if isinstance(node, Leaf):
            self._check_leaf(node)
            return node.value
        memory = node._memory
        if memory is not None and memory.touched > node.sequence:
            return None  # overwritten: to be computed again
        return node.value

    def _check_leaf(self, leaf: Leaf) -> None:
        if leaf.value is None:
            raise MissingValueError(
                f"{self._name(leaf)} has no value: the graph was traced or saved without it",
                "Give it one: graph.at(...) is the graph there, graph(...) the outputs.",
            )
        memory = leaf._memory
        if memory is not None and memory.touched > self._first_uses.get(leaf, memory.touched):
            raise self._stale(self._name(leaf), memory)

    @cached_property
    def _first_uses(self) -> dict[Any, int]:
        """When each leaf and each constant was first used."""
        first: dict[Any, int] = {}
        for node in self._order:
            for source in node.inputs:
                if source is not None and (not isinstance(source, Node) or not source.inputs):
                    first.setdefault(identity(key_of(source)), node.sequence)
        return first

    def _constant(self, key: Any, used: int, node: Node | None = None) -> Any:
        """The array of a constant, if it is there and still what it was when it was used."""
        if isinstance(key, Aval):
            raise self._gone(key, node)
        memory = key._memory
        if memory is not None and memory.touched > used:
            raise self._stale(self._name(key), memory)
        return key._data

    def _name(self, key: Any) -> str:
        return self._names[self._index[identity(key)]]

    def _stale(self, name: str, memory: Memory) -> StaleError:
        where = f" at {memory.site}" if memory.site is not None else ""
        return StaleError(
            f"{name} was written since this graph was recorded, by {memory.writer}{where}",
            "Ask before the write, or run the computation again.",
        )

    def _gone(self, key: Aval, node: Node | None) -> MissingValueError:
        users = [n for n in self._order if any(s is key for s in n.inputs)]
        freed = next((n.freed for n in [node, *users] if n is not None and n.freed), None)
        by = "an earlier backward pass" + (f" at {freed}" if freed is not None else "")
        return MissingValueError(
            f"{self._name(key)}, a constant {key}, was dropped by {by}",
            "Keep the tensor in a variable, pass retain_graph=True, or give it anew: "
            f"graph.at({self._name(key)}=...).",
        )
