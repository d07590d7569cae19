"""A picture: what notebooks show, terminals print and files keep of a scene."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path

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

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def svg(self, theme: ThemeName = "light") -> str:
        """The picture as an SVG document.

        theme: the ground that it has and is made for, "light" or "dark".
        """
        return svg(self.scene, theme)

    def text(self, *, ascii: bool = False, color: bool = False) -> str:
        """The picture as text: boxes if they are few, else an indented tree.

        ascii: ASCII characters only. color: with a terminal's escape sequences.
        """
        return text(self.scene, ascii=ascii, color=color)

    def save(self, path: str | os.PathLike[str], theme: ThemeName = "light") -> None:
        """Writes the picture to a file, as SVG or as text by the file's suffix.

        Raises ValueError if the suffix is neither .svg nor .txt.
        """
        path = Path(path)
        match path.suffix.lower():
            case ".svg":
                content = self.svg(theme)
            case ".txt":
                content = self.text() + "\n"
            case suffix:
                raise ValueError(
                    f"cannot tell the format of {path.name!r} from its suffix {suffix!r}; "
                    "a picture is saved as .svg or as .txt"
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
