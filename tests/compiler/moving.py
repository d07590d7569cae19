"""One operation that moves elements, run as a piece by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from wengert.compiler.pieces.moves import move
from wengert.compiler.pieces.piece import Access, Piece
from wengert.compiler.pieces.scans import scan
from wengert.compiler.pieces.searches import search
from wengert.compiler.tracing import new_node
from wengert.core.aval import Aval
from wengert.core.registry import OPS
from wengert.graphs.trace import symbol
from wengert.graphs.verify import infer

pytest.importorskip("llvmlite")
from compiler.native import run

DTYPES = [np.float32, np.float64, np.int64, np.int32, np.uint8, np.bool_, np.complex128]
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.5, -2.5]


class Laid:
    """An array as a view of a buffer: in order, or with dimensions permuted, cut and reversed."""

    def __init__(self, array: np.ndarray, way: int) -> None:
        array = np.asarray(array)
        order = np.random.default_rng(way).permutation(array.ndim)
        if way % 3 == 0:
            order = np.arange(array.ndim)
        pads = np.full((array.ndim, 2), (0, way % 2))
        larger = np.pad(array.transpose(order), pads) if array.ndim else array
        self.buffer = np.ascontiguousarray(larger).reshape(larger.shape)
        inside = self.buffer[(*(slice(n) for n in array.transpose(order).shape), ...)]
        self.view = inside.transpose(np.argsort(order))
        size = array.itemsize
        self.root = symbol(Aval(self.buffer.shape, array.dtype))._node
        self.node = symbol(Aval(array.shape, array.dtype))._node
        self.access = Access(self.root, 0, tuple(n // size for n in self.view.strides))


def piece_of(name: str, inputs: Sequence[Any], ways: Sequence[int], attrs: dict) -> Any:
    """The piece for arrays, numbers and None as inputs; and the contents of its buffers."""
    op = OPS[name]
    laid = [
        Laid(x, way) if isinstance(x, np.ndarray) else None
        for x, way in zip(inputs, ways, strict=True)
    ]
    seen = [x.node.aval if x else given for x, given in zip(laid, inputs, strict=True)]
    numbers = [None if x else given for x, given in zip(laid, inputs, strict=True)]
    aval = infer(op, seen, attrs)
    node = new_node(op, tuple(x.node if x else None for x in laid), numbers, attrs, aval, None)
    accesses = {x.node: x.access for x in laid if x}
    found = move(node, accesses) or scan(node, accesses) or search(node, accesses)
    return found, {x.root: x.buffer for x in laid if x}


def moved(name: str, inputs: Sequence[Any], attrs: dict, ways: Sequence[int], **how: bool) -> Any:
    """What the piece of an operation writes."""
    piece, buffers = piece_of(name, inputs, ways, attrs)
    assert isinstance(piece, Piece), f"{name} has no piece here"
    (out,) = run(piece, buffers, **how)
    return out


def assert_moved(name: str, inputs: Sequence[Any], attrs: dict, way: int = 0) -> None:
    """The same bits as the operation itself, with the chunks in either order."""
    expected = np.asarray(OPS[name].forward(*inputs, **attrs))
    ways = [way + i if way else 0 for i in range(len(inputs))]
    for how in ({"at_end": True}, {"at_end": False, "backwards": True}):
        out = moved(name, inputs, attrs, ways, **how)
        assert (out.shape, out.dtype) == (expected.shape, expected.dtype)
        assert out.tobytes() == expected.tobytes(), f"{out} is not {expected}"


@st.composite
def arrays(draw: Any, shape: Any, dtype: Any = None) -> np.ndarray:
    """An array with special values among others."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)) if dtype is None else dtype)
    shape = draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    rng = np.random.default_rng(draw(st.integers(0, 1 << 20)))
    if dtype.kind in "biu":
        return rng.integers(0, 100, shape).astype(dtype)
    values = np.asarray(rng.normal(size=shape)).astype(dtype)
    hit = rng.random(shape) < 0.2
    return np.where(hit, rng.choice(SPECIAL, shape).astype(dtype), values)


def shapes(least: int = 0, most: int = 3) -> st.SearchStrategy:
    """Lengths of dimensions, 0 among them."""
    return st.lists(st.integers(0, 5), min_size=least, max_size=most).map(tuple)
