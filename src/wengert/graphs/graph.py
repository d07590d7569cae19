"""Graph: a recorded computation as something to hold.

A Graph is a view: it holds the output nodes and works out order, consumers, edges and names; it
copies nothing. Its vertices are what a reader sees: inputs, constants that are tensors, and one
vertex per result; the node of an operation with several outputs is hidden behind its projections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any

from wengert.core.aval import Aval
from wengert.core.node import Leaf, Node
from wengert.core.tensor import Tensor
from wengert.errors import GraphError, UnknownNameError, did_you_mean
from wengert.graphs.evaluate import Values
from wengert.graphs.names import Names
from wengert.graphs.vertex import Edge, Key, Vertex, identity, key_of


def collect(roots: Iterable[Node]) -> list[Node]:
    """Every node that the roots depend on, oldest first; no recursion.

    A node is newer than all it depends on, so its sequence number is an order of computation.
    """
    nodes = list(dict.fromkeys(roots))
    seen = set(nodes)
    for node in nodes:  # grows while it is walked
        for source in node.inputs:
            if source is not None and isinstance(source, Node) and source not in seen:
                seen.add(source)
                nodes.append(source)
    nodes.sort(key=attrgetter("sequence"))
    return nodes


def vertex_keys(order: Iterable[Node]) -> list[Key]:
    """What the vertices stand for: the nodes but for those behind projections, and constants.

    A constant stands before the first operation that uses it, so that this is an order, too.
    """
    order = list(order)
    hidden = {node.inputs[0] for node in order if node.op.kind == "projection"}
    keys: dict[Any, Key] = {}
    for node in order:
        for source in node.inputs:
            if source is not None and not isinstance(source, Node):
                constant = key_of(source)
                keys.setdefault(identity(constant), constant)
        if node not in hidden:
            keys[node] = node
    return list(keys.values())


class Graph:
    """The computation that led to some outputs.

    outputs: the nodes asked about. names: what vertices are called, besides what the code says.
    inputs: nodes that belong to it even if no output depends on them. find: the node of another
    system's tensor, for a graph that was read from there.
    """

    def __init__(
        self, outputs: Sequence[Node], names: Names | None = None, inputs: Sequence[Node] = (),
        find: Callable[[Any], Node | None] | None = None,
    ) -> None:  # fmt: skip
        if not outputs:
            raise GraphError("a graph needs at least one output")
        self._outputs = tuple(outputs)
        self._find = find
        self._order = collect((*outputs, *inputs))
        self.keys = vertex_keys(self._order)
        self.naming = (names if names is not None else Names()).assign(self.keys)
        self._index = {identity(key): i for i, key in enumerate(self.keys)}

    # Structure

    def order(self) -> list[Node]:
        """All nodes, oldest first: every node after all it depends on. Projections included."""
        return list(self._order)

    @property
    def nodes(self) -> list[Vertex]:
        """Inputs, constants and results, oldest first."""
        return [Vertex(self, i) for i in range(len(self.keys))]

    @property
    def inputs(self) -> list[Vertex]:
        """The leaves: what gradients are accumulated for."""
        return [Vertex(self, i) for i, key in enumerate(self.keys) if isinstance(key, Leaf)]

    @property
    def constants(self) -> list[Vertex]:
        """The tensors that went in without requiring grad."""
        return [Vertex(self, i) for i, key in enumerate(self.keys) if not isinstance(key, Node)]

    @property
    def outputs(self) -> list[Vertex]:
        return [Vertex(self, self._index[node]) for node in self._outputs]

    @property
    def edges(self) -> list[Edge]:
        """Every use of a value by an operation; x * x has two."""
        return [
            Edge(Vertex(self, source), Vertex(self, user), slot)
            for user in range(len(self.keys))
            for slot, source in self.sources(user)
        ]

    def operands_of(self, node: Node) -> tuple[Vertex | Any, ...]:
        """Per input of a node its vertex, or the number itself."""
        values = node.operands or (None,) * len(node.inputs)
        return tuple(
            value if source is None else Vertex(self, self._index[identity(key_of(source))])
            for source, value in zip(node.inputs, values, strict=True)
        )

    def sources(self, index: int) -> tuple[tuple[int, int], ...]:
        """(slot, index) of each vertex that goes into a vertex; numbers are left out."""
        return self._sources[index]

    def uses(self, index: int) -> list[tuple[int, int]]:
        """(index, slot) of each use of a vertex."""
        return self._uses[index]

    @cached_property
    def avals(self) -> list[Aval]:
        """Shape and dtype of each vertex."""
        return [key._aval if isinstance(key, Tensor) else key.aval if isinstance(key, Node) else key
                for key in self.keys]  # fmt: skip

    @cached_property
    def _sources(self) -> list[tuple[tuple[int, int], ...]]:
        return [tuple(self._inputs_of(key)) for key in self.keys]

    def _inputs_of(self, key: Key) -> Iterator[tuple[int, int]]:
        if not isinstance(key, Node):
            return
        node = key.inputs[0] if key.op.kind == "projection" else key
        for slot, source in enumerate(node.inputs):
            if source is not None:
                yield slot, self._index[identity(key_of(source))]

    @cached_property
    def _uses(self) -> list[list[tuple[int, int]]]:
        uses: list[list[tuple[int, int]]] = [[] for _ in self.keys]
        for user, sources in enumerate(self._sources):
            for slot, source in sources:
                uses[source].append((user, slot))
        return uses

    # Lookup

    def index_of(self, key: Any) -> int | None:
        """The place of what a vertex stands for; None for what has none, as behind projections."""
        return self._index.get(identity(key))

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[Vertex]:
        return iter(self.nodes)

    def __getitem__(self, key: Any) -> Vertex:
        """The vertex of a name, a tensor, a vertex or a node.

        Raises UnknownNameError, with the nearest names, or GraphError for what is not in here.
        """
        if isinstance(key, str):
            return self._named(key)
        if isinstance(key, Vertex):
            key = key.key
        index = self._index.get(id(key))  # a constant, which may have become a leaf since
        if index is None:
            node = key._node if isinstance(key, Tensor) else key
            if self._find is not None and not isinstance(node, Node):
                node = self._find(key)
            index = self._index.get(node) if isinstance(node, Node) else None
        if index is None:
            raise GraphError(
                f"{_what(key)} is not in this graph",
                "A graph holds what its outputs were computed from, and the constants used.",
            )
        return Vertex(self, index)

    def __contains__(self, key: Any) -> bool:
        try:
            self[key]
        except (GraphError, UnknownNameError):
            return False
        return True

    def _named(self, name: str) -> Vertex:
        index = self.naming.find(name)
        if index is None:
            raise UnknownNameError(
                f"the graph has no node named {name!r}", did_you_mean(name, self.naming.known())
            )
        return Vertex(self, index)

    def names(self) -> list[str]:
        """The name of every node, oldest first."""
        return list(self.naming.names)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.naming.known())

    # Values

    @cached_property
    def values(self) -> Values:
        """The values of this run: kept ones, and the rest computed again on demand."""
        return Values(self._order, self._index, self.naming.names)

    def walk(self, env: dict[Node, Any], visit: Callable[[Node, list[Any]], Any]) -> list[Any]:
        """Carry values through the graph: visit(node, operands) for each node not in `env`.

        operands: per input what `env` holds for its node; constants as arrays, numbers as they
        are. Returns the outputs' values. Evaluation, code and text are all walks.
        """
        for node in self._order:
            if node not in env:
                operands = [self._operand(node, i, env) for i in range(len(node.inputs))]
                env[node] = visit(node, operands)
        return [env[node] for node in self._outputs]

    def _operand(self, node: Node, i: int, env: dict[Node, Any]) -> Any:
        source = node.inputs[i]
        return env[source] if isinstance(source, Node) else self.values.constant(node, i)

    # Checking and text

    def verify(self) -> Graph:
        """Check order, arity, avals and attributes. Raises GraphError; returns the graph."""
        from wengert.graphs.verify import verify

        verify(self._order)
        return self

    def in_short(self) -> str:
        """Sizes, outputs and the most frequent operations, in three lines."""
        from wengert.graphs.expression import in_short

        return in_short(self)

    def listing(self) -> str:
        """The graph as text, one line a vertex: `c: float32[1] = add(a, b)`."""
        from wengert.graphs.expression import listing_line

        lines = [listing_line(v) for v in self.nodes]
        return "\n".join([*lines, "return " + ", ".join(v.name for v in self.outputs)])


def _what(key: Any) -> str:
    if isinstance(key, Tensor):
        return f"this tensor of shape {tuple(key.shape)}"
    return f"this {type(key).__name__}"
