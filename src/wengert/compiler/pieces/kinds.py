"""Pieces for operations that have native code of their own: see `piece` of core.op.Op."""

from __future__ import annotations

from collections.abc import Mapping

from wengert.compiler.pieces.moves import move
from wengert.compiler.pieces.piece import Access, Piece
from wengert.compiler.pieces.product import Product, can_multiply, is_addressable
from wengert.compiler.pieces.scans import scan
from wengert.compiler.pieces.searches import search
from wengert.core.node import Node


def reads(node: Node, operand: Node, access: Access) -> bool:
    """Whether a node's piece can read an operand where it lies; what it cannot is copied first."""
    return not can_multiply(node) or is_addressable(operand, access)


def made_piece(node: Node, accesses: Mapping[Node, Access]) -> Piece | None:
    """The piece of a node; None if it is none, so that NumPy has to compute it."""
    if can_multiply(node):
        return Product(node, {s: accesses[s] for s in node.inputs if isinstance(s, Node)})
    return move(node, accesses) or scan(node, accesses) or search(node, accesses)
