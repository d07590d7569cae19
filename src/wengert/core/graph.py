"""Graph: a recorded computation as something to hold.

A Graph is a view: it holds the output nodes and works out order, consumers, edges and names; it
copies nothing. Its vertices are what a reader sees: inputs, constants that are tensors, and one
vertex per result; the node of an operation with several outputs is hidden behind its projections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from wengert.core.aval import Aval, aval_of, stand_in
from wengert.core.names import Names
from wengert.core.node import Leaf, Node
from wengert.core.op import Op
from wengert.core.record import promoted
from wengert.core.tensor import Tensor
from wengert.errors import GraphError, TraceError, UnknownNameError, did_you_mean
from wengert.modes import silently
from wengert.sites import Site

Key = Node | Tensor
"""What a vertex stands for: a node of the graph, or a constant tensor."""


def collect(roots: Iterable[Node]) -> list[Node]:
    """Every node that the roots depend on, newest first; no recursion.

    A node is newer than all it depends on, so this is an order for the backward pass.
    """
    nodes = list(dict.fromkeys(roots))
    seen = set(nodes)
    for node in nodes:  # grows while it is walked
        for source in node.inputs:
            if isinstance(source, Node) and source not in seen:
                seen.add(source)
                nodes.append(source)
    nodes.sort(key=attrgetter("sequence"), reverse=True)
    return nodes


class Edge(NamedTuple):
    """One use of a value: it goes into `consumer` as input number `slot`."""

    producer: Vertex
    consumer: Vertex
    slot: int


class Vertex:
    """One input, constant or result, with its name. Printed as Node(c = a + b, ...)."""

    __slots__ = ("graph", "index", "key", "name")

    def __init__(self, graph: Graph, key: Key, name: str, index: int) -> None:
        self.graph = graph
        self.key = key
        self.name = name
        self.index = index

    @property
    def is_constant(self) -> bool:
        return isinstance(self.key, Tensor)

    @property
    def is_input(self) -> bool:
        return isinstance(self.key, Leaf)

    @property
    def is_operation(self) -> bool:
        return not (self.is_constant or self.is_input)

    @property
    def application(self) -> Node:
        """The node that the operation was recorded in; behind a projection, its source."""
        node = self.key
        assert isinstance(node, Node)
        source: Node = node.inputs[0] if node.op.kind == "projection" else node
        return source

    @property
    def output_index(self) -> int | None:
        """Which output of an operation with several this is; None for operations with one."""
        node = self.key
        is_projection = isinstance(node, Node) and node.op.kind == "projection"
        return node.attrs["index"] if is_projection and node.attrs is not None else None  # type: ignore[union-attr]

    @property
    def op(self) -> Op | None:
        return self.application.op if self.is_operation else None

    @property
    def attributes(self) -> dict[str, Any]:
        return (self.application.attrs or {}) if self.is_operation else {}

    @property
    def aval(self) -> Aval:
        key = self.key
        aval: Aval = key.aval if isinstance(key, Node) else key._aval
        return aval

    @property
    def shape(self) -> tuple[int, ...]:
        return self.aval.shape

    @property
    def dtype(self) -> Any:
        from wengert.core.dtype import dtype_of

        return dtype_of(self.aval.dtype)

    @property
    def site(self) -> Site | None:
        return self.key.site if isinstance(self.key, Node) else None

    @property
    def operands(self) -> tuple[Vertex | Any, ...]:
        """Per input of the operation, its vertex; numbers and dropped constants as they are."""
        if not self.is_operation:
            return ()
        return self.graph.operands_of(self.application)

    @property
    def inputs(self) -> tuple[Vertex, ...]:
        """The vertices that go into this one, in order; x * x has x twice."""
        return tuple(v for v in self.operands if isinstance(v, Vertex))

    @property
    def consumers(self) -> tuple[Vertex, ...]:
        """The vertices that this one goes into."""
        return self.graph.consumers_of(self)

    @property
    def expression(self) -> str:
        """How it is computed from its inputs' names: "a + b"."""
        from wengert.core.expression import expression_of

        return expression_of(self)

    @property
    def value(self) -> Tensor:
        """The value, kept or computed again. Raises if neither is possible."""
        from wengert.core.record import _new

        return _new(self.graph.values.of(self.key), None)

    @property
    def grad(self) -> Tensor | None:
        """What backward() accumulated here, or None; never a warning."""
        return self.key.retained_grad if isinstance(self.key, Node) else None

    def __repr__(self) -> str:
        from wengert.core.expression import describe

        return describe(self)


