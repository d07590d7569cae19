"""Scans: running sums, products and extremes along a dimension, and linear recurrences.

Each line is run through in order, from its first element or from its last. Where lines lie side by
side, a few dozen of them advance together, so that memory is read in the order in which it lies.
Where they do not, four do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from wengert.compiler.pieces.elements import register
from wengert.compiler.pieces.lines import Index, Lines
from wengert.compiler.pieces.piece import Access, Module, Piece, contiguous
from wengert.compiler.pieces.walk import Number, boxes, sliced
from wengert.compiler.pieces.ways import WAYS, Way
from wengert.core.aval import Aval
from wengert.core.dtype import NumpyDType
from wengert.core.node import Node

TOGETHER: Final = 32
"""Lines side by side that advance together: at least two cache lines of each row."""

ABREAST: Final = 4
"""Lines one after the other that do: a sum takes four cycles, and one can begin in each."""

Abreast = list[Index] | tuple[Index, Index]
"""Lines that advance together: some, or those from one to before another."""


def scan(node: Node, accesses: Mapping[Node, Access]) -> Piece | None:
    """The piece of an operation that is a scan; None if there is none for this application."""
    make = WAYS.get(node.op.piece)
    sources = [source for source in node.inputs if source is not None]
    if make is None or not all(isinstance(s, Node) and isinstance(s.aval, Aval) for s in sources):
        return None
    if not sources or any(source.aval.shape != node.aval.shape for source in sources):
        return None
    way = make(node, sources[0].aval.dtype, node.attrs or {})
    return None if way is None else Scan(node, {s: accesses[s] for s in sources}, way)


class Scan(Piece):
    """A scan along a dimension, of inputs that have the shape of the result."""

    def __init__(self, node: Node, loads: Mapping[Node, Access], way: Way) -> None:
        self.nodes = (node,)
        self.loads = loads
        self.stores = (node,)
        self.way = way

    def write(self, module: Module) -> None:
        node = self.nodes[0]
        if node.aval.size:
            _Text(module, self).write()


class _Text:
    """The loops of a scan."""

    def __init__(self, module: Module, scan: Scan) -> None:
        (node,) = scan.nodes
        self._module = module
        self._way = scan.way
        self._dtype: NumpyDType = node.aval.dtype
        self._shape = node.aval.shape or (1,)
        self._dim: int = (node.attrs or {})["dim"] if node.aval.shape else 0
        self._lines = Lines()
        sources = [source for source in node.inputs if isinstance(source, Node)]
        self._reads = [(self._laid(scan.loads[s]), s.aval.dtype) for s in sources]
        self._out = self._laid(Access(node, 0, contiguous(self._shape)))
        others = [axis for axis in range(len(self._shape)) if axis != self._dim]
        self._abreast = others[-1] if others else None

    def _laid(self, access: Access) -> tuple[str, Access]:
        """The buffer's address, and where the elements are in it."""
        strides = access.strides or (0,)
        buffer = self._lines.buffer(self._module.slot(access.root))
        return buffer, access._replace(strides=strides)

    def write(self) -> None:
        axes = [a for a in range(len(self._shape)) if a != self._dim]
        cut = boxes(self._shape, axes)
        self._rooms = [self._room(dtype) for dtype in self._way.kept]
        ranges = sliced(self._lines, self._shape, cut)
        self._from([a for a in axes if a != self._abreast], ranges, {})
        name = self._module.name("scan")
        self._module.declare(self._way.declared)
        self._module.define(self._lines.function(name))
        self._module.step(name, cut.chunks)

    def _room(self, dtype: NumpyDType) -> str:
        return self._lines.let(f"alloca [{TOGETHER} x {register(dtype)}], align 64")

    def _from(
        self, axes: Sequence[int], ranges: Sequence[tuple[Index, Index]], at: dict[int, Index]
    ) -> None:
        """The loops over axes, around those over lines."""
        if axes:
            with self._lines.loop(*ranges[axes[0]]) as index:
                self._from(axes[1:], ranges, {**at, axes[0]: index})
        elif self._abreast is None:
            self._along(at, [0])
        elif self._abreast == len(self._shape) - 1:
            self._in_groups(at, *ranges[self._abreast])
        else:
            self._in_fours(at, *ranges[self._abreast])

    def _in_groups(self, at: dict[int, Index], first: Index, after: Index) -> None:
        """The lines that lie side by side, some at a time."""
        lines = self._lines
        count = lines.let(f"sub i64 {after}, {first}")
        more = lines.let(f"add i64 {count}, {TOGETHER - 1}")
        with lines.loop(0, lines.let(f"udiv i64 {more}, {TOGETHER}")) as group:
            begin = lines.sum(first, [(group, TOGETHER)])
            end = lines.smaller(lines.let(f"add i64 {begin}, {TOGETHER}"), after)
            self._along(at, (begin, end))

    def _in_fours(self, at: dict[int, Index], first: Index, after: Index) -> None:
        """The lines that lie one after the other, four at a time: each step waits for the last."""
        lines = self._lines
        count = lines.let(f"sub i64 {after}, {first}")
        with lines.loop(0, lines.let(f"udiv i64 {count}, {ABREAST}")) as group:
            begin = lines.sum(first, [(group, ABREAST)])
            self._along(at, [lines.let(f"add i64 {begin}, {i}") for i in range(ABREAST)])
        rest = lines.let(f"urem i64 {count}, {ABREAST}")
        with lines.loop(lines.let(f"sub i64 {after}, {rest}"), after) as line:
            self._along(at, [line])

    def _along(self, at: dict[int, Index], abreast: Abreast) -> None:
        """Lines from their start to their end, all of them at each step."""
        lines, length, way = self._lines, self._shape[self._dim], self._way
        for room, _ in self._each(abreast):
            for place, dtype, start in zip(self._rooms, way.kept, way.start, strict=True):
                self._put(place, dtype, room, str(Number.of(start, dtype).bits))
        with lines.loop(0, length) as turn:
            k = lines.let(f"sub i64 {length - 1}, {turn}") if way.reverse else turn
            for room, line in self._each(abreast):
                here = {**at, self._dim: k}
                if self._abreast is not None:
                    here[self._abreast] = line
                self._element(here, room)

    def _each(self, abreast: Abreast) -> Iterator[tuple[Index, Index]]:
        """Where each line keeps what it carries on, and which it is."""
        if isinstance(abreast, list):
            yield from enumerate(abreast)
            return
        with self._lines.loop(*abreast) as line:
            yield self._lines.let(f"sub i64 {line}, {abreast[0]}"), line

    def _element(self, at: Mapping[int, Index], room: Index) -> None:
        lines, way = self._lines, self._way
        kept = [self._get(p, d, room) for p, d in zip(self._rooms, way.kept, strict=True)]
        read = [
            lines.let(f"load {register(d)}, ptr {self._address(laid, d, at)}, align {_align(d)}")
            for laid, d in self._reads
        ]
        new, written = way.step(lines, kept, read, at[self._dim])
        for place, dtype, value in zip(self._rooms, way.kept, new, strict=True):
            self._put(place, dtype, room, value)
        to = self._address(self._out, self._dtype, at)
        lines.do(f"store {register(self._dtype)} {written}, ptr {to}, align {_align(self._dtype)}")

    def _address(self, laid: tuple[str, Access], dtype: NumpyDType, at: Mapping[int, Index]) -> str:
        buffer, access = laid
        terms = [(at[axis], stride) for axis, stride in enumerate(access.strides)]
        return self._lines.at(register(dtype), buffer, self._lines.sum(access.offset, terms))

    def _get(self, place: str, dtype: NumpyDType, room: Index) -> str:
        at = self._lines.at(register(dtype), place, room)
        return self._lines.let(f"load {register(dtype)}, ptr {at}")

    def _put(self, place: str, dtype: NumpyDType, room: Index, value: str) -> None:
        at = self._lines.at(register(dtype), place, room)
        self._lines.do(f"store {register(dtype)} {value}, ptr {at}")


def _align(dtype: NumpyDType) -> int:
    return min(dtype.itemsize, 8)
