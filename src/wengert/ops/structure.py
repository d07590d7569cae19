"""Nested objects as JSON, their tensors beside it: what a saved file says, apart from its bytes.

None, booleans, strings, integers and finite floats stand for themselves. All else is an object
with one key that says what it is: {"list": [...]}, {"tuple": [...]}, {"dict": [[key, value], ...]},
{"tensor": 0}, {"dtype": "float32"}, {"size": [2, 3]}, {"float": "nan"}, {"complex": [1.0, 2.0]}.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from wengert.core.dtype import DType, as_dtype
from wengert.core.place import Size
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, FileFormatError

_PLAIN: Final = (bool, int, str)
_UNWRITTEN: Final = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Encoder:
    """Turns objects into JSON, and collects their tensors, each once."""

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        self._numbers: dict[int, int] = {}

    def encode(self, value: Any, place: str = "the object") -> Any:
        """The JSON of a value. Raises ArgumentError for what a file cannot hold."""
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or type(value) in _PLAIN:
            return value
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"float": str(float(value))}
        if isinstance(value, complex):
            return {"complex": [self.encode(value.real), self.encode(value.imag)]}
        if isinstance(value, Tensor):
            return {"tensor": self._number(value)}
        if isinstance(value, DType):
            return {"dtype": value.name}
        if type(value) in (list, tuple, Size):
            items = [self.encode(v, f"{place}[{i}]") for i, v in enumerate(value)]
            return {type(value).__name__.lower(): items}
        if type(value) in (dict, OrderedDict):
            return {"dict": [self._item(k, v, place) for k, v in value.items()]}
        raise ArgumentError(
            f"{place} is a {type(value).__name__}, which a file cannot hold",
            "Save tensors, numbers, strings and None, and lists, tuples and dicts of them.",
        )

    def _item(self, key: Any, value: Any, place: str) -> list[Any]:
        return [self.encode(key, f"a key of {place}"), self.encode(value, f"{place}[{key!r}]")]

    def _number(self, tensor: Tensor) -> int:
        number = self._numbers.setdefault(id(tensor), len(self.tensors))
        if number == len(self.tensors):
            self.tensors.append(tensor)
        return number


def decode(node: Any, tensors: list[Tensor]) -> Any:
    """The value that a piece of JSON stands for. Raises FileFormatError where it means nothing."""
    if node is None or type(node) in _PLAIN or type(node) is float:
        return node
    if isinstance(node, dict) and len(node) == 1:
        ((kind, content),) = node.items()
        if kind in _READERS:
            return _READERS[kind](content, tensors)
    raise FileFormatError(f"the file holds {str(node)[:40]!r}, which stands for nothing")


def _items(content: Any, tensors: list[Tensor]) -> list[Any]:
    return [decode(node, tensors) for node in _expect(content, list)]


def _expect(content: Any, kind: type) -> Any:
    if type(content) is not kind:
        raise FileFormatError(
            f"the file holds a {type(content).__name__} where a {kind.__name__} belongs"
        )
    return content


def _dict(content: Any, tensors: list[Tensor]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for pair in _expect(content, list):
        if len(_expect(pair, list)) != 2:
            raise FileFormatError("the file holds an entry of a dict that is no pair")
        key, value = decode(pair[0], tensors), decode(pair[1], tensors)
        if not _is_hashable(key) or key in found:
            raise FileFormatError(f"the file holds a dict with the key {key!r}, which cannot be")
        found[key] = value
    return found


def _is_hashable(key: Any) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True


def _tensor(content: Any, tensors: list[Tensor]) -> Tensor:
    number: int = _expect(content, int)
    if not 0 <= number < len(tensors):
        raise FileFormatError(f"the file names tensor {number}, and has {len(tensors)}")
    return tensors[number]


def dtype_named(name: Any) -> DType:
    """The dtype of exactly this name. Raises FileFormatError if there is none."""
    try:
        dtype = as_dtype(_expect(name, str))
    except ArgumentError as error:
        raise FileFormatError(error.what) from None
    if dtype.name != name:
        raise FileFormatError(f"the file holds {name[:20]!r} as a dtype")
    return dtype


def _dtype(content: Any, tensors: list[Tensor]) -> DType:
    return dtype_named(content)


def _size(content: Any, tensors: list[Tensor]) -> Size:
    return Size(_expect(length, int) for length in _expect(content, list))


def _float(content: Any, tensors: list[Tensor]) -> float:
    if _expect(content, str) not in _UNWRITTEN:
        raise FileFormatError(f"the file holds {content[:40]!r} as a float")
    return _UNWRITTEN[content]


def _complex(content: Any, tensors: list[Tensor]) -> complex:
    parts = _items(content, tensors)
    if len(parts) != 2:
        raise FileFormatError("the file holds a complex number that has not two parts")
    return complex(*(_expect(part, float) for part in parts))


_READERS: Final[dict[str, Callable[[Any, list[Tensor]], Any]]] = {
    "list": _items,
    "tuple": lambda content, tensors: tuple(_items(content, tensors)),
    "dict": _dict,
    "tensor": _tensor,
    "dtype": _dtype,
    "size": _size,
    "float": _float,
    "complex": _complex,
}