class Graph:
    """The computation that led to some outputs.

    outputs: the tensors asked about. named: names given explicitly, which win over those that the
    code itself gives. frame: the caller's frame, whose variables name what nothing else names.
    """

    def __init__(
        self, outputs: Sequence[Node], names: Names | None = None, inputs: Sequence[Node] = ()
    ) -> None:
        if not outputs:
            raise GraphError("a graph needs at least one output")
        self._outputs = tuple(outputs)
        self._order = collect((*outputs, *inputs))[::-1]
        self._names = names if names is not None else Names()
        self._vertices = self._make_vertices()
        self._index: dict[Any, Vertex] = {_identity(v.key): v for v in self._vertices}
        self._by_name: dict[str, Vertex] | None = None
        self._consumers: dict[int, list[Edge]] | None = None
        self._values: Any = None

    # Structure

    def order(self) -> list[Node]:
        """All nodes, oldest first: every node after all it depends on. Projections included."""
        return list(self._order)

    def _make_vertices(self) -> list[Vertex]:
        keys: dict[Any, Key] = {}
        hidden = {n.inputs[0] for n in self._order if n.op.kind == "projection"}
        for node in self._order:
            for source in node.inputs:
                if isinstance(source, Tensor):
                    keys.setdefault(id(source), source)
            if node not in hidden:
                keys[node] = node
        names = self._names.assign(list(keys.values()))
        return [Vertex(self, key, names[i], i) for i, key in enumerate(keys.values())]

    @property
    def nodes(self) -> list[Vertex]:
        """Inputs, constants and results, oldest first."""
        return list(self._vertices)

    @property
    def inputs(self) -> list[Vertex]:
        """The leaves: what derivatives can be taken with respect to."""
        return [v for v in self._vertices if v.is_input]

    @property
    def outputs(self) -> list[Vertex]:
        return [self._index[node] for node in self._outputs]

    def operands_of(self, node: Node) -> tuple[Vertex | Any, ...]:
        """Per input its vertex; a number, or the Aval of a constant that was dropped."""
        values = node.operands or (None,) * len(node.inputs)
        return tuple(
            value if source is None else source if isinstance(source, Aval)
            else self._index[_identity(source)]
            for source, value in zip(node.inputs, values, strict=True)
        )  # fmt: skip

    @property
    def edges(self) -> list[Edge]:
        """Every use of a value by an operation; x * x has two."""
        return [
            Edge(operand, vertex, slot)
            for vertex in self._vertices
            for slot, operand in enumerate(vertex.operands)
            if isinstance(operand, Vertex)
        ]

    def edges_from(self, vertex: Vertex) -> list[Edge]:
        """The uses of one vertex."""
        if self._consumers is None:
            self._consumers = {}
            for edge in self.edges:
                self._consumers.setdefault(edge.producer.index, []).append(edge)
        return self._consumers.get(vertex.index, [])

    def consumers_of(self, vertex: Vertex) -> tuple[Vertex, ...]:
        return tuple(dict.fromkeys(edge.consumer for edge in self.edges_from(vertex)))

    # Lookup

    def __len__(self) -> int:
        return len(self._vertices)

    def __iter__(self) -> Iterator[Vertex]:
        return iter(self._vertices)

    def __getitem__(self, key: Any) -> Vertex:
        """The vertex of a name, a tensor, a vertex or a node.

        Raises UnknownNameError, with the nearest names, or GraphError for what is not in here.
        """
        if isinstance(key, str):
            return self._named(key)
        if isinstance(key, Vertex):
            key = key.key
        if isinstance(key, Tensor) and key._node is not None:
            key = key._node
        found = self._index.get(_identity(key)) if isinstance(key, (Node, Tensor)) else None
        if found is None:
            raise GraphError(
                f"{_what(key)} is not in this graph",
                "A graph holds what its outputs were computed from, and constants they used.",
            )
        return found

    def __contains__(self, key: Any) -> bool:
        try:
            self[key]
        except (GraphError, UnknownNameError):
            return False
        return True

    def _named(self, name: str) -> Vertex:
        if self._by_name is None:
            self._by_name = {v.name: v for v in self._vertices}
            for alias, key in self._names.aliases.items():
                vertex = self._index.get(_identity(key))
                if vertex is not None:
                    self._by_name.setdefault(alias, vertex)
        found = self._by_name.get(name)
        if found is None:
            known = did_you_mean(name, self._by_name)
            raise UnknownNameError(f"the graph has no node named {name!r}", known)
        return found

    def names(self) -> list[str]:
        return [v.name for v in self._vertices]

    def _ipython_key_completions_(self) -> list[str]:
        return self.names()

    # Walking

    def walk(self, env: dict[Node, Any], visit: Callable[[Node, list[Any]], Any]) -> list[Any]:
        """Carry values through the graph: visit(node, operands) for each node not in `env`.

        operands: per input what `env` holds for its node; constants as arrays, numbers as they
        are. Returns the outputs' values. Evaluation, pictures, code and text are all walks.
        """
        for node in self._order:
            if node not in env:
                env[node] = visit(node, [self._operand(node, i, env) for i in range(len(node.inputs))])
        return [env[node] for node in self._outputs]

    def _operand(self, node: Node, i: int, env: dict[Node, Any]) -> Any:
        source = node.inputs[i]
        if isinstance(source, Node):
            return env[source]
        return self.values.constant(node, i)

    @property
    def values(self) -> Any:
        """The values of this graph: kept ones, and the rest computed again on demand."""
        if self._values is None:
            from wengert.core.evaluate import Values

            self._values = Values(self)
        return self._values

    # Checking

    def verify(self) -> Graph:
        """Check order, arity, avals and attributes. Raises GraphError; returns the graph."""
        seen: set[Node] = set()
        for node in self._order:
            for source in node.inputs:
                if isinstance(source, Node) and source not in seen:
                    raise GraphError(f"{node.op.name} uses a value before it is made")
            seen.add(node)
            if not isinstance(node, Leaf) and node.op.kind != "projection":
                _verify_application(node)
        return self

    def listing(self) -> str:
        """The graph as text, one line a vertex: `c: float32[1] = add(a, b)`."""
        from wengert.core.expression import listing_line

        lines = [listing_line(v) for v in self._vertices]
        return "\n".join([*lines, "return " + ", ".join(v.name for v in self.outputs)])


