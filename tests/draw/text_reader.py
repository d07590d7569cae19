"""Follows the lines of a text picture with the eye, to say which boxes they join."""

from __future__ import annotations

import re

from wengert.draw import Scene

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
_LEADS = {
    "│": UP | DOWN, "─": LEFT | RIGHT, "▲": UP | DOWN,
    "╭": DOWN | RIGHT, "╮": DOWN | LEFT, "╰": UP | RIGHT, "╯": UP | LEFT,
    "├": UP | DOWN | RIGHT, "┤": UP | DOWN | LEFT, "┬": DOWN | LEFT | RIGHT,
    "┴": UP | LEFT | RIGHT, "┼": UP | DOWN | LEFT | RIGHT,
}  # fmt: skip
_STEPS = {DOWN: (0, 1), LEFT: (-1, 0), RIGHT: (1, 0)}
_BACK = {DOWN: UP, LEFT: RIGHT, RIGHT: LEFT}


def operands(picture: str, scene: Scene) -> dict[int, set[int]]:
    """For each box the boxes that lines lead to from its arrowheads; titles must be unlike.

    Lines are followed downwards or sideways. A line that comes from the side to an unbroken
    vertical one passes behind it.
    """
    rows = picture.split("\n")
    width = max(map(len, rows))
    rows = [row.ljust(width) for row in rows]
    spans = {box: _span(rows, scene, box) for box in range(len(scene.boxes))}
    found: dict[int, set[int]] = {}
    for y, row in enumerate(rows):
        for x, character in enumerate(row):
            if character == "▲":
                (target,) = (box for box, span in spans.items() if _holds(span, x, y - 1))
                found.setdefault(target, set()).update(_follow(rows, spans, x, y))
    return found


Span = tuple[int, int, int, int]


def _span(rows: list[str], scene: Scene, box: int) -> Span:
    """Left, top, right and bottom of a box, borders included."""
    framed = re.compile(f"[│╎] *{re.escape(scene.boxes[box].title)} *[│╎]")
    (place,) = ((y, match) for y, row in enumerate(rows) for match in framed.finditer(row))
    y, left, right = place[0], place[1].start(), place[1].end() - 1
    return (left, y - 1, right, y + 1 + len(scene.boxes[box].lines))


def _holds(span: Span, x: int, y: int) -> bool:
    return span[0] <= x <= span[2] and span[1] <= y <= span[3]


def _follow(rows: list[str], spans: dict[int, Span], x: int, y: int) -> set[int]:
    reached: set[int] = set()
    seen: set[tuple[int, int, int]] = set()
    ahead = [(x, y, DOWN)]
    while ahead:
        x, y, direction = ahead.pop()
        if (x, y, direction) in seen:
            continue
        seen.add((x, y, direction))
        x, y = x + _STEPS[direction][0], y + _STEPS[direction][1]
        boxes = [box for box, span in spans.items() if _holds(span, x, y)]
        if boxes:
            reached.update(boxes)
            continue
        leads = _LEADS.get(rows[y][x], 0)
        if leads & _BACK[direction]:
            onward = leads & ~_BACK[direction]
            ahead += [(x, y, step) for step in _STEPS if onward & step]
        else:
            assert rows[y][x] == "│", f"a line breaks off in row {y}, column {x}"
            ahead.append((x, y, direction))
    return reached
