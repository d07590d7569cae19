"""A scene as SVG: plain shapes and attributes, which notebooks and code hosts leave as they are.

No style sheet, no script, no identifier: pictures may stand beside each other in one page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from wengert.draw.columns import Margins
from wengert.draw.layered import SMALL, Spacing, layout
from wengert.draw.layers import Size
from wengert.draw.letters import FALLBACK_RATIO, SANS, SERIF, sans_width, serif_width
from wengert.draw.routes import HEADS_APART, Outline, find_routes
from wengert.draw.scene import Box, Label, Scene
from wengert.draw.strokes import arrowhead, n, rectangle, route_path
from wengert.draw.theme import Theme, ThemeName, theme_named
from wengert.draw.words import clean, shorten, typeset

EXPRESSION, CONSTANT, VALUE = 18.0, 15.0, 15.0  # sizes of type
BORDER = 28.0
ROUNDING = 10.0
LABEL_HEIGHT = 22.0
THIN, BOLD = 1.5, 2.4

ROOMY = Spacing(Margins(box=20, label=7, bend=12), row=68, label=36, slope=3.5, stretch=150)
DENSE = Spacing(Margins(box=14, label=7, bend=9), row=42, label=28, slope=5, stretch=36)
PADDING = {True: 24.0, False: 15.0}
LEAST_WIDTH = {True: 118.0, False: 56.0}


def svg(scene: Scene, theme: ThemeName = "light") -> str:
    """The scene as an SVG document; the same scene gives the same bytes.

    Raises ValueError if its links form a cycle, or for an unknown theme.
    """
    return _Picture(scene, theme_named(theme)).document()


class _Picture:
    """A scene with the place of each of its parts."""

    def __init__(self, scene: Scene, theme: Theme) -> None:
        self.scene = scene
        self.theme = theme
        self.roomy = len(scene.boxes) <= SMALL
        sizes = [self._size(*each) for each in zip(scene.boxes, scene.incoming())]
        edges = [(link.source, link.target) for link in scene.links]
        labels = [_label_size(link.label) for link in scene.links]
        placement = layout(sizes, edges, labels, ROOMY if self.roomy else DENSE)
        self.outlines = [
            Outline(*point, *size, size[1] / 2 if _is_pill(box) else ROUNDING)
            for box, point, size in zip(scene.boxes, placement.boxes, sizes)
        ]
        self.routes = find_routes(placement, self.outlines, edges, labels)
        self.placement = placement

    def _size(self, box: Box, incoming: list[int]) -> Size:
        """Room for the text in any of its fonts, and for an arrowhead from each operand."""
        size = CONSTANT if box.kind == "constant" else EXPRESSION
        text = serif_width(typeset(shorten(box.title)), size)
        text = max([text, *(sans_width(shorten(line), VALUE) for line in box.lines)])
        padding = max(PADDING[self.roomy], text * (FALLBACK_RATIO - 1) / 2)
        least = HEADS_APART * len(incoming) + 2 * ROUNDING
        if not _is_pill(box):
            least = max(least, LEAST_WIDTH[self.roomy])
        if _is_pill(box) and box.lines:
            padding += 6  # its ends curve away beside the lines
        height = (32.0 if box.kind == "constant" else 42.0) + 20.0 * len(box.lines)
        if box.kind == "constant" and box.lines:
            height += 8
        return (max(least, height + 10, text + 2 * padding), height)

    # ------------------------------------------------------------------ the document

    def document(self) -> str:
        """All of it, from the ground up."""
        width, height, left, top = self._frame()
        attributes = (
            f'xmlns="http://www.w3.org/2000/svg" width="{n(width)}" height="{n(height)}" '
            f'viewBox="{n(left)} {n(top)} {n(width)} {n(height)}" role="img" '
            f"aria-label={quoteattr(clean(self.scene.name))}"
        )
        ground = (
            f'<rect x="{n(left)}" y="{n(top)}" width="{n(width)}" height="{n(height)}" '
            f'fill="{self.theme.ground}"/>'
        )
        parts = [f"<svg {attributes}>", ground, *self._links(), *self._boxes(), *self._labels()]
        return "\n".join([*parts, "</svg>\n"])

    def _frame(self) -> tuple[float, float, float, float]:
        """Width, height, left and top of the picture with its border."""
        areas = [outline.area(0) for outline in self.outlines]
        for route, link in zip(self.routes, self.scene.links):
            areas += [(*point, *point) for point in route.points]
            size = _label_size(link.label)
            if route.label is not None and size is not None:
                areas.append(Outline(*route.label, *size, 0).area(0))
        lefts, tops, rights, bottoms = zip(*areas or [(0.0, 0.0, 0.0, 0.0)])
        left, top = min(lefts) - BORDER, min(tops) - BORDER
        return (max(rights) + BORDER - left, max(bottoms) + BORDER - top, left, top)

    # ------------------------------------------------------------------ links

    def _links(self) -> Iterator[str]:
        """Lines and arrowheads; those of a path last, so that nothing crosses them."""
        drawn = list(zip(self.scene.links, self.routes))
        for highlighted in (False, True):
            colour = self.theme.path if highlighted else self.theme.edge
            width = BOLD if highlighted else THIN
            some = [route for link, route in drawn if link.highlighted == highlighted]
            if not some:
                continue
            yield f'<g fill="none" stroke="{colour}" stroke-width="{width}">'
            for route in some:
                yield f'<path d="{route_path(route, bold=highlighted)}"/>'
            yield f'</g>\n<g fill="{colour}">'
            for route in some:
                yield f'<path d="{arrowhead(route, bold=highlighted)}"/>'
            yield "</g>"

    def _labels(self) -> Iterator[str]:
        """Labels over pills of the ground, which interrupt the links beneath them."""
        yield f'<g font-family="{SANS}" font-size="{n(VALUE)}" text-anchor="middle">'
        for link, route in zip(self.scene.links, self.routes):
            size = _label_size(link.label)
            if link.label is None or size is None or route.label is None:
                continue
            pill = Outline(*route.label, *size, LABEL_HEIGHT / 2)
            colour = self.theme.path if link.highlighted else self.theme.derivative
            yield rectangle(pill, f'fill="{self.theme.ground}"')
            yield (
                f'<text x="{n(pill.x)}" y="{n(pill.y + 0.34 * VALUE)}" fill="{colour}">'
                f"{_label_text(link.label)}</text>"
            )
        yield "</g>"

    # ------------------------------------------------------------------ boxes

    def _boxes(self) -> Iterator[str]:
        yield (
            f'<g font-family="{SANS}" font-size="{n(VALUE)}" font-weight="600" '
            f'text-anchor="middle" fill="{self.theme.ink}">'
        )
        for box, outline in zip(self.scene.boxes, self.outlines):
            yield from self._box(box, outline)
        yield "</g>"

    def _box(self, box: Box, outline: Outline) -> Iterator[str]:
        paint = self.theme.boxes[box.kind]
        stroke = f'stroke="{paint.stroke}" stroke-width="{THIN}"'
        yield f"<g><title>{escape(_hint(box))}</title>"
        yield rectangle(outline, f'fill="{paint.fill}" {stroke}')
        if box.kind == "parameter":
            inner = outline.shrunk(3.0)
            yield rectangle(inner, f'fill="none" stroke="{paint.stroke}" stroke-width="0.8"')
        size = CONSTANT if box.kind == "constant" else EXPRESSION
        y = outline.y - 10 * len(box.lines) + (0.5 if box.lines else 0)
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
        yield "</g>"


def _is_pill(box: Box) -> bool:
    return box.kind in ("input", "parameter", "constant")


def _hint(box: Box) -> str:
    """The hint, or what the box says, whole."""
    said = box.hint.splitlines() or [f"{box.kind} {box.title}", *box.lines]
    return "\n".join(clean(line) for line in said)


def _label_size(label: Label | None) -> Size | None:
    if label is None or not label.text:
        return None
    symbol, value = typeset(shorten(label.symbol)), shorten(label.value)
    width = serif_width(symbol, VALUE) + sans_width(value, VALUE)
    if symbol and value:
        width += sans_width(" = ", VALUE)
    return (width + 8, LABEL_HEIGHT)


def _label_text(label: Label) -> str:
    symbol, value = escape(typeset(shorten(label.symbol))), escape(shorten(label.value))
    parts = []
    if symbol:
        parts.append(f'<tspan font-family="{SERIF}" font-style="italic">{symbol}</tspan>')
    if value:
        parts.append(f'<tspan font-weight="700">{value}</tspan>')
    return " = ".join(parts)


# Numbers, brackets and superscripts stand upright; names, with the digits in them, are italic.
_UPRIGHT = re.compile(r"((?<![\w#.])\.?\d[\d.]*(?:e[+-]?\d+)?|[()\[\]{}]+|[⁻⁰¹²³⁴-⁹]+)")


def _expression_text(title: str) -> str:
    parts = _UPRIGHT.split(typeset(shorten(title)))
    for index, part in enumerate(parts):
        text = escape(part)
        parts[index] = f'<tspan font-style="normal">{text}</tspan>' if index % 2 else text
    return "".join(parts)
