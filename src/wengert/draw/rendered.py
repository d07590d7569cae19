"""Pictures as PNG and PDF, by the extras of these names."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from wengert.errors import ArgumentError

_PIXELS_PER_INCH = 192
"""Two pixels for each unit of the SVG, of which there are 96 in an inch."""
_PAGE = '#set page(width: auto, height: auto, margin: 0pt)\n#image("picture.svg")\n'


def rendered(svg: str, form: Literal["png", "pdf"]) -> bytes:
    """An SVG document as "png" or "pdf".

    By Typst, which brings its own fonts: a renderer that looks for the system's draws no text where
    there are none, and says nothing. Raises ArgumentError if it is not installed.
    """
    try:
        import typst
    except ImportError:
        raise ArgumentError(
            f"a picture is saved as .{form} by the extra {form!r}, which is not installed",
            f"pip install 'wengert[{form}]'; .svg and .tex need nothing.",
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.typ"
        page.write_text(_PAGE, encoding="utf-8")
        (page.parent / "picture.svg").write_text(svg, encoding="utf-8")
        made = typst.compile(str(page), format=form, ppi=_PIXELS_PER_INCH)
    assert isinstance(made, bytes)
    return made
