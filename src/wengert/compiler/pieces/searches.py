"""Searches: where elements would go into sorted sequences, by halving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wengert.compiler.pieces.elements import FLOATS, compared, register
from wengert.compiler.pieces.lines import Index, Lines
from wengert.compiler.pieces.piece import Access, Module, Piece, contiguous
from wengert.compiler.pieces.walk import boxes, sliced
from wengert.core.aval import Aval
from wengert.core.dtype import NumpyDType
from wengert.core.node import Node


class Search(Piece):
    """One search per element of x, in the row of the sequences that belongs to it, or in the one.

    NaN counts as larger than every number, as in NumPy.
    """

    def __init__(self, node: Node, loads: Mapping[Node, Access]) -> None:
        self.nodes = (node,)
        self.loads = loads
        self.stores = (node,)

    def write(self, module: Module) -> None:
        (node,) = self.nodes
        if not node.aval.size:
            return
        text = _Text(module, self)
        cut = boxes(node.aval.shape, range(len(node.aval.shape)))
        text.over(sliced(text.lines, node.aval.shape, cut), [])
        name = module.name("search")
        module.define(text.lines.function(name))
        module.step(name, cut.chunks)


class _Text:
    """The loops of a search."""

    def __init__(self, module: Module, search: Search) -> None:
        (node,) = search.nodes
        sequences, x = node.inputs[:2]
        self.lines = Lines()
        self._node = node
        self._right: bool = (node.attrs or {})["right"]
        self._length = sequences.aval.shape[-1]
        self._dtype: NumpyDType = x.aval.dtype
        self._in = search.loads[sequences]
        self._x = search.loads[x]
        self._out = Access(node, 0, contiguous(node.aval.shape))
        self._buffers = [
            self.lines.buffer(module.slot(access.root)) for access in (self._in, self._x, self._out)
        ]
        self._places = [self.lines.let("alloca i64") for _ in range(2)]

    def over(self, ranges: Sequence[tuple[Index, Index]], at: list[Index]) -> None:
        """The loops over the elements."""
        if len(at) == len(ranges):
            self._element(at)
            return
        with self.lines.loop(*ranges[len(at)]) as index:
            self.over(ranges, [*at, index])

    def _element(self, at: Sequence[Index]) -> None:
        lines, (low, high) = self.lines, self._places
        offset = lines.sum(self._x.offset, zip(at, self._x.strides, strict=True))
        wanted = self._load(self._buffers[1], offset)
        rows = self._in.strides[:-1]
        row = lines.sum(self._in.offset, zip(at, rows, strict=False))
        lines.do(f"store i64 0, ptr {low}")
        lines.do(f"store i64 {self._length}, ptr {high}")
        with lines.loop(0, self._length.bit_length()):
            self._halve(wanted, row)
        found = lines.let(f"load i64, ptr {low}")
        kind = register(self._node.aval.dtype)
        if kind != "i64":
            found = lines.let(f"trunc i64 {found} to {kind}")
        to = lines.sum(0, zip(at, self._out.strides, strict=True))
        lines.do(f"store {kind} {found}, ptr {lines.at(kind, self._buffers[2], to)}")

    def _halve(self, wanted: str, row: Index) -> None:
        """One step: the place is from low to high."""
        lines, (low, high) = self.lines, self._places
        bottom = lines.let(f"load i64, ptr {low}")
        top = lines.let(f"load i64, ptr {high}")
        total = lines.let(f"add i64 {bottom}, {top}")
        middle = lines.let(f"lshr i64 {total}, 1")
        # Where nothing is left the middle is the end; then any element is looked at, for nothing.
        inside = lines.smaller(middle, self._length - 1)
        there = self._load(self._buffers[0], lines.sum(row, [(inside, self._in.strides[-1])]))
        goes = self._before(there, wanted)
        left = lines.let(f"icmp slt i64 {bottom}, {top}")
        up = lines.let(f"and i1 {left}, {goes}")
        down = lines.let(f"xor i1 {goes}, true")
        down = lines.let(f"and i1 {left}, {down}")
        after = lines.let(f"add i64 {middle}, 1")
        bottom = lines.let(f"select i1 {up}, i64 {after}, i64 {bottom}")
        top = lines.let(f"select i1 {down}, i64 {middle}, i64 {top}")
        lines.do(f"store i64 {bottom}, ptr {low}")
        lines.do(f"store i64 {top}, ptr {high}")

    def _before(self, there: str, wanted: str) -> str:
        """Whether the place is behind an element: it is smaller, or equal where that counts."""
        if self._right:
            return self.lines.let(f"xor i1 {self._less(wanted, there)}, true")
        return self._less(there, wanted)

    def _less(self, x: str, y: str) -> str:
        lines, dtype = self.lines, self._dtype
        less = lines.let(f"xor i1 {compared(lines, 'ge', x, y, dtype)}, true")
        if dtype.kind != "f":
            return less
        # Not x >= y is true also where one is NaN: x must be a number, or it is the larger one.
        number = lines.let(f"xor i1 {compared(lines, 'uno', x, x, dtype)}, true")
        return lines.let(f"and i1 {less}, {number}")

    def _load(self, buffer: str, offset: Index) -> str:
        kind = register(self._dtype)
        align = self._dtype.itemsize
        return self.lines.let(
            f"load {kind}, ptr {self.lines.at(kind, buffer, offset)}, align {align}"
        )


def search(node: Node, accesses: Mapping[Node, Access]) -> Piece | None:
    """The piece of a search; None if there is none for this application."""
    if node.op.piece != "search" or node.inputs[2] is not None:
        return None
    sequences, x = node.inputs[:2]
    if not all(isinstance(s, Node) and isinstance(s.aval, Aval) for s in (sequences, x)):
        return None
    dtype = x.aval.dtype
    if sequences.aval.dtype != dtype or not (dtype in FLOATS or dtype.kind in "biu"):
        return None
    if not sequences.aval.shape[-1]:
        return None
    return Search(node, {source: accesses[source] for source in (sequences, x)})
