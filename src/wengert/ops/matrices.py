"""What the operations of linear algebra share: checks, adjoints, and LAPACK matrix by matrix.

A matrix is the last two dimensions; those before are a batch. Rules marked `holomorphic=False` are
written for gradients by torch's convention, with adjoints; the others with transposes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import DType, dtype_of
from wengert.core.tensor import Tensor
from wengert.errors import DTypeError, LinAlgError, ShapeError

_LAPACK: Final = "fdFD"


def check_floats(name: str, x: Any) -> None:
    """Raise DTypeError unless LAPACK has the dtype: float32, float64 and their complex ones."""
    if x.dtype.char in _LAPACK:
        return
    dtype = dtype_of(x.dtype).name
    if x.dtype.kind in "biu":
        raise DTypeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {dtype}",
            "Cast it first: .to(wengert.float64).",
        )
    raise DTypeError(
        f"{name}: Low precision dtypes not supported. Got {dtype}", "Cast it to float32 first."
    )


def check_matrix(name: str, x: Any, letter: str = "A") -> None:
    """Raise ShapeError below two dimensions, DTypeError for dtypes that LAPACK does not have."""
    if len(x.shape) < 2:
        raise ShapeError(
            f"{name}: The input tensor {letter} must have at least 2 dimensions.",
            f"It has shape {tuple(x.shape)}; x[:, None] makes a column of a vector.",
        )
    check_floats(name, x)


def check_square(name: str, x: Any) -> None:
    """The same for matrices that must be square."""
    check_matrix(name, x)
    rows, columns = x.shape[-2:]
    if rows != columns:
        raise ShapeError(
            f"{name}: A must be batches of square matrices, but they are {rows} by {columns} "
            "matrices",
            "The last two dimensions are rows and columns; linalg.lstsq and pinv take any.",
        )


def same_dtype(name: str, a: Any, b: Any) -> None:
    """Raise DTypeError unless both have one dtype."""
    if a.dtype != b.dtype:
        raise DTypeError(
            f"{name}: Expected A and B to have the same dtype, but found A of type "
            f"{dtype_of(a.dtype).name} and B of type {dtype_of(b.dtype).name} instead",
            "Cast one of them: x.to(y.dtype).",
        )


# What rules are written in: each of these serves arrays and tensors ------------------------------


def numpy_dtype(x: Any) -> np.dtype[Any]:
    """NumPy's dtype of an array or a tensor."""
    dtype: Any = x.dtype
    return dtype.numpy if isinstance(dtype, DType) else dtype


def is_complex(x: Any) -> bool:
    """Whether an array or a tensor has complex numbers."""
    return numpy_dtype(x).kind == "c"


def real_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype of the absolute values: float32 for complex64."""
    return np.dtype(dtype.char.lower())


def complex_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The complex dtype of the same precision."""
    return np.dtype(dtype.char.upper())


def adjoint(x: Any) -> Any:
    """The conjugate transpose of matrices."""
    return np.conj(x).mT if is_complex(x) else x.mT


def hermitian_part(x: Any) -> Any:
    """The mean of matrices and their adjoints."""
    return (x + adjoint(x)) / 2


def eye_like(x: Any) -> Any:
    """The identity, as large as the columns of x are many, in its dtype."""
    return np.eye(x.shape[-1], dtype=numpy_dtype(x))


def diagonal_matrix(x: Any) -> Any:
    """Vectors on the diagonals of square matrices: (..., n) -> (..., n, n)."""
    return x[..., :, None] * eye_like(x)


def lower_part(x: Any) -> Any:
    """The lower triangle, half of the diagonal: what Cholesky's derivative takes."""
    weights = np.tril(np.ones(x.shape[-2:], numpy_dtype(x)))
    return x * (weights - eye_like(x) / 2)


