"""The layered layout: rows from the inputs up, few crossings, columns, and room for every label.

Sugiyama, Tagawa, Toda (1981). Small pictures are symmetrical and their links straight; above
SMALL boxes the links are curves and the spine is a straight line.

The same scene must give the same bytes on every machine: only operations that IEEE 754 rounds
exactly are used, and fsum, because sum() of floats is not the same in every version of Python.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from wengert.draw.align import align
from wengert.draw.centre import centre, find_pulls
from wengert.draw.columns import Margins, separations, settle
from wengert.draw.layers import Layers, Size, build
from wengert.draw.order import reduce_crossings
from wengert.draw.ranks import Edges, find_spine, groups, heights, rank
from wengert.draw.straighten import straighten

Point: TypeAlias = tuple[float, float]

SMALL = 30  # boxes
WIDENINGS = 4


@dataclass(frozen=True, slots=True)
class Spacing:
    """Free space between things.

    margins: to the left and right of each.
    row: between two rows of boxes, if no label stands between them.
    label: between a row of labels and the rows of boxes next to it.
    slope: how far a link may go sideways, for each unit that it rises, before rows move apart.
    stretch: the most that two rows move apart for that.
    """

    margins: Margins
    row: float
    label: float
    slope: float
    stretch: float


@dataclass(frozen=True, slots=True)
class Placement:
    """Where everything is; y grows downwards, and nothing lies left of or above the origin.

    boxes: the centre of each box.
    labels: the centre of each edge's label, or None.
    routes: for each edge the points that it passes, from its source's centre to its target's.
    bands: top and bottom of the row that each box stands in.
    straight: whether links are straight lines rather than curves.
    """

    width: float
    height: float
    boxes: list[Point]
    labels: list[Point | None]
    routes: list[list[Point]]
    bands: list[tuple[float, float]]
    straight: bool


def layout(
    sizes: Sequence[Size], edges: Edges, labels: Sequence[Size | None], spacing: Spacing
) -> Placement:
    """Places boxes of the given sizes, the edges between them and the edges' labels.

    Raises ValueError if the edges form a cycle.
    """
    if not sizes:
        return Placement(0, 0, [], [], [], [], straight=True)
    doubled = any(label is not None for label in labels)
    layers, spine = arrange(sizes, edges, labels, stride=2 if doubled else 1)
    apart = separations(layers, spacing.margins)
    straight = len(sizes) <= SMALL
    if straight:
        columns, rows = _symmetrical(layers, edges, apart, spacing)
    else:
        columns = straighten(layers, apart, spine)
        rows = _place_rows(layers, columns, spacing)
    return _placement(layers, columns, rows, straight=straight)


def arrange(
    sizes: Sequence[Size], edges: Edges, labels: Sequence[Size | None], stride: int
) -> tuple[Layers, list[int]]:
    """Ranks and orders the boxes; returns their layers and the edges of the spine.

    stride: 2 puts a row between any two rows of boxes, for labels or for lanes.
    """
    count = len(sizes)
    spine = find_spine(count, edges, heights(count, edges))
    layers = build(sizes, edges, labels, rank(count, edges, spine), stride)
    group = groups(count, edges)
    for chain in layers.chains:
        group += [group[chain[0]]] * (len(chain) - 2)
    reduce_crossings(layers, group)
    return layers, spine


def _symmetrical(
    layers: Layers, edges: Edges, apart: list[list[float]], spacing: Spacing
) -> tuple[list[float], list[float]]:
    """Columns and rows of a small picture: boxes first, labels where the links then pass.

    Where labels do not find room there, the boxes below or above them move apart.
    """
    pulls = find_pulls(layers, edges, layers.stride)
    columns = align(layers, apart)
    for _ in range(WIDENINGS):
        columns = centre(layers, pulls, columns, apart, step=layers.stride)
        rows = _place_rows(layers, columns, spacing)
        if not _fit_labels(layers, columns, rows, apart):
            break
    rows = _place_rows(layers, columns, spacing)
    _fit_labels(layers, columns, rows, apart)
    _follow_labels(layers, columns, apart)
    return columns, rows


def _place_rows(layers: Layers, columns: Sequence[float], spacing: Spacing) -> list[float]:
    """The y of each row's centre, the highest row's top at 0."""
    heights = [max(layers.height[item] for item in row) for row in layers.rows]
    gaps = [spacing.row] * (len(heights) - 1)
    if layers.stride == 2:
        for index, height in enumerate(heights):
            if index % 2:
                gaps[index - 1] = gaps[index] = spacing.label if height else spacing.row / 2

    for index in range(0, len(gaps), layers.stride):
        both = range(index, index + layers.stride)
        rise = sum(gaps[gap] for gap in both)
        whole = _run(layers, columns, index, layers.stride) / spacing.slope - rise
        for gap in both:
            part = _run(layers, columns, gap, 1) / spacing.slope - gaps[gap]
            lacking = max(0.0, whole / layers.stride, part)
            gaps[gap] += min(spacing.stretch / layers.stride, lacking)

    y = heights[-1] / 2
    places = [y]
    for lower, upper, between in zip(heights[-2::-1], heights[:0:-1], reversed(gaps)):
        y += upper / 2 + between + lower / 2
        places.append(y)
    return places[::-1]


def _run(layers: Layers, columns: Sequence[float], index: int, rows: int) -> float:
    """How far sideways the widest link goes from a row to the next, or to the one after it."""
    widest = 0.0
    for item in layers.rows[index]:
        for upper in layers.above[item]:
            end = upper if rows == 1 else layers.above[upper][0]
            widest = max(widest, abs(columns[item] - columns[end]))
    return widest


def _fit_labels(
    layers: Layers, columns: list[float], rows: Sequence[float], apart: list[list[float]]
) -> bool:
    """Moves the items of odd rows onto their links; where too little room is, asks for more.

    Returns whether `apart` has changed, so that the boxes must be placed again.
    """
    changed = False
    for index in range(1, len(layers.rows), 2) if layers.stride == 2 else ():
        row = layers.rows[index]
        share = (rows[index] - rows[index - 1]) / (rows[index + 1] - rows[index - 1])
        wanted = []
        for item in row:
            below, above = columns[layers.below[item][0]], columns[layers.above[item][0]]
            wanted.append(below + (above - below) * share)
        for left, right, least, a, b in zip(row, row[1:], apart[index], wanted, wanted[1:]):
            if b - a < least - 0.1 and not layers.is_bend(left) and not layers.is_bend(right):
                changed |= _widen(layers, columns, apart, (left, right), least - (b - a), least)
        # On a long link there is room to make way.
        weights = [
            0.01
            if any(layers.is_bend(end) for end in (*layers.below[item], *layers.above[item]))
            else 1
            for item in row
        ]
        for item, column in zip(row, settle(wanted, weights, apart[index])):
            columns[item] = column
    return changed


def _follow_labels(layers: Layers, columns: list[float], apart: Sequence[Sequence[float]]) -> None:
    """Moves the bends in the boxes' rows under the labels, so that long links turn less often."""
    for index in range(0, len(layers.rows), 2) if layers.stride == 2 else ():
        row = layers.rows[index]
        wanted = [columns[item] for item in row]
        for place, item in enumerate(row):
            if layers.is_bend(item):
                near = [*layers.below[item], *layers.above[item]]
                shown = [other for other in near if not layers.is_bend(other)] or near
                wanted[place] = math.fsum(columns[other] for other in shown) / len(shown)
        weights = [1.0 if layers.is_bend(item) else 1e9 for item in row]
        for item, column in zip(row, settle(wanted, weights, apart[index])):
            columns[item] = column


