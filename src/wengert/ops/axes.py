"""What reductions and scans share: dimensions, cotangents spread back over them, checks, draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from wengert.core.aval import Shape
from wengert.core.dtype import dtype_of
from wengert.core.half import is_half
from wengert.errors import ArgumentError, DimensionError, DTypeError, ShapeError, WengertError
from wengert.ops.arguments import flag, ndim_of
from wengert.ops.canonical import many_dims, one_dim
from wengert.ops.samples import Call, Sampler

Axes = tuple[int, ...]

FLOAT32: Final = np.dtype(np.float32)
INT64: Final = np.dtype(np.int64)
_WIDER: Final[dict[np.dtype[Any], np.dtype[Any]]] = {
    FLOAT32: np.dtype(np.float64),
    np.dtype(np.complex64): np.dtype(np.complex128),
}

# (array, dimensions, dtype, None, keepdim): ufunc.reduce is np.sum and np.max without their
# two microseconds of argument handling.
add_up: Final[Callable[..., Any]] = np.add.reduce
multiply_up: Final[Callable[..., Any]] = np.multiply.reduce
largest: Final[Callable[..., Any]] = np.maximum.reduce
smallest: Final[Callable[..., Any]] = np.minimum.reduce


def array_for(name: str, value: Any) -> Any:
    """The array behind the tensor that a function was given; ArgumentError if it is none."""
    data = getattr(value, "_data", value)
    if isinstance(data, (np.ndarray, np.generic)):
        return data
    raise ArgumentError(
        f"{name}(): argument 'input' must be a tensor, not {type(value).__name__}",
        "Make one of it: wengert.tensor(...).",
    )


def dims_for(name: str, value: Any, dim: Any) -> Axes | None:
    """The dimensions to reduce, sorted, each once; () means all of them, and None stays None."""
    ndim = ndim_of(value)
    if dim is None:
        return None
    if not hasattr(dim, "__index__") and not isinstance(dim, (list, tuple, range)):
        raise ArgumentError(
            f"{name}(): argument 'dim' must be an int or a tuple of ints, not {type(dim).__name__}"
        )
    return many_dims(dim, ndim)


def dim_for(name: str, value: Any, dim: Any) -> int:
    """The one dimension to work along; 0 for a 0-d tensor."""
    ndim = ndim_of(value)
    if dim is None:
        raise ArgumentError(f"{name}(): the dimension is missing", "Give dim=-1, for example.")
    return one_dim(dim, ndim)


def over(name: str, value: Any, dim: Any, keepdim: Any) -> dict[str, Any]:
    """The attributes of a reduction over any number of dimensions."""
    return {"dim": dims_for(name, value, dim), "keepdim": flag("keepdim", keepdim)}


def over_one(value: Any, dim: Any, keepdim: Any) -> dict[str, Any]:
    """The attributes of a reduction over everything (None) or one dimension."""
    ndim = ndim_of(value)
    at = None if dim is None else one_dim(dim, ndim)
    return {"dim": at, "keepdim": flag("keepdim", keepdim)}


def kept(shape: Shape, dim: Axes | int | None) -> Shape:
    """The shape with length 1 at the reduced dimensions: what broadcasts against the input."""
    if dim is None:
        return (1,) * len(shape)
    dims = (dim,) if isinstance(dim, int) else dim
    return tuple(1 if d in dims else length for d, length in enumerate(shape))


def widened(reduced: Any, aval: Any, dim: Axes | int | None, keepdim: bool) -> Any:
    """A reduction's output or cotangent with the reduced dimensions put back, of length 1."""
    if keepdim or dim is None:
        return reduced  # what has one element, of whatever shape, broadcasts by itself
    return reduced.reshape(kept(aval.shape, dim))


def spread(ct: Any, x: Any, dim: Axes | int | None, keepdim: bool) -> Any:
    """A reduction's cotangent repeated over everything that was reduced: the transpose of sum."""
    return np.broadcast_to(widened(ct, x, dim, keepdim), x.shape)


