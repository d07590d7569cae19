"""Functions of matrices: the exponential, powers; and Vandermonde's matrix, products of vectors,
inverses of tensors.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.op import Op
from wengert.core.tensor import Tensor
from wengert.errors import ShapeError
from wengert.ops.arguments import array_of, flag, integer
from wengert.ops.batching import behind_first
from wengert.ops.define import public
from wengert.ops.diagonal import diagonal
from wengert.ops.inverse import inv_op, solve_op, well_conditioned
from wengert.ops.join import stack
from wengert.ops.kinds import general
from wengert.ops.matmul import matmul
from wengert.ops.matrices import check_square, eye_like
from wengert.ops.samples import Call, Sampler
from wengert.ops.selection import where


def _exponential(x: Any) -> Any:
    import scipy.linalg

    check_square("linalg.matrix_exp", x)
    if x.size == 0:
        return x.copy()
    return scipy.linalg.expm(x).astype(x.dtype, copy=False)


def _along(x: Any, step: Any) -> Any:
    """The derivative of exp at x along a step: the corner of exp of [[x, step], [0, x]]."""
    n = x.shape[-1]
    upper = np.concatenate([x, step], axis=-1)
    lower = np.concatenate([np.zeros_like(x), x], axis=-1)
    return matrix_exp_op(np.concatenate([upper, lower], axis=-2))[..., :n, n:]


def _square_aval(x: Aval) -> Aval:
    check_square("linalg.matrix_exp", x)
    return x


matrix_exp_op: Op = general(
    "matrix_exp", _exponential, pullbacks=[lambda ct, x: _along(x.mT, ct)],
    pushforward=lambda x_dot, x: _along(x, x_dot),
    torch="linalg.matrix_exp", grad_name="LinalgMatrixExpBackward0", aval=_square_aval,
    latex=r"e^{{{}}}",
    explain="the step seen from every moment: the integral of e^(sA) dA e^((1-s)A) from 0 to 1",
    source="R. Mathias, 1996: exp [[A, dA], [0, A]] = [[e^A, d(e^A)], [0, e^A]]",
    batch=behind_first,
)  # fmt: skip


def _exp_samples(s: Sampler) -> Call:
    n = s.integer(1, 3)
    return (s.array((*s.shape(0, 1, 1, 2), n, n), -1, 1),), {}


@public(
    torch="linalg.matrix_exp", room="linalg", names=("matrix_exp",), samples=_exp_samples
)  # fmt: skip
def matrix_exp(A: Tensor) -> Any:
    """The exponential of square matrices, sum A^k / k!: (..., n, n) -> the same.

    >>> import wengert as wg
    >>> wg.linalg.matrix_exp(wg.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    array_of(A)
    return matrix_exp_op(A)


def _power_samples(s: Sampler) -> Call:
    return (*well_conditioned(s)[0], s.integer(-3, 5)), {}


@public(
    torch="linalg.matrix_power", room="linalg", names=("matrix_power",), samples=_power_samples
)  # fmt: skip
def matrix_power(A: Tensor, n: int) -> Any:
    """A @ A @ ... @ A, n times, by repeated squaring; of the inverse for a negative n.

    >>> import wengert as wg
    >>> wg.linalg.matrix_power(wg.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    times = integer("n", n)
    data = array_of(A)
    if data.ndim < 2 or data.shape[-1] != data.shape[-2] or times < 0:
        check_square("linalg.matrix_power", data)
    if times == 0:
        one: Any = np.broadcast_to(eye_like(data), data.shape)
        return where(np.array(False), A, one)
    square: Any = inv_op(A, check=True) if times < 0 else A
    result: Any = None
    bits = f"{abs(times):b}"[::-1]
    for i, bit in enumerate(bits):
        square = square @ square if i else square
        if bit == "1":
            result = square if result is None else result @ square
    return result.clone() if result is A else result


# Vectors -----------------------------------------------------------------------------------------


def _vander_samples(s: Sampler) -> Call:
    x = s.array(s.shape(1, 2))
    return (x,), {"N": s.choice([None, 1, 2, 4])}


def _powers(x: Any, count: int) -> Any:
    """[1, x, x^2, ...] along a new last dimension."""
    parts: list[Any] = [np.ones_like(x)]
    while len(parts) < count:
        parts.append(parts[-1] * x if len(parts) > 1 else x)
    return stack(parts[:count], -1) if count else x[..., None][..., :0]


@public(torch="linalg.vander", room="linalg", samples=_vander_samples)
def vander(x: Tensor, N: int | None = None) -> Any:
    """The powers 0 to N - 1 of each element: (..., n) -> (..., n, N), N = n if it is not given."""
    data = array_of(x)
    if data.ndim == 0:
        raise ShapeError("linalg.vander: x must have at least one dimension")
    count = data.shape[-1] if N is None else integer("N", N)
    if count < 1:
        raise ShapeError(f"N must be at least 1, but got {count}")
    return _powers(x, count)


def _older_samples(s: Sampler) -> Call:
    n = s.integer(1, 3)
    return (s.array((n,)),), {"N": s.choice([None, 2, 4]), "increasing": s.choice([True, False])}


@public(torch="vander", samples=_older_samples, method=False)
def vander_(x: Tensor, N: int | None = None, increasing: bool = False) -> Any:
    """torch.vander: of a vector, the highest power first unless `increasing`."""
    data = array_of(x)
    if data.ndim != 1:
        raise ShapeError("x must be a one-dimensional tensor.")
    made = _powers(x, data.shape[-1] if N is None else integer("N", N))
    return made if flag("increasing", increasing) else made.flip(-1)


def _vecdot_samples(s: Sampler) -> Call:
    shape = s.shape(1, 3)
    return (s.array(shape), s.array(shape[-1:] if s.integer(0, 1) else shape)), {}


@public(torch="linalg.vecdot", room="linalg", samples=_vecdot_samples)
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Any:
    """The sum of conj(x) * y along a dimension; the others are broadcast.

    >>> import wengert as wg
    >>> wg.linalg.vecdot(wg.ones(2, 3), wg.ones(3))
    tensor([3., 3.])
    """
    x_data, y_data = array_of(x), array_of(y)
    if x_data.dtype.kind == "c":
        x = x.conj()
    if x_data.ndim == y_data.ndim == 1 and x_data.shape != y_data.shape:
        raise ShapeError(
            f"linalg.vecdot: vectors of {x_data.size} and {y_data.size} elements have no product"
        )
    product = x * y
    at = dim if dim < 0 else dim - max(x_data.ndim, y_data.ndim)
    return product.sum(at)


def _diagonal_samples(s: Sampler) -> Call:
    shape = s.shape(2, 3)
    return (s.array(shape),), {"offset": s.integer(-1, 1)}


@public(torch="linalg.diagonal", room="linalg", samples=_diagonal_samples)
def diagonal_(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The diagonals of the last two dimensions, or of any two: `diagonal` with other defaults."""
    return diagonal(A, offset, dim1, dim2)


def _product_samples(s: Sampler) -> Call:
    m, k, n = (s.integer(1, 3) for _ in range(3))
    return (s.array((m, k)), s.array((k, n))), {}


@public(torch="linalg.matmul", room="linalg", samples=_product_samples)
def matmul_(input: Tensor, other: Tensor) -> Any:
    """The matrix product: `matmul`."""
    return matmul(input, other)


# Tensors as matrices -----------------------------------------------------------------------------


def _tensorinv_samples(s: Sampler) -> Call:
    (x,), _ = well_conditioned(s)
    n = x.shape[-1]
    return (x.reshape(-1, n, n)[0].reshape(n, 1, n), 2), {}


@public(torch="linalg.tensorinv", room="linalg", samples=_tensorinv_samples)
def tensorinv(A: Tensor, ind: int = 2) -> Any:
    """The inverse of A as a matrix of its first `ind` dimensions by the others.

    The result has the shape A.shape[ind:] + A.shape[:ind]; tensordot(result, A, ind) is the
    identity. Raises ShapeError where the two products of lengths differ.
    """
    shape = array_of(A).shape
    if not 0 < integer("ind", ind) <= len(shape):
        raise ShapeError("Expected a strictly positive integer for 'ind'")
    rows, columns = math.prod(shape[:ind]), math.prod(shape[ind:])
    if rows != columns:
        raise ShapeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == "
            f"prod(self.shape[:ind]), but got {columns} != {rows}"
        )
    inverse = inv_op(A.reshape((rows, columns)), check=True)
    return inverse.reshape((*shape[ind:], *shape[:ind]))


def _tensorsolve_samples(s: Sampler) -> Call:
    (x,), _ = well_conditioned(s)
    n = x.shape[-1]
    matrix = x.reshape(-1, n, n)[0]
    if s.integer(0, 1):
        return (matrix.reshape(n, 1, n), s.array((n, 1))), {}
    return (matrix.T.reshape(n, n, 1), s.array((n, 1))), {"dims": (0,)}


@public(torch="linalg.tensorsolve", room="linalg", samples=_tensorsolve_samples)
def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Any:
    """X with tensordot(A, X, X.ndim) = B; `dims` of A are moved to its end first."""
    array_of(A)
    array_of(B)
    if dims is not None:
        A = A.movedim(tuple(dims), tuple(range(-len(dims), 0)))
    a, b = array_of(A), array_of(B)
    shape = a.shape[b.ndim :]
    rows, columns = math.prod(a.shape[: b.ndim]), math.prod(shape)
    if rows != columns:
        raise ShapeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {columns} != {rows}"
        )
    found = solve_op(A.reshape((rows, columns)), B.reshape((rows, 1)), check=True)
    return found.reshape(tuple(shape))
