"""Which loops a nest is written as: along rows or down columns, whole or in parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wengert.compiler.loops.accumulate import BLOCK
from wengert.compiler.loops.blocks import Blocks
from wengert.compiler.loops.body import Loops
from wengert.compiler.loops.columns import Columns
from wengert.compiler.loops.cost import CACHE
from wengert.compiler.loops.reductions import REDUCTIONS
from wengert.compiler.loops.rows import Rows
from wengert.compiler.loops.space import Place, Space, arranged, cut
from wengert.compiler.loops.split import Split
from wengert.compiler.loops.straight import Straight
from wengert.compiler.loops.tiles import MOST_LANES, WIDTH, Tiles, across
from wengert.compiler.loops.walk import LONGEST, Walk
from wengert.compiler.pieces.piece import Module

if TYPE_CHECKING:
    from wengert.compiler.pieces.nest import Nest

ENOUGH = 16
"""Units that keep all threads of most machines busy."""

SHORT = 128
"""Points of a row up to which rows are done in blocks; twice as many, where a row waits for much.

Layer norm of 10 took 4 ns a row, not 24; softmax of 256 a third less.
"""

MUCH = 3
"""So many sums, or one extreme, whose lanes take three instructions to be joined, not one."""

MANY = 128
"""Rows that there must be for blocks of them."""

WHOLE_VECTORS = 256
"""What the length of a part is a multiple of, where vectors lie along it."""


def write_nest(nest: Nest, module: Module) -> None:
    """Write a nest's steps; none, where there is nothing to store."""
    space = arranged(nest)
    given = nest.nodes, nest.sources
    if not space.rows:
        return
    if space.rows * space.row == 1:
        Straight(*given, space, module).write()
        return
    kind, space = _direction(space)
    loops = kind(*given, space, module, {})
    if kind is Rows and _is_short(loops):
        Blocks(*given, space, module, {}).write()
    elif (tiled := _tiled(loops)) is not None:
        Tiles(*given, tiled, module, {}).write()
    else:
        _write_parts(loops, nest, module)


def _write_parts(loops: Loops, nest: Nest, module: Module) -> None:
    """Write loops whole, or in parts, so that all threads have something to do."""
    space, kind = loops.space, type(loops)
    axis, length = _parts(loops)
    if isinstance(loops, Columns) and _walks(loops):
        kind, axis = Walk, len(space.inner) - 1
        length = min(-(-space.inner[axis] // loops.cost.chunks(space.rows)), LONGEST)
    if length >= space.inner[axis]:
        loops.write()
    elif loops.flow.reductions:
        Split(kind, nest.nodes, nest.sources, space, module, axis, length).write()
    else:
        space = cut(space, axis, length, len(space.outer))
        kind(nest.nodes, nest.sources, space, module, {}).write()


def _is_short(loops: Loops) -> bool:
    """Whether rows wait longer for their reductions than they take: see blocks.py."""
    space = loops.space
    if not space.reduces or space.rows < MANY:
        return False
    joins = (REDUCTIONS[node.op.reduces] for node in loops.flow.reductions)
    much = sum(1 if join.rounds else 3 for join in joins) >= MUCH
    return space.row <= (2 * SHORT if much else SHORT)


def _tiled(loops: Loops) -> Space | None:
    """A map's space for tiles, if it reads something across: the axis of that behind the parts."""
    space = loops.space
    lanes = loops.wide.lanes
    if loops.flow.reductions or lanes > MOST_LANES or space.inner[-1] < lanes:
        return None
    for axis, length in enumerate(space.outer):
        if length >= lanes and across(space, axis):
            parts = cut(space, 0, WIDTH, len(space.outer))
            return _last(parts, axis)
    return None


def _walks(loops: Columns) -> bool:
    """Whether rows are wide, and all of them more than the caches next to the processor hold."""
    space = loops.space
    wide = space.outer[-1] > loops.block and space.inner[-1] >= 2 * BLOCK
    return wide and loops.flow.passes == 1 and loops.cost.moved * space.row * space.rows > CACHE


def _direction(space: Space) -> tuple[type[Loops], Space]:
    """Vectors lie along the axis where the least has to be gathered; along rows, where it can."""
    if not space.reduces or not space.outer:
        return Rows, space
    full = [place for place in [*space.loads.values(), *space.stores.values()] if any(place.inner)]
    gathered = {
        d: sum(place.outer[d] not in (0, 1) for place in full) for d in range(len(space.outer))
    }
    best = min(gathered, key=lambda d: (gathered[d], -d))
    if sum(place.inner[-1] not in (0, 1) for place in full) <= gathered[best]:
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
    found = replace(space, outer=moved(space.outer), loads=loads, stores=stores)
    if space.cut is None:
        return found
    part = space.cut.part
    return replace(found, cut=space.cut._replace(part=part - (part > axis)))


def _parts(loops: Loops) -> tuple[int, int]:
    """The inner axis to cut, and the length of a part: of all of it, where rows stay whole."""
    space = loops.space
    wanted = loops.cost.chunks(space.rows)
    enough = ENOUGH if loops.flow.passes <= 1 else ENOUGH // 4
    axis = max(range(len(space.inner)), key=lambda d: (space.inner[d] >= wanted, -d))
    length = space.inner[axis]
    if wanted < 2 or loops.units >= min(wanted, enough):
        return axis, length
    part = -(-length // (wanted // loops.units))
    if loops.stem == "rows" and axis == len(space.inner) - 1:
        part = -(-part // WHOLE_VECTORS) * WHOLE_VECTORS
    return axis, part