def _widen(
    layers: Layers,
    columns: Sequence[float],
    apart: list[list[float]],
    pair: tuple[int, int],
    lacking: float,
    most: float,
) -> bool:
    """Moves the ends of two neighbouring links apart so that their labels come to fit.

    Where both links share an end, the other ends would have to give twice as much; they do not
    move farther apart than `most`, where each label fits straight above or below its box.
    """
    changed = False
    for step, other in ((layers.below, layers.above), (layers.above, layers.below)):
        (left,), (right,) = step[pair[0]], step[pair[1]]
        row = layers.rows[layers.row[left]]
        at, end = row.index(left), row.index(right)
        if at >= end or layers.is_bend(left) or layers.is_bend(right):
            continue
        shared = other[pair[0]] == other[pair[1]]
        distance = columns[right] - columns[left]
        wanted = distance + lacking
        if shared:
            wanted = max(distance, min(distance + 2 * lacking, 2 * most))
        between = math.fsum(apart[layers.row[left]][at : end - 1])
        if wanted - between > apart[layers.row[left]][end - 1] + 0.1:
            apart[layers.row[left]][end - 1] = wanted - between
            changed = True
    return changed


def _placement(
    layers: Layers, columns: Sequence[float], rows: Sequence[float], *, straight: bool
) -> Placement:
    half = [width / 2 for width in layers.width]
    left = min(x - reach for x, reach in zip(columns, half))
    right = max(x + reach for x, reach in zip(columns, half))
    points = [(x - left, rows[row]) for x, row in zip(columns, layers.row)]
    half_heights = [max(layers.height[item] for item in row) / 2 for row in layers.rows]
    bands = [(y - half_height, y + half_height) for y, half_height in zip(rows, half_heights)]

    routes = []
    for chain in layers.chains:
        route = [points[chain[0]]]
        for item in chain[1:-1]:
            x, y = points[item]
            top, bottom = bands[layers.row[item]]
            # A bend keeps to its column while it passes the boxes of its row; so does a curve where
            # it passes under its label.
            keeps = top < bottom and (layers.is_bend(item) or not straight)
            route += [(x, bottom), (x, top)] if keeps else [(x, y)]
        routes.append([*route, points[chain[-1]]])
    return Placement(
        width=right - left,
        height=bands[0][1],
        boxes=points[: layers.boxes],
        labels=[points[item] if item >= 0 else None for item in layers.labels],
        routes=routes,
        bands=[bands[row] for row in layers.row[: layers.boxes]],
        straight=straight,
    )
