"""The paths that contribute most to a derivative."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import overload

import numpy as np

from wengert.ask.edges import Edge
from wengert.ask.experiment import in_double
from wengert.ask.paths import Path, Paths, in_digits
from wengert.ask.quiet import quiet
from wengert.ask.semiring import Ranked, best, edges_of
from wengert.errors import ArgumentValueError
from wengert.graphs.expression import number


@dataclass(frozen=True)
class Contribution:
    """A path and its size: the absolute product along it, or a bound on the norm of that."""

    path: Path
    size: float
    is_bound: bool

    def __str__(self) -> str:
        if not self.is_bound and self.path.is_scalar:
            return str(self.path)
        return f"{self.path.route}: {'at most' if self.is_bound else 'norm'} {number(self.size)}"


class Top:
    """The largest contributions, largest first. A sequence of `Contribution`."""

    def __init__(self, rows: list[Contribution], count: int) -> None:
        self._rows = rows
        self._count = count

    def __iter__(self) -> Iterator[Contribution]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Contribution: ...

    @overload
    def __getitem__(self, place: slice) -> list[Contribution]: ...

    def __getitem__(self, place: int | slice) -> Contribution | list[Contribution]:
        return self._rows[place]

    def __str__(self) -> str:
        lines = [str(row) for row in self._rows]
        left_out = self._count - len(self._rows)
        if left_out:
            lines.append(f"... and {in_digits(left_out)} more paths, each of them smaller")
        return "\n".join(lines)

    __repr__ = __str__


@quiet
def top(paths: Paths, k: int, exact: bool) -> Top:
    """The k largest contributions; see Paths.top."""
    if k < 1:
        raise ArgumentValueError(f"top: {k} is no number of paths", "Ask for one or more.")
    count = paths.count()
    rows = _ranked(paths, k)
    if exact and any(row.is_bound for row in rows):
        rows = _exactly(paths, k, count)
    return Top(rows, count)


def _ranked(paths: Paths, k: int) -> list[Contribution]:
    """The k largest by the product of the edges' norms."""
    ranked: Ranked | None = paths.sweep(best(k, Edge.stretch))
    rows = ranked.settled() if ranked is not None else []
    found = [(Path(paths.source, edges_of(trail)), size) for size, trail in rows]
    return [Contribution(path, _size(size), not path.is_scalar) for path, size in found]


def _size(logarithm: float) -> float:
    try:
        return math.exp(logarithm)
    except OverflowError:
        return math.inf


def _exactly(paths: Paths, k: int, count: int) -> list[Contribution]:
    """The k largest by their norms: no path whose bound is smaller can be among them."""
    asked = k
    while True:
        bounds = _ranked(paths, asked)
        rows = [Contribution(row.path, _norm(row.path), False) for row in bounds]
        rows.sort(key=lambda row: -row.size)
        if asked >= count or rows[:k][-1].size >= bounds[-1].size:
            return rows[:k]
        asked = min(2 * asked, count)


def _norm(path: Path) -> float:
    """The largest factor by which a path stretches a change (the spectral norm)."""
    end, start = path.nodes[-1].aval, path.start.aval
    matrix = np.asarray(path.value._data).reshape(end.size, start.size)
    return float(np.linalg.norm(in_double(matrix), 2)) if matrix.size else 0.0
