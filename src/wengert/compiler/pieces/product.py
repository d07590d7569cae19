"""Products of matrices and vectors, through BLAS.

A product is cut into chunks by its shape alone: batches into groups, and a large matrix product
along the longer side of its result, so that the factor that every chunk has to pack anew is the
smaller one; where rows and columns are few and sums are long, the sums are cut. Measured on two
cores, float32, relative to one call on one thread: two chunks of 256 columns cost 4 %, four of 128
8 %, eight of 64 18 %. OpenBLAS's own two threads took 0.67 of one thread's time for
(128, 784) @ (784, 512); two chunks take 0.52.

Loops of our own would gain nothing where matrices are small: a product of 4 x 4 takes 15 ns, of
10 x 10 50 ns, calls included. Nor would doing what follows a product chunk by chunk: bias, relu and
their like are 1.5 % of a perceptron's step, as what a product left in the cache is still there.
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

SHORTEST_SUMMAND: Final = 1024
"""Terms of a sum that is cut, where rows and columns are few."""

MOST_SUMMANDS: Final = 16
"""Sums that are added up afterwards, by one thread."""

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

    along: what a part is of, "rows", "columns", or "inner": then it is a summand of the whole
    matrix. length: of a part; the last one has the rest.
    """

    batches: int
    parts: int = 1
    along: str = "rows"
    length: int = 0

    def chunks(self, count: int) -> int:
        """How many, of `count` matrices."""
        return -(-count // self.batches) * self.parts


def cut(shape: Geometry) -> Cut:
    """The chunks of a product."""
    work = shape.rows * shape.columns * shape.inner
    if work >= 4 * FAIR_CHUNK and shape.number < MANY:
        along, side = max(("rows", shape.rows), ("columns", shape.columns), key=lambda s: s[1])
        if side >= 2 * SHORTEST_PART:
            return _cut(along, side, _parts(work, side, min(shape.rows, shape.columns) == 1))
        if shape.number == 1 and shape.inner >= 2 * SHORTEST_SUMMAND:
            most = min(shape.inner // SHORTEST_SUMMAND, work // (2 * FAIR_CHUNK), MOST_SUMMANDS)
            return _cut("inner", shape.inner, most)
    return Cut(_batches(work, shape.number))


def _cut(along: str, side: int, parts: int) -> Cut:
    length = -(-side // parts // 16) * 16
    return Cut(1, -(-side // length), along, length)


def _batches(work: int, number: int) -> int:
    """Matrices in a chunk: a fair chunk, or an eighth of them if that is less."""
    wanted = min(FAIR_CHUNK, max(work * number // MANY, SMALLEST_CHUNK))
    return max(1, wanted // max(work, 1))


def _parts(work: int, side: int, is_vector: bool) -> int:
    """A power of two, so that two threads, or four, have equally much to do."""
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
        shape = self.geometry
        if not shape.size:
            return
        if not shape.inner:
            self._write_zeros(module)
            return
        made = cut(shape)
        slot = module.slot(self.nodes[0])
        if made.along == "inner":
            slot = module.workspace(made.parts * self.nodes[0].aval.nbytes)
        name = module.name("product")
        text = _Text(module, self, slot)
        text.chunk(made)
        declare(module, text.dtype)
        module.define(text.lines.function(name))
        module.step(name, made.chunks(shape.number))
        if made.along == "inner":
            self._add_up(module, slot, made.parts)

    def _write_zeros(self, module: Module) -> None:
        """The sums of no products."""
        (node,) = self.nodes
        name, lines = module.name("zeros"), Lines()
        out = lines.buffer(module.slot(node))
        lines.do(
            f"call void @llvm.memset.p0.i64(ptr {out}, i8 0, i64 {node.aval.nbytes}, i1 false)"
        )
        module.declare([ZEROS])
        module.define(lines.function(name))
        module.step(name)

    def _add_up(self, module: Module, slot: int, parts: int) -> None:
        """The sum of the parts, in order."""
        (node,) = self.nodes
        name, lines = module.name("product_sum"), Lines()
        t, size = NUMBERS[node.aval.dtype].type, node.aval.size
        out, given = lines.buffer(module.slot(node)), lines.buffer(slot)
        with lines.loop(0, size) as i:
            total = lines.let(f"load {t}, ptr {lines.at(t, given, i)}")
            for part in range(1, parts):
                place = lines.at(t, given, lines.sum(part * size, [(i, 1)]))
                total = lines.let(f"fadd {t} {total}, {lines.let(f'load {t}, ptr {place}')}")
            lines.do(f"store {t} {total}, ptr {lines.at(t, out, i)}")
        module.define(lines.function(name))
        module.step(name)


ZEROS: Final = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"


Span = tuple[Index, Index]
"""The first one, and how many."""


class Part(NamedTuple):
    """A part of a product: rows, columns, terms of its sums; all of them where none are given."""

    rows: Span | None = None
    columns: Span | None = None
    inner: Span | None = None

    def of(self, shape: Geometry) -> tuple[Span, Span, Span]:
        """The spans, also where they are whole."""
        return (
            self.rows or (0, shape.rows), self.columns or (0, shape.columns),
            self.inner or (0, shape.inner),
        )  # fmt: skip


class _Text:
    """What a product's function does. slot: where the table has the address of the result."""

    def __init__(self, module: Module, product: Product, slot: int) -> None:
        (node,) = product.nodes
        x, y = (product.loads[source] for source in node.inputs)
        self.dtype: NumpyDType = node.aval.dtype
        self.lines = Lines()
        self._shape = product.geometry
        self._offsets = x.offset, y.offset
        slots = (module.slot(x.root), module.slot(y.root), slot)
        self._buffers = [self.lines.buffer(place) for place in slots]

    def chunk(self, made: Cut) -> None:
        """Some of the matrices, or a part of one."""
        count, lines = self._shape.number, self.lines
        if made.parts > 1:
            self._part(made)
        elif count == 1:
            self._multiply(0, Part())
        else:
            first = lines.let(f"mul i64 %chunk, {made.batches}")
            after = lines.let(f"add i64 {first}, {made.batches}")
            with lines.loop(first, lines.smaller(after, count)) as batch:
                self._multiply(batch, Part())

    def _part(self, made: Cut) -> None:
        """Rows, columns or terms from a multiple of the part's length on."""
        lines, shape = self.lines, self._shape
        batch = lines.let(f"udiv i64 %chunk, {made.parts}")
        part = lines.let(f"urem i64 %chunk, {made.parts}")
        first = lines.let(f"mul i64 {part}, {made.length}")
        side = {"rows": shape.rows, "columns": shape.columns, "inner": shape.inner}[made.along]
        rest = lines.let(f"sub i64 {side}, {first}")
        length = lines.let(f"trunc i64 {lines.smaller(rest, made.length)} to i32")
        if made.along == "inner":
            self._multiply(part, Part(inner=(first, length)), whole=0)
        else:
            self._multiply(batch, Part(**{made.along: (first, length)}))

    def _multiply(self, out: Index, part: Part, whole: Index | None = None) -> None:
        """One matrix of the result, or a part of it. out: the number of the matrix.

        whole: of which matrices it is the product, if that is another number.
        """
        shape, lines = self._shape, self.lines
        along = self._along(out if whole is None else whole)
        (row, rows), (column, columns), (term, terms) = part.of(shape)
        *left, down, across = shape.left
        *right, below, beside = shape.right
        first = [*zip(along, left, strict=True), (row, down), (term, across)]
        second = [*zip(along, right, strict=True), (term, below), (column, beside)]
        width = shape.columns
        starts = (
            lines.sum(self._offsets[0], first),
            lines.sum(self._offsets[1], second),
            lines.sum(0, [(out, shape.rows * width), (row, width), (column, 1)]),
        )
        places = zip(self._buffers, starts, strict=True)
        x, y, result = (lines.at(NUMBERS[self.dtype].type, *place) for place in places)
        multiply(lines, self.dtype, shape, (rows, columns, terms), (x, y, result))

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
