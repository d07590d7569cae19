"""NumPy's differences, integrals, interpolation, convolution, and functions along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.errors import ArgumentError, ArgumentValueError
from wengert.ops.canonical import one_dim
from wengert.ops.finding import searchsorted
from wengert.ops.index import getitem
from wengert.ops.join import cat, stack
from wengert.ops.numpy_shapes import answers
from wengert.ops.numpy_taken import as_float, concrete, plain, taken
from wengert.ops.selection import where

# Differences and integrals -----------------------------------------------------------------------


@answers(np.ediff1d)
def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    flat = taken(ary).reshape(-1)
    parts = [flat[1:] - flat[:-1]]
    if to_begin is not None:
        parts.insert(0, taken(to_begin).to(flat.dtype).reshape(-1))
    if to_end is not None:
        parts.append(taken(to_end).to(flat.dtype).reshape(-1))
    return cat(parts)


@answers(np.gradient)
def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Second-order differences inside, of the order `edge_order` at the ends; see numpy.gradient.

    Source: Quarteroni, Sacco, Saleri, Numerical Mathematics, 2007, for uneven spacing.
    """
    x = as_float(taken(f))
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    dims = [one_dim(d, x.ndim) for d in axes]
    steps = list(varargs) or [1.0]
    if len(steps) == 1:
        steps *= len(dims)
    if len(steps) != len(dims):
        raise ArgumentError("np.gradient: one spacing, or one for each axis")
    found = [_along(x, h, d, edge_order) for d, h in zip(dims, steps, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def _along(x: Any, spacing: Any, dim: int, edge_order: int) -> Any:
    if x.shape[dim] < edge_order + 1:
        raise ArgumentValueError(
            "np.gradient: the tensor is too small along an axis; edge_order + 1 elements are needed"
        )
    y = x.movedim(dim, -1)
    n = y.shape[-1]
    h = taken(spacing).to(x.dtype)
    gaps = np.broadcast_to(h, (n - 1,)) if h.ndim == 0 else h[1:] - h[:-1]
    slopes = (y[..., 1:] - y[..., :-1]) / gaps
    first, last = slopes[..., :1], slopes[..., -1:]
    left, right = gaps[:-1], gaps[1:]
    inner = (slopes[..., :-1] * right + slopes[..., 1:] * left) / (left + right)
    if edge_order == 2:
        # The parabola through three points, at its end.
        bend = (slopes[..., 1:] - slopes[..., :-1]) / (left + right)
        first = first - bend[..., :1] * gaps[:1]
        last = last + bend[..., -1:] * gaps[-1:]
    return cat([first, inner, last], -1).movedim(-1, dim)


@answers(np.trapezoid)
def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    values = taken(y)
    dim = one_dim(axis, values.ndim)
    width: Any = dx
    if x is not None:
        points = taken(x)
        if points.ndim == 1:
            shape = [1] * values.ndim
            shape[dim] = -1
            points = points.reshape(shape)
        width = np.diff(points, axis=dim)
    lower = values.narrow(dim, 0, values.shape[dim] - 1)
    upper = values.narrow(dim, 1, values.shape[dim] - 1)
    return (width * (lower + upper) / 2).sum(dim)


@answers(np.interp)
def _interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Piecewise linear, constant beyond the ends; differentiable in x, xp and fp."""
    at, points, values = (as_float(taken(v)) for v in (x, xp, fp))
    if points.ndim != 1 or values.ndim != 1:
        raise ArgumentValueError("np.interp: xp and fp must be 1-D sequences")
    if period is not None:
        at, points, values = _wrapped(at, points, values, abs(period))
        left = right = None
    count = points.shape[0]
    if count == 1:
        inside = at * 0 + values[0]
    else:
        i = np.clip(searchsorted(points.detach(), at.detach(), right=True) - 1, 0, count - 2)
        x0, x1, y0, y1 = (getitem(v, i + k) for v in (points, values) for k in (0, 1))
        slope = (y1 - y0) / where(x1 == x0, 1.0, x1 - x0)
        inside = y0 + slope * (at - x0)
    below = values[0] if left is None else left
    above = values[-1] if right is None else right
    ended = where(at > points[-1], above, where(at < points[0], below, inside))
    return where(at == points[-1], values[-1], ended)


def _wrapped(x: Any, points: Any, values: Any, period: float) -> tuple[Any, Any, Any]:
    """The points sorted within one period, and one more at each end."""
    at, points = x % period, points % period
    order = np.argsort(concrete(points, "interp"))
    points, values = getitem(points, order), getitem(values, order)
    points = cat([points[-1:] - period, points, points[:1] + period])
    return at, points, cat([values[-1:], values, values[:1]])


@answers(np.unwrap)
def _unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * np.pi) -> Any:
    """Jumps are taken out by whole periods, which have slope 0."""
    x = as_float(taken(p))
    steps = np.diff(x, axis=axis)
    half = period / 2
    shift = np.mod(steps + half, period) - half
    shift = where((shift == -half) & (steps > 0), half, shift) - steps
    shift = where(abs(steps) < (half if discont is None else discont), 0, shift)
    first = x.narrow(axis, 0, 1)
    rest = x.narrow(axis, 1, x.shape[axis] - 1) + np.cumsum(shift, axis)
    return cat([first, rest], axis)


# Convolution -------------------------------------------------------------------------------------


@answers(np.convolve)
def _convolve(a: Any, v: Any, mode: str = "full") -> Any:
    x, y = taken(a), taken(v)
    if x.ndim > 1 or y.ndim > 1:
        raise ArgumentValueError("np.convolve: object too deep for desired array")
    x, y = x.reshape(-1), y.reshape(-1)
    if x.shape[0] < y.shape[0]:
        x, y = y, x
    n, m = x.shape[0], y.shape[0]
    if not m:
        raise ArgumentValueError("np.convolve: v cannot be empty")
    # Row i of the windows of the padded signal holds what meets the reversed kernel there.
    padded: Any = np.pad(x, m - 1)
    start, count = {"full": (0, n + m - 1), "same": ((m - 1) // 2, n), "valid": (m - 1, n - m + 1)}[
        _mode("convolve", mode)
    ]
    return padded.unfold(0, m, 1).narrow(0, start, count) @ y.flip(0).to(x.dtype)


def _mode(name: str, mode: str) -> str:
    if mode not in ("full", "same", "valid"):
        raise ArgumentValueError(f"np.{name}: mode must be 'full', 'same' or 'valid', not {mode!r}")
    return mode


@answers(np.correlate)
def _correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    x, y = taken(a), taken(v)
    _mode("correlate", mode)
    if x.shape[0] >= y.shape[0]:
        return _convolve(x, np.conj(y).flip(0), mode)
    return np.conj(_convolve(y, np.conj(x).flip(0), mode)).flip(0)


# Along an axis -----------------------------------------------------------------------------------


@answers(np.apply_along_axis)
def _apply_along_axis(
    func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any
) -> Any:
    """func1d of every vector along an axis, one by one, as NumPy does it; the results stacked."""
    x = taken(arr)
    dim = one_dim(axis, x.ndim)
    rows = x.movedim(dim, -1)
    lead = tuple(rows.shape[:-1])
    flat = rows.reshape(-1, rows.shape[-1])
    found = [taken(func1d(flat[i], *args, **kwargs)) for i in range(flat.shape[0])]
    made = stack(found).reshape(lead + tuple(found[0].shape))
    new = tuple(range(len(lead), made.ndim))
    return made.movedim(new, tuple(range(dim, dim + len(new)))) if new else made


@answers(np.apply_over_axes)
def _apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Any:
    x = taken(a)
    for axis in (axes,) if isinstance(axes, int) else axes:
        found = func(x, axis)
        x = found if found.ndim == x.ndim else found.unsqueeze(axis)
    return x


# Ranges ------------------------------------------------------------------------------------------


@answers(np.linspace)
def _linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Any = None, axis: int = 0, *, device: Any = None,
) -> Any:  # fmt: skip
    a, b = as_float(taken(start)), as_float(taken(stop))
    parts = num - 1 if endpoint else num
    step = (b - a) / max(parts, 1)
    ticks = np.arange(num, dtype=float).reshape((num,) + (1,) * max(a.ndim, b.ndim))
    found = a + step * taken(ticks).to(step.dtype)
    found = found if axis == 0 else found.movedim(0, axis)
    found = found if dtype is None else found.to(dtype)
    return (found, step) if retstep else found


@answers(np.logspace)
def _logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    found = base ** _linspace(start, stop, num, endpoint, axis=axis)
    return found if dtype is None else found.to(dtype)


@answers(np.geomspace)
def _geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    a, b = as_float(taken(start)), as_float(taken(stop))
    sign = np.sign(a)
    found = sign * np.exp(_linspace(np.log(a * sign), np.log(b * sign), num, endpoint, axis=axis))
    return found if dtype is None else found.to(dtype)


@answers(np.digitize)
def _digitize(x: Any, bins: Any, right: bool = False) -> Any:
    edges = plain(bins)
    values = taken(x)
    if edges.size > 1 and edges[0] > edges[-1]:
        rising = searchsorted(taken(edges[::-1].copy()), values, right=right)
        return edges.size - rising
    return searchsorted(taken(edges), values, right=not right)
