"""Which loops a nest is written as: along rows or down columns, whole or in parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wengert.compiler.loops.body import Loops
from wengert.compiler.loops.columns import Columns
from wengert.compiler.loops.rows import Rows
from wengert.compiler.loops.space import Place, Space, arranged
from wengert.compiler.pieces.piece import Module

if TYPE_CHECKING:
    from wengert.compiler.pieces.nest import Nest


def write_nest(nest: Nest, module: Module) -> None:
    """Write a nest's steps; none, where there is nothing to store."""
    space = arranged(nest)
    if space.rows:
        kind, space = _direction(space)
        kind(nest.nodes, nest.sources, space, module, {}).write()


def _direction(space: Space) -> tuple[type[Loops], Space]:
    """Vectors lie along the axis where most of what is read and written does."""
    if not space.reduces or not space.outer:
        return Rows, space
    full = [place for place in [*space.loads.values(), *space.stores.values()] if any(place.inner)]
    axes = range(len(space.outer))
    along = {d: sum(place.outer[d] == 1 for place in full) for d in axes if space.outer[d] > 1}
    best = max(along, key=lambda d: (along[d], d))
    if along[best] <= sum(place.inner[-1] == 1 for place in full):
        return Rows, space
    return Columns, _last(space, best)


def _last(space: Space, axis: int) -> Space:
    """The same space with an outer axis moved behind the others."""

    def moved(values: tuple[int, ...]) -> tuple[int, ...]:
        return (*values[:axis], *values[axis + 1 :], values[axis])

    def placed(place: Place) -> Place:
        return place._replace(outer=moved(place.outer))

    loads = {node: placed(place) for node, place in space.loads.items()}
    stores = {node: placed(place) for node, place in space.stores.items()}
    return replace(space, outer=moved(space.outer), loads=loads, stores=stores)
