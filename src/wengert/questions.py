"""The graph as users hold it: every question that one can ask it, in one place.

The answers are worked out in ask/ and draw/, which load on first use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, Literal

from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, GradientError, WengertError
from wengert.graphs import graph as core
from wengert.graphs.names import Names
from wengert.graphs.vertex import Vertex
from wengert.sites import user_frame

if TYPE_CHECKING:
    from wengert.ask.answer import Answer
    from wengert.ask.check import Check
    from wengert.ask.compare import Comparison
    from wengert.ask.cost import Cost
    from wengert.ask.cutting import Cutting
    from wengert.ask.derivation import Derivation
    from wengert.ask.edges import Edge
    from wengert.ask.memory import MemoryReport
    from wengert.ask.paths import Paths
    from wengert.ask.sweep import Sweep
    from wengert.ask.table import Table
    from wengert.draw.picture import Picture
    from wengert.figures import Figures

Where = str | Tensor | Vertex | Node
"""How a node is meant: its name, the tensor itself, or what the graph gave."""


class Graph(core.Graph):
    """A recorded computation that answers questions. Made by `wengert.graph`.

    Nodes are meant by name, or by the tensor itself. With one argument, the sole output is
    implied.

    >>> import wengert as wg
    >>> a = wg.tensor([2.0], requires_grad=True)
    >>> b = wg.tensor([1.0], requires_grad=True)
    >>> c = a + b
    >>> d = b + 1
    >>> e = c * d
    >>> g = wg.graph(e)
    >>> g["c"]
    Node(c = a + b, value 3, <doctest ...>:1)
    >>> g.derivative("e", "b")
    tensor(5.)
    """

    # Derivatives

    def derivative(self, of: Where, wrt: Where | None = None) -> Tensor:
        """d of / d wrt for any two nodes: read as in the fraction.

        Returns shape (*of.shape, *wrt.shape), wrt's shape where `of` has one element, 0-d where
        both have; zeros where they are not connected. Raises GraphError if asked the wrong way
        round.
        """
        from wengert.ask.derivative import derivative

        of, wrt = (self._output(), of) if wrt is None else (of, wrt)
        return derivative(self, self[of], self[wrt])

    def edge(self, source: Where, target: Where, slot: int | None = None) -> Edge:
        """The edge from source to target, read with the data, and its local derivative.

        slot: which input of the target, needed where several edges run in parallel (x * x).
        """
        from wengert.ask.edges import find_edge

        return find_edge(self, self[source], self[target], slot)

    def paths(self, source: Where, target: Where | None = None) -> Paths:
        """The paths from source to target, lazily; `.sum()` is the derivative, `.count()` exact."""
        from wengert.ask.paths import Paths

        return Paths(self, self[source], self[target] if target is not None else self._output())

    def contribution(self, part: Any, of: Where, wrt: Where | None = None) -> Tensor:
        """What d of / d wrt owes to a part of the graph: the sum over the paths through it.

        part: a node, an edge, or the name of a scope. Contribution and the derivative without the
        part add up to the whole derivative.
        """
        from wengert.ask.cutting import contribution

        of, wrt = (self._output(), of) if wrt is None else (of, wrt)
        return contribution(self, part, self[of], self[wrt])

    def without(self, *parts: Any) -> Cutting:
        """The graph with edges, nodes or scopes cut: what remains of its derivatives.

        >>> import wengert as wg
        >>> x = wg.tensor(3.0, requires_grad=True)
        >>> h = x * x
        >>> y = x + h
        >>> g = wg.graph(y)
        >>> g.contribution("h", "y", "x"), g.without("h").derivative("y", "x")
        (tensor(6.), tensor(1.))
        """
        from wengert.ask.cutting import without

        return without(self, parts)

    def explain(self, of: Where, wrt: Where | None = None) -> Derivation:
        """The derivation of d of / d wrt with this run's numbers."""
        from wengert.ask.explain import explain

        of, wrt = (self._output(), of) if wrt is None else (of, wrt)
        return explain(self, self[of], self[wrt])

    def sensitivities(self, wrt: Where) -> Table:
        """How fast every node moves if wrt moves at speed 1, in all its elements: forward mode."""
        from wengert.ask.sensitivities import sensitivities

        return sensitivities(self, self[wrt])

    def cost(self, of: Where, wrt: Where | None = None) -> Cost:
        """How many multiplications all of d of / d wrt take: forward mode against reverse mode.

        >>> import wengert as wg
        >>> x = wg.ones(1000, requires_grad=True)
        >>> y = (x * x).sum()
        >>> wg.graph(y).cost("y", "x")
        Cost(sweep=3000, forward=3000000, reverse=3000)
        """
        from wengert.ask.cost import cost

        of, wrt = (self._output(), of) if wrt is None else (of, wrt)
        return cost(self, self[of], self[wrt])

    # Experiments

    def table(self) -> Table:
        """Each node with its expression, value, gradient, and the gradient measured by nudging."""
        from wengert.ask.table import table

        return table(self, self.outputs[-1])

    def nudge(self, /, **steps: Any) -> Table:
        """What every node does if the named ones move: predicted and measured.

        >>> import wengert as wg
        >>> x = wg.tensor(3.0, requires_grad=True)
        >>> y = x * x
        >>> print(wg.graph(y).nudge(x=0.1))
        node   expression   value   predicted   measured
        x      input        3       0.1         0.1
        y      x * x        9       0.6         0.61
        """
        from wengert.ask.nudge import nudge

        return nudge(self, steps)

    def check(self, tolerance: float = 1e-3) -> Check:
        """Every local derivative against finite differences; names the operation that is wrong.

        What is wrong is told from what loses its precision: a formula that is right in double.
        tolerance: how far a derivative may be off, relative to its size, or to 1; where the slope
        can be measured to its last digits, and is computed in double, it must be right to 1e-7.
        """
        from wengert.ask.check import check

        return check(self, tolerance)

    def why(self, x: Where) -> Answer:
        """Why the gradient of x is None, or what it is; see `wengert.why`."""
        from wengert.ask.why import why_in, why_vertex

        if isinstance(x, Tensor) and x not in self:
            return why_in(self, x, Names(frame=user_frame()).of(x) or "x")
        if is_torch(x) and x not in self:
            from wengert.ask.why_foreign import cut_off

            foreign: Any = x
            return cut_off(self, _name_of(x, user_frame()), foreign.requires_grad)
        return why_vertex(self[x])

    def compare(
        self, other: core.Graph, *, rtol: float | None = None, atol: float | None = None
    ) -> Comparison:
        """Where another graph differs from this one: in structure, values and derivatives.

        Steps are matched by structure, whatever their names and order. The answer has
        `differences` in structure, and the first divergence in `values` and in `derivatives`; it is
        True if there is none. rtol, atol: as in testing.assert_close, by the dtype if not given.

        >>> import wengert as wg
        >>> x = wg.tensor(2.0, requires_grad=True)
        >>> g = wg.graph((x * 3).sin())
        >>> bool(g.compare(wg.graph((x * 3).sin())))
        True
        >>> [d.kind for d in g.compare(wg.graph((x * 3).cos())).differences]
        ['replaced']
        """
        from wengert.ask.compare import compare

        if not isinstance(other, core.Graph):
            raise ArgumentError(
                f"compare takes a graph, not a {type(other).__name__}",
                "wengert.graph(tensor) is the graph of a tensor.",
            )
        return compare(self, other, rtol, atol)

    def memory(self) -> MemoryReport:
        """What the graph keeps alive: bytes by node, scope and line; who holds it; what a backward
        pass will take at its peak.

        >>> import wengert as wg
        >>> x = wg.ones(1000, requires_grad=True)
        >>> wg.graph(x.exp().sum()).memory().total
        8004
        """
        from wengert.ask.memory import memory

        return memory(self)

    # Other inputs

    def __call__(self, /, **inputs: Any) -> Any:
        """The outputs at other inputs, by name; inputs that are not given keep their values.

        Numbers fill an input of any shape. Returns one tensor, or a tuple for several outputs.
        """
        from wengert.graphs.replay import outputs_at

        return outputs_at(self, inputs)

    def at(self, /, **inputs: Any) -> Graph:
        """The graph at other inputs, with values and derivatives there."""
        from wengert.graphs.replay import replayed

        return Graph(*replayed(self, inputs))

    def sweep(self, /, **values: Any) -> Sweep:
        """The outputs and their derivatives at many values of some inputs, all at once.

        values: per input, values along a further first axis; one number each fills an input of any
        shape. The answer prints as a table; `.plot()` draws it with matplotlib.

        >>> import wengert as wg
        >>> x = wg.tensor(3.0, requires_grad=True)
        >>> y = x * x
        >>> print(wg.graph(y).sweep(x=[1.0, 2.0, 3.0]))
        x   y   dy/dx
        1   1   2
        2   4   4
        3   9   6
        """
        from wengert.ask.sweep import sweep

        return sweep(self, values)

    # Parts

    def select(
        self, *, op: str | None = None, scope: str | None = None, name: str | None = None,
        shape: tuple[int | None, ...] | None = None,
        where: Callable[[Vertex], bool] | None = None,
    ) -> list[Vertex]:  # fmt: skip
        """The nodes that fit all that is given, oldest first.

        op: an operation's name. scope: nodes filed under it, or inside it. name: a name, with *
        and ? for what may stand there. shape: None in it for any length. where: a test of one's
        own.

        >>> import wengert as wg
        >>> x = wg.ones(2, 3, requires_grad=True)
        >>> y = (x * x).sum(1)
        >>> [node.name for node in wg.graph(y).select(shape=(None, 3))]
        ['x', 'v1']
        """
        from wengert.ask.select import select

        return select(self, op, scope, name, shape, where)

    def subgraph(self, source: Where, target: Where | None = None) -> Graph:
        """A part as a graph of its own: of a scope, or of all that lies between two nodes.

        What the part uses from outside becomes its inputs. Raises GraphError where nothing leads
        from source to target, UnknownNameError for no scope of that name.
        """
        from wengert.ask.cutting import check_scope
        from wengert.graphs.part import between, of_scope

        if target is not None:
            return Graph(*between(self, self[source], self[target]))
        return Graph(*of_scope(self, check_scope(self, source)))

    # Pictures and files

    def draw(
        self, *, values: bool = True, derivatives: bool = False,
        paths: tuple[Where, Where] | None = None, gradients: bool | Where = False,
        collapse: bool | None = None, open: Collection[str] = (),
        orientation: Literal["up", "down", "right", "left"] = "up",
    ) -> Picture:  # fmt: skip
        """The picture: in notebooks SVG, in terminals text; `.save("out.svg")`, `.svg("dark")`.

        values: under each node. derivatives: on each edge. paths: (from, to) to highlight; without
        derivatives, each of their edges says how much of the whole derivative passes there.
        gradients: colour each node by the norm of the output's gradient there; where there are
        several outputs, the one that is meant. orientation: where the data flows; text always reads
        upwards.

        collapse: draw each scope as one box, and repeated parts once; None to do so where there are
        more than 150 nodes, and then to open as many levels of scopes as fit. open: scopes that are
        not collapsed; * stands for anything.

        >>> import wengert as wg
        >>> x = wg.ones(3, requires_grad=True)
        >>> with wg.scope("norm"):
        ...     y = x / (x * x).sum().sqrt()
        >>> z = y.sum()
        >>> print(wg.graph(z).draw(collapse=True, values=False))
            ┌────────────┐
            │ z = sum(y) │
            └────────────┘
                   ▲
                   │
        ╔═════════════════════╗
        ║        norm         ║
        ║ mul, sum, sqrt, div ║
        ║    4 operations     ║
        ╚═════════════════════╝
                   ▲
                   │
                 ╒═══╕
                 │ x │
                 ╘═══╛
        """
        from wengert.draw.of_graph import scene_of
        from wengert.draw.picture import Picture

        if collapse not in (None, True, False):
            raise ArgumentError(
                f"draw: collapse is {collapse!r}; it is True, False or None",
                "Scopes that stay open are named by open=.",
            )
        label: Callable[[tuple[int, int]], Any] | None = self._label_of if derivatives else None
        highlighted = self._between(*paths) if paths is not None else frozenset()
        if highlighted and paths is not None and not derivatives:
            label = self._passing(*paths).get
        scene = scene_of(
            self,
            values=values,
            label=label,
            highlighted=highlighted,
            collapse=collapse,
            opened=open,
            gradients=self._gradients(gradients) if gradients is not False else None,
            orientation=orientation,
        )
        return Picture(scene)

    def figures(self, source: Where | None = None) -> Figures:
        """The set for teaching, frame by frame, with everything in the same place in each.

        The expression; the values; the derivatives on the edges; forward mode from `source` (the
        first input if not given), a frame for each node; reverse mode from the output, likewise.
        `.save(folder, "svg")` writes them, also as "tex" (TikZ), "png" and "pdf". Raises
        ArgumentError for a graph of more than 100 nodes.

        >>> import wengert as wg
        >>> x = wg.tensor(3.0, requires_grad=True)
        >>> y = x * x
        >>> wg.graph(y).figures().names
        ['expression', 'values', 'derivatives', 'forward-1', 'forward-2', 'reverse-1', 'reverse-2']
        """
        from wengert.figures import figures

        start = self.inputs[0] if source is None else self[source]
        return figures(self, start, self._label_of)

    def _label_of(self, use: tuple[int, int]) -> Any:
        """What stands on an edge: its derivative, where it has a rule."""
        from wengert.ask.edges import Edge
        from wengert.draw.scene import Label

        consumer = Vertex(self, use[0])
        producer = dict(self.sources(use[0]))[use[1]]
        edge = Edge(Vertex(self, producer), consumer, use[1])
        if edge.producer.is_constant or not edge.has_rule:
            return None
        return Label(edge.symbol, _label(edge))

    def _gradients(self, of: bool | Where) -> Any:
        from wengert.ask.norms import gradient_norms
        from wengert.draw.of_graph import Gradients

        output = self._output() if isinstance(of, bool) else self[of]
        return Gradients(output.name, gradient_norms(self, output))

    def _between(self, source: Where, target: Where) -> frozenset[tuple[int, int]]:
        from wengert.ask.derivative import between

        on_path = between(self, self[target], self[source], "draw(paths=({wrt!r}, {of!r}))")
        return frozenset(
            (e.consumer.index, e.slot)
            for e in self.edges
            if e.producer.index in on_path and e.consumer.index in on_path
        )

    def _passing(self, source: Where, target: Where) -> dict[tuple[int, int], Any]:
        """2 of 5, on each edge of the paths; nothing where the values for it are gone."""
        from wengert.ask.derivative import reaches
        from wengert.ask.passing import passing
        from wengert.draw.scene import Label
        from wengert.graphs.expression import number

        of, wrt = self[target], self[source]
        try:
            found, whole = passing(self, of, wrt, reaches(self, wrt, of))
        except WengertError:
            return {}
        return {use: Label("", f"{number(part)} of {number(whole)}") for use, part in found.items()}

    def to_dot(self) -> str:
        """The graph in Graphviz's language."""
        from wengert.interchange.dot import to_dot

        return to_dot(self)

    def to_networkx(self) -> Any:
        """The graph as a networkx.MultiDiGraph, if networkx is installed."""
        from wengert.interchange.networkx import to_networkx

        return to_networkx(self)

    def to_json(self) -> str:
        """The graph as JSON, lossless; `Graph.from_json` reads it back."""
        from wengert.interchange.json import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, text: str) -> Graph:
        """The graph that `to_json` wrote. Nothing in the text is executed.

        Raises GraphError for a text that is damaged or not of this form.
        """
        from wengert.interchange.json import from_json

        return cls(*from_json(text))

    def __str__(self) -> str:
        """The picture as text; of a graph that is drawn collapsed, its size in a line before."""
        picture = self._shown()
        return "\n".join([*self._size(picture), picture.text()])

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        picture = self._shown()
        bundle = picture._repr_mimebundle_(include, exclude)
        if "text/plain" in bundle:
            bundle["text/plain"] = "\n".join([*self._size(picture), bundle["text/plain"]])
        return bundle

    def _shown(self) -> Picture:
        """With derivatives where the graph is drawn whole: in a large one each may take long."""
        from wengert.draw.units import MOST

        return self.draw(derivatives=len(self) <= MOST)

    def _size(self, picture: Picture) -> list[str]:
        collapsed = any(box.kind == "scope" for box in picture.scene.boxes)
        return self.in_short().splitlines()[:1] if collapsed else []

    def _output(self) -> Vertex:
        if len(self.outputs) > 1:
            names = ", ".join(v.name for v in self.outputs)
            raise ArgumentError(f"the graph has several outputs: {names}", "Say which one.")
        return self.outputs[0]


