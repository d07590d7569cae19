"""Products of matrices and vectors, through BLAS.

A product is cut into chunks by its shape alone: batches into groups, and a large matrix product
along the longer side of its result, so that the factor that every chunk has to pack anew is the
smaller one. Measured on two cores (float32, relative to one call on one thread): two chunks of 256
columns cost 4 %, four of 128 8 %, eight of 64 18 %. OpenBLAS's own two threads took 0.67 of one
thread's time for (128, 784) @ (784, 512); two chunks take 0.52.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Final, NamedTuple

from wengert.compiler.backend.openblas import openblas
from wengert.compiler.pieces.blas import NUMBERS, declare, multiply
from wengert.compiler.pieces.factors import LONGEST, Geometry, addressable, geometry
from wengert.compiler.pieces.lines import Index, Lines
from wengert.compiler.pieces.piece import Access, Module, Piece
from wengert.core.aval import Aval
from wengert.core.dtype import NumpyDType
from wengert.core.node import Node

FAIR_CHUNK: Final = 1_000_000
"""Multiplications: some 8 us, to which handing out a chunk adds little."""

SMALLEST_CHUNK: Final = 100_000
"""Multiplications of a chunk where there is not much to do; some 1 us."""

SHORTEST_PART: Final = 64
"""Rows or columns of a part of a matrix product; a fifth of such a part's time is packing."""

FAIR_PART: Final = 256
"""Rows or columns of a part from where on packing is a twentieth."""

MANY: Final = 8
"""As many matrices, or chunks of them, are parallel enough: no matrix is cut."""


def can_multiply(node: Node) -> bool:
    """Whether a node is a product that BLAS has: of floats, with lengths that it can count."""
    if node.op.piece != "product" or openblas() is None:
        return False
    avals = [node.aval, *(s.aval for s in node.inputs if isinstance(s, Node))]
    return len(avals) == 3 and all(_is_counted(a) and a.dtype == node.aval.dtype for a in avals)


def _is_counted(aval: object) -> bool:
    return (
        isinstance(aval, Aval) and aval.dtype in NUMBERS and max(aval.shape, default=0) <= LONGEST
    )


def is_addressable(node: Node, access: Access) -> bool:
    """Whether a product can read a factor there; what it cannot has to be copied first.

    node: the factor. access: where its elements are, with strides along the factor's dimensions.
    """
    return addressable(node.aval.shape, access.strides)