def count(shape: Shape, dim: Axes | int | None) -> int:
    """How many elements are reduced to one."""
    total = 1
    for d, length in enumerate(shape):
        if dim is None or d == dim or (isinstance(dim, tuple) and d in dim):
            total *= length
    return total


def computing(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that sums of a result in `dtype` are accumulated in: float32 for half dtypes."""
    return FLOAT32 if is_half(dtype) else dtype


def running(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """What running sums and products accumulate in, as in torch on the CPU; each is rounded."""
    return _WIDER.get(dtype) or computing(dtype)


_BLOCK: Final = 256


def summed(x: Any, dim: Axes | None, dtype: np.dtype[Any], keepdim: bool) -> Any:
    """The sum in `dtype`. Many rows are added in blocks.

    NumPy adds rows one after the other: over 10,000 of them float32 loses a digit, and time
    (2.3 ms for 512 columns, against 0.6 ms in blocks). Along rows it sums pairwise itself.
    """
    if dim is None or not _are_many_rows(x, dim) or x.dtype != dtype or dtype.kind not in "fc":
        return add_up(x, dim, dtype, None, keepdim)
    rows = x.reshape(count(x.shape, dim), -1)
    whole = len(rows) // _BLOCK * _BLOCK
    blocks = add_up(rows[:whole].reshape(-1, _BLOCK, rows.shape[1]), 1)
    shape = kept(x.shape, dim)
    out = add_up(blocks, 0) + add_up(rows[whole:], 0)
    return out.reshape(shape if keepdim else shape[len(dim) :])


def _are_many_rows(x: Any, dim: Axes) -> bool:
    """Whether a sum over the leading dimensions adds a thousand contiguous rows or more."""
    leads = 0 < len(dim) < x.ndim and dim == tuple(range(len(dim)))
    many = leads and count(x.shape, dim) >= 4 * _BLOCK and x.size > 0
    return many and bool(x.flags.c_contiguous)


def refuse_kinds(name: str, x: Any, kinds: str) -> None:
    """Raise DTypeError if the array's kind (NumPy's letter) is one of `kinds`."""
    if x.dtype.kind in kinds:
        raise DTypeError(
            f"{name}() is not implemented for {dtype_of(x.dtype).name}",
            "Cast the tensor first: .to(wengert.float32)."
            if x.dtype.kind != "c"
            else "Complex numbers have no order; use the real part, .imag or .abs().",
        )


def refuse_empty(
    name: str, x: Any, dim: Axes | int | None, error: type[WengertError] = ShapeError
) -> None:
    """Raise where there is no element to choose from.

    `error` where everything is reduced, DimensionError where a named dimension is empty.
    """
    if x.size:
        return
    if dim is None:
        raise error(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument.",
            f"The tensor has shape {tuple(x.shape)}: there is no element to return.",
        )
    for d in (dim,) if isinstance(dim, int) else dim:
        if x.shape[d] == 0:
            raise DimensionError(
                f"{name}(): Expected reduction dim {d} to have non-zero size.",
                f"The tensor has shape {tuple(x.shape)}: there is no element to return.",
            )


# How tests draw calls


def draw_dims(s: Sampler, ndim: int) -> Any:
    """None, one dimension or several, negative ones included."""
    several = tuple(range(0, ndim, 2)) if ndim else ()
    return s.choice([None, s.dim(ndim), several, tuple(range(-1, -ndim - 1, -1))])


def reduction_call(s: Sampler) -> Call:
    """A tensor, and dim and keepdim of a reduction over one or several dimensions."""
    x = s.array(s.shape())
    dim, keepdim = draw_dims(s, x.ndim), s.choice([False, True])
    if dim is None and not keepdim:
        return (x,), {}
    return (x,), {"dim": dim, "keepdim": keepdim}


def line_call(s: Sampler) -> Call:
    """A tensor, and the dimension to work along."""
    x = s.array(s.shape())
    return (x, s.dim(x.ndim)), {}