def _identity(key: Any) -> Any:
    """Nodes hash by identity; tensors are looked up by id, since their == is elementwise."""
    return id(key) if isinstance(key, Tensor) else key


def _what(key: Any) -> str:
    if isinstance(key, Tensor):
        return f"this tensor of shape {tuple(key.shape)}"
    return f"this {type(key).__name__}"


def _verify_application(node: Node) -> None:
    op = node.op
    if not op.variadic and len(node.inputs) != len(op.inputs):
        raise GraphError(f"{op.name} has {len(node.inputs)} inputs, not {len(op.inputs)}")
    unknown = set(node.attrs or ()) - set(op.attributes)
    if unknown:
        raise GraphError(f"{op.name} has no attributes {sorted(unknown)}")
    operands = [_operand_of(node, i) for i in range(len(node.inputs))]
    try:
        inferred = infer(op, operands, node.attrs or {})
    except TraceError:
        return  # the shape depends on the data, as a mask's number of true elements does
    if inferred != node.aval:
        raise GraphError(f"{op.name} gives {inferred}, not {node.aval}")


def _operand_of(node: Node, i: int) -> Any:
    """An input as shape inference sees it: an aval, a number, an array, or None."""
    source = node.inputs[i]
    if source is None:
        return node.operands[i] if node.operands is not None else None
    return node.operand_aval(i)


def infer(op: Op, operands: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """The aval (or avals) of an operation's output from its operands' avals; numbers stay numbers.

    The op's own rule if it has one, else its forward function run on zeros.
    """
    stands = [stand_in(o) if isinstance(o, Aval) else o for o in operands]
    if op.promotion != "none":
        stands = promoted(op, stands)
    if op.aval is not None:
        avals = [aval_of(s) if s is not None else None for s in stands]
        return op.aval(*avals, **attrs)
    result = silently(op.forward, *stands, **attrs)
    if isinstance(result, tuple):
        return tuple(aval_of(np.asarray(r)) for r in result)
    return aval_of(result)
