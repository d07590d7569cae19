"""The stacked outline of a collapsed scope: a sheet in front, and two that look out behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wengert.draw.routes import Outline
from wengert.draw.strokes import rectangle

SHEETS = 8.0
"""How far the sheets behind look out above the front, in all."""
_INSET = 7.0


def linked(outline: Outline, *, is_sideways: bool) -> Outline:
    """A stack as it lies in the layout, with the places where links may touch it: the sheets behind
    are narrower, and beside a turned stack there are none where they look out.
    """
    inset = SHEETS if is_sideways else 2 * _INSET
    return replace(outline, inset=inset)


def sheet_outlines(outline: Outline) -> Iterator[Outline]:
    """The sheets within an outline, the hindmost first: its top is the outline's, the bottom of
    the one in front is the outline's bottom.
    """
    for place in (2, 1, 0):
        y = outline.y + SHEETS / 2 - SHEETS / 2 * place
        width = outline.width - 2 * _INSET * place
        yield Outline(outline.x, y, width, outline.height - SHEETS, outline.radius)


def sheets(outline: Outline, front: str, behind: str) -> Iterator[str]:
    """The sheets as SVG. front, behind: attributes of the one in front, and of those behind it."""
    *hidden, shown = sheet_outlines(outline)
    for sheet in hidden:
        yield rectangle(sheet, behind)
    yield rectangle(shown, front)
