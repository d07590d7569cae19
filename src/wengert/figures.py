"""The figures of a lesson: one graph, frame by frame, with everything in the same place."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np

from wengert.ask.backwards import size
from wengert.ask.derivative import adjoints, tangents
from wengert.ask.quiet import quiet
from wengert.draw.of_graph import scene_of
from wengert.draw.picture import Picture
from wengert.draw.plan import Use, plan_of
from wengert.draw.scene import Box, Label, Scene
from wengert.draw.theme import ThemeName
from wengert.errors import ArgumentError, UnknownNameError, did_you_mean
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

LabelOf = Callable[[Use], Label | None]

_MOST = 100
"""Nodes up to which frames can be read."""


class Figure(NamedTuple):
    """One frame: its name, and the picture."""

    name: str
    picture: Picture


class Figures:
    """The frames of a graph, in order; by number or by name."""

    def __init__(self, frames: list[Figure]) -> None:
        self._frames = frames

    def __iter__(self) -> Iterator[Figure]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def names(self) -> list[str]:
        return [frame.name for frame in self._frames]

    @overload
    def __getitem__(self, which: int | str) -> Picture: ...

    @overload
    def __getitem__(self, which: slice) -> list[Figure]: ...

    def __getitem__(self, which: int | str | slice) -> Picture | list[Figure]:
        if isinstance(which, slice):
            return self._frames[which]
        if isinstance(which, int):
            return self._frames[which].picture
        if which not in self.names:
            raise UnknownNameError(
                f"there is no figure named {which!r}", did_you_mean(which, self.names)
            )
        return self._frames[self.names.index(which)].picture

    def save(
        self, folder: str | os.PathLike[str], form: str = "svg", theme: ThemeName = "light"
    ) -> list[Path]:
        """Write each frame into a folder, as "svg", "png", "pdf", "tex" or "txt"; numbered."""
        into = Path(folder)
        into.mkdir(parents=True, exist_ok=True)
        paths = [into / f"{i:02d}-{frame.name}.{form}" for i, frame in enumerate(self._frames, 1)]
        for path, frame in zip(paths, self._frames, strict=True):
            frame.picture.save(path, theme)
        return paths

    def __repr__(self) -> str:
        return f"Figures({', '.join(self.names)})"


@quiet
def figures(graph: Graph, source: Vertex, label: LabelOf) -> Figures:
    """The set for teaching; see Graph.figures. label: the derivative of an edge."""
    if len(graph) > _MOST:
        raise ArgumentError(
            f"figures: frames of {len(graph)} nodes could not be read; {_MOST} are the most",
            "Take a part: graph.subgraph(source, target) or graph.subgraph(scope).",
        )
    output = graph.outputs[-1]
    seeds = [np.ones(v.shape, v.aval.dtype)[()] for v in (source, output)]
    moving = tangents(graph, source, seeds[0])
    arriving = adjoints(graph, output, seeds[1])
    values = scene_of(graph, collapse=False)
    frames = _Frames(graph, values, label)
    forward = [f"∂{v.name}/∂{source.name}" for v in graph]
    backward = [f"∂{output.name}/∂{v.name}" for v in graph]
    frames.add("expression", scene_of(graph, values=False, collapse=False))
    frames.add("values", values)
    frames.add("derivatives", scene_of(graph, label=label, collapse=False))
    frames.sweep("forward", forward, moving, _inputs)
    frames.sweep("reverse", backward, dict(sorted(arriving.items(), reverse=True)), _uses)
    return frames.done()


def _inputs(graph: Graph, index: int) -> set[Use]:
    """The edges along which a speed arrives at a vertex."""
    return {(index, slot) for slot, _ in graph.sources(index)}


def _uses(graph: Graph, index: int) -> set[Use]:
    """The edges along which a derivative comes back to a vertex."""
    return set(graph.uses(index))


class _Frames:
    """Frames as they are collected, and the room that all of them together need."""

    def __init__(self, graph: Graph, values: Scene, label: LabelOf) -> None:
        self._graph = graph
        self._values = values
        self._label = label
        self._places = plan_of(graph, False, frozenset()).part_of
        self._scenes: list[tuple[str, Scene]] = []

    def add(self, name: str, scene: Scene) -> None:
        self._scenes.append((name, scene))

    def sweep(self, name: str, symbols: list[str], found: dict[int, Any], edges: Any) -> None:
        """A frame for each vertex that a sweep comes to, with all that it has found so far."""
        lines: dict[int, str] = {}
        for index, value in found.items():
            if index not in self._places:
                continue
            lines[self._places[index]] = f"{symbols[index]} = {size(value)}"
            done = {i for i in found if i in self._places and self._places[i] in lines}
            fresh = {use for use in edges(self._graph, index) if self._is_between(use, done)}
            scene = scene_of(
                self._graph, label=self._only(fresh), highlighted=frozenset(fresh), collapse=False
            )
            boxes = [replace(box, lines=(*box.lines, lines[i])) if i in lines else box
                     for i, box in enumerate(scene.boxes)]  # fmt: skip
            self.add(f"{name}-{len(lines)}", replace(scene, boxes=tuple(boxes)))

    def _only(self, uses: set[Use]) -> LabelOf:
        return lambda use: self._label(use) if use in uses else None

    def _is_between(self, use: Use, done: set[int]) -> bool:
        sources = dict(self._graph.sources(use[0]))
        return use[0] in done and sources[use[1]] in done

    def done(self) -> Figures:
        layout = _room([scene for _, scene in self._scenes], self._values)
        return Figures([Figure(name, Picture(scene, layout)) for name, scene in self._scenes])


def _room(scenes: list[Scene], values: Scene) -> Scene:
    """A scene whose boxes and labels are as large as the largest of all frames."""
    boxes = [_largest([scene.boxes[i] for scene in scenes]) for i in range(len(values.boxes))]
    links = []
    for i, link in enumerate(values.links):
        labels = [scene.links[i].label for scene in scenes]
        widest = max((x for x in labels if x is not None), key=lambda x: len(x.text), default=None)
        links.append(replace(link, label=widest))
    return Scene(tuple(boxes), tuple(links), values.title)


def _largest(boxes: list[Box]) -> Box:
    """The box with the longest text in each of its lines."""
    count = max(len(box.lines) for box in boxes)
    columns = [[box.lines[i] for box in boxes if i < len(box.lines)] for i in range(count)]
    lines = tuple(max(column, key=len) for column in columns)
    return replace(boxes[0], title=max((box.title for box in boxes), key=len), lines=lines)
