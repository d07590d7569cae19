"""Writing past the caches what would not stay in them."""

from __future__ import annotations

from collections.abc import Sequence

from wengert.compiler.code import Value
from wengert.compiler.loops.body import Loops
from wengert.compiler.loops.values import type_of
from wengert.compiler.types import size
from wengert.core.node import Node

STREAMED_BYTES = 1 << 25
"""From how many bytes on a pass does so: what does not fit into a common third cache.

Three results of 16 MB take 1.65 ms instead of 2.5, as their old contents are not read first. Loops
that compute much gain nothing, and lose where others use the memory, too.
"""

SHORTEST = 256
"""Points of a row from where on it is worthwhile."""


def streamed(loops: Loops, number: int) -> list[Node]:
    """What a pass writes past the caches, where it is aligned."""
    space = loops.space
    if len(space.inner) > 1:
        return []  # the rest of a row need not be aligned as its beginning is
    places = {node: space.stores[node] for node in loops.flow.written(number)}
    nbytes = sum(size(type_of(node)) for node in places) * space.row * space.rows
    if nbytes < STREAMED_BYTES or space.row < SHORTEST or not loops.cost.waits:
        return []
    return [n for n, place in places.items() if place.inner[-1] == 1 and type_of(n) != "i1"]


def aligned(loops: Loops, nodes: Sequence[Node]) -> Value:
    """Whether all of these have the row begin where a vector may be written so."""
    writer, bits = loops.writer, "0"
    for node in nodes:
        pointer = loops.address(loops.space.stores[node], ["0"] * len(loops.space.inner))
        address = writer.index(f"ptrtoint ptr {pointer} to i64")
        bits = writer.index(f"or i64 {bits}, {address}")
    widest = max(size(type_of(node)) for node in nodes) * loops.wide.lanes
    rest = writer.index(f"and i64 {bits}, {widest - 1}")
    return loops.code.emit(f"icmp eq i64 {rest}, 0", "i1")
