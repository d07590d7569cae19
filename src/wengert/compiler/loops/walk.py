"""Walks down wide arrays: some rows of all columns, then the next rows.

A block of columns by itself, walked down to the end, meets a new page of memory in every row: for
4,096 columns it took five times as long. Here the sums of all columns lie in memory, in the first
cache, and each block of rows is added to them. What a walk leaves is a part's states; see split.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from math import prod

from wengert.compiler.loops.columns import Columns, Vector

TOGETHER = 4
"""Rows at a time. Where rows are 4,096 bytes apart, more of them would not be in cache together."""

LONGEST = 128
"""Rows of a part: the error of its sums is that of 32 additions, one after the other."""


class Walk(Columns):
    """The code of some parts, which have one pass."""

    stem = "walk"

    @property
    def units(self) -> int:
        return prod(self.space.outer[:-1])

    def unit(self, at: str) -> None:
        self._above = self.coordinates(at, self.space.outer[:-1])
        self._ends = self.ends(self._above)
        self._each_block(self._begin)
        loop = self.writer.loop
        with ExitStack() as loops:
            self._at = [loops.enter_context(loop("0", end, 1)) for end in self._ends[:-1]]
            begin = loops.enter_context(loop("0", self._ends[-1], TOGETHER))
            end = self.smaller(self.writer.sum(begin, str(TOGETHER)), self._ends[-1])
            self._rows = begin, end
            self._each_block(self._add)

    def _each_block(self, write: Callable[[Sequence[Vector]], None]) -> None:
        """Write something for each block of columns."""
        width = self.space.outer[-1]
        whole = width // self.block * self.block
        if whole:
            with self.writer.loop("0", str(whole), self.block) as column:
                self._at_columns(column)
                write(self.vectors(self.block))
        if width > whole:
            self._at_columns(str(whole))
            write(self.vectors(width - whole))

    def _at_columns(self, column: str) -> None:
        self.base = [*self._above, column]
        self.point_at(self.base)

    def _begin(self, vectors: Sequence[Vector]) -> None:
        for vector in vectors:
            vector.start(0, TOGETHER)
            vector.finish()

    def _add(self, vectors: Sequence[Vector]) -> None:
        """Add a block of rows to the states."""
        needed = self.flow.needed(0)
        for vector in vectors:
            vector.compute_rows(0)
            vector.start(0, TOGETHER)
        with self.writer.loop(*self._rows, 1) as row:
            for vector in vectors:
                vector.point(0, needed, [*self._at, row])
        for vector in vectors:
            vector.join()
