"""How links run between their boxes: which side points they touch, and which bends they need.

A straight link aims from centre to centre and ends at the borders of its boxes; it bends only where
something stands in its way. Ends that would come too close on a border move apart, so that two
arrowheads, and two links between the same boxes, can be told from each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from wengert.draw.columns import settle
from wengert.draw.layered import Placement, Point
from wengert.draw.layers import Size

# left, top, right, bottom
Area: TypeAlias = tuple[float, float, float, float]

HEADS_APART = 14.0
CLEARANCE = 6.0
NEARLY_VERTICAL = 12.0  # sideways; such a link is drawn vertical, between the two middles


@dataclass(frozen=True, slots=True)
class Outline:
    """A box with rounded corners; a pill is one whose corners take half of its height.

    inset: how far from its sides links keep, besides the corners.
    """

    x: float
    y: float
    width: float
    height: float
    radius: float
    inset: float = 0.0

    @property
    def reach(self) -> float:
        """How far from the middle a link may touch the top or the bottom."""
        return self.width / 2 - 0.3 * self.radius - self.inset

    def half_height_at(self, dx: float) -> float:
        """How far above the centre the border lies, dx to the side."""
        into_corner = abs(dx) - (self.width / 2 - self.radius)
        if into_corner <= 0:
            return self.height / 2
        into_corner = min(into_corner, self.radius)
        return self.height / 2 - self.radius + math.sqrt(self.radius**2 - into_corner**2)

    def aim(self, point: Point) -> float:
        """How far to the side a ray from the centre to a point above or below meets the border."""
        run, rise = abs(point[0] - self.x), abs(point[1] - self.y)
        low, high = 0.0, self.reach
        if high * rise <= run * self.half_height_at(high):
            return math.copysign(high, point[0] - self.x)
        for _ in range(40):
            middle = (low + high) / 2
            if middle * rise <= run * self.half_height_at(middle):
                low = middle
            else:
                high = middle
        return math.copysign(low, point[0] - self.x)

    def distance(self, point: Point) -> float:
        """How far outside of the border a point lies; negative inside."""
        dx = abs(point[0] - self.x) - self.width / 2 + self.radius
        dy = abs(point[1] - self.y) - self.height / 2 + self.radius
        x, y = max(dx, 0.0), max(dy, 0.0)
        return math.sqrt(x * x + y * y) + min(max(dx, dy), 0.0) - self.radius

    def shrunk(self, margin: float) -> Outline:
        """The same shape, smaller by a margin on each side."""
        width, height = self.width - 2 * margin, self.height - 2 * margin
        return Outline(self.x, self.y, width, height, self.radius - margin)

    def area(self, margin: float) -> Area:
        """The rectangle around it, grown by a margin."""
        dx, dy = self.width / 2 + margin, self.height / 2 + margin
        return (self.x - dx, self.y - dy, self.x + dx, self.y + dy)


@dataclass(frozen=True, slots=True)
class Route:
    """A link as it is drawn: from border to border, and where its label stands.

    target: the box at which it ends.
    curved: whether it is a curve, vertical in each of its points, rather than straight lines.
    """

    points: list[Point]
    label: Point | None
    target: Outline
    curved: bool


def find_routes(
    placement: Placement,
    outlines: Sequence[Outline],
    edges: Sequence[tuple[int, int]],
    labels: Sequence[Size | None],
    ports: Sequence[str],
) -> list[Route]:
    """The route of each edge.

    outlines: of the boxes, in their places.
    labels: width and height of each edge's label; None if it has none.
    ports: what each edge carries out of its box; those that carry different things start apart.
    """
    if not placement.straight:
        points = _end_at_borders(outlines, edges, placement.routes, ports, aimed=False)
        points = [_leave_rows(*each, outlines, placement.bands) for each in zip(points, edges)]
        targets = [outlines[target] for _, target in edges]
        return [Route(*each, curved=True) for each in zip(points, placement.labels, targets)]

    planned = _Plan(placement, outlines, edges, labels, ports)
    planned.straighten()
    return planned.routes


def _leave_rows(
    points: list[Point],
    edge: tuple[int, int],
    outlines: Sequence[Outline],
    bands: Sequence[tuple[float, float]],
) -> list[Point]:
    """The route, vertical until it is past the tallest box of a row, which it might touch."""
    (source, target), first, last = edge, points[0], points[-1]
    leave, reach = [], []
    if outlines[source].area(1)[1] > bands[source][0]:
        leave.append((first[0], bands[source][0]))
    if outlines[target].area(1)[3] < bands[target][1]:
        reach.append((last[0], bands[target][1]))
    return [first, *leave, *points[1:-1], *reach, last]


class _Plan:
    """Straight links, found by trying: each is straight unless it then meets something."""

    def __init__(
        self,
        placement: Placement,
        outlines: Sequence[Outline],
        edges: Sequence[tuple[int, int]],
        labels: Sequence[Size | None],
        ports: Sequence[str],
    ) -> None:
        self.placement = placement
        self.ports = ports
        self.outlines = outlines
        self.edges = edges
        self.sizes = labels
        self.bent = [False] * len(edges)
        self.routes: list[Route] = []

    def straighten(self) -> None:
        """Bends those links that meet something; as each can bend only once, this ends."""
        changed = True
        while changed:
            self._draw()
            changed = False
            for index in range(len(self.edges)):
                if not self.bent[index] and not self._is_free(index):
                    self.bent[index] = changed = True

    def _draw(self) -> None:
        bends = []
        for index, route in enumerate(self.placement.routes):
            if self.bent[index]:
                bends.append(self._needed(index))
            else:
                bends.append([route[0], route[-1]])
        points = _end_at_borders(self.outlines, self.edges, bends, self.ports, aimed=True)
        self.routes = []
        for index, label in enumerate(self.placement.labels):
            if label is not None and not self.bent[index]:
                label = _at_height(points[index][0], points[index][-1], label[1])
            target = self.outlines[self.edges[index][1]]
            self.routes.append(Route(points[index], label, target, curved=False))

    def _needed(self, index: int) -> list[Point]:
        """The points of a bent link, less those that a straight piece can leave out."""
        route = self.placement.routes[index]
        points = _leave_rows(route, self.edges[index], self.outlines, self.placement.bands)
        label = self.placement.labels[index]
        needed = [points[0]]
        start = 0
        while start < len(points) - 1:
            end = start + 1
            while end < len(points) - 1 and points[end] != label:
                if not self._is_clear(points[start], points[end + 1], index):
                    break
                end += 1
            needed.append(points[end])
            start = end
        # From border to border it was not clear, even if it is from centre to centre.
        return needed if len(needed) > 2 else points

    def _is_free(self, index: int) -> bool:
        """Whether a straight link and its label keep clear of all else."""
        route = self.routes[index]
        if not self._is_clear(route.points[0], route.points[-1], index):
            return False
        area = self._label_area(index, 1)
        if area is None:
            return True
        for other in range(len(self.edges)):
            if other != index:
                label = self._label_area(other, 1)
                if label is not None and _overlap(area, label):
                    return False
                if any(_meets(a, b, area) for a, b in pairwise(self.routes[other].points)):
                    return False
        return True

    def _is_clear(self, start: Point, end: Point, index: int) -> bool:
        """Whether a piece of a link keeps clear of other boxes and other links' labels."""
        for box, outline in enumerate(self.outlines):
            if box not in self.edges[index] and _meets(start, end, outline.area(CLEARANCE)):
                return False
        for other in range(len(self.edges)):
            if other != index:
                area = self._label_area(other, 0)
                if area is not None and _meets(start, end, area):
                    return False
        return True

    def _label_area(self, index: int, margin: float) -> Area | None:
        point, size = self.placement.labels[index], self.sizes[index]
        if self.routes and not self.bent[index]:
            point = self.routes[index].label
        if point is None or size is None:
            return None
        return Outline(*point, *size, 0).area(margin)


