"""NumPy's polynomials as vectors of coefficients, the highest power first; np.vander, np.poly."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.errors import ArgumentError, ArgumentValueError
from wengert.ops.eigen import eigvals
from wengert.ops.join import cat
from wengert.ops.matrix_functions import vander_
from wengert.ops.numpy_shapes import answers
from wengert.ops.numpy_taken import as_float, concrete, taken
from wengert.ops.pinv import lstsq_op


def _coefficients(p: Any) -> Any:
    return taken(p).reshape(-1)


@answers(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    """By Horner's rule."""
    c = _coefficients(p)
    at = taken(x)
    found: Any = at * 0
    for i in range(c.shape[0]):
        found = found * at + c[i]
    return found


def _aligned(a1: Any, a2: Any) -> tuple[Any, Any]:
    """Both with as many coefficients, zeros in front."""
    x, y = _coefficients(a1), _coefficients(a2)
    n = max(x.shape[0], y.shape[0])
    return np.pad(x, (n - x.shape[0], 0)), np.pad(y, (n - y.shape[0], 0))


@answers(np.polyadd)
def _polyadd(a1: Any, a2: Any) -> Any:
    x, y = _aligned(a1, a2)
    return x + y


@answers(np.polysub)
def _polysub(a1: Any, a2: Any) -> Any:
    x, y = _aligned(a1, a2)
    return x - y


@answers(np.polymul)
def _polymul(a1: Any, a2: Any) -> Any:
    return np.convolve(_coefficients(a1), _coefficients(a2))


@answers(np.polyder)
def _polyder(p: Any, m: int = 1) -> Any:
    c = _coefficients(p)
    for _ in range(m):
        powers = np.arange(c.shape[0] - 1, 0, -1)
        c = c[:-1] * taken(powers).to(c.dtype)
    return c


@answers(np.polyint)
def _polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    c = as_float(_coefficients(p))
    constants = np.zeros(m) if k is None else np.broadcast_to(np.atleast_1d(taken(k)), (m,))
    for i in range(m):
        powers = np.arange(c.shape[0], 0, -1)
        last = taken(constants[i]).to(c.dtype).reshape(1)
        c = cat([c / taken(powers).to(c.dtype), last])
    return c


@answers(np.poly)
def _poly(seq_of_zeros: Any) -> Any:
    """The coefficients of the product of (x - root), or of a matrix' characteristic polynomial."""
    roots = taken(seq_of_zeros)
    if roots.ndim == 2:
        found = _poly(eigvals(roots))
        return found if roots.is_complex() else found.real
    found = np.ones_like(roots[:1]) if roots.shape[0] else taken(np.ones(1))
    for i in range(roots.shape[0]):
        found = cat([found, found[:1] * 0]) - cat([found[:1] * 0, found]) * roots[i]
    return found


@answers(np.roots)
def _roots(p: Any) -> Any:
    """The eigenvalues of the companion matrix; zeros at the ends of p are cut off."""
    c = as_float(_coefficients(p))
    there = np.flatnonzero(concrete(c, "roots"))
    if not there.size:
        return c[:0]
    behind = c.shape[0] - 1 - int(there[-1])
    c = c[int(there[0]) : int(there[-1]) + 1]
    n = c.shape[0] - 1
    if not n:
        return c[:0]
    below = taken(np.eye(n - 1, n, dtype=concrete(c, "roots").dtype))
    found = eigvals(cat([(-c[1:] / c[0]).reshape(1, -1), below], 0))
    return cat([found, found.new_zeros(behind)]) if behind else found


@answers(np.vander)
def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    return vander_(x, N, increasing)


@answers(np.polyfit)
def _polyfit(
    x: Any, y: Any, deg: int, rcond: float | None = None, full: bool = False, w: Any = None,
    cov: Any = False,
) -> Any:  # fmt: skip
    """Least squares, with the columns scaled as NumPy scales them."""
    if full or cov:
        raise ArgumentError("np.polyfit of a tensor gives the coefficients only")
    if np.ndim(deg):
        raise ArgumentValueError("np.polyfit of a tensor: deg is one number, the degree")
    points, values = as_float(taken(x)), as_float(taken(y))
    a = vander_(points, deg + 1)
    b = values if values.ndim == 2 else values[:, None]
    if w is not None:
        weight = taken(w).to(a.dtype)[:, None]
        a, b = a * weight, b * weight
    length = np.sqrt((a * a).sum(0))
    cut = points.shape[0] * 2e-16 if rcond is None else rcond
    found = lstsq_op(a / length, b, rcond=float(cut)) / length[:, None]
    return found if values.ndim == 2 else found[:, 0]
