"""A scene as SVG: plain shapes and attributes, which notebooks and code hosts leave as they are.

No style sheet, no script, no identifier: pictures may stand beside each other in one page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from wengert.draw.columns import Margins
from wengert.draw.layered import SMALL, Point, Spacing, layout
from wengert.draw.layers import Size
from wengert.draw.legend import draw_legend, legend_size, paint_of
from wengert.draw.letters import FALLBACK_RATIO, SANS, SERIF, sans_width, serif_width
from wengert.draw.routes import HEADS_APART, Outline, find_routes
from wengert.draw.scene import Box, Label, Scene
from wengert.draw.stack import SHEETS, sheets
from wengert.draw.strokes import arrowhead, n, rectangle, route_path
from wengert.draw.theme import Theme, ThemeName, theme_named
from wengert.draw.turn import TURNS
from wengert.draw.words import clean, shorten, typeset

EXPRESSION, CONSTANT, VALUE, DETAIL = 18.0, 15.0, 15.0, 13.0  # sizes of type
PORT = 3.2
BORDER = 28.0
ROUNDING = 10.0
LABEL_HEIGHT = 22.0
THIN, BOLD = 1.5, 2.4

ROOMY = Spacing(Margins(box=20, label=7, bend=12), row=68, label=36, slope=3.5, stretch=150)
DENSE = Spacing(Margins(box=14, label=7, bend=9), row=42, label=28, slope=5, stretch=36)
PADDING = {True: 24.0, False: 15.0}
LEAST_WIDTH = {True: 118.0, False: 56.0}


def svg(scene: Scene, theme: ThemeName = "light", shown: Scene | None = None) -> str:
    """The scene as an SVG document; the same scene gives the same bytes.

    shown: what of it is drawn: the same boxes and links with less text, in the same places, so that
    one picture turns into the next. Raises ValueError if the links form a cycle, or for an unknown
    theme.
    """
    return Drawing(scene, theme_named(theme), shown).document()


class Drawing:
    """A scene with the place of each of its parts.

    layout: the scene that decides the places. scene: what is drawn in them.
    """

    def __init__(self, scene: Scene, theme: Theme, shown: Scene | None = None) -> None:
        self.layout = scene
        self.scene = scene if shown is None else shown
        self.theme = theme
        self.turn = TURNS[scene.orientation]
        self.roomy = len(scene.boxes) <= SMALL
        sizes = [self._size(*each) for each in zip(scene.boxes, scene.incoming())]
        turned = [self.turn.size(size) for size in sizes]
        edges = [(link.source, link.target) for link in scene.links]
        labels = [_label_size(link.label) for link in scene.links]
        labels = [self.turn.size(size) if size is not None else None for size in labels]
        placement = layout(turned, edges, labels, ROOMY if self.roomy else DENSE)
        radii = [size[1] / 2 if is_pill(box) else ROUNDING for box, size in zip(scene.boxes, sizes)]
        laid = [Outline(*each) for each in _rows(placement.boxes, turned, radii)]
        self.routes = find_routes(placement, laid, edges, labels)
        places = [self.turn.point(point) for point in placement.boxes]
        self.outlines = [Outline(*each) for each in _rows(places, sizes, radii)]

    def _size(self, box: Box, incoming: list[int]) -> Size:
        """Room for the text in any of its fonts, and for an arrowhead from each operand."""
        if box.kind == "scope":
            text = sans_width(shorten(box.title), VALUE)
            text = max([text, *(sans_width(shorten(line), DETAIL) for line in box.lines)])
        else:
            size = CONSTANT if box.kind == "constant" else EXPRESSION
            text = serif_width(typeset(shorten(box.title)), size)
            text = max([text, *(sans_width(shorten(line), VALUE) for line in box.lines)])
        padding = max(PADDING[self.roomy], text * (FALLBACK_RATIO - 1) / 2)
        heads = HEADS_APART * len(incoming) + 2 * ROUNDING
        least = 0.0 if self.turn.is_sideways else heads
        if not is_pill(box):
            least = max(least, LEAST_WIDTH[self.roomy])
        if is_pill(box) and box.lines:
            padding += 6  # its ends curve away beside the lines
        height = (32.0 if box.kind == "constant" else 42.0) + 20.0 * len(box.lines)
        if box.kind == "constant" and box.lines:
            height += 8
        if box.kind == "scope":
            height = 42.0 + 18.0 * len(box.lines) + SHEETS
        if self.turn.is_sideways:
            height = max(height, heads)
        return (max(least, height + 10, text + 2 * padding), height)

    # ------------------------------------------------------------------ the document

    def document(self) -> str:
        """All of it, from the ground up."""
        width, height, left, top = self._frame()
        legend = self.scene.legend
        key: list[str] = []
        if legend is not None:
            room = legend_size(legend)
            key = list(draw_legend(legend, self.theme, left + width, top + BORDER))
            width, height = width + room[0] + BORDER, max(height, room[1] + 2 * BORDER)
        attributes = (
            f'xmlns="http://www.w3.org/2000/svg" width="{n(width)}" height="{n(height)}" '
            f'viewBox="{n(left)} {n(top)} {n(width)} {n(height)}" role="img" '
            f"aria-label={quoteattr(clean(self.scene.name))}"
        )
        ground = (
            f'<rect x="{n(left)}" y="{n(top)}" width="{n(width)}" height="{n(height)}" '
            f'fill="{self.theme.ground}"/>'
        )
        drawn = (*self._links(), *self._boxes(), *self._labels())
        return "\n".join([f"<svg {attributes}>", ground, *drawn, *key, "</svg>\n"])

    def _frame(self) -> tuple[float, float, float, float]:
        """Width, height, left and top of the picture with its border."""
        areas = [outline.area(0) for outline in self.outlines]
        for route, link in zip(self.routes, self.layout.links):
            areas += [(*point, *point) for point in map(self.turn.point, route.points)]
            size = _label_size(link.label)
            if route.label is not None and size is not None:
                areas.append(Outline(*self.turn.point(route.label), *size, 0).area(0))
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
            turn = self.turn.attribute
            yield f'<g fill="none" stroke="{colour}" stroke-width="{width}"{turn}>'
            for route in some:
                yield f'<path d="{route_path(route, bold=highlighted)}"/>'
            yield f'</g>\n<g fill="{colour}"{turn}>'
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
            pill = Outline(*self.turn.point(route.label), *size, LABEL_HEIGHT / 2)
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
        ports = self._ports()
        rooms = [len(box.lines) for box in self.layout.boxes]
        drawn = zip(self.scene.boxes, self.outlines, rooms)
        for number, (box, outline, lines) in enumerate(drawn):
            yield from self._box(box, outline, lines)
            yield from ports.get(number, ())
            yield "</g>"
        yield "</g>"

    def _box(self, box: Box, outline: Outline, lines: int) -> Iterator[str]:
        """A box with room for so many lines."""
        paint = self.theme.boxes[box.kind]
        plain = f'stroke="{paint.stroke}" stroke-width="{THIN}"'
        fill, stroke, inner = paint.fill, plain, f'stroke="{paint.stroke}" stroke-width="0.8"'
        if box.heat is not None:
            fill, stroke = paint_of(box.heat, self.theme, paint)
            inner = f'stroke="{self.theme.ink}" stroke-width="0.8" stroke-opacity="0.6"'
        yield f"<g><title>{escape(_hint(box))}</title>"
        if box.kind == "scope":
            yield from sheets(outline, f'fill="{fill}" {stroke}', f'fill="{fill}" {plain}')
            yield from self._scope_text(box, outline)
            return
        yield rectangle(outline, f'fill="{fill}" {stroke}')
        if box.kind == "parameter":
            yield rectangle(outline.shrunk(3.0), f'fill="none" {inner}')
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

    def _scope_text(self, box: Box, outline: Outline) -> Iterator[str]:
        """A scope's name, upright, and what is in it, in smaller letters."""
        y = outline.y + SHEETS / 2 - 9 * len(box.lines)
        title = escape(shorten(box.title))
        yield f'<text x="{n(outline.x)}" y="{n(y + 0.34 * VALUE)}">{title}</text>'
        for line in box.lines:
            y += 18
            yield (
                f'<text x="{n(outline.x)}" y="{n(y + 0.34 * DETAIL + 1)}" '
                f'font-size="{n(DETAIL)}" font-weight="400">{escape(shorten(line))}</text>'
            )

    def _ports(self) -> dict[int, list[str]]:
        """Per collapsed box a small circle wherever a value enters or leaves it."""
        ports: dict[int, list[str]] = {}
        for link, route in zip(self.scene.links, self.routes):
            ends = (
                (link.source, link.leaves, route.points[0]),
                (link.target, link.enters, route.points[-1]),
            )
            for number, words, place in ends:
                if words:
                    stroke = self.theme.boxes[self.scene.boxes[number].kind].stroke
                    ports.setdefault(number, []).append(self._port(words, place, stroke))
        return ports

    def _port(self, words: str, place: Point, stroke: str) -> str:
        x, y = self.turn.point(place)
        said = escape("\n".join(clean(line) for line in words.splitlines()))
        return (
            f'<g><title>{said}</title><circle cx="{n(x)}" cy="{n(y)}" r="{PORT}" '
            f'fill="{self.theme.ground}" stroke="{stroke}" stroke-width="{THIN}"/></g>'
        )


def _rows(
    points: Iterable[Point], sizes: Iterable[Size], radii: Iterable[float]
) -> Iterator[tuple[float, float, float, float, float]]:
    """Outlines as numbers: the middle, the size, the radius of the corners."""
    for point, size, radius in zip(points, sizes, radii):
        yield (*point, *size, radius)


def is_pill(box: Box) -> bool:
    """Whether a box has round ends: inputs of every kind."""
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
