"""What native parts have to compute, by NumPy: it shares the plan with them, and no native code."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from wengert.compiler.lowering import computed_in
from wengert.compiler.parts import NativePart
from wengert.compiler.pieces.nest import Nest
from wengert.compiler.pieces.piece import Access, Piece
from wengert.core.node import Node

COMBINE = {
    "add": np.sum, "mul": np.prod, "max": np.max, "min": np.min, "any": np.any, "all": np.all,
}  # fmt: skip


def run(part: NativePart, values: list[Any]) -> None:
    """NativePart.run, on arrays of the whole space of each nest."""
    buffers: dict[Node, Any] = {}
    roots = {a.root for piece in part.pieces for a in piece.loads.values()}
    made = {node for piece in part.pieces for node in piece.stores}
    read = [root for root in dict.fromkeys(_loaded(part)) if root not in made]
    for root, slot in zip(read, part.reads, strict=True):
        buffers[root] = np.array(values[slot]).ravel()
    assert roots <= set(read) | made
    for piece in part.pieces:
        if isinstance(piece, Nest):
            _run_nest(piece, buffers)
        else:
            _run_other(piece, buffers)
    written = [node for piece in part.pieces for node in piece.stores if node in part.kept]
    for node, slot in zip(written, part.writes, strict=True):
        values[slot] = buffers[node].reshape(node.aval.shape)


def _loaded(part: NativePart) -> list[Node]:
    return [access.root for piece in part.pieces for access in piece.loads.values()]


def _run_nest(nest: Nest, buffers: dict[Node, Any]) -> None:
    known = {n: _strided(buffers[a.root], a, nest.space) for n, a in nest.loads.items()}
    for node in nest.nodes:
        operands = _operands(nest, node, known)
        attrs = node.attrs or {}
        if node.op.reduces:
            combine = COMBINE[node.op.reduces]
            found = combine(operands[0], axis=nest.reduced, keepdims=True)
        else:
            found = node.op.forward(*operands, **attrs)
        known[node] = np.asarray(found).astype(node.aval.dtype)
    for node, access in nest.targets.items():
        buffers[node] = np.empty(node.aval.size, node.aval.dtype)
        target = _strided(buffers[node], access, nest.space)
        target[...] = known[node]


def _run_other(piece: Piece, buffers: dict[Node, Any]) -> None:
    (node,) = piece.nodes
    given = [
        _strided(buffers[piece.loads[s].root], piece.loads[s], s.aval.shape) for s in node.inputs
    ]
    buffers[node] = np.array(node.op.forward(*given, **(node.attrs or {}))).ravel()


def _operands(nest: Nest, node: Node, known: dict[Node, Any]) -> list[Any]:
    numbers = node.operands or (None,) * len(node.inputs)
    given = zip(nest.sources[node], numbers, strict=True)
    found = [known[s] if s is not None else n for s, n in given]
    if node.op.reduces:
        return found
    return [np.asarray(x, dtype) for x, dtype in zip(found, computed_in(node), strict=True)]


def _strided(buffer: Any, access: Access, space: tuple[int, ...]) -> Any:
    size = buffer.dtype.itemsize
    strides = tuple(size * stride for stride in access.strides)
    return as_strided(buffer[access.offset :], space, strides)
