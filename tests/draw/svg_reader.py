"""Reads an SVG picture back: where its boxes, labels and links are, from the document alone."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from xml.etree import ElementTree

_NS = "{http://www.w3.org/2000/svg}"

Point = tuple[float, float]


@dataclass(frozen=True)
class Area:
    x: float
    y: float
    width: float
    height: float
    radius: float

    @property
    def middle(self) -> Point:
        return (self.x + self.width / 2, self.y + self.height / 2)

    def overlaps(self, other: Area) -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def distance(self, point: Point) -> float:
        """From the rounded border to the point; negative inside."""
        dx = abs(point[0] - self.middle[0]) - self.width / 2 + self.radius
        dy = abs(point[1] - self.middle[1]) - self.height / 2 + self.radius
        outside = math.hypot(max(dx, 0), max(dy, 0))
        return outside + min(max(dx, dy), 0) - self.radius


@dataclass(frozen=True)
class Line:
    points: list[Point]
    tip: Point
    colour: str
    width: float

    def distance(self, place: Point) -> float:
        """From the line to a point beside it."""
        return min(_distance(place, a, b) for a, b in zip(self.points, self.points[1:]))


class Drawn:
    """The parts of a picture, in the order in which the document has them."""

    def __init__(self, document: str) -> None:
        self.root = ElementTree.fromstring(document)
        self.boxes: list[Area] = []
        self.titles: list[str] = []
        self.texts: list[list[str]] = []
        self.labels: list[Area] = []
        self.label_texts: list[str] = []
        self.label_colours: list[str] = []
        self.lines: list[Line] = []
        groups = self.root.findall(f"{_NS}g")
        for box in groups[-2]:
            self.titles.append(box.findtext(f"{_NS}title") or "")
            self.boxes.append(_union([_area(rect) for rect in box.findall(f"{_NS}rect")]))
            self.texts.append(["".join(text.itertext()) for text in box.findall(f"{_NS}text")])
        for pill, text in zip(groups[-1][::2], groups[-1][1::2]):
            self.labels.append(_area(pill))
            self.label_texts.append("".join(text.itertext()))
            self.label_colours.append(text.attrib["fill"])
        for strokes, heads in zip(groups[:-2:2], groups[1:-2:2]):
            for stroke, head in zip(strokes, heads):
                tip = re.match(r"M([-\d.]+),([-\d.]+)", head.attrib["d"])
                self.lines.append(
                    Line(
                        _points(stroke.attrib["d"]),
                        (float(tip[1]), float(tip[2])),
                        strokes.attrib["stroke"],
                        float(strokes.attrib["stroke-width"]),
                    )
                )


def _union(areas: list[Area]) -> Area:
    """What all sheets of a stack take, with the corners of the first."""
    x, y = min(a.x for a in areas), min(a.y for a in areas)
    right, bottom = max(a.x + a.width for a in areas), max(a.y + a.height for a in areas)
    return Area(x, y, right - x, bottom - y, areas[0].radius)


def _area(rect: ElementTree.Element) -> Area:
    return Area(*(float(rect.attrib[name]) for name in ("x", "y", "width", "height", "rx")))


def _points(path: str) -> list[Point]:
    """Points along a path of M, L, Q and C, close to each other."""
    points: list[Point] = []
    for command, text in re.findall(r"([MLQC])([^MLQC]*)", path):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", text)]
        corners = list(zip(numbers[::2], numbers[1::2]))
        if command == "M":
            points += corners
            continue
        corners = [points[-1], *corners]
        points += [_bezier(corners, step / 24) for step in range(1, 25)]
    return points


def _bezier(corners: list[Point], share: float) -> Point:
    while len(corners) > 1:
        corners = [
            (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
            for a, b in itertools.pairwise(corners)
        ]
    return corners[0]


def _distance(place: Point, start: Point, end: Point) -> float:
    """From a point to a piece of a straight line."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    along = (place[0] - start[0]) * dx + (place[1] - start[1]) * dy
    share = min(1.0, max(0.0, along / (dx * dx + dy * dy or 1.0)))
    return math.hypot(place[0] - start[0] - share * dx, place[1] - start[1] - share * dy)
