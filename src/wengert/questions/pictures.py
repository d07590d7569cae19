"""Pictures of a graph: drawn, as a set of figures, and as it shows itself."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Literal

from wengert.errors import ArgumentError, WengertError
from wengert.graphs.vertex import Vertex
from wengert.questions.asked import Asked, Where

if TYPE_CHECKING:
    from wengert.ask.edges import Edge
    from wengert.draw.picture import Picture
    from wengert.figures import Figures


class Pictures(Asked):
    """The graph to be looked at."""

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
        highlighted = self._between(*paths) if paths is not None else frozenset()
        scene = scene_of(
            self,
            values=values,
            label=self._label_of if derivatives else self._label_of_paths(paths, highlighted),
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

    def _label_of_paths(
        self, paths: tuple[Where, Where] | None, highlighted: frozenset[tuple[int, int]]
    ) -> Callable[[tuple[int, int]], Any] | None:
        """What stands on the edges of highlighted paths: how much passes there."""
        return self._passing(*paths).get if paths is not None and highlighted else None

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


def _label(edge: Edge) -> str:
    """The derivative in a few words; nothing where the values for it are gone."""
    try:
        return edge.label
    except WengertError:
        return ""
