"""From a graph to a scene: which boxes and links a picture shows, and what stands on them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from statistics import median_low
from typing import Any

import numpy as np

from wengert.core.dtype import is_floating
from wengert.draw import blocks
from wengert.draw.heat import Legend, Scale
from wengert.draw.plan import Part, Plan, Use, Wire, kind_of, plan_of
from wengert.draw.scene import Box, Label, Link, Scene
from wengert.errors import UnknownNameError, WengertError, did_you_mean
from wengert.graphs.expression import equation, number, shape_text, summary
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex
from wengert.modes import silently


@dataclass(frozen=True, slots=True)
class Gradients:
    """The norm of the gradient of each node, by index, where it is known; and what of."""

    of: str
    norms: Mapping[int, float] = field(default_factory=dict)


def scene_of(
    graph: Graph, *, values: bool = True, label: Callable[[Use], Label | None] | None = None,
    highlighted: frozenset[Use] = frozenset(), collapse: bool | None = None,
    opened: Collection[str] = (), gradients: Gradients | None = None, orientation: str = "up",
) -> Scene:  # fmt: skip
    """The graph as boxes and links.

    values: under each operation its value, and beside each input its own. label: what stands on an
    edge; asked for those that are drawn. highlighted: the edges to stress. collapse, opened: see
    plan_of. gradients: what colours the boxes. Constants of one element are drawn inside the
    expressions that use them.
    """
    plan = plan_of(graph, collapse, scopes_named(graph, opened))
    writer = _Writer(graph, plan, values, gradients)
    boxes = tuple(writer.box(part) for part in plan.parts)
    links = tuple(writer.link(wire, label, highlighted) for wire in plan.wires)
    names = ", ".join(v.name for v in graph.outputs)
    title = f"computational graph of {names}"
    if any(box.kind == "scope" for box in boxes):
        title += f" ({len(graph)} nodes in {len(boxes)} boxes)"
    return Scene(boxes, links, title, orientation, writer.legend(boxes))


def scopes_named(graph: Graph, patterns: Collection[str]) -> frozenset[str]:
    """The scopes that are meant, with those around them. In a pattern * stands for anything.

    Raises UnknownNameError for a pattern that fits none.
    """
    found: set[str] = set()
    if not patterns:
        return frozenset()
    paths = dict.fromkeys(v.scope for v in graph if v.is_operation)
    known = dict.fromkeys(name for path in paths for name in _around(path))
    for pattern in (patterns,) if isinstance(patterns, str) else patterns:
        fits = [name for name in known if name == pattern or fnmatchcase(name, pattern)]
        if not fits:
            raise UnknownNameError(
                f"draw: no scope is named {pattern!r}", did_you_mean(pattern, list(known))
            )
        found.update(name for fit in fits for name in _around(fit))
    return frozenset(found)


def _around(path: str) -> list[str]:
    """A scope and those around it, outermost first."""
    parts = path.split("/") if path else []
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


class _Writer:
    """Writes boxes and links for a plan."""

    def __init__(self, graph: Graph, plan: Plan, values: bool, gradients: Gradients | None) -> None:
        self.graph = graph
        self.plan = plan
        self.values = values
        self.gradients = gradients
        self.outputs = {v.index for v in graph.outputs}
        self.scale = Scale(self._typical()) if gradients is not None else None

    # ------------------------------------------------------------------ boxes

    def box(self, part: Part) -> Box:
        """The box of a part, with the gradient that it has."""
        box = self._plain(part)
        if self.gradients is None or self.scale is None or box.kind == "constant":
            return box
        norms = self._norms(part)
        lines = (*box.lines, _gradient_text(norms))
        return Box(box.kind, box.title, lines, box.hint, self.scale.heat(norms))

    def _plain(self, part: Part) -> Box:
        if part.is_single:
            vertex = Vertex(self.graph, part.members[0])
            return _box(vertex, vertex.index in self.outputs, self.values)
        if part.unit is None:
            title, line = blocks.leaves_title(self.graph, part.members)
            kind = kind_of(Vertex(self.graph, part.members[0]))
            names = ", ".join(Vertex(self.graph, i).name for i in part.members[:50])
            return Box(kind, title, (line,), f"{line}\n{names}")
        lines = blocks.lines(self.plan, part)
        if self.values:
            lines += self._result(part)
        title = blocks.title(self.plan, part)
        return Box("scope", title, lines, blocks.hint(self.plan, part))

    def _result(self, part: Part) -> tuple[str, ...]:
        """The output in a collapsed box, or the value that leaves it, where it is one."""
        number = self.plan.part_of[part.members[0]]
        left = [
            i
            for i in part.members
            if i in self.outputs
            or any(self.plan.part_of[user] != number for user, _ in self.graph.uses(i))
        ]
        left = [i for i in left if i in self.outputs] or left
        if len(left) != 1:
            return ()
        vertex = Vertex(self.graph, left[0])
        value = _value_text(vertex)
        return (f"{vertex.name} = {value}" if vertex.aval.size == 1 else f"{vertex.name}: {value}",)

    # ------------------------------------------------------------------ links

    def link(
        self, wire: Wire, label: Callable[[Use], Label | None] | None, highlighted: frozenset[Use]
    ) -> Link:
        """The link of a wire: with a label between two nodes, with ports at collapsed boxes."""
        source, target = self.plan.parts[wire.source], self.plan.parts[wire.target]
        one_edge = source.is_single and target.is_single
        return Link(
            wire.source,
            wire.target,
            label(wire.uses[0]) if label is not None and one_edge else None,
            any(use in highlighted for use in wire.uses),
            "" if source.is_single or source.unit is None else blocks.leaves(self.graph, wire),
            "" if target.is_single else blocks.enters(self.graph, wire),
        )

    # ------------------------------------------------------------------ gradients

    def _norms(self, part: Part) -> list[float]:
        assert self.gradients is not None
        known = self.gradients.norms
        return [known[i] for i in (*part.members, *part.hidden) if i in known]

    def _typical(self) -> list[float]:
        """The numbers that the steps of lightness must tell apart: the median of each box."""
        finite = [[n for n in self._norms(part) if 0 < n < np.inf] for part in self.plan.parts]
        return [median_low(norms) for norms in finite if norms]

    def legend(self, boxes: tuple[Box, ...]) -> Legend | None:
        """What the colours in these boxes stand for."""
        if self.gradients is None or self.scale is None:
            return None
        heats = [box.heat for box in boxes if box.heat is not None]
        several = any(box.kind == "scope" for box in boxes)
        title = f"norm of ∂{self.gradients.of}/∂node" + (", median" if several else "")
        occur = {heat.flag for heat in heats}
        flags = tuple(flag for flag in ("zero", "infinite", "nan") if flag in occur)
        unknown = any(heat.step < 0 for heat in heats)
        return Legend(title, self.scale.steps(), flags, unknown)


def _gradient_text(norms: list[float]) -> str:
    """`gradient 0.13`; of several nodes the median and the maximum, and how many are not finite."""
    if not norms:
        return "gradient unknown"
    finite = sorted(norm for norm in norms if np.isfinite(norm))
    if len(norms) == 1 or not any(norms):
        return f"gradient {number(norms[0], 3)}"
    odd = [
        f"{count} {name}"
        for name, count in (
            ("nan", sum(norm != norm for norm in norms)),
            ("inf", sum(norm == np.inf for norm in norms)),
        )
        if count
    ]
    if not finite:
        return "gradient " + ", ".join(odd)
    middle, most = number(median_low(finite), 3), number(finite[-1], 3)
    return "gradient " + ", ".join([f"{middle}, max {most}", *odd])


def _box(vertex: Vertex, is_output: bool, values: bool) -> Box:
    kind = "output" if is_output else kind_of(vertex)
    value = _value_text(vertex) if values else ""
    if not vertex.is_operation:
        one_line = f"{vertex.name} = {value}" if value and vertex.aval.size == 1 else vertex.name
        lines = (value,) if value and vertex.aval.size != 1 else ()
        return Box(kind, one_line, lines, _hint(vertex))
    return Box(kind, equation(vertex), (value,) if value else (), _hint(vertex))


def _value_text(vertex: Vertex) -> str:
    try:
        value = vertex.value._data
    except WengertError:
        return shape_text(vertex.shape)
    return summary(value) if np.size(value) <= 1 else _array_text(value)


def _array_text(value: Any) -> str:
    array = np.asarray(value)
    if array.ndim == 1 and array.size <= 4:
        return summary(array)
    if not is_floating(array.dtype) or not array.size:
        return shape_text(array.shape)
    mean = silently(np.mean, array, dtype=np.float64)
    return f"{shape_text(array.shape)}, mean {number(mean, 3)}"


def _hint(vertex: Vertex) -> str:
    """The tooltip: name, shape, dtype and source line."""
    parts = [equation(vertex), str(vertex.aval)]
    if vertex.site is not None:
        parts.append(str(vertex.site))
    return "\n".join(parts)
