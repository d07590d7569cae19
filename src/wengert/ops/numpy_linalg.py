"""np.linalg on tensors: NumPy's signatures and results, torch.linalg's functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.errors import ArgumentError, ArgumentValueError
from wengert.ops.cholesky import cholesky
from wengert.ops.determinant import det, slogdet
from wengert.ops.diagonal import diagonal
from wengert.ops.eigen import eig_op, eigh, eigvalsh
from wengert.ops.inverse import inv, solve_op
from wengert.ops.matrices import real_dtype
from wengert.ops.matrix_functions import matrix_power, tensorinv, tensorsolve
from wengert.ops.matrix_norm import cond, matrix_norm_of
from wengert.ops.named_parts import EigResult, LinalgQrResult
from wengert.ops.norm import vector_norm
from wengert.ops.numpy_shapes import answers
from wengert.ops.numpy_taken import as_float, plain, taken
from wengert.ops.pinv import lstsq, matrix_rank, pinv_op
from wengert.ops.qr import qr, qr_op
from wengert.ops.svd import svd, svdvals


def _matrix(a: Any) -> Any:
    return as_float(taken(a))


@answers(np.linalg.inv)
def _inv(a: Any) -> Any:
    return inv(_matrix(a))


@answers(np.linalg.det)
def _det(a: Any) -> Any:
    return det(_matrix(a))


@answers(np.linalg.slogdet)
def _slogdet(a: Any) -> Any:
    return slogdet(_matrix(a))


@answers(np.linalg.solve)
def _solve(a: Any, b: Any) -> Any:
    """b is one vector if it has one dimension, else matrices: NumPy's rule since 2.0."""
    x, y = _matrix(a), _matrix(b)
    x, y = _same(x, y)
    if y.ndim == 1:
        return solve_op(x, y[:, None], check=True)[..., 0]
    return solve_op(x, y, check=True)


def _same(x: Any, y: Any) -> tuple[Any, Any]:
    """Both in the dtype that NumPy computes in."""
    dtype = np.result_type(x.dtype.numpy, y.dtype.numpy)
    return x.to(dtype), y.to(dtype)


@answers(np.linalg.cholesky)
def _cholesky(a: Any, /, *, upper: bool = False) -> Any:
    return cholesky(_matrix(a), upper=upper)


@answers(np.linalg.eigh)
def _eigh(a: Any, UPLO: str = "L") -> Any:
    return eigh(_matrix(a), UPLO)


@answers(np.linalg.eigvalsh)
def _eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return eigvalsh(_matrix(a), UPLO)


@answers(np.linalg.eig)
def _eig(a: Any) -> Any:
    """Real where all eigenvalues of a real matrix are, as in NumPy; complex inside a map."""
    x = _matrix(a)
    values, vectors = eig_op(x)
    if not x.is_complex() and not values._level and not np.any(values._data.imag):
        values, vectors = values.real, vectors.real
    return EigResult(values, vectors)


@answers(np.linalg.eigvals)
def _eigvals(a: Any) -> Any:
    return _eig(a).eigenvalues


@answers(np.linalg.svd)
def _svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """hermitian tells NumPy a faster way to the same; it makes no difference here."""
    if not compute_uv:
        return svdvals(_matrix(a))
    return svd(_matrix(a), full_matrices)


@answers(np.linalg.svdvals)
def _svdvals(x: Any, /) -> Any:
    return svdvals(_matrix(x))


@answers(np.linalg.qr)
def _qr(a: Any, mode: str = "reduced") -> Any:
    if mode not in ("reduced", "complete", "r"):
        raise ArgumentValueError(f"np.linalg.qr of a tensor: there is no mode {mode!r}")
    if mode == "r":
        return qr_op(_matrix(a), complete=False)[1]
    return LinalgQrResult(*qr(_matrix(a), mode))


@answers(np.linalg.pinv)
def _pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Any:
    x = _matrix(a)
    if rcond is not None and rtol is not np._NoValue:
        raise ArgumentValueError("`rtol` and `rcond` can't be both set.")
    cut = 1e-15 if rcond is None else float(rcond)
    if rtol is not np._NoValue:
        eps = float(np.finfo(real_dtype(x.dtype.numpy)).eps)
        cut = max(x.shape[-2:]) * eps if rtol is None else float(rtol)
    return pinv_op(x, atol=0.0, rtol=cut, hermitian=hermitian)


@answers(np.linalg.lstsq)
def _lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    x, y = _same(_matrix(a), _matrix(b))
    found = lstsq(x, y, rcond, driver="gelsd")
    residuals = found.residuals
    if y.ndim == 1 and residuals.ndim == 0:
        residuals = residuals.reshape(1)
    rank = found.rank if found.rank._level else plain(found.rank)[()]
    return found.solution, residuals, rank, found.singular_values


@answers(np.linalg.matrix_rank)
def _matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    if A.ndim < 2:
        return (A != 0).any().long()
    atol = None if tol is None else float(plain(tol))
    return matrix_rank(_matrix(A), atol=atol, rtol=rtol, hermitian=hermitian)


@answers(np.linalg.cond)
def _cond(x: Any, p: Any = None) -> Any:
    return cond(_matrix(x), p)


@answers(np.linalg.matrix_power)
def _matrix_power(a: Any, n: int) -> Any:
    return matrix_power(taken(a) if n >= 0 else _matrix(a), n)


@answers(np.linalg.tensorinv)
def _tensorinv(a: Any, ind: int = 2) -> Any:
    return tensorinv(_matrix(a), ind)


@answers(np.linalg.tensorsolve)
def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    x, y = _same(_matrix(a), _matrix(b))
    return tensorsolve(x, y, axes)


@answers(np.linalg.diagonal)
def _diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return diagonal(x, offset, -2, -1)


@answers(np.linalg.outer)
def _outer(x1: Any, x2: Any, /) -> Any:
    return np.outer(x1, x2)


# Norms -------------------------------------------------------------------------------------------


@answers(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    a = _matrix(x)
    if axis is None and (ord is None or (ord in ("f", "fro") and a.ndim == 2)):
        return vector_norm(a, 2, None, keepdims)
    dims = tuple(range(a.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
    if len(dims) == 1:
        if isinstance(ord, str):
            raise ArgumentValueError(f"Invalid norm order '{ord}' for vectors")
        return vector_norm(a, 2 if ord is None else ord, dims, keepdims)
    if len(dims) != 2:
        raise ArgumentValueError("Improper number of dimensions to norm.")
    order = "fro" if ord in (None, "f", "fro") else ord
    return matrix_norm_of("np.linalg.norm", a, order, tuple(dims), keepdims)


@answers(np.linalg.matrix_norm)
def _matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return matrix_norm_of("np.linalg.matrix_norm", _matrix(x), ord, (-2, -1), keepdims)


@answers(np.linalg.vector_norm)
def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    if isinstance(ord, str):
        raise ArgumentError(f"np.linalg.vector_norm: ord must be a number, not {ord!r}")
    return vector_norm(_matrix(x), ord, axis, keepdims)