def _end_at_borders(
    outlines: Sequence[Outline],
    edges: Sequence[tuple[int, int]],
    routes: Sequence[Sequence[Point]],
    ports: Sequence[str],
    *,
    aimed: bool,
) -> list[list[Point]]:
    """The routes, with the centres at their ends replaced by points on the boxes' borders."""
    points = [list(route) for route in routes]
    for end, next_to_it in ((0, 1), (-1, -2)):
        touching: list[list[int]] = [[] for _ in outlines]
        for index, edge in enumerate(edges):
            touching[edge[end]].append(index)
        for outline, indices in zip(outlines, touching):
            beside = {index: routes[index][next_to_it] for index in indices}
            indices.sort(key=lambda index: (*_turn(outline, beside[index]), index))
            apart = [HEADS_APART if end == -1 or _differ(edges, ports, *pair) else 0
                     for pair in pairwise(indices)]  # fmt: skip
            sides = _spread(outline, [beside[index] for index in indices], apart, aimed=aimed)
            for index, dx in zip(indices, sides):
                dy = outline.half_height_at(dx)
                points[index][end] = (outline.x + dx, outline.y + (dy if end == -1 else -dy))
    return points


def _differ(edges: Sequence[tuple[int, int]], ports: Sequence[str], a: int, b: int) -> bool:
    """Whether two links from one box start apart: they lead to the same box, or carry different
    values out of a collapsed one.
    """
    return edges[a][1] == edges[b][1] or ports[a] != ports[b]


def _turn(outline: Outline, point: Point) -> tuple[float, float]:
    """Sorts the points around a box from left to right."""
    return ((point[0] - outline.x) / max(1.0, abs(point[1] - outline.y)), point[0])


def _spread(
    outline: Outline, points: Sequence[Point], apart: Sequence[float], *, aimed: bool
) -> list[float]:
    """Where links to these points, sorted from left to right, touch the border."""
    runs = [point[0] - outline.x for point in points]
    if aimed:
        wanted = [
            run / 2 if abs(run) < NEARLY_VERTICAL else outline.aim(point)
            for run, point in zip(runs, points)
        ]
    else:
        wanted = [0.0] * len(points)
    # A vertical link is the last to give way.
    weights = [1000.0 if abs(run) < (NEARLY_VERTICAL if aimed else 0.5) else 1.0 for run in runs]
    room = 2 * outline.reach
    asked = math.fsum(apart)
    distances = [distance * min(1, room / asked) for distance in apart] if asked else apart
    return settle(wanted, weights, distances, within=(-outline.reach, outline.reach))


def _at_height(start: Point, end: Point, y: float) -> Point:
    share = (y - start[1]) / (end[1] - start[1])
    return (start[0] + (end[0] - start[0]) * share, y)


def _overlap(a: Area, b: Area) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _meets(start: Point, end: Point, area: Area) -> bool:
    """Whether a line that rises passes through an area."""
    y0, y1 = start[1], end[1]
    top, bottom = max(area[1], min(y0, y1)), min(area[3], max(y0, y1))
    if top >= bottom:
        return False
    at_top, at_bottom = (_at_height(start, end, y)[0] for y in (top, bottom))
    return min(at_top, at_bottom) < area[2] and max(at_top, at_bottom) > area[0]
