"""What aliases share, and who wrote to it last."""

from __future__ import annotations

from typing import Any

from wengert.sites import Site


class Memory:
    """The memory behind a tensor and all its aliases.

    array: the array (a NumPy scalar until the first alias or write boxes it). written: the
    sequence number of the last write, 0 for none; a value saved before it is stale. touched: the
    same, writes through `.data` included, which a backward pass does not count. writer and site:
    the operation that wrote, and its line. version: torch's `_version`. rewritten: the number of
    the last write, or of the node that it made; views that know an older one follow.
    """

    __slots__ = ("array", "rewritten", "site", "touched", "version", "writer", "written")

    def __init__(self, array: Any) -> None:
        self.array = array
        self.written = 0
        self.touched = 0
        self.version = 0
        self.writer = ""
        self.site: Site | None = None
        self.rewritten = 0

    def stamp(self, sequence: int, writer: str, site: Site | None) -> None:
        """Note a write: when, by which operation, in which line."""
        self.written = sequence
        self.touched = sequence
        self.writer = writer
        self.site = site
        self.version += 1
        if sequence > self.rewritten:  # else a recorded write, which has noted its node
            self.rewritten = sequence


class Aside(Memory):
    """The memory behind `x.data`: its writes do not count as writes into x, as in torch.

    behind: the memory of x, which notes them as touches: backward passes overlook those, and
    questions to a graph do not.
    """

    __slots__ = ("behind",)

    def __init__(self, behind: Memory) -> None:
        super().__init__(behind.array)
        self.behind = behind

    def stamp(self, sequence: int, writer: str, site: Site | None) -> None:
        super().stamp(sequence, writer, site)
        behind: Memory = self
        while isinstance(behind, Aside):
            behind = behind.behind
            behind.touched = sequence
            behind.writer, behind.site = writer, site
