"""Where everything in a drawing stands: boxes, links and labels of a scene, in units of SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wengert.draw.columns import Margins
from wengert.draw.layered import SMALL, Point, Spacing, layout
from wengert.draw.layers import Size
from wengert.draw.letters import FALLBACK_RATIO, sans_width, serif_width
from wengert.draw.routes import HEADS_APART, Outline, find_routes
from wengert.draw.scene import Box, Label, Scene
from wengert.draw.stack import SHEETS, linked
from wengert.draw.turn import TURNS
from wengert.draw.words import shorten, typeset

EXPRESSION, CONSTANT, VALUE, DETAIL = 18.0, 15.0, 15.0, 13.0  # sizes of type
BORDER = 28.0
ROUNDING = 10.0
LABEL_HEIGHT = 22.0

ROOMY = Spacing(Margins(box=20, label=7, bend=12), row=68, label=36, slope=3.5, stretch=150)
DENSE = Spacing(Margins(box=14, label=7, bend=9), row=42, label=28, slope=5, stretch=36)
PADDING = {True: 24.0, False: 15.0}
LEAST_WIDTH = {True: 118.0, False: 56.0}


class Drawing:
    """A scene with the place of each of its parts.

    layout: the scene that decides the places. scene: what is drawn in them: the same boxes and
    links, maybe with less text. outlines: of the boxes, upright. routes: of the links, still to be
    turned. Raises ValueError if the links form a cycle.
    """

    def __init__(self, scene: Scene, shown: Scene | None = None) -> None:
        self.layout = scene
        self.scene = scene if shown is None else shown
        self.turn = TURNS[scene.orientation]
        self.roomy = len(scene.boxes) <= SMALL
        sizes = [self._size(*each) for each in zip(scene.boxes, scene.incoming())]
        turned = [self.turn.size(size) for size in sizes]
        edges = [(link.source, link.target) for link in scene.links]
        labels = [label_size(link.label) for link in scene.links]
        labels = [self.turn.size(size) if size is not None else None for size in labels]
        placement = layout(turned, edges, labels, ROOMY if self.roomy else DENSE)
        radii = [size[1] / 2 if is_pill(box) else ROUNDING for box, size in zip(scene.boxes, sizes)]
        laid = [Outline(*each) for each in _rows(placement.boxes, turned, radii)]
        for number, box in enumerate(scene.boxes):
            if box.kind == "scope":
                laid[number] = linked(laid[number], is_sideways=self.turn.is_sideways)
        self.routes = find_routes(placement, laid, edges, labels, [k.leaves for k in scene.links])
        places = [self.turn.point(point) for point in placement.boxes]
        self.outlines = [Outline(*each) for each in _rows(places, sizes, radii)]

    def _size(self, box: Box, incoming: list[int]) -> Size:
        """Room for the text in any of its fonts, and for an arrowhead from each operand."""
        text, height = _text_width(box), _height(box)
        heads = HEADS_APART * len(incoming) + 2 * ROUNDING
        padding = max(PADDING[self.roomy], text * (FALLBACK_RATIO - 1) / 2)
        if is_pill(box) and box.lines:
            padding += 6  # its ends curve away beside the lines
        least = 0.0 if is_pill(box) else LEAST_WIDTH[self.roomy]
        if self.turn.is_sideways:
            height = max(height, heads)
        else:
            least = max(least, heads)
        return (max(least, height + 10, text + 2 * padding), height)

    def frame(self) -> tuple[float, float, float, float]:
        """Width, height, left and top of the picture with its border."""
        areas = [outline.area(0) for outline in self.outlines]
        for route, link in zip(self.routes, self.layout.links):
            areas += [(*point, *point) for point in map(self.turn.point, route.points)]
            size = label_size(link.label)
            if route.label is not None and size is not None:
                areas.append(Outline(*self.turn.point(route.label), *size, 0).area(0))
        lefts, tops, rights, bottoms = zip(*areas or [(0.0, 0.0, 0.0, 0.0)])
        left, top = min(lefts) - BORDER, min(tops) - BORDER
        return (max(rights) + BORDER - left, max(bottoms) + BORDER - top, left, top)

    def beside(self) -> Point:
        """The corner of the room for a legend: to the right of a tall picture, under a wide one."""
        width, height, left, top = self.frame()
        return (left + BORDER, top + height) if self._is_wide else (left + width, top + BORDER)

    def joined(self, legend: Size) -> Size:
        """Width and height of the picture with its border and a legend of this size."""
        width, height, _, _ = self.frame()
        if self._is_wide:
            return (max(width, legend[0] + 2 * BORDER), height + legend[1] + BORDER)
        return (width + legend[0] + BORDER, max(height, legend[1] + 2 * BORDER))

    @property
    def _is_wide(self) -> bool:
        width, height, _, _ = self.frame()
        return width > 2 * height

    def ports(self) -> Iterator[tuple[int, str, Point]]:
        """Where values enter and leave collapsed boxes: the box, what it says, the place."""
        for link, route in zip(self.scene.links, self.routes):
            if link.leaves:
                yield link.source, link.leaves, self.turn.point(route.points[0])
            if link.enters:
                yield link.target, link.enters, self.turn.point(route.points[-1])


def _rows(
    points: Iterable[Point], sizes: Iterable[Size], radii: Iterable[float]
) -> Iterator[tuple[float, float, float, float, float]]:
    """Outlines as numbers: the middle, the size, the radius of the corners."""
    for point, size, radius in zip(points, sizes, radii):
        yield (*point, *size, radius)


def _text_width(box: Box) -> float:
    """The longest line of a box, in the first fonts of each stack."""
    if box.kind == "scope":
        lines = (sans_width(shorten(line), DETAIL) for line in box.lines)
        return max(sans_width(shorten(box.title), VALUE), *lines, 0.0)
    title = serif_width(
        typeset(shorten(box.title)), CONSTANT if box.kind == "constant" else EXPRESSION
    )
    return max(title, *(sans_width(shorten(line), VALUE) for line in box.lines), 0.0)


def _height(box: Box) -> float:
    if box.kind == "scope":
        return 42.0 + 18.0 * len(box.lines) + SHEETS
    if box.kind == "constant":
        return 32.0 + 20.0 * len(box.lines) + (8.0 if box.lines else 0.0)
    return 42.0 + 20.0 * len(box.lines)


def is_pill(box: Box) -> bool:
    """Whether a box has round ends: inputs of every kind."""
    return box.kind in ("input", "parameter", "constant")


def label_size(label: Label | None) -> Size | None:
    """The room that a label takes; None if it says nothing."""
    if label is None or not label.text:
        return None
    symbol, value = typeset(shorten(label.symbol)), shorten(label.value)
    width = serif_width(symbol, VALUE) + sans_width(value, VALUE)
    if symbol and value:
        width += sans_width(" = ", VALUE)
    return (width + 8, LABEL_HEIGHT)
