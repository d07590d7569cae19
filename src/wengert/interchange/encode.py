"""Values, avals, attributes and sites as JSON, without loss.

Arrays are base64 with dtype and shape, little-endian in C order; numbers that JSON has no way to
write are strings; whatever else Python has stands in an object of one key that says what it is.
"""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import DType, dtype_of
from wengert.core.extra import Cut
from wengert.errors import GraphError
from wengert.sites import Site

Json = Any
"""None, booleans, numbers, strings, lists, and dicts with strings as keys."""


def array(value: Any) -> Json:
    """{"dtype": "float32", "shape": [2], "base64": "AACAPwAAAEA="}"""
    data = np.asarray(value)
    little = np.ascontiguousarray(data).astype(data.dtype.newbyteorder("<"), copy=False)
    return {
        "dtype": dtype_of(data.dtype).name,
        "shape": list(data.shape),
        "base64": base64.b64encode(little.tobytes()).decode("ascii"),
    }


def aval(value: Aval) -> Json:
    """["float32", [2, 3]]"""
    return [dtype_of(value.dtype).name, list(value.shape)]


def number(value: float) -> Json:
    """A float; those that are not finite as "inf", "-inf", "nan"."""
    return value if math.isfinite(value) else str(value)


def plain(value: Any, what: str) -> Json:
    """An attribute or a number. `what` is named in the GraphError for what cannot be written."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return {"array": array(value)}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": number(value)}
    if isinstance(value, complex):
        return {"complex": [number(value.real), number(value.imag)]}
    if isinstance(value, (tuple, list)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [plain(v, what) for v in value]}
    if isinstance(value, slice):
        return {"slice": [plain(v, what) for v in (value.start, value.stop, value.step)]}
    if isinstance(value, np.dtype):
        return {"dtype": dtype_of(value).name}
    if isinstance(value, DType):
        return {"DType": value.name}
    if value is Ellipsis:
        return {"ellipsis": True}
    raise GraphError(f"{what} is of type {type(value).__name__}, which a file cannot hold")


def shown(value: Any, what: str) -> Json:
    """An attribute that is only ever looked at: what cannot be written, by its type's name."""
    try:
        return plain(value, what)
    except GraphError:
        return f"<{type(value).__name__}>"


class Sites:
    """The sites of a file, each once, referred to by number."""

    def __init__(self) -> None:
        self.entries: list[Json] = []
        self._numbers: dict[Any, int] = {}

    def number(self, site: Site) -> int:
        """The number of a site; its file, line and text are entered at first."""
        if site not in self._numbers:
            entry = (site.filename, site.line, site.source)
            self._numbers[site] = self._numbers.setdefault(entry, len(self.entries))
            if self._numbers[entry] == len(self.entries):
                self.entries.append(list(entry))
        return self._numbers[site]

    def cut(self, cut: Cut) -> Json:
        """["detach", 3]"""
        return [cut.by, None if cut.site is None else self.number(cut.site)]
