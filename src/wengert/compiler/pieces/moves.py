"""Pieces that move elements: joined, placed among zeros, picked by indices, put or added there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Final

from wengert.compiler.pieces import indexing, joins
from wengert.compiler.pieces.joins import Accesses, Phases
from wengert.compiler.pieces.piece import Module, Piece
from wengert.compiler.pieces.walk import Walk
from wengert.compiler.pieces.walk_text import write_walks
from wengert.core.aval import Aval
from wengert.core.node import Node


class Move(Piece):
    """An operation as phases of walks; a phase begins when the one before it is done."""

    def __init__(self, node: Node, loads: Accesses, phases: Sequence[Sequence[Walk]]) -> None:
        self.nodes = (node,)
        self.loads = loads
        self.stores = (node,)
        self.phases = phases

    def write(self, module: Module) -> None:
        for walks in self.phases:
            write_walks(module, self.nodes[0].op.piece, walks)

    def flops(self) -> int:
        every = (walk for walks in self.phases for walk in walks)
        return sum(prod(walk.space) for walk in every if walk.adds)


def move(node: Node, accesses: Accesses) -> Piece | None:
    """The piece of an operation that moves elements; None if there is none for this application.

    accesses: where the elements of its inputs lie, along their own axes.
    """
    make = KINDS.get(node.op.piece)
    if make is None or not isinstance(node.aval, Aval):
        return None
    phases = make(node, accesses)
    if phases is None:
        return None
    loads = {source: accesses[source] for source in node.inputs if isinstance(source, Node)}
    return Move(node, loads, phases)


KINDS: Final[dict[str, Callable[[Node, Accesses], Phases | None]]] = {
    "parts": joins.parts,
    "write": joins.write,
    "required": joins.required,
    "gather": indexing.gather,
    "index_select": indexing.index_select,
    "scatter": indexing.scatter,
    "scatter_add": indexing.scatter_add,
    "index_fill": indexing.index_fill,
    "index_add": indexing.index_add,
    "index": indexing.index,
    "index_put": indexing.index_put,
    "classes": indexing.classes,
}
"""What an operation's `piece=` may be here, and what makes its walks."""
