"""Nests: elementwise operations and reductions, fused into loops over one space.

A space is a shape, and some of its axes may be reduced. A value of a nest is either full, an
element for each point of the space, or it belongs to the rows: it has one element for all points
that differ only along reduced axes. A reduction makes a row's value of full ones; an elementwise
operation on rows' values makes another; and one that reads full values, too, makes a full one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wengert.compiler.loops.plan import write_nest
from wengert.compiler.pieces.piece import Access, Module, Piece
from wengert.core.aval import Shape
from wengert.core.node import Node


class Nest(Piece):
    """Loops over a space.

    space: the lengths of the axes. reduced: which of them reductions run over; every reduction of
    a nest runs over all of these. nodes: what is computed, each after what it needs. sources: per
    computed node its operands, with the views between nodes of the nest left out: a node of the
    nest or of loads, or None where the operand is a number (node.operands). loads, stores: strides
    are per axis of the space, so 0 on reduced axes for what belongs to the rows.

    Every such nest can be written: any number of reductions, each reading what others have made,
    and full values that read them, stored or reduced again. Each reduction that reads another one
    costs a further pass over the row. Where rows are few and long, they are cut into parts for the
    threads, and each pass is a step of the program that reads memory again; so it is also where
    the reduced axes are in front and rows are walked down side by side. A value that belongs to
    the rows may be stored for each point, and reduced.
    """

    def __init__(
        self, space: Shape, reduced: Sequence[int], nodes: Sequence[Node],
        sources: Mapping[Node, tuple[Node | None, ...]], loads: Mapping[Node, Access],
        stores: Mapping[Node, Access],
    ) -> None:  # fmt: skip
        self.space = space
        self.reduced = tuple(reduced)
        self.nodes = tuple(nodes)
        self.sources = sources
        self.loads = loads
        self.targets = stores
        self.stores = tuple(stores)

    def write(self, module: Module) -> None:
        """Define the loops, and say which steps they are; none where there is nothing to store."""
        write_nest(self, module)
