"""Values that a nest computes for nothing but to be joined: it stores them where they go.

So the parts of a concatenation, or what is embedded among zeros, are written once, and not copied.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import NamedTuple

from wengert.compiler.pieces.moves import Move
from wengert.compiler.pieces.nest import Nest
from wengert.compiler.pieces.piece import Access, Piece, contiguous
from wengert.compiler.pieces.walk import Place, Walk
from wengert.core.aval import Shape
from wengert.core.node import Node


def store_directly(pieces: Sequence[Piece], kept: Container[Node]) -> None:
    """Let nests store values where moves would take them. kept: what others read, too."""
    makers = {node: p for p in pieces if isinstance(p, Nest) for node in p.stores}
    readers: dict[Node, list[Piece]] = {}
    for piece in pieces:
        for root in {access.root for access in piece.loads.values()}:
            readers.setdefault(root, []).append(piece)
    for piece in pieces:
        if isinstance(piece, Move) and len(piece.phases) == 1:
            for part in _parts(piece):
                maker = makers.get(part.root)
                if maker is None or part.root in kept or readers[part.root] != [piece]:
                    continue
                _redirect(maker, piece, part)


class _Part(NamedTuple):
    """A walk that copies all of a value into a part of another. access: where it comes to lie."""

    root: Node
    walk: Walk
    access: Access


def _parts(move: Move) -> list[_Part]:
    """The walks of a move that copy whole values, each of a value that no other one reads."""
    (walks,) = move.phases
    roots = [walk.source.access.root for walk in walks if isinstance(walk.source, Place)]
    found = []
    for walk in walks:
        source, target = walk.source, walk.target
        if not isinstance(source, Place) or walk.refuses() or not walk.chunks():
            continue
        root = source.access.root
        if roots.count(root) == 1 and source.dtype == target.dtype and not walk.adds:
            strides = _along(root.aval.shape, walk.space, source.access, target.access)
            if strides is not None:
                access = target.access._replace(strides=strides)
                found.append(_Part(root, walk, access))
    return found


def _along(shape: Shape, space: Shape, source: Access, target: Access) -> tuple[int, ...] | None:
    """The strides of the target along the axes of a value, all of which the source reads once."""
    if source.offset:
        return None
    left = [axis for axis, side in enumerate(space) if side != 1]
    found = []
    for side, stride in zip(shape, contiguous(shape), strict=True):
        if side == 1:
            found.append(0)
            continue
        own = [a for a in left if source.strides[a] == stride and space[a] == side]
        if not own:
            return None
        left.remove(own[0])
        found.append(target.strides[own[0]])
    return None if left else tuple(found)


def _redirect(nest: Nest, move: Move, part: _Part) -> None:
    """Let the nest store a value in its part of what the move makes."""
    own = contiguous(part.root.aval.shape)
    sides = zip(part.root.aval.shape, own, part.access.strides, strict=True)
    there = {stride: new for side, stride, new in sides if side != 1}
    before = nest.targets[part.root]
    if any(n and n not in there for n in before.strides) or before.root is not part.root:
        return
    strides = tuple(there[n] if n else 0 for n in before.strides)
    nest.targets = {**nest.targets, part.root: part.access._replace(strides=strides)}
    nest.stores = tuple({access.root: None for access in nest.targets.values()})
    move.phases = [[walk for walk in move.phases[0] if walk is not part.walk]]
    move.loads = {n: a for n, a in move.loads.items() if a.root is not part.root}
