"""Boxes as SVG: their shapes, colours and words, and the ports of collapsed ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

from wengert.draw.drawing import CONSTANT, DETAIL, EXPRESSION, VALUE
from wengert.draw.layered import Point
from wengert.draw.legend import paint_of
from wengert.draw.letters import SERIF
from wengert.draw.routes import Outline
from wengert.draw.scene import Box
from wengert.draw.stack import SHEETS, sheets
from wengert.draw.strokes import THIN, n, rectangle
from wengert.draw.theme import Theme
from wengert.draw.words import clean, shorten, typeset

_PORT = 3.2
"""The radius of a port."""


def draw_box(box: Box, outline: Outline, lines: int, theme: Theme) -> Iterator[str]:
    """A box with room for so many lines."""
    paint = theme.boxes[box.kind]
    plain = f'stroke="{paint.stroke}" stroke-width="{THIN}"'
    fill, stroke, inner = paint.fill, plain, f'stroke="{paint.stroke}" stroke-width="0.8"'
    if box.heat is not None:
        fill, stroke = paint_of(box.heat, theme, paint)
        inner = f'stroke="{theme.ink}" stroke-width="0.8" stroke-opacity="0.6"'
    yield f"<title>{escape(_hint(box))}</title>"
    if box.kind == "scope":
        yield from sheets(outline, f'fill="{fill}" {stroke}', f'fill="{fill}" {plain}')
        yield from _scope_text(box, outline, lines)
        return
    yield rectangle(outline, f'fill="{fill}" {stroke}')
    if box.kind == "parameter":
        yield rectangle(outline.shrunk(3.0), f'fill="none" {inner}')
    yield from _text(box, outline, lines)


def _text(box: Box, outline: Outline, lines: int) -> Iterator[str]:
    """The expression, in italics, over the value."""
    size = CONSTANT if box.kind == "constant" else EXPRESSION
    y = outline.y - 10 * lines + (0.5 if lines else 0)
    yield (
        f'<text x="{n(outline.x)}" y="{n(y + size / 3)}" font-family="{SERIF}" '
        f'font-size="{n(size)}" font-weight="400" font-style="italic">'
        f"{_expression_text(box.title)}</text>"
    )
    y += 5
    for line in box.lines:
        y += 20
        text = escape(shorten(line))
        yield f'<text x="{n(outline.x)}" y="{n(y + 0.34 * VALUE)}">{text}</text>'


def _scope_text(box: Box, outline: Outline, lines: int) -> Iterator[str]:
    """A scope's name, upright, and what is in it, in smaller letters."""
    y = outline.y + SHEETS / 2 - 9 * lines
    title = escape(shorten(box.title))
    yield f'<text x="{n(outline.x)}" y="{n(y + 0.34 * VALUE)}">{title}</text>'
    for line in box.lines:
        y += 18
        yield (
            f'<text x="{n(outline.x)}" y="{n(y + 0.34 * DETAIL + 1)}" '
            f'font-size="{n(DETAIL)}" font-weight="400">{escape(shorten(line))}</text>'
        )


def draw_port(words: str, place: Point, stroke: str, ground: str) -> str:
    """A small circle on the border of a collapsed box, with what it says when pointed at."""
    said = escape("\n".join(clean(line) for line in words.splitlines()))
    return (
        f'<g><title>{said}</title><circle cx="{n(place[0])}" cy="{n(place[1])}" r="{_PORT}" '
        f'fill="{ground}" stroke="{stroke}" stroke-width="{THIN}"/></g>'
    )


def _hint(box: Box) -> str:
    """The hint, or what the box says, whole."""
    said = box.hint.splitlines() or [f"{box.kind} {box.title}", *box.lines]
    return "\n".join(clean(line) for line in said)


# Numbers, brackets and superscripts stand upright; names, with the digits in them, are italic.
_UPRIGHT = re.compile(r"((?<![\w#.])\.?\d[\d.]*(?:e[+-]?\d+)?|[()\[\]{}]+|[⁻⁰¹²³⁴-⁹]+)")


def _expression_text(title: str) -> str:
    parts = _UPRIGHT.split(typeset(shorten(title)))
    for index, part in enumerate(parts):
        text = escape(part)
        parts[index] = f'<tspan font-style="normal">{text}</tspan>' if index % 2 else text
    return "".join(parts)
