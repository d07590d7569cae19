"""Scans: running sums, products and extremes along a dimension, and linear recurrences.

Each line is run through in order, from its first element or from its last. Where lines lie side by
side, a few dozen of them advance together, so that memory is read in the order in which it lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from wengert.compiler.pieces.elements import register
from wengert.compiler.pieces.lines import Index, Lines
from wengert.compiler.pieces.piece import Access, Module, Piece, contiguous
from wengert.compiler.pieces.walk import Number, boxes, sliced
from wengert.compiler.pieces.ways import WAYS, Way
from wengert.core.aval import Aval
from wengert.core.dtype import NumpyDType
from wengert.core.node import Node

TOGETHER: Final = 32
"""Lines that advance together: at least two cache lines of each row."""


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
        last = len(self._shape) - 1
        self._abreast = last if last != self._dim else None

    def _laid(self, access: Access) -> tuple[str, Access]:
        """The buffer's address, and where the elements are in it."""
        strides = access.strides or (0,)
        buffer = self._lines.buffer(self._module.slot(access.root))
        return buffer, access._replace(strides=strides)

    def write(self) -> None:
        axes = [a for a in range(len(self._shape)) if a != self._dim]
        cut = boxes(self._shape, axes)
        width = 1 if self._abreast is None else TOGETHER
        self._rooms = [self._room(dtype, width) for dtype in self._way.kept]
        ranges = sliced(self._lines, self._shape, cut)
        self._from([a for a in axes if a != self._abreast], ranges, {})
        name = self._module.name("scan")
        self._module.declare(self._way.declared)
        self._module.define(self._lines.function(name))
        self._module.step(name, cut.chunks)

    def _room(self, dtype: NumpyDType, width: int) -> str:
        return self._lines.let(f"alloca [{width} x {register(dtype)}], align 64")

    def _from(
        self, axes: Sequence[int], ranges: Sequence[tuple[Index, Index]], at: dict[int, Index]
    ) -> None:
        """The loops over axes, around those over lines."""
        if axes:
            with self._lines.loop(*ranges[axes[0]]) as index:
                self._from(axes[1:], ranges, {**at, axes[0]: index})
        elif self._abreast is None:
            self._along(at, (0, 1))
        else:
            self._in_groups(at, *ranges[self._abreast])

    def _in_groups(self, at: dict[int, Index], first: Index, after: Index) -> None:
        """The lines that lie side by side, some at a time."""
        lines = self._lines
        count = lines.let(f"sub i64 {after}, {first}")
        more = lines.let(f"add i64 {count}, {TOGETHER - 1}")
        with lines.loop(0, lines.let(f"udiv i64 {more}, {TOGETHER}")) as group:
            begin = lines.sum(first, [(group, TOGETHER)])
            end = lines.smaller(lines.let(f"add i64 {begin}, {TOGETHER}"), after)
            self._along(at, (begin, end))

    def _along(self, at: dict[int, Index], abreast: tuple[Index, Index]) -> None:
        """One group of lines from their start to their end."""
        lines, length = self._lines, self._shape[self._dim]
        with self._line(abreast) as (room, _):
            for place, dtype, start in zip(
                self._rooms, self._way.kept, self._way.start, strict=True
            ):
                self._put(place, dtype, room, str(Number.of(start, dtype).bits))
        with lines.loop(0, length) as turn:
            k = lines.let(f"sub i64 {length - 1}, {turn}") if self._way.reverse else turn
            with self._line(abreast) as (room, line):
                here = {**at, self._dim: k}
                if self._abreast is not None:
                    here[self._abreast] = line
                self._element(here, room)

    def _line(self, abreast: tuple[Index, Index]) -> Any:
        return _Line(self._lines, abreast, self._abreast is not None)

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


class _Line:
    """A loop over lines that advance together: where each keeps what it carries on, and which."""

    def __init__(self, lines: Lines, abreast: tuple[Index, Index], several: bool) -> None:
        self._lines = lines
        self._abreast = abreast
        self._loop = lines.loop(*abreast) if several else None

    def __enter__(self) -> tuple[Index, Index]:
        if self._loop is None:
            return 0, 0
        line = self._loop.__enter__()
        return self._lines.let(f"sub i64 {line}, {self._abreast[0]}"), line

    def __exit__(self, *raised: Any) -> None:
        if self._loop is not None:
            self._loop.__exit__(*raised)


def _align(dtype: NumpyDType) -> int:
    return min(dtype.itemsize, 8)
