"""NumPy's names of products, where its signatures or its rules for ranks differ from torch's."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.errors import ArgumentError
from wengert.ops.arithmetic import mul
from wengert.ops.cross import cross_op
from wengert.ops.diagonal import diagonal
from wengert.ops.einsum import einsum
from wengert.ops.matmul import matmul
from wengert.ops.mm import vdot
from wengert.ops.multi_dot import multi_dot
from wengert.ops.numpy_shapes import answers
from wengert.ops.outer import outer, tensordot
from wengert.ops.reduce import sum_
from wengert.ops.reshape import reshape
from wengert.ops.transpose import movedim


def _same(function: Any, *theirs: Any) -> None:
    """Answer for functions that mean the same."""
    for name in theirs:
        answers(name)(function)


_same(matmul, np.linalg.matmul)
_same(multi_dot, np.linalg.multi_dot)


@answers(np.einsum)
def _einsum(*args: Any, optimize: Any = False) -> Any:
    """`optimize` chooses how it is computed, never what."""
    return einsum(*args)


@answers(np.dot)
def _dot(a: Any, b: Any) -> Any:
    """Over the last dimension of a and the last but one of b; numbers multiply."""
    x_ndim, y_ndim = getattr(a, "ndim", 0), getattr(b, "ndim", 0)
    if not (x_ndim and y_ndim):
        return mul(a, b)
    return tensordot(a, b, ([x_ndim - 1], [max(y_ndim - 2, 0)]))


@answers(np.vdot)
def _vdot(a: Any, b: Any) -> Any:
    return vdot(reshape(a, -1), reshape(b, -1))


@answers(np.outer)
def _outer(a: Any, b: Any) -> Any:
    return outer(reshape(a, -1), reshape(b, -1))


@answers(np.tensordot, np.linalg.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    if np.ndim(axes) == 0:
        return tensordot(a, b, axes)
    return tensordot(a, b, [np.atleast_1d(dims).tolist() for dims in axes])


@answers(np.trace)
def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return sum_(diagonal(a, offset, axis1, axis2), -1)


@answers(np.linalg.trace)
def _trace_of_matrices(x: Any, /, *, offset: int = 0) -> Any:
    return _trace(x, offset, -2, -1)


@answers(np.cross, np.linalg.cross)
def _cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """Vectors of three components; shapes broadcast even where ranks differ."""
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = movedim(a, axisa, -1), movedim(b, axisb, -1)
    if x.shape[-1] != 3 or y.shape[-1] != 3:
        raise ArgumentError("np.cross of a tensor: vectors must have three components")
    return movedim(cross_op(x, y, dim=-1), -1, axisc)
