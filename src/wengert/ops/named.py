"""Results with several named parts: `x.max(dim=0).values`. torch calls them return types."""

from __future__ import annotations

from collections import namedtuple
from typing import Any


class _Printed:
    """Printed as torch prints it: the name of the function, and one part a line."""

    __slots__ = ()

    def __repr__(self: Any) -> str:
        name = type(self).__name__.removesuffix("Result").lower()
        parts = ",\n".join(f"{field}={getattr(self, field)!r}" for field in self._fields)
        return f"wengert.return_types.{name}(\n{parts})"


class MaxResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The largest elements along a dimension, and their indices."""

    __slots__ = ()


class MinResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The smallest elements along a dimension, and their indices."""

    __slots__ = ()


class AminmaxResult(_Printed, namedtuple("_Pair", ("min", "max"))):
    """The smallest and the largest element."""

    __slots__ = ()


class MedianResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The medians along a dimension, and their indices."""

    __slots__ = ()


class NanmedianResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The medians of the numbers along a dimension, NaNs left out, and their indices."""

    __slots__ = ()


class CummaxResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The largest elements so far, and their indices."""

    __slots__ = ()


class CumminResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The smallest elements so far, and their indices."""

    __slots__ = ()


class SortResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The elements in order, and where each of them stood."""

    __slots__ = ()


class TopkResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The k largest or smallest elements, and where each of them stood."""

    __slots__ = ()


class KthvalueResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The k-th smallest elements, and where each of them stood."""

    __slots__ = ()
