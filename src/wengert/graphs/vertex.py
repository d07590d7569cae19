"""Vertices and edges: what a reader of a graph sees.

They are made when asked for and compare by what they stand for, so a Graph holds none of them and
there is no cycle: when its last user lets go, a graph is gone at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from wengert.core.aval import Aval
from wengert.core.dtype import DType, dtype_of, is_differentiable
from wengert.core.extra import Cut, Dropped
from wengert.core.node import Leaf, Node
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import GradientError
from wengert.sites import Site

if TYPE_CHECKING:
    from wengert.graphs.graph import Graph

Key = Node | Tensor | Dropped
"""What a vertex stands for: a node, a constant tensor, or a constant that was let go."""


def identity(key: Any) -> Any:
    """What a key is looked up by: nodes by themselves, constants by their id (their == is not
    identity).
    """
    return key if isinstance(key, Node) else id(key)


def node_of(tensor: Tensor) -> Node | None:
    """A tensor's node. None, too, of a view whose history is refused: it is in no graph, and who
    only looks around should not hear of it.
    """
    try:
        return tensor._node
    except GradientError:
        return None


def key_of(source: Any) -> Any:
    """What the vertex of a node's input stands for; None for a number."""
    if isinstance(source, Dropped):
        alive = source.tensor
        return source if alive is None else alive
    return source


class Edge(NamedTuple):
    """One use of a value: it goes into `consumer` as input number `slot`."""

    producer: Vertex
    consumer: Vertex
    slot: int


class Vertex:
    """One input, constant or result, with its name. Printed as Node(c = a + b, ...)."""

    __slots__ = ("graph", "index")

    def __init__(self, graph: Graph, index: int) -> None:
        self.graph = graph
        self.index = index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vertex) and self.key is other.key

    def __hash__(self) -> int:
        return hash(identity(self.key))

    @property
    def key(self) -> Key:
        return self.graph.keys[self.index]

    @property
    def name(self) -> str:
        return self.graph.naming.names[self.index]

    @property
    def is_constant(self) -> bool:
        return not isinstance(self.key, Node)

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
        if not isinstance(node, Node) or node.op.kind != "projection":
            return None
        assert node.attrs is not None
        index: int = node.attrs["index"]
        return index

    @property
    def op(self) -> Op | None:
        """The operation; None for inputs and constants."""
        return self.application.op if self.is_operation else None

    @property
    def attributes(self) -> dict[str, Any]:
        return (self.application.attrs or {}) if self.is_operation else {}

    @property
    def scope(self) -> str:
        """What `wengert.scope` filed the operation under: "encoder/attention", or ""."""
        return self.application.scope if self.is_operation else ""

    def is_within(self, scope: str) -> bool:
        """Whether the operation is filed under a scope, or under one inside it."""
        return self.is_operation and f"{self.scope}/".startswith(f"{scope}/")

    @property
    def aval(self) -> Aval:
        """Shape and dtype."""
        return self.graph.avals[self.index]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.aval.shape

    @property
    def dtype(self) -> DType:
        return dtype_of(self.aval.dtype)

    @property
    def is_differentiable(self) -> bool:
        """Whether derivatives with respect to it, and of it, make sense: floats and complex."""
        return is_differentiable(self.aval.dtype)

    @property
    def site(self) -> Site | None:
        """The line that it was made in."""
        return self.key.site if isinstance(self.key, Node) else None

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """For a constant, where its history was cut off."""
        key = self.key
        if isinstance(key, Tensor):
            return key._extra.cuts if key._extra is not None else ()
        return key.cuts if isinstance(key, Dropped) else ()

    @property
    def operands(self) -> tuple[Vertex | Any, ...]:
        """Per input of the operation its vertex, or the number itself."""
        return self.graph.operands_of(self.application) if self.is_operation else ()

    @property
    def inputs(self) -> tuple[Vertex, ...]:
        """The vertices that go into this one, in order; x * x has x twice."""
        return tuple(Vertex(self.graph, i) for _, i in self.graph.sources(self.index))

    @property
    def producers(self) -> tuple[Vertex, ...]:
        """The vertices that go into this one, each once."""
        return tuple(dict.fromkeys(self.inputs))

    @property
    def consumers(self) -> tuple[Vertex, ...]:
        """The vertices that this one goes into, each once."""
        users = dict.fromkeys(i for i, _ in self.graph.uses(self.index))
        return tuple(Vertex(self.graph, i) for i in users)

    @property
    def expression(self) -> str:
        """How it is computed from its inputs' names: "a + b"."""
        from wengert.graphs.expression import expression_of

        return expression_of(self)

    @property
    def value(self) -> Tensor:
        """The value, kept or computed again.

        Raises MissingValueError where it can be neither, StaleError where it was overwritten.
        """
        from wengert.core.handles import _new

        return _new(self.graph.values.of(self.key), None)

    @property
    def grad(self) -> Tensor | None:
        """What backward() accumulated here, or None; never a warning."""
        return self.key.retained_grad if isinstance(self.key, Node) else None

    def __repr__(self) -> str:
        from wengert.graphs.expression import describe

        return describe(self)
