"""NumPy's functions that ask what an array is: answered with numbers and truth values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.handles import memory_of
from wengert.core.tensor import Tensor
from wengert.ops.matrices import numpy_dtype
from wengert.ops.numpy_shapes import answers
from wengert.ops.numpy_taken import concrete, plain, taken


@answers(np.ndim)
def _ndim(a: Any) -> Any:
    return a.ndim


@answers(np.shape)
def _shape(a: Any) -> Any:
    return tuple(a.shape)


@answers(np.size)
def _size(a: Any, axis: Any = None) -> Any:
    shape = tuple(a.shape)
    if axis is None:
        return int(np.prod(shape, dtype=int))
    dims = (axis,) if isinstance(axis, int) else axis
    return int(np.prod([shape[d] for d in dims], dtype=int))


@answers(np.iscomplexobj)
def _iscomplexobj(x: Any) -> bool:
    return bool(taken(x).is_complex())


@answers(np.isrealobj)
def _isrealobj(x: Any) -> bool:
    return not taken(x).is_complex()


@answers(np.iscomplex)
def _iscomplex(x: Any) -> Any:
    return x.imag != 0 if x.is_complex() else (x != x) & False


@answers(np.real_if_close)
def _real_if_close(a: Any, tol: float = 100) -> Any:
    if not a.is_complex():
        return a
    limit = np.finfo(numpy_dtype(a)).eps * tol if tol > 1 else tol
    return a.real if np.all(np.abs(concrete(a, "real_if_close").imag) < limit) else a


# dtypes ------------------------------------------------------------------------------------------


def _dtype(value: Any) -> Any:
    return numpy_dtype(value) if isinstance(value, Tensor) else value


@answers(np.result_type)
def _result_type(*arrays_and_dtypes: Any) -> Any:
    return np.result_type(*map(_dtype, arrays_and_dtypes))


@answers(np.common_type)
def _common_type(*arrays: Any) -> Any:
    return np.common_type(*(np.zeros(0, _dtype(a)) for a in arrays))


@answers(np.can_cast)
def _can_cast(from_: Any, to: Any, casting: Any = "safe") -> Any:
    return np.can_cast(_dtype(from_), _dtype(to), casting)


@answers(np.min_scalar_type)
def _min_scalar_type(a: Any, /) -> Any:
    return numpy_dtype(a) if a.ndim else np.min_scalar_type(concrete(a, "min_scalar_type")[()])


# Memory and equality -----------------------------------------------------------------------------


def _array(value: Any) -> Any:
    if isinstance(value, Tensor):
        memory_of(value)
        return value._data
    return value


@answers(np.shares_memory, np.may_share_memory)
def _shares_memory(a: Any, b: Any, max_work: Any = None) -> bool:
    return bool(np.may_share_memory(_array(a), _array(b)))


@answers(np.array_equal)
def _array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    x, y = taken(a1), taken(a2)
    if not equal_nan:
        return bool(x.shape == y.shape) and bool(np.all(x == y))
    return bool(np.array_equal(plain(x), plain(y), equal_nan=True))


@answers(np.array_equiv)
def _array_equiv(a1: Any, a2: Any) -> bool:
    return bool(np.array_equiv(plain(a1), plain(a2)))


# Text --------------------------------------------------------------------------------------------


def _texts(theirs: Callable[..., Any]) -> None:
    @answers(theirs)
    def answer(a: Any, *args: Any, **kwargs: Any) -> Any:
        return theirs(plain(a), *args, **kwargs)


_texts(np.array_repr)
_texts(np.array_str)
_texts(np.array2string)


# Indices -----------------------------------------------------------------------------------------


def _of_shape(theirs: Callable[..., Any]) -> None:
    """What depends on the shape only."""

    @answers(theirs)
    def answer(arr: Any, *args: Any, **kwargs: Any) -> Any:
        return theirs(np.empty(tuple(arr.shape)), *args, **kwargs)


_of_shape(np.diag_indices_from)
_of_shape(np.tril_indices_from)
_of_shape(np.triu_indices_from)


def _of_integers(theirs: Callable[..., Any]) -> None:
    """What takes integers and gives integers: arrays, to index with."""

    @answers(theirs)
    def answer(*args: Any, **kwargs: Any) -> Any:
        values = [tuple(map(plain, a)) if isinstance(a, (tuple, list)) else plain(a) for a in args]
        return theirs(*values, **kwargs)


_of_integers(np.ix_)
_of_integers(np.unravel_index)
_of_integers(np.ravel_multi_index)


@answers(np.einsum_path)
def _einsum_path(subscripts: Any, *operands: Any, optimize: Any = "greedy", **how: Any) -> Any:
    return np.einsum_path(
        subscripts, *(np.empty(tuple(x.shape)) for x in operands), optimize=optimize, **how
    )