core.Graph.held = Graph  # what is below and makes graphs for users makes these


def _label(edge: Edge) -> str:
    """The derivative in a few words; nothing where the values for it are gone."""
    try:
        return edge.label
    except WengertError:
        return ""


def graph(*outputs: Any, **names: Tensor) -> Graph:
    """The graph of one or more tensors, or of a function with examples.

    `graph(e)` is the recorded computation that led to e; nothing is copied. `graph(f, x, y)`
    traces f, whose arguments are then named after its parameters; each example is a tensor, an
    array, a number, or an Aval. `graph(loss)` of a live tensor of torch's reads its graph:
    structure, names of parameters and variables, what torch saved, and derivatives by calling
    torch's nodes.

    names: names for tensors, which win over those in the code:
    `graph(e, a=a)`.

    Raises GradientError for a tensor that has no history, and names the line that cut it.
    """
    if outputs and callable(outputs[0]) and not isinstance(outputs[0], Tensor):
        from wengert.graphs.trace import traced

        return Graph(*traced(outputs[0], outputs[1:], names))
    tensors = _flat(outputs)
    if not tensors:
        raise ArgumentError("graph needs a tensor, or a function with examples", _TO_GRAPH)
    if is_torch(tensors[0]):
        from wengert.interchange.torch_graph import read_graph

        return Graph(*read_graph(tensors, names, user_frame()))
    return Graph([_node_of(t) for t in tensors], Names(names, user_frame()))