def quotient(numerator: Any, denominator: Any) -> Any:
    """numerator / denominator, with 0 / 0 = 0.

    Differences of equal eigenvalues are 0, and what is divided by them is 0, too, for a function
    that does not depend on the choice of their eigenvectors.
    """
    both = (numerator == 0) & (denominator == 0)
    return np.where(both, 0 * numerator, numerator / np.where(both, 1, denominator))


def from_triangle(x: Any, upper: bool = False) -> Any:
    """The Hermitian matrix of which one triangle of x is read; x itself if it is Hermitian.

    The operations on it take the Hermitian part, so each of them is the derivative's function of
    all elements; that what is in the other triangle does not count, as in torch, is seen to here.
    """
    is_hermitian = _is_hermitian(x)
    if is_hermitian:
        return x
    below = np.triu(x, 1) if upper else np.tril(x, -1)
    made = below + adjoint(below) + np.real(x) * eye_like(x)
    if is_hermitian is None:
        return np.where(np.all(x == adjoint(x)), x, made)
    return made


def _is_hermitian(x: Any) -> bool | None:
    """Whether the values say so; of a map, of all slices; None in a trace, where there are none."""
    while hasattr(x, "_value"):
        x = x._value
    data = x._data if isinstance(x, Tensor) else x
    if isinstance(x, Tensor) and x._level and data.ndim > 1 and data.shape[-1] == data.shape[-2]:
        return None
    if data.ndim < 2 or data.shape[-1] != data.shape[-2]:
        return True  # refused by the operation
    return bool(np.array_equal(data, adjoint(data)))


def concrete(x: Any) -> Any:
    """The array of a tensor that has one, to look at; None inside a map or a trace."""
    if isinstance(x, Tensor):
        return x._data if not x._level else None
    return x


# LAPACK, matrix by matrix ------------------------------------------------------------------------


def each(function: Callable[..., tuple[Any, ...]], *stacks: Any) -> tuple[Any, ...]:
    """A function of single matrices, applied along the batch dimensions that all share.

    The function returns a tuple of arrays, and so does this. It must not be called for no matrices.
    """
    batch = stacks[0].shape[:-2]
    if not batch:
        return function(*stacks)
    flat = [x.reshape(-1, *x.shape[len(batch) :]) for x in stacks]
    found = [function(*parts) for parts in zip(*flat, strict=True)]
    return tuple(np.stack(out).reshape(*batch, *out[0].shape) for out in zip(*found, strict=True))


def broadcast_batch(*stacks: Any) -> list[Any]:
    """Matrices with their batch dimensions broadcast against each other."""
    batch = np.broadcast_shapes(*(x.shape[:-2] for x in stacks))
    return [np.broadcast_to(x, batch + x.shape[-2:]) for x in stacks]


def batch_aval(*avals: Aval) -> tuple[int, ...]:
    """The batch dimensions that several stacks broadcast to."""
    return np.broadcast_shapes(*(a.shape[:-2] for a in avals))


def lapack(name: str, x: Any) -> Any:
    """A routine of LAPACK for the dtype of an array; scipy is loaded on first use."""
    from scipy.linalg import get_lapack_funcs

    return get_lapack_funcs((name,), (x,))[0]


def refuse(name: str, what: str, info: Any, remedy: str = "") -> LinAlgError:
    """The error for the first matrix of a batch that failed; `what` may have "{}" for the number.

    info: per matrix what LAPACK says, 0 for success.
    """
    info = np.asarray(info)
    at = int(np.flatnonzero(info.reshape(-1))[0]) if info.any() else 0
    where = f" (Batch element {at}):" if info.ndim else ""
    number = info.reshape(-1)[at] if info.size else 0
    return LinAlgError(f"{name}:{where} {what.format(number)}", remedy)


def pivot_info(x: Any) -> Any:
    """Per matrix, the number of the first pivot that is zero, counted from 1; 0 for none. int32."""
    if x.size == 0:
        return np.zeros(x.shape[:-2], np.int32)
    getrf = lapack("getrf", x)
    return each(lambda m: (np.int32(getrf(m)[2]),), x)[0]
