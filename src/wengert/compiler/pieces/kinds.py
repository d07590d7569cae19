"""Pieces for operations that have native code of their own: see `piece` of core.op.Op."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from wengert.compiler.pieces.piece import Access, Piece
from wengert.compiler.pieces.product import Product, can_multiply, is_addressable
from wengert.core.node import Node


class Kind(NamedTuple):
    """One kind of piece.

    can: whether there is such code for a node. reads: whether it can read an operand where that
    lies; what it cannot is copied first. make: the piece, from the node and where its operands lie.
    """

    can: Callable[[Node], bool]
    reads: Callable[[Node, Access], bool]
    make: Callable[[Node, Mapping[Node, Access]], Piece]


KINDS: Final[dict[str, Kind]] = {"product": Kind(can_multiply, is_addressable, Product)}


def kind_of(node: Node) -> Kind | None:
    """The kind of piece that a node becomes; None if there is none for it."""
    kind = KINDS.get(node.op.piece)
    return kind if kind is not None and kind.can(node) else None


def made_piece(node: Node, accesses: Mapping[Node, Access]) -> Piece | None:
    """The piece of a node; None if it is none, so that NumPy has to compute it."""
    kind = kind_of(node)
    if kind is None:
        return None
    return kind.make(node, {s: accesses[s] for s in node.inputs if isinstance(s, Node)})
