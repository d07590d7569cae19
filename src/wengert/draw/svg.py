"""A scene as SVG: plain shapes and attributes, which notebooks and code hosts leave as they are.

No style sheet, no script, no identifier: pictures may stand beside each other in one page.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from wengert.draw.boxes import draw_box, draw_port
from wengert.draw.drawing import LABEL_HEIGHT, VALUE, Drawing, label_size
from wengert.draw.legend import draw_legend, legend_size
from wengert.draw.letters import SANS, SERIF
from wengert.draw.routes import Outline
from wengert.draw.scene import Label, Scene
from wengert.draw.strokes import BOLD, THIN, arrowhead, n, rectangle, route_path
from wengert.draw.theme import Theme, ThemeName, theme_named
from wengert.draw.words import clean, shorten, typeset


def svg(scene: Scene, theme: ThemeName = "light", shown: Scene | None = None) -> str:
    """The scene as an SVG document; the same scene gives the same bytes.

    shown: what of it is drawn: the same boxes and links with less text, in the same places, so that
    one picture turns into the next. Raises ValueError if the links form a cycle, or for an unknown
    theme.
    """
    return _Document(Drawing(scene, shown), theme_named(theme)).text()


class _Document:
    """Writes a drawing in the colours of a theme."""

    def __init__(self, drawing: Drawing, theme: Theme) -> None:
        self.drawing = drawing
        self.scene = drawing.scene
        self.turn = drawing.turn
        self.theme = theme

    def text(self) -> str:
        """All of it, from the ground up."""
        width, height, left, top = self.drawing.frame()
        legend = self.scene.legend
        key: list[str] = []
        if legend is not None:
            key = list(draw_legend(legend, self.theme, *self.drawing.beside()))
            width, height = self.drawing.joined(legend_size(legend))
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

    # ------------------------------------------------------------------ links

    def _links(self) -> Iterator[str]:
        """Lines and arrowheads; those of a path last, so that nothing crosses them."""
        drawn = list(zip(self.scene.links, self.drawing.routes))
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
        for link, route in zip(self.scene.links, self.drawing.routes):
            size = label_size(link.label)
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
        rooms = [len(box.lines) for box in self.drawing.layout.boxes]
        drawn = zip(self.scene.boxes, self.drawing.outlines, rooms)
        for number, (box, outline, lines) in enumerate(drawn):
            shapes = "\n".join(draw_box(box, outline, lines, self.theme))
            yield "<g>" + "\n".join([shapes, *ports.get(number, ()), "</g>"])
        yield "</g>"

    def _ports(self) -> dict[int, list[str]]:
        """Per collapsed box a small circle wherever a value enters or leaves it."""
        ports: dict[int, list[str]] = {}
        for number, words, place in self.drawing.ports():
            stroke = self.theme.boxes[self.scene.boxes[number].kind].stroke
            port = draw_port(words, place, stroke, self.theme.ground)
            ports.setdefault(number, []).append(port)
        return ports


def _label_text(label: Label) -> str:
    symbol, value = escape(typeset(shorten(label.symbol))), escape(shorten(label.value))
    parts = []
    if symbol:
        parts.append(f'<tspan font-family="{SERIF}" font-style="italic">{symbol}</tspan>')
    if value:
        parts.append(f'<tspan font-weight="700">{value}</tspan>')
    return " = ".join(parts)
