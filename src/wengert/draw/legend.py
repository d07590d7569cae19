"""The legend of a picture in which lightness stands for the size of gradients."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from wengert.draw.heat import Heat, Legend
from wengert.draw.layers import Size
from wengert.draw.letters import FALLBACK_RATIO, SANS, sans_width
from wengert.draw.strokes import n
from wengert.draw.theme import Paint, Theme
from wengert.draw.words import shorten

TYPE = 13.0
ROW = 24.0
SWATCH = (30.0, 16.0)
_WORDS = {"zero": "zero", "infinite": "infinite", "nan": "not a number"}
_STROKES = {
    "zero": 'stroke-width="2.4" stroke-dasharray="2 4"',
    "infinite": 'stroke-width="3.2"',
    "nan": 'stroke-width="3.2" stroke-dasharray="9 4"',
}
"""A border for what is out of the ordinary: dotted, thick, thick and dashed."""


def paint_of(heat: Heat, theme: Theme, plain: Paint) -> tuple[str, str]:
    """The fill of a box, and the attributes of its border."""
    fill = theme.heat[heat.step] if heat.step >= 0 and heat.flag != "zero" else theme.ground
    if heat.flag:
        return fill, f'stroke="{theme.ink}" {_STROKES[heat.flag]}'
    return fill, f'stroke="{plain.stroke}" stroke-width="1.5"'


def legend_size(legend: Legend) -> Size:
    """The room that it takes."""
    words = [text for _, text in legend_rows(legend)]
    widest = max(sans_width(text, TYPE) for text in words) * FALLBACK_RATIO
    title = sans_width(shorten(legend.title), TYPE) * FALLBACK_RATIO
    return (max(SWATCH[0] + 10 + widest, title), ROW * (len(words) + 1))


def legend_rows(legend: Legend) -> list[tuple[Heat, str]]:
    """The largest first, as on a thermometer."""
    rows = [(Heat(step), words) for step, words in reversed(legend.steps)]
    rows += [(Heat(-1, flag), _WORDS[flag]) for flag in legend.flags]
    return rows + ([(Heat(-1), "unknown")] if legend.unknown else [])


def draw_legend(legend: Legend, theme: Theme, left: float, top: float) -> Iterator[str]:
    """Its title and a row for each colour and border, from a corner on."""
    yield f'<g font-family="{SANS}" font-size="{n(TYPE)}" fill="{theme.ink}">'
    yield (
        f'<text x="{n(left)}" y="{n(top + TYPE)}" font-weight="600">'
        f"{escape(shorten(legend.title))}</text>"
    )
    width, height = SWATCH
    for row, (heat, words) in enumerate(legend_rows(legend), start=1):
        y = top + row * ROW
        fill, stroke = paint_of(heat, theme, theme.boxes["operation"])
        yield (
            f'<rect x="{n(left)}" y="{n(y)}" width="{n(width)}" height="{n(height)}" rx="4" '
            f'fill="{fill}" {stroke}/>'
        )
        x, middle = left + width + 10, y + height / 2 + 0.34 * TYPE
        yield f'<text x="{n(x)}" y="{n(middle)}">{escape(words)}</text>'
    yield "</g>"