_TO_GRAPH: Final = "graph(loss) of a recorded run, or graph(f, x) of a function and examples."


def _flat(outputs: tuple[Any, ...]) -> list[Any]:
    flat: list[Any] = []
    for output in outputs:
        flat.extend(output if isinstance(output, (list, tuple)) else [output])
    return flat


def _node_of(tensor: Any) -> Node:
    if not isinstance(tensor, Tensor):
        raise ArgumentError(
            f"graph: {type(tensor).__name__} is no tensor and no function", _TO_GRAPH
        )
    if tensor._node is not None:
        return tensor._node
    cuts = tensor._extra.cuts if tensor._extra is not None else ()
    if not cuts:
        what = "it was computed from nothing that requires grad"
        remedy = "Make an input with requires_grad=True, or trace a function: graph(f, x)."
    else:
        what = "it was cut by " + " or ".join(str(cut) for cut in cuts)
        remedy = "Ask for the graph of a tensor before the cut."
    raise GradientError(f"graph: the tensor has no history: {what}", remedy)


def why(x: Any = None, loss: Any = None) -> Answer:
    """Why the gradient of `loss` with respect to x is None, zero, NaN, infinite, tiny or huge.

    Names the operation and the line to blame; `.causes` lists them. Without arguments: what the
    last error raised by backward() was about.

    Raises ArgumentError for what is no tensor, GradientError if there was no error.

    >>> import wengert as wg
    >>> x = wg.tensor([4.0, 0.0], requires_grad=True)
    >>> y = wg.where(x > 0, wg.sqrt(x), wg.zeros(2)).sum()
    >>> y.backward()
    >>> wg.why(x, y).causes[0].what
    '0 * inf in sqrt'
    """
    if x is None and loss is None:
        from wengert.ask.why_error import why_error

        return why_error()
    if is_torch(loss):
        return graph(loss).why(x)
    from wengert.ask.why import why

    return why(x, loss)


def is_torch(value: Any) -> bool:
    """Whether a value is a tensor of torch's, which is there only if the user imported it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _name_of(value: Any, frame: FrameType | None) -> str:
    """What the caller calls a value."""
    variables = {**frame.f_globals, **frame.f_locals} if frame is not None else {}
    return next((name for name, each in variables.items() if each is value), "x")
