"""The stacked outline of a collapsed scope: a sheet in front, and two that look out behind it."""

from __future__ import annotations

from collections.abc import Iterator

from wengert.draw.routes import Outline
from wengert.draw.strokes import rectangle

SHEETS = 8.0
"""How far the sheets behind look out above the front, in all."""
_INSET = 7.0


def sheets(outline: Outline, front: str, behind: str) -> Iterator[str]:
    """The sheets within an outline, the hindmost first: its top is the outline's, the bottom of
    the one in front is the outline's bottom.

    front, behind: attributes of the sheet in front, and of those behind it.
    """
    for place in (2, 1, 0):
        up = SHEETS / 2 * place
        height = outline.height - SHEETS
        y = outline.y + SHEETS / 2 - up
        width = outline.width - 2 * _INSET * place
        sheet = Outline(outline.x, y, width, height, outline.radius)
        yield rectangle(sheet, behind if place else front)