class Cut(NamedTuple):
    """How a product is cut: so many batches in a chunk, or so many parts of each matrix.

    down: whether parts are rows. length: of a part; the last one has the rest.
    """

    batches: int
    parts: int = 1
    down: bool = True
    length: int = 0

    def chunks(self, count: int) -> int:
        """How many, of `count` matrices."""
        return -(-count // self.batches) * self.parts


def cut(shape: Geometry) -> Cut:
    """The chunks of a product."""
    work = shape.rows * shape.columns * shape.inner
    down, side = shape.rows >= shape.columns, max(shape.rows, shape.columns)
    parts = _parts(work, side, min(shape.rows, shape.columns) == 1)
    if parts == 1 or shape.number >= MANY:
        return Cut(_batches(work, shape.number))
    length = -(-side // parts // 16) * 16
    return Cut(1, -(-side // length), down, length)


def _batches(work: int, number: int) -> int:
    """Matrices in a chunk: a fair chunk, or an eighth of them if that is less."""
    wanted = min(FAIR_CHUNK, max(work * number // MANY, SMALLEST_CHUNK))
    return max(1, wanted // max(work, 1))


def _parts(work: int, side: int, is_vector: bool) -> int:
    """A power of two, so that two threads, or four, have equally much to do."""
    if work < 4 * FAIR_CHUNK or side < 2 * SHORTEST_PART:
        return 1
    parts = 2
    while side >= 2 * parts * FAIR_PART and (not is_vector or work >= 2 * parts * FAIR_CHUNK):
        parts *= 2
    return parts


class Product(Piece):
    """One product of two factors, each of any of the ranks that matmul takes.

    node: of an operation whose piece is "product". loads: per factor where it lies, with strides
    along the factor's own dimensions; each of them `is_addressable`.
    """

    def __init__(self, node: Node, loads: Mapping[Node, Access]) -> None:
        self.nodes = (node,)
        self.loads = loads
        self.stores = (node,)
        x, y = node.inputs
        self.geometry = geometry(x.aval.shape, loads[x].strides, y.aval.shape, loads[y].strides)

    def flops(self) -> int:
        return 2 * self.geometry.size * self.geometry.inner

    def write(self, module: Module) -> None:
        if not self.geometry.size:
            return
        name = module.name("product")
        text = _Text(module, self)
        if not self.geometry.inner:
            module.declare([ZEROS])
            text.zeros()
            module.step(name)
        else:
            made = cut(self.geometry)
            declare(module, text.dtype)
            text.chunk(made)
            module.step(name, made.chunks(self.geometry.number))
        module.define(text.lines.function(name))


ZEROS: Final = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"


class _Text:
    """What a product's function does."""

    def __init__(self, module: Module, product: Product) -> None:
        (node,) = product.nodes
        x, y = (product.loads[source] for source in node.inputs)
        self.dtype: NumpyDType = node.aval.dtype
        self.lines = Lines()
        self._shape = product.geometry
        self._offsets = x.offset, y.offset
        self._buffers = [self.lines.buffer(module.slot(root)) for root in (x.root, y.root, node)]

    def zeros(self) -> None:
        """The sums of no products."""
        nbytes, out = self._shape.size * self.dtype.itemsize, self._buffers[2]
        self.lines.do(f"call void @llvm.memset.p0.i64(ptr {out}, i8 0, i64 {nbytes}, i1 false)")

    def chunk(self, made: Cut) -> None:
        """Some of the matrices, or a part of one."""
        count, lines = self._shape.number, self.lines
        if made.parts > 1:
            self._part(made)
        elif count == 1:
            self._multiply(0)
        else:
            first = lines.let(f"mul i64 %chunk, {made.batches}")
            after = lines.let(f"add i64 {first}, {made.batches}")
            with lines.loop(first, lines.smaller(after, count)) as batch:
                self._multiply(batch)

    def _part(self, made: Cut) -> None:
        """Rows or columns from a multiple of the part's length on."""
        lines = self.lines
        batch = lines.let(f"udiv i64 %chunk, {made.parts}")
        part = lines.let(f"urem i64 %chunk, {made.parts}")
        first = lines.let(f"mul i64 {part}, {made.length}")
        side = self._shape.rows if made.down else self._shape.columns
        rest = lines.let(f"sub i64 {side}, {first}")
        length = lines.let(f"trunc i64 {lines.smaller(rest, made.length)} to i32")
        if made.down:
            self._multiply(batch, first_row=first, rows=length)
        else:
            self._multiply(batch, first_column=first, columns=length)

    def _multiply(
        self, batch: Index, first_row: Index = 0, first_column: Index = 0,
        rows: Index | None = None, columns: Index | None = None,
    ) -> None:  # fmt: skip
        """One matrix of the result, or a part of it."""
        shape, lines = self._shape, self.lines
        along = self._along(batch)
        *left, down, _ = shape.left
        *right, _, column = shape.right
        width = shape.columns
        starts = (
            lines.sum(self._offsets[0], [*zip(along, left, strict=True), (first_row, down)]),
            lines.sum(self._offsets[1], [*zip(along, right, strict=True), (first_column, column)]),
            lines.sum(0, [(batch, shape.rows * width), (first_row, width), (first_column, 1)]),
        )
        places = zip(self._buffers, starts, strict=True)
        x, y, out = (lines.at(NUMBERS[self.dtype].type, *place) for place in places)
        sides = (shape.rows if rows is None else rows, width if columns is None else columns)
        multiply(lines, self.dtype, shape, sides, (x, y, out))

    def _along(self, batch: Index) -> list[Index]:
        """The index along each dimension of the batch."""
        found: list[Index] = []
        for d, length in enumerate(self._shape.batch):
            inside = prod(self._shape.batch[d + 1 :])
            index = batch
            if inside != 1:
                index = self.lines.let(f"udiv i64 {index}, {inside}")
            if d:
                index = self.lines.let(f"urem i64 {index}, {length}")
            found.append(index)
        return found
