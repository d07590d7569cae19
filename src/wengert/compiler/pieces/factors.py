"""How the factors of a matrix product lie in memory, as BLAS takes them."""

from __future__ import annotations

from math import prod
from typing import Final, NamedTuple

from wengert.core.aval import Shape

LONGEST: Final = 2**31 - 1
"""Lengths and strides are 32-bit integers in BLAS."""


class Matrix(NamedTuple):
    """A matrix in memory: rows of `leading` elements each; or columns, if it is transposed."""

    transposed: bool
    leading: int


class Geometry(NamedTuple):
    """left (batch, rows, inner) @ right (batch, inner, columns) -> (batch, rows, columns).

    left, right: strides, per dimension of the batch and then of the matrix, in elements; 0 along
    what a factor is broadcast along. The result is contiguous.
    """

    batch: Shape
    rows: int
    inner: int
    columns: int
    left: Shape
    right: Shape

    @property
    def number(self) -> int:
        """How many matrices there are."""
        return prod(self.batch)

    @property
    def size(self) -> int:
        """The number of elements of the result."""
        return self.number * self.rows * self.columns

    def matrices(self) -> tuple[Matrix | None, Matrix | None]:
        """Both factors as BLAS takes them; None where it does not."""
        return (
            matrix((self.rows, self.inner), self.left[-2:]),
            matrix((self.inner, self.columns), self.right[-2:]),
        )


def matrix(shape: Shape, strides: Shape) -> Matrix | None:
    """A matrix as BLAS takes it: one stride is 1, and the other at least the length of a line.

    The stride of a dimension of length 1 is never used.
    """
    rows, columns = shape
    down, along = strides
    if columns <= 1 and rows > 1:
        return _checked(False, down, 1)
    if rows <= 1 and columns > 1:
        return _checked(True, along, 1)
    if rows <= 1:
        return Matrix(False, 1)
    if along == 1:
        return _checked(False, down, columns)
    return _checked(True, along, rows) if down == 1 else None


def _checked(transposed: bool, leading: int, least: int) -> Matrix | None:
    return Matrix(transposed, leading) if least <= leading <= LONGEST else None


def addressable(shape: Shape, strides: Shape) -> bool:
    """Whether a factor of this shape can be read where it lies: its matrices by BLAS, one by one.

    strides: per dimension, in elements. A vector may have any positive stride.
    """
    if len(shape) == 1:
        shape, strides = (shape[0], 1), (*strides, 1)
    return 0 in shape or matrix(shape[-2:], strides[-2:]) is not None


def geometry(x: Shape, x_strides: Shape, y: Shape, y_strides: Shape) -> Geometry:
    """The product of two factors, as matmul pairs their dimensions, with as few batches as can be.

    x, y: the shapes. A vector in front is a row, and a vector behind a column.
    """
    if len(x) == 1:
        x, x_strides = (1, *x), (0, *x_strides)
    if len(y) == 1:
        y, y_strides = (*y, 1), (*y_strides, 0)
    (rows, inner), columns = x[-2:], y[-1]
    ndim = max(len(x), len(y)) - 2
    left, right = _along(x, x_strides, ndim), _along(y, y_strides, ndim)
    lengths = [max(pair) if 0 not in pair else 0 for pair in _pairs(x, y, ndim)]
    kept = [d for d, length in enumerate(lengths) if length != 1]
    made = Geometry(
        tuple(lengths[d] for d in kept), rows, inner, columns,
        (*(left[d] for d in kept), *x_strides[-2:]), (*(right[d] for d in kept), *y_strides[-2:]),
    )  # fmt: skip
    return _in_one(made)


def _pairs(x: Shape, y: Shape, ndim: int) -> list[tuple[int, int]]:
    first, second = ((1,) * (ndim + 2 - len(s)) + s[:-2] for s in (x, y))
    return list(zip(first, second, strict=True))


def _along(shape: Shape, strides: Shape, ndim: int) -> Shape:
    """Strides along `ndim` dimensions of a batch; 0 where the factor has length 1, or no such."""
    own = tuple(s if n != 1 else 0 for n, s in zip(shape[:-2], strides[:-2], strict=True))
    return (0,) * (ndim - len(own)) + own


def _in_one(made: Geometry) -> Geometry:
    """Batches whose results lie below each other, as the rows of one product; beside, as columns.

    The matrix that they share is read once, and a call of BLAS is long. A batch of (n, k) times
    one (k, m) is one product of all rows.
    """
    while made.batch and 0 not in made.batch:
        below = _below(made)
        if below is None:
            below = _beside(made)
        if below is None:
            return made
        made = below
    return made


def _below(made: Geometry) -> Geometry | None:
    *outer, length = made.batch
    *left, step, down, along = made.left
    *right, shared, inner, column = made.right
    if shared or (made.rows > 1 and step != made.rows * down):
        return None
    down, rows = (down if made.rows > 1 else step), length * made.rows
    if rows > LONGEST or matrix((rows, made.inner), (down, along)) is None:
        return None
    return made._replace(
        batch=tuple(outer), rows=rows, left=(*left, down, along), right=(*right, inner, column)
    )


def _beside(made: Geometry) -> Geometry | None:
    *outer, length = made.batch
    *left, shared, down, along = made.left
    *right, step, inner, column = made.right
    if shared or made.rows != 1 or (made.columns > 1 and step != made.columns * column):
        return None
    column, columns = (column if made.columns > 1 else step), length * made.columns
    if columns > LONGEST or matrix((made.inner, columns), (inner, column)) is None:
        return None
    return made._replace(
        batch=tuple(outer), columns=columns, left=(*left, down, along),
        right=(*right, inner, column),
    )  # fmt: skip
