"""One call, or several, of every public function of NumPy that takes arrays.

x: (3, 4), v: (3,), s: (3, 3), symmetric and positive definite. Elements are apart from each other
and from whole numbers, so finite differences can judge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

X = np.array([[0.31, 1.72, 0.93, 2.44], [1.15, 0.56, 2.87, 1.38], [2.09, 0.71, 1.51, 0.22]])
V = np.array([0.42, 1.33, 0.84])
S = np.array([[4.1, 0.7, -0.4], [0.7, 3.2, 0.5], [-0.4, 0.5, 2.3]])

Call = Callable[[Any, Any, Any], Any]


def changed(function: Any) -> Call:
    """For functions that write into their first argument: what it is afterwards."""

    def call(x: Any, v: Any, s: Any) -> Any:
        copy = np.copy(x)
        function(copy, v)
        return copy

    return call


def words(text: str) -> list[str]:
    return text.split()


def of_one(function: Any) -> Call:
    return lambda x, v, s: function(x)


def of_two(function: Any) -> Call:
    return lambda x, v, s: function(x, x + 1 / 3)


def of_third(function: Any) -> Call:
    return lambda x, v, s: function(x / 3)


MASK = X > 1
THIRDS = ("arccos", "acos", "arcsin", "asin", "arctanh", "atanh")
# Functions of one array of any shape, tried on x.
PLAIN = words(
    """
    abs absolute acosh arcsinh arctan asinh atan cbrt ceil conj conjugate cos cosh deg2rad
    degrees exp exp2 expm1 fabs fix floor i0 isfinite isinf isnan iscomplex isneginf isposinf
    isreal log log10 log1p log2 logical_not nan_to_num negative positive rad2deg radians real
    reciprocal rint round around sign signbit sin sinc sinh sqrt square tan tanh trunc angle
    imag spacing copy real_if_close nonzero argwhere flatnonzero modf frexp sum prod mean std
    var max min amax amin ptp any all argmax argmin average cumsum cumprod nansum nanprod
    nanmean nanstd nanvar nanmax nanmin nanargmax nanargmin nancumsum nancumprod median
    nanmedian count_nonzero sort argsort unique unique_values unique_all unique_counts
    unique_inverse sort_complex ravel transpose permute_dims squeeze flip fliplr flipud rot90
    diff ediff1d gradient cov corrcoef trapezoid diagonal trace tril triu diagflat atleast_1d
    atleast_2d atleast_3d matrix_transpose zeros_like ones_like ndim shape size iscomplexobj
    isrealobj unwrap unstack
    """
)
# Functions of two arrays of one shape, tried on x and x + 1/3.
PAIRS = words(
    """
    add arctan2 atan2 copysign divide equal float_power floor_divide fmax fmin fmod greater
    greater_equal heaviside hypot less less_equal logaddexp logaddexp2 logical_and logical_or
    logical_xor maximum minimum mod multiply not_equal pow power remainder subtract true_divide
    divmod isclose vecdot outer kron union1d intersect1d setdiff1d setxor1d allclose array_equal
    array_equiv isin inner vdot
    """
)

CALLS: dict[str, Call] = {
    **{name: of_one(getattr(np, name)) for name in PLAIN},
    **{name: of_two(getattr(np, name)) for name in PAIRS},
    **{name: of_third(getattr(np, name)) for name in THIRDS},
    "arccosh": lambda x, v, s: np.arccosh(x + 1),
    "acosh": lambda x, v, s: np.acosh(x + 1),
    "bitwise_and": lambda x, v, s: np.bitwise_and(x > 1, x > 2),
    "bitwise_or": lambda x, v, s: np.bitwise_or(x > 1, x > 2),
    "bitwise_xor": lambda x, v, s: np.bitwise_xor(x > 1, x > 2),
    "bitwise_not": lambda x, v, s: np.bitwise_not(x > 1),
    "bitwise_invert": lambda x, v, s: np.bitwise_invert(x > 1),
    "invert": lambda x, v, s: np.invert(x > 1),
    "bitwise_count": lambda x, v, s: np.bitwise_count(np.argsort(x)),
    "bitwise_left_shift": lambda x, v, s: np.bitwise_left_shift(np.argsort(x), 1),
    "bitwise_right_shift": lambda x, v, s: np.bitwise_right_shift(np.argsort(x), 1),
    "left_shift": lambda x, v, s: np.left_shift(np.argsort(x), 1),
    "right_shift": lambda x, v, s: np.right_shift(np.argsort(x), 1),
    "gcd": lambda x, v, s: np.gcd(np.argsort(x), 2),
    "lcm": lambda x, v, s: np.lcm(np.argsort(x), 2),
    "ldexp": lambda x, v, s: np.ldexp(x, np.array([1, 2, 0, -1])),
    "matmul": lambda x, v, s: np.matmul(s, x),
    "matvec": lambda x, v, s: np.matvec(s, v),
    "vecmat": lambda x, v, s: np.vecmat(v, s),
    "dot": lambda x, v, s: np.dot(s, x),
    "tensordot": lambda x, v, s: np.tensordot(s, x, 1),
    "einsum": lambda x, v, s: np.einsum("ij,jk->ik", s, x),
    "einsum_path": lambda x, v, s: np.einsum_path("ij,jk->ik", s, x)[0],
    "cross": lambda x, v, s: np.cross(s, v),
    # Shapes
    "reshape": lambda x, v, s: np.reshape(x, (4, 3)),
    "resize": lambda x, v, s: np.resize(x, (5, 4)),
    "swapaxes": lambda x, v, s: np.swapaxes(x, 0, 1),
    "moveaxis": lambda x, v, s: np.moveaxis(x, 0, 1),
    "rollaxis": lambda x, v, s: np.rollaxis(x, 1),
    "expand_dims": lambda x, v, s: np.expand_dims(x, 1),
    "broadcast_to": lambda x, v, s: np.broadcast_to(v, (2, 3)),
    "broadcast_arrays": lambda x, v, s: np.broadcast_arrays(s, v),
    "concatenate": lambda x, v, s: np.concatenate([x, s], axis=1),
    "concat": lambda x, v, s: np.concat([x, s], axis=1),
    "stack": lambda x, v, s: np.stack([v, v * 2]),
    "hstack": lambda x, v, s: np.hstack([x, s]),
    "vstack": lambda x, v, s: np.vstack([s, v]),
    "dstack": lambda x, v, s: np.dstack([s, s]),
    "column_stack": lambda x, v, s: np.column_stack([v, s]),
    "block": lambda x, v, s: np.block([[s, v[:, None]], [v, np.ones(1)]]),
    "append": lambda x, v, s: np.append(s, v[None], axis=0),
    "insert": lambda x, v, s: np.insert(s, 1, v, axis=0),
    "delete": lambda x, v, s: np.delete(x, [0, 2], axis=1),
    "split": lambda x, v, s: np.split(x, 2, axis=1),
    "array_split": lambda x, v, s: np.array_split(x, 3, axis=1),
    "hsplit": lambda x, v, s: np.hsplit(x, 2),
    "vsplit": lambda x, v, s: np.vsplit(x, 3),
    "dsplit": lambda x, v, s: np.dsplit(x.reshape(3, 2, 2), 2),
    "tile": lambda x, v, s: np.tile(v, (2, 2)),
    "repeat": lambda x, v, s: np.repeat(x, 2, axis=1),
    "roll": lambda x, v, s: np.roll(x, 1),
    "pad": lambda x, v, s: np.pad(x, 1),
    "meshgrid": lambda x, v, s: np.meshgrid(v, v * 2),
    "trim_zeros": lambda x, v, s: np.trim_zeros(np.where(v > 0.5, v, 0)),
    "astype": lambda x, v, s: np.astype(x, np.float64),
    "diag": lambda x, v, s: np.diag(v),
    "vander": lambda x, v, s: np.vander(v),
    # Picking and choosing
    "take": lambda x, v, s: np.take(x, [2, 0], axis=1),
    "take_along_axis": lambda x, v, s: np.take_along_axis(x, np.array([[0], [1], [2]]), 1),
    "compress": lambda x, v, s: np.compress([True, False, True], x, axis=0),
    "extract": lambda x, v, s: np.extract(MASK, x),
    "choose": lambda x, v, s: np.choose(np.array([0, 1, 0]), [v, v * 2]),
    "select": lambda x, v, s: np.select([x > 2, x > 1], [x, x * x], 0.5),
    "piecewise": lambda x, v, s: np.piecewise(x, [x > 1], [np.log, lambda y: y * y]),
    "where": lambda x, v, s: np.where(x > 1, x, x * x),
    "clip": lambda x, v, s: np.clip(x, 0.5, 2),
    "searchsorted": lambda x, v, s: np.searchsorted(np.sort(v), x),
    "digitize": lambda x, v, s: np.digitize(x, np.array([0.5, 1, 2])),
    "lexsort": lambda x, v, s: np.lexsort((v, v * 2)),
    "partition": lambda x, v, s: np.partition(v, 1)[1],
    "argpartition": lambda x, v, s: np.argpartition(v, 1)[1],
    "bincount": lambda x, v, s: np.bincount(np.array([0, 2, 0]), weights=v),
    "unravel_index": lambda x, v, s: np.unravel_index(np.argmax(x), (3, 4)),
    "ravel_multi_index": lambda x, v, s: np.ravel_multi_index(np.nonzero(x > 1), (3, 4)),
    "ix_": lambda x, v, s: x[np.ix_(v > 0.5, [0, 1])],
    "diag_indices_from": lambda x, v, s: s[np.diag_indices_from(s)],
    "tril_indices_from": lambda x, v, s: s[np.tril_indices_from(s)],
    "triu_indices_from": lambda x, v, s: s[np.triu_indices_from(s)],
    # Writing
    "copyto": changed(lambda x, v: np.copyto(x, v[:, None])),
    "put": changed(lambda x, v: np.put(x, [0, 5], v[:2])),
    "put_along_axis": changed(
        lambda x, v: np.put_along_axis(x, np.array([[0], [1], [2]]), v[:, None], 1)
    ),
    "place": changed(lambda x, v: np.place(x, MASK, v)),
    "putmask": changed(lambda x, v: np.putmask(x, MASK, x * 2)),
    "fill_diagonal": changed(lambda x, v: np.fill_diagonal(x, v)),
    # Statistics and numerics
    "quantile": lambda x, v, s: np.quantile(x, 0.3),
    "percentile": lambda x, v, s: np.percentile(x, [30, 60], axis=1),
    "nanquantile": lambda x, v, s: np.nanquantile(x, 0.3, axis=0),
    "nanpercentile": lambda x, v, s: np.nanpercentile(x, 30),
    "cumulative_sum": lambda x, v, s: np.cumulative_sum(v, include_initial=True),
    "cumulative_prod": lambda x, v, s: np.cumulative_prod(v, include_initial=True),
    "interp": lambda x, v, s: np.interp(x, np.sort(v), v),
    "convolve": lambda x, v, s: np.convolve(x[0], v),
    "correlate": lambda x, v, s: np.correlate(x[0], v, "full"),
    "apply_along_axis": lambda x, v, s: np.apply_along_axis(lambda r: r * r.sum(), 1, x),
    "apply_over_axes": lambda x, v, s: np.apply_over_axes(np.sum, x, [0, 1]),
    "linspace": lambda x, v, s: np.linspace(v[0], v[1], 5),
    "logspace": lambda x, v, s: np.logspace(v[0], v[1], 5),
    "geomspace": lambda x, v, s: np.geomspace(v[0], v[1], 5),
    "polyval": lambda x, v, s: np.polyval(v, x),
    "polyadd": lambda x, v, s: np.polyadd(v, x[0]),
    "polysub": lambda x, v, s: np.polysub(v, x[0]),
    "polymul": lambda x, v, s: np.polymul(v, x[0]),
    "polyder": lambda x, v, s: np.polyder(x[0]),
    "polyint": lambda x, v, s: np.polyint(v),
    "polyfit": lambda x, v, s: np.polyfit(x[0], x[1], 2),
    "poly": lambda x, v, s: np.poly(v),
    "roots": lambda x, v, s: np.abs(np.roots(np.stack([v[0], v[1] - 9, v[2]]))),
    "full_like": lambda x, v, s: np.full_like(x, v[0]),
    "empty_like": lambda x, v, s: np.empty_like(x).shape,
    # Questions
    "result_type": lambda x, v, s: np.result_type(x, np.float32) == np.float64,
    "common_type": lambda x, v, s: np.common_type(x, v) is np.float64,
    "can_cast": lambda x, v, s: np.can_cast(np.float32, np.result_type(x)),
    "min_scalar_type": lambda x, v, s: np.min_scalar_type(x) == np.float64,
    "shares_memory": lambda x, v, s: np.shares_memory(x, x),
    "may_share_memory": lambda x, v, s: np.may_share_memory(x, v),
}
# Without history: of what the text is, and not of a tensor that requires grad.
TEXTS = ("array_repr", "array_str", "array2string")

FFT: dict[str, Call] = {
    "fftshift": lambda x, v, s: np.fft.fftshift(s[:, :2]),
    "ifftshift": lambda x, v, s: np.fft.ifftshift(x, axes=0),
}
LINALG: dict[str, Call] = {
    "cholesky": lambda x, v, s: np.linalg.cholesky(s @ s.T),
    "cond": lambda x, v, s: np.linalg.cond(s),
    "cross": lambda x, v, s: np.linalg.cross(s, s + 1 / 3),
    "det": lambda x, v, s: np.linalg.det(s),
    "diagonal": lambda x, v, s: np.linalg.diagonal(s),
    "eig": lambda x, v, s: np.abs(np.linalg.eig(s)[1]),
    "eigh": lambda x, v, s: np.abs(np.linalg.eigh(s @ s.T)[1]),
    "eigvals": lambda x, v, s: np.sort(np.linalg.eigvals(s)),
    "eigvalsh": lambda x, v, s: np.linalg.eigvalsh(s @ s.T),
    "inv": lambda x, v, s: np.linalg.inv(s),
    "lstsq": lambda x, v, s: np.linalg.lstsq(x.T, x[0])[0],
    "matmul": lambda x, v, s: np.linalg.matmul(s, x),
    "matrix_norm": lambda x, v, s: np.linalg.matrix_norm(x, ord="nuc"),
    "matrix_power": lambda x, v, s: np.linalg.matrix_power(s, -2),
    "matrix_rank": lambda x, v, s: np.linalg.matrix_rank(x),
    "matrix_transpose": lambda x, v, s: np.linalg.matrix_transpose(x),
    "multi_dot": lambda x, v, s: np.linalg.multi_dot([s, s, v]),
    "norm": lambda x, v, s: np.linalg.norm(x, axis=1),
    "outer": lambda x, v, s: np.linalg.outer(v, v),
    "pinv": lambda x, v, s: np.linalg.pinv(x),
    "qr": lambda x, v, s: np.abs(np.linalg.qr(s)[1]),
    "slogdet": lambda x, v, s: np.linalg.slogdet(s)[1],
    "solve": lambda x, v, s: np.linalg.solve(s, v),
    "svd": lambda x, v, s: np.abs(np.linalg.svd(x, full_matrices=False)[0]),
    "svdvals": lambda x, v, s: np.linalg.svdvals(x),
    "tensordot": lambda x, v, s: np.linalg.tensordot(s, x, axes=1),
    "tensorinv": lambda x, v, s: np.linalg.tensorinv(s.reshape(3, 1, 3)),
    "tensorsolve": lambda x, v, s: np.linalg.tensorsolve(s, v),
    "trace": lambda x, v, s: np.linalg.trace(s),
    "vecdot": lambda x, v, s: np.linalg.vecdot(s, v),
    "vector_norm": lambda x, v, s: np.linalg.vector_norm(x, ord=3),
}
