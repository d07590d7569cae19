"""What an answer blames."""

from __future__ import annotations

from typing import NamedTuple

from wengert.sites import Site


class Cause(NamedTuple):
    """What is to blame, in a few words, and the line that it stands in, if that is known."""

    what: str
    site: Site | None

    def __str__(self) -> str:
        return self.what + (f" at {self.site}" if self.site is not None else "")
