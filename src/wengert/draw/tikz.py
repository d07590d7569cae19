r"""A scene as TikZ, for documents in LaTeX: in their own fonts, and open to changes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wengert.draw.drawing import BORDER, Drawing, is_pill
from wengert.draw.legend import legend_rows
from wengert.draw.routes import Route
from wengert.draw.scene import Box, Scene
from wengert.draw.stack import sheet_outlines
from wengert.draw.theme import THEMES
from wengert.draw.words import clean, shorten

_SCALE = 0.02
"""Centimetres for a unit of the SVG."""
_WORDS = re.compile(r"[A-Za-z_][\w.#]*|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\*\*|\s+|.")

_BORDERS = {
    "zero": "draw=black, thick, dotted",
    "infinite": "draw=black, ultra thick",
    "nan": "draw=black, ultra thick, dashed",
}
_SIGNS = {
    "*": r"\cdot", "**": r"\mathbin{\ast\ast}", "@": r"\,", "∂": r"\partial ", "×": r"\times",
}  # fmt: skip


def tikz(layout: Scene, shown: Scene) -> str:
    """The scene in the places of `layout`, as a tikzpicture."""
    theme = THEMES["light"]
    drawing = Drawing(layout, shown)
    colours = {f"wengert{kind}": paint for kind, paint in theme.boxes.items()}
    lines = [r"% needs \usepackage{tikz}", r"\begin{tikzpicture}[>=stealth]"]
    for name, paint in colours.items():
        lines.append(rf"  \definecolor{{{name}}}{{HTML}}{{{paint.fill[1:].upper()}}}")
        lines.append(rf"  \definecolor{{{name}line}}{{HTML}}{{{paint.stroke[1:].upper()}}}")
    for name, colour in (("edge", theme.edge), ("derivative", theme.derivative),
                         ("path", theme.path)):  # fmt: skip
        lines.append(rf"  \definecolor{{wengert{name}}}{{HTML}}{{{colour[1:].upper()}}}")
    for step, colour in enumerate(theme.heat if drawing.scene.legend is not None else ()):
        lines.append(rf"  \definecolor{{wengertheat{step}}}{{HTML}}{{{colour[1:].upper()}}}")
    parts = (_boxes(drawing), _links(drawing), _ports(drawing), _legend(drawing))
    lines += [f"  {line}" for part in parts for line in part]
    return "\n".join([*lines, r"\end{tikzpicture}", ""])


def _boxes(drawing: Drawing) -> Iterator[str]:
    boxes = zip(drawing.scene.boxes, drawing.outlines, strict=True)
    for number, (box, outline) in enumerate(boxes):
        corner = _length(outline.height / 2) if is_pill(box) else "4pt"
        sheets = list(sheet_outlines(outline)) if box.kind == "scope" else [outline]
        for sheet in sheets:
            in_front = sheet is sheets[-1]
            options = ", ".join([
                *_paint(box, flagged=in_front), f"rounded corners={corner}", "align=center",
                f"minimum width={_length(sheet.width)}", f"minimum height={_length(sheet.height)}",
            ])  # fmt: skip
            name, text = (f"(n{number}) ", _text(box)) if in_front else ("", "")
            yield rf"\node[{options}] {name}at {_place(sheet.x, sheet.y)} {{{text}}};"


def _paint(box: Box, *, flagged: bool) -> list[str]:
    """The colours of a box: by its kind, or by the size of its gradient."""
    heat = box.heat
    plain = f"draw=wengert{box.kind}line"
    if heat is None:
        return [plain, f"fill=wengert{box.kind}"]
    fill = "white" if heat.step < 0 or heat.flag == "zero" else f"wengertheat{heat.step}"
    border = _BORDERS[heat.flag] if heat.flag and flagged else plain
    return [border, f"fill={fill}"]


def _ports(drawing: Drawing) -> Iterator[str]:
    for number, _, place in drawing.ports():
        kind = drawing.scene.boxes[number].kind
        yield rf"\filldraw[draw=wengert{kind}line, fill=white] {_place(*place)} circle (0.06);"


def _legend(drawing: Drawing) -> Iterator[str]:
    """What the colours stand for, to the right of the picture."""
    legend = drawing.scene.legend
    if legend is None:
        return
    x, y = drawing.beside()
    yield rf"\node[anchor=west] at {_place(x, y)} {{\textbf{{{_escaped(legend.title)}}}}};"
    for heat, words in legend_rows(legend):
        y += BORDER
        swatch = Box("operation", "", heat=heat)
        options = ", ".join([*_paint(swatch, flagged=True), "rounded corners=1pt"])
        yield (
            rf"\node[{options}, minimum width=0.6cm, minimum height=0.3cm, "
            rf"label=right:{{{_escaped(words)}}}] at {_place(x + 15, y)} {{}};"
        )


def _text(box: Box) -> str:
    if box.kind == "scope":
        said = [rf"\footnotesize {_escaped(shorten(line))}" for line in box.lines]
        return r" \\ ".join([rf"\textbf{{{_escaped(shorten(box.title))}}}", *said])
    lines = [f"${in_math(shorten(box.title))}$"]
    lines += [rf"\textbf{{{_escaped(shorten(line))}}}" for line in box.lines]
    return r" \\ ".join(lines)


def _links(drawing: Drawing) -> Iterator[str]:
    for link, route in zip(drawing.scene.links, drawing.routes, strict=True):
        colour = "wengertpath, very thick" if link.highlighted else "wengertedge, thick"
        yield rf"\draw[->, {colour}] {_way(drawing, route)};"
        if link.label is not None and link.label.text and route.label is not None:
            text = f"${in_math(shorten(link.label.symbol))}$" if link.label.symbol else ""
            value = rf"\textbf{{{_escaped(shorten(link.label.value))}}}" if link.label.value else ""
            both = " = ".join(part for part in (text, value) if part)
            shade = "wengertpath" if link.highlighted else "wengertderivative"
            yield (
                rf"\node[fill=white, inner sep=2pt, text={shade}, font=\small] "
                rf"at {_place(*drawing.turn.point(route.label))} {{{both}}};"
            )


def _way(drawing: Drawing, route: Route) -> str:
    """The points of a link; of a curved one with tangents along the flow."""

    def place(x: float, y: float) -> str:
        return _place(*drawing.turn.point((x, y)))

    places = [place(*point) for point in route.points]
    if not route.curved:
        return " -- ".join(places)
    parts = [places[0]]
    for (x0, y0), (x1, y1) in zip(route.points, route.points[1:], strict=False):
        middle = (y0 + y1) / 2
        first, second = place(x0, middle), place(x1, middle)
        parts.append(f".. controls {first} and {second} .. {place(x1, y1)}")
    return " ".join(parts)


def _place(x: float, y: float) -> str:
    return f"({x * _SCALE:.3f}, {-y * _SCALE:.3f})"


def _length(units: float) -> str:
    return f"{units * _SCALE:.3f}cm"


def in_math(text: str) -> str:
    r"""An expression of Python in LaTeX's mathematics.

    >>> in_math("loss = c * d"), in_math("h#2")
    ('\\mathrm{loss} = c \\cdot d', 'h_{2}')
    """
    return "".join(_word(word) for word in _WORDS.findall(clean(text)))


def _word(word: str) -> str:
    if word in _SIGNS:
        return _SIGNS[word]
    if not (word[0].isalpha() or word[0] == "_"):
        return _escaped(word)
    base, _, number = word.partition("#")
    single = re.fullmatch(r"([A-Za-z])(\d*)", base)
    if not single:
        return rf"\mathrm{{{_escaped(base)}}}" + (f"_{{{_escaped(number)}}}" if number else "")
    below = ",".join(part for part in (single[2], number) if part)
    return single[1] + (f"_{{{_escaped(below)}}}" if below else "")


def _escaped(text: str) -> str:
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
               "×": r"\ensuremath{\times}", "∂": r"\ensuremath{\partial}", "…": r"\dots{}",
               "−": r"\ensuremath{-}", "→": r"\ensuremath{\to}"}  # fmt: skip
    return "".join(special.get(c, "\\" + c if c in "#$%&_{}" else c) for c in text)
