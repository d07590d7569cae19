"""Results with several named parts: `x.max(dim=0).values`. torch calls them return types."""

from __future__ import annotations

from collections import namedtuple
from typing import Any


class Printed:
    """Printed as torch prints it: the name of the function, and one part a line."""

    __slots__ = ()

    def __repr__(self: Any) -> str:
        name = getattr(self, "_shown", "") or type(self).__name__.removesuffix("Result").lower()
        parts = ",\n".join(f"{field}={getattr(self, field)!r}" for field in self._fields)
        return f"wengert.return_types.{name}(\n{parts})"


_Found = namedtuple("_Found", ("values", "indices"))


class MaxResult(Printed, _Found):
    """The largest elements along a dimension, and their indices."""

    __slots__ = ()


class MinResult(Printed, _Found):
    """The smallest elements along a dimension, and their indices."""

    __slots__ = ()


class AminmaxResult(Printed, namedtuple("_Range", ("min", "max"))):
    """The smallest and the largest element."""

    __slots__ = ()


class MedianResult(Printed, _Found):
    """The medians along a dimension, and their indices."""

    __slots__ = ()


class NanmedianResult(Printed, _Found):
    """The medians of the numbers along a dimension, NaNs left out, and their indices."""

    __slots__ = ()


class CummaxResult(Printed, _Found):
    """The largest elements so far, and their indices."""

    __slots__ = ()


class CumminResult(Printed, _Found):
    """The smallest elements so far, and their indices."""

    __slots__ = ()


class SortResult(Printed, _Found):
    """The elements in order, and where each of them stood."""

    __slots__ = ()


class TopkResult(Printed, _Found):
    """The k largest or smallest elements, and where each of them stood."""

    __slots__ = ()


class KthvalueResult(Printed, _Found):
    """The k-th smallest elements, and where each of them stood."""

    __slots__ = ()
