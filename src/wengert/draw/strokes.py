"""The pieces of a picture as SVG: numbers, rectangles, lines, curves, arrowheads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from wengert.draw.layered import Point
from wengert.draw.routes import Outline, Route

TIP_GAP = 3.0  # between an arrowhead and its box
HEAD_LENGTH, HEAD_WIDTH, NOTCH = 10.0, 9.0, 7.5
THIN, BOLD = 1.5, 2.4  # widths of lines
BOLD_HEAD = 1.2
BEND_RADIUS, HIDDEN_RADIUS = 18.0, 6.0


def n(number: float) -> str:
    """A number in SVG, to a tenth.

    >>> n(2.0), n(-0.04), n(1.25)
    ('2', '0', '1.2')
    """
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def point(place: Point) -> str:
    """A point in a path."""
    return f"{n(place[0])},{n(place[1])}"


def rectangle(outline: Outline, attributes: str) -> str:
    """A rectangle with rounded corners."""
    left, top, _, _ = outline.area(0)
    return (
        f'<rect x="{n(left)}" y="{n(top)}" width="{n(outline.width)}" '
        f'height="{n(outline.height)}" rx="{n(outline.radius)}" {attributes}/>'
    )


def arrowhead(route: Route, *, bold: bool) -> str:
    """A notched arrowhead just before the end of a route, as the data of a path."""
    tip, (dx, dy) = _tip(route)
    scale = BOLD_HEAD if bold else 1.0
    back, half, notch = scale * HEAD_LENGTH, scale * HEAD_WIDTH / 2, scale * NOTCH
    x, y = tip
    corners = [
        tip,
        (x - dx * back - dy * half, y - dy * back + dx * half),
        (x - dx * notch, y - dy * notch),
        (x - dx * back + dy * half, y - dy * back - dx * half),
    ]
    return "M" + "L".join(point(corner) for corner in corners) + "Z"


def route_path(route: Route, *, bold: bool) -> str:
    """The line of a route up to the notch of its arrowhead, as the data of a path."""
    tip, (dx, dy) = _tip(route)
    notch = NOTCH * (BOLD_HEAD if bold else 1.0) - 0.5
    points = [*_points(route)[:-1], (tip[0] - dx * notch, tip[1] - dy * notch)]
    return _curve(points) if route.curved else _polyline(points, route.label)


def _points(route: Route) -> list[Point]:
    """The points of a route, less those so near to its end that the arrowhead covers them."""
    *points, (x, y) = route.points
    while len(points) > 1 and abs(points[-1][0] - x) + abs(points[-1][1] - y) < 2 * HEAD_LENGTH:
        points.pop()
    return [*points, (x, y)]


def _tip(route: Route) -> tuple[Point, tuple[float, float]]:
    """The tip of the arrowhead and the direction in which it points."""
    (x0, y0), (x1, y1) = _points(route)[-2:]
    if route.curved:
        direction = (0.0, -1.0)
    else:
        length = math.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2)
        direction = ((x1 - x0) / length, (y1 - y0) / length)
    back = TIP_GAP
    tip = (x1 - direction[0] * back, y1 - direction[1] * back)
    while route.target.distance(tip) < TIP_GAP - 0.5:  # a flat link comes near before it is there
        back += 1
        tip = (x1 - direction[0] * back, y1 - direction[1] * back)
    return tip, direction


def _curve(points: Sequence[Point]) -> str:
    """Through the points, vertical in each of them."""
    path = "M" + point(points[0])
    for (x0, y0), (x1, y1) in pairwise(points):
        if abs(x1 - x0) < 0.5:
            path += "L" + point((x1, y1))
        else:
            middle = (y0 + y1) / 2
            path += f"C{point((x0, middle))} {point((x1, middle))} {point((x1, y1))}"
    return path


def _polyline(points: Sequence[Point], label: Point | None) -> str:
    """From point to point, bends rounded; under its label a link turns where nobody sees it."""
    path = "M" + point(points[0])
    for before, bend, after in zip(points, points[1:], points[2:]):
        radius = HIDDEN_RADIUS if bend == label else BEND_RADIUS
        start, end = _towards(bend, before, radius), _towards(bend, after, radius)
        path += f"L{point(start)}Q{point(bend)} {point(end)}"
    return path + "L" + point(points[-1])


def _towards(start: Point, end: Point, most: float) -> Point:
    """A place on the way from start to end, at most so far away, and at most halfway."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    share = min(0.5, most / math.sqrt(dx * dx + dy * dy))
    return (start[0] + dx * share, start[1] + dy * share)
