"""A picture: what notebooks show, terminals print and files keep of a scene."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path

from wengert.draw.rendered import rendered
from wengert.draw.scene import Scene
from wengert.draw.svg import svg
from wengert.draw.text import text
from wengert.draw.theme import ThemeName


class Picture:
    """A scene that can be shown.

    A notebook shows it as SVG; `print(picture)` and the prompt show it as text.

    >>> from wengert.draw.scene import Box, Link
    >>> Picture(Scene([Box("input", "a"), Box("output", "e = exp(a)")], [Link(0, 1)]))
    ┌────────────┐
    │ e = exp(a) │
    └────────────┘
           ▲
           │
         ╭───╮
         │ a │
         ╰───╯
    """

    def __init__(self, scene: Scene, layout: Scene | None = None) -> None:
        self.scene = scene
        self._layout = scene if layout is None else layout

    def svg(self, theme: ThemeName = "light") -> str:
        """The picture as an SVG document.

        theme: the ground that it has and is made for, "light" or "dark".
        """
        return svg(self._layout, theme, self.scene)

    def tikz(self) -> str:
        r"""The picture for LaTeX: a tikzpicture, which needs the package tikz."""
        from wengert.draw.tikz import tikz

        return tikz(self._layout, self.scene)

    def text(self, *, ascii: bool = False, color: bool = False) -> str:
        """The picture as text: boxes if they are few, else an indented tree.

        ascii: ASCII characters only. color: with a terminal's escape sequences.
        """
        return text(self.scene, ascii=ascii, color=color)

    def save(self, path: str | os.PathLike[str], theme: ThemeName = "light") -> None:
        """Writes the picture to a file in the form that its suffix names.

        .svg, .txt, .tex (TikZ); .png and .pdf with the extras of these names. Raises ValueError for
        another suffix, ArgumentError where an extra is missing.
        """
        path = Path(path)
        match path.suffix.lower():
            case ".svg":
                content = self.svg(theme)
            case ".txt":
                content = self.text() + "\n"
            case ".tex":
                content = self.tikz()
            case ".png":
                path.write_bytes(rendered(self.svg(theme), "png"))
                return
            case ".pdf":
                path.write_bytes(rendered(self.svg(theme), "pdf"))
                return
            case suffix:
                raise ValueError(
                    f"cannot tell the format of {path.name!r} from its suffix {suffix!r}; "
                    "a picture is saved as .svg, .png, .pdf, .tex or .txt"
                )
        # The same bytes on each system: no translation of line ends.
        path.write_text(content, encoding="utf-8", newline="\n")

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, str]:
        """What a notebook asks for: each form that it includes and does not exclude."""
        bundle = {"text/plain": self.text(), "image/svg+xml": self.svg()}
        return {
            form: content
            for form, content in bundle.items()
            if (not include or form in include) and (not exclude or form not in exclude)
        }
