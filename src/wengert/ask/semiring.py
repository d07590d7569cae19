"""One sweep over all paths: their number, their flow, the largest of them.

Along a path weights are multiplied, and where paths meet, added; what that means is the semiring's
affair (count: 1, *, +; flow: absolute values; best: the k largest products).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wengert.ask.edges import Edge

Stretch = tuple[Any, Edge] | None
"""Edges in a row as a linked list: the stretch before the last edge, and that edge."""
Trail = tuple[Any, Stretch] | None
"""A path as a linked list of stretches."""


@dataclass(frozen=True)
class Semiring:
    """one: of the path without edges. times: a value further along an edge. plus: two together."""

    one: Any
    times: Callable[[Any, Edge], Any]
    plus: Callable[[Any, Any], Any]


COUNT = Semiring(1, lambda ways, edge: ways, lambda a, b: a + b)


def flow(weight: Callable[[Edge], float]) -> Semiring:
    """The sum over paths of the products of the edges' weights."""
    return Semiring(1.0, lambda value, edge: value * weight(edge), lambda a, b: a + b)


def best(k: int, weight: Callable[[Edge], float]) -> Semiring:
    """The k paths with the largest products; see Ranked.

    Logarithms do not overflow: a product of a hundred thousand weights is no number.
    """

    def times(ranked: Ranked, edge: Edge) -> Ranked:
        return Ranked(ranked.rows, ranked.size + _log(weight(edge)), (ranked.stretch, edge))

    def plus(a: Ranked, b: Ranked) -> Ranked:
        rows = a.settled() + b.settled()  # two sorted runs, which sorting merges quickly
        return Ranked(sorted(rows, key=_size, reverse=True)[:k])

    return Semiring(Ranked([(0.0, None)]), times, plus)


@dataclass(frozen=True, slots=True)
class Ranked:
    """The largest paths to a node, largest first: logarithm of the product, and trail.

    size and stretch: what all of them have in common since paths last met, so that an edge on
    which none meet costs the same for a hundred paths as for one.
    """

    rows: list[tuple[float, Trail]]
    size: float = 0.0
    stretch: Stretch = None

    def settled(self) -> list[tuple[float, Trail]]:
        """The rows with what they have in common."""
        if self.stretch is None:
            return self.rows
        return [(size + self.size, (trail, self.stretch)) for size, trail in self.rows]


def _size(row: tuple[float, Trail]) -> float:
    return row[0]


def _log(weight: float) -> float:
    """Of what is no number, infinity: it is what one wants to see first."""
    if math.isnan(weight):
        return math.inf
    return math.log(weight) if weight > 0 else -math.inf


def edges_of(trail: Trail) -> tuple[Edge, ...]:
    """The edges of a trail, first to last."""
    found: list[Edge] = []
    while trail is not None:
        trail, stretch = trail
        while stretch is not None:
            stretch, edge = stretch
            found.append(edge)
    return tuple(reversed(found))
