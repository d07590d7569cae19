"""Calls of BLAS, as LLVM's text. Matrices lie in rows here, and the C interface says so."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from wengert.compiler.backend.openblas import PREFIX, openblas
from wengert.compiler.pieces.factors import Geometry, Matrix
from wengert.compiler.pieces.lines import Index, Lines
from wengert.compiler.pieces.piece import Module
from wengert.core.dtype import NumpyDType

CALLED: Final = f"{PREFIX}cblas_"
_IN_ROWS: Final = "i32 101"
_FLAG: Final = {False: "i32 111", True: "i32 112"}


class Number(NamedTuple):
    """An element type: its letter in the names of BLAS, and what LLVM calls it."""

    letter: str
    type: str


NUMBERS: Final = {
    np.dtype(np.float32): Number("s", "float"),
    np.dtype(np.float64): Number("d", "double"),
}


def declare(module: Module, dtype: NumpyDType) -> None:
    """Let a module call BLAS for one element type."""
    library = openblas()
    assert library is not None
    letter, t = NUMBERS[dtype]
    names = [f"cblas_{letter}{function}" for function in ("gemm", "gemv", "dot")]
    for name, address in library.symbols(*names).items():
        module.symbol(name, address)
    stem = f"@{CALLED}{letter}"
    module.declare([
        f"declare void {stem}gemm(i32, i32, i32, i32, i32, i32, {t}, ptr, i32, ptr, i32, {t}, ptr, "
        "i32)",
        f"declare void {stem}gemv(i32, i32, i32, i32, {t}, ptr, i32, ptr, i32, {t}, ptr, i32)",
        f"declare {t} {stem}dot(i32, ptr, i32, ptr, i32)",
    ])  # fmt: skip


Sides = tuple[Index, Index, Index]
"""Rows and columns of what is computed, and what is summed over; names are of i32."""

Places = tuple[str, str, str]
"""The addresses of two factors and of the result."""


def multiply(
    lines: Lines, dtype: NumpyDType, shape: Geometry, sides: Sides, places: Places
) -> None:
    """Write the call that computes one product, or `sides` of it.

    With the factor 0 before the result, BLAS does not look at what is there.
    """
    if shape.rows == shape.columns == 1:
        _dot(lines, dtype, shape, sides, places)
    elif shape.columns == 1:
        _matrix_by_vector(lines, dtype, shape, sides, places)
    elif shape.rows == 1:
        _vector_by_matrix(lines, dtype, shape, sides, places)
    else:
        _matrices(lines, dtype, shape, sides, places)


def _matrices(
    lines: Lines, dtype: NumpyDType, shape: Geometry, sides: Sides, places: Places
) -> None:
    letter, t = NUMBERS[dtype]
    left, right = _factors(shape)
    x, y, out = places
    lines.do(
        f"call void @{CALLED}{letter}gemm({_IN_ROWS}, {_FLAG[left.transposed]}, "
        f"{_FLAG[right.transposed]}, i32 {sides[0]}, i32 {sides[1]}, i32 {sides[2]}, {t} 1.0, "
        f"ptr {x}, i32 {left.leading}, ptr {y}, i32 {right.leading}, {t} 0.0, ptr {out}, "
        f"i32 {shape.columns})"
    )


def _matrix_by_vector(
    lines: Lines, dtype: NumpyDType, shape: Geometry, sides: Sides, places: Places
) -> None:
    left, right = _factors(shape)
    x, y, out = places
    rows, _, inner = sides
    lengths = (inner, rows) if left.transposed else (rows, inner)
    _gemv(lines, dtype, left, lengths, (x, y, out), right.leading)


def _vector_by_matrix(
    lines: Lines, dtype: NumpyDType, shape: Geometry, sides: Sides, places: Places
) -> None:
    """The transpose of the matrix, times the vector."""
    left, right = _factors(shape)
    x, y, out = places
    _, columns, inner = sides
    lengths = (columns, inner) if right.transposed else (inner, columns)
    turned = Matrix(not right.transposed, right.leading)
    _gemv(lines, dtype, turned, lengths, (y, x, out), left.leading)


def _gemv(
    lines: Lines, dtype: NumpyDType, matrix: Matrix, lengths: tuple[Index, Index],
    places: Places, step: int,
) -> None:  # fmt: skip
    """A matrix times a vector. lengths: of the matrix as it lies in memory, down and along."""
    letter, t = NUMBERS[dtype]
    x, vector, out = places
    down, along = lengths
    lines.do(
        f"call void @{CALLED}{letter}gemv({_IN_ROWS}, {_FLAG[matrix.transposed]}, i32 {down}, "
        f"i32 {along}, {t} 1.0, ptr {x}, i32 {matrix.leading}, ptr {vector}, i32 {step}, {t} 0.0, "
        f"ptr {out}, i32 1)"
    )


def _dot(lines: Lines, dtype: NumpyDType, shape: Geometry, sides: Sides, places: Places) -> None:
    letter, t = NUMBERS[dtype]
    left, right = _factors(shape)
    x, y, out = places
    found = lines.let(
        f"call {t} @{CALLED}{letter}dot(i32 {sides[2]}, ptr {x}, i32 {left.leading}, ptr {y}, "
        f"i32 {right.leading})"
    )
    lines.do(f"store {t} {found}, ptr {out}")


def _factors(shape: Geometry) -> tuple[Matrix, Matrix]:
    left, right = shape.matrices()
    assert left is not None
    assert right is not None
    return left, right
