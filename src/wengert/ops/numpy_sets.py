"""NumPy's functions on sets and orders. What they pick is picked by indices, and has slopes."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.ops.index import getitem
from wengert.ops.join import cat
from wengert.ops.named_parts import (
    UniqueAllResult,
    UniqueCountsResult,
    UniqueInverseResult,
)
from wengert.ops.numpy_shapes import answers
from wengert.ops.numpy_taken import concrete, flat_or, plain, taken
from wengert.ops.sorting import argsort, sort


def _flat(x: Any) -> Any:
    return taken(x).reshape(-1)


@answers(np.unique)
def _unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False,
    return_counts: bool = False, axis: int | None = None, *, equal_nan: bool = True,
    sorted: bool = True,
) -> Any:  # fmt: skip
    """Of equal elements, the first one has the slope."""
    x, dim = flat_or(taken(ar), axis)
    _, index, inverse, counts = np.unique(
        concrete(ar, "unique"), True, True, True, axis, equal_nan=equal_nan
    )
    found = (
        np.take(x, index, dim), *([taken(index)] * return_index),
        *([taken(inverse)] * return_inverse), *([taken(counts)] * return_counts),
    )  # fmt: skip
    return found[0] if len(found) == 1 else found


@answers(np.unique_values)
def _unique_values(x: Any, /) -> Any:
    return _unique(x, equal_nan=False)


@answers(np.unique_all)
def _unique_all(x: Any, /) -> Any:
    return UniqueAllResult(*_unique(x, True, True, True, equal_nan=False))


@answers(np.unique_counts)
def _unique_counts(x: Any, /) -> Any:
    return UniqueCountsResult(*_unique(x, return_counts=True, equal_nan=False))


@answers(np.unique_inverse)
def _unique_inverse(x: Any, /) -> Any:
    return UniqueInverseResult(*_unique(x, return_inverse=True, equal_nan=False))


@answers(np.union1d)
def _union(ar1: Any, ar2: Any) -> Any:
    return _unique(cat([_flat(ar1), _flat(ar2)]))


@answers(np.intersect1d)
def _intersection(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    x, y = _flat(ar1), _flat(ar2)
    _, first, second = np.intersect1d(
        concrete(x, "intersect1d"), concrete(y, "intersect1d"), assume_unique, True
    )
    found = getitem(x, first)
    return (found, taken(first), taken(second)) if return_indices else found


def _where_in(x: Any, y: Any, name: str, invert: bool) -> Any:
    return np.flatnonzero(np.isin(concrete(x, name), concrete(y, name), invert=invert))


@answers(np.setdiff1d)
def _difference(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    x = _flat(ar1) if assume_unique else _unique(taken(ar1))
    return getitem(x, _where_in(x, _flat(ar2), "setdiff1d", True))


@answers(np.setxor1d)
def _exclusive(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    both = cat([_difference(ar1, ar2), _difference(ar2, ar1)])
    return getitem(both, np.argsort(concrete(both, "setxor1d")))


@answers(np.isin)
def _isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *,
    kind: Any = None,
) -> Any:  # fmt: skip
    """Compared with each of them; no slope."""
    x = taken(element).detach()
    tests = _flat(test_elements).detach()
    found = (x[..., None] == tests).any(-1)
    return ~found if invert else found


# Order -------------------------------------------------------------------------------------------


@answers(np.partition)
def _partition(a: Any, kth: Any, axis: int | None = -1, kind: Any = None, order: Any = None) -> Any:
    """Sorted altogether, which is a partition at every kth."""
    return sort(*flat_or(a, axis)).values


@answers(np.argpartition)
def _argpartition(
    a: Any, kth: Any, axis: int | None = -1, kind: Any = None, order: Any = None
) -> Any:
    return argsort(*flat_or(a, axis))


@answers(np.sort_complex)
def _sort_complex(a: Any) -> Any:
    """By real part, then imaginary part."""
    x = taken(a)
    order = np.argsort(concrete(x, "sort_complex"), kind="stable")
    found: Any = np.take_along_axis(x, order, -1)
    return found if found.is_complex() else found.to(np.result_type(plain(found), np.complex64))


@answers(np.lexsort)
def _lexsort(keys: Any, axis: int = -1) -> Any:
    return taken(np.lexsort([concrete(k, "lexsort") for k in keys], axis))
