"""JSON back into values: everything is checked before anything is allocated."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from types import CodeType
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import DType, as_dtype, bfloat16
from wengert.errors import GraphError
from wengert.interchange.encode import Json
from wengert.sites import Site

_MOST_DIMS: Final = 32
_MOST_BYTES: Final = 2**62
_DEEPEST: Final = 16
_LARGEST: Final = 2**64
_DTYPES: Final[dict[str, DType]] = {
    name: as_dtype(name)
    for name in (
        "bool", "uint8", "int8", "int16", "int32", "int64",
        "float16", "float32", "float64", "complex64", "complex128",
    )
}  # fmt: skip


def wrong(where: str, what: str) -> GraphError:
    """The error for a file: `nodes[3].aval: ...`"""
    return GraphError(f"not a graph file: {where}: {what}")


def fields(value: Json, where: str, required: set[str], optional: set[str]) -> dict[str, Json]:
    """An object with these keys and no others."""
    if not isinstance(value, dict):
        raise wrong(where, f"expected an object, found {kind_of(value)}")
    missing, unknown = required - set(value), set(value) - required - optional
    if missing:
        raise wrong(where, f"{', '.join(sorted(missing))} is missing")
    if unknown:
        raise wrong(where, f"unknown key {', '.join(map(repr, sorted(unknown)))[:80]}")
    return value


def kind_of(value: Json) -> str:
    """What JSON calls a value."""
    kinds = {dict: "an object", list: "a list", str: "a string", type(None): "null"}
    if isinstance(value, (bool, int, float)):
        return repr(value)[:40]
    return kinds.get(type(value), type(value).__name__)


def string(value: Json, where: str) -> str:
    """A string as it is."""
    if not isinstance(value, str):
        raise wrong(where, f"expected a string, found {kind_of(value)}")
    return value


def listed(value: Json, where: str, length: int | None = None) -> list[Json]:
    """A list, of this length if one is given."""
    if not isinstance(value, list):
        raise wrong(where, f"expected a list, found {kind_of(value)}")
    if length is not None and len(value) != length:
        raise wrong(where, f"expected {length} entries, found {len(value)}")
    return value


def index(value: Json, where: str, stop: int, what: str) -> int:
    """An integer from 0 up to, not including, `stop`."""
    if type(value) is not int or not 0 <= value < stop:
        raise wrong(where, f"{kind_of(value)} is not the number of {what}")
    return value


def dtype(value: Json, where: str) -> DType:
    """A dtype by its name."""
    name = string(value, where)
    known = bfloat16() if name == "bfloat16" else _DTYPES.get(name)
    if known is None:
        raise wrong(where, f"unknown dtype {name[:40]!r}; they are {', '.join(_DTYPES)}, bfloat16")
    return known


def aval(value: Json, where: str) -> Aval:
    """["float32", [2, 3]]"""
    name, shape = listed(value, where, 2)
    return _sized(dtype(name, f"{where}[0]").numpy, shape, f"{where}[1]")


def _sized(numpy_dtype: np.dtype[Any], shape: Json, where: str) -> Aval:
    """An aval that an array could have."""
    lengths = listed(shape, where)
    if len(lengths) > _MOST_DIMS:
        raise wrong(where, f"{len(lengths)} dimensions; {_MOST_DIMS} is the most")
    nbytes = numpy_dtype.itemsize
    for i, length in enumerate(lengths):
        if type(length) is not int or length < 0:
            raise wrong(f"{where}[{i}]", f"{kind_of(length)} is no length")
        nbytes *= max(length, 1)
    if nbytes > _MOST_BYTES:
        raise wrong(where, "larger than any memory")
    return Aval(tuple(lengths), numpy_dtype)


def array(value: Json, where: str, expected: Aval | None = None) -> Any:
    """An array, or a NumPy scalar for no dimensions; of the expected aval if one is given."""
    entry = fields(value, where, {"dtype", "shape", "base64"}, set())
    made = _sized(dtype(entry["dtype"], f"{where}.dtype").numpy, entry["shape"], f"{where}.shape")
    if expected is not None and made != expected:
        raise wrong(where, f"is {made}, where {expected} should be")
    text = string(entry["base64"], f"{where}.base64")
    if len(text) != 4 * math.ceil(made.nbytes / 3):
        raise wrong(where, f"{made} takes {made.nbytes} bytes, which this base64 does not hold")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise wrong(f"{where}.base64", "not base64") from None
    if len(data) != made.nbytes:
        raise wrong(where, f"{made} takes {made.nbytes} bytes, found {len(data)}")
    if made.dtype.kind == "b" and data.strip(b"\0\1"):
        raise wrong(where, "a boolean that is neither 0 nor 1")
    flat = np.frombuffer(data, made.dtype.newbyteorder("<")).astype(made.dtype)
    return flat.reshape(made.shape)[()]


def number(value: Json, where: str) -> float:
    """A float, as a number or as "inf", "-inf", "nan"."""
    if value in ("inf", "-inf", "nan"):
        return float(value)
    if type(value) is float and math.isfinite(value):
        return value
    raise wrong(where, f"expected a number, found {kind_of(value)}")


def plain(value: Json, where: str, depth: int = 0) -> Any:
    """An attribute or a number: see encode.plain."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise wrong(where, "an integer of more than 64 bits")
        return value
    if isinstance(value, float):
        return number(value, where)
    if depth > _DEEPEST:
        raise wrong(where, "nested too deeply")
    if not isinstance(value, dict) or len(value) != 1:
        raise wrong(where, f"expected a value, found {kind_of(value)}")
    ((kind, content),) = value.items()
    reader = _READERS.get(kind)
    if reader is None:
        raise wrong(where, f"unknown kind of value {kind[:40]!r}")
    return reader(content, f"{where}.{kind}", depth + 1)


def operand(value: Json, where: str) -> Any:
    """A number that goes into an operation; null for an input that was left out."""
    made = plain(value, where)
    if made is None or isinstance(made, (bool, int, float, complex, np.generic)):
        return made
    raise wrong(where, f"expected a number, found {kind_of(value)}")


def _items(value: Json, where: str, depth: int) -> list[Any]:
    return [plain(v, f"{where}[{i}]", depth) for i, v in enumerate(listed(value, where))]


def _slice(value: Json, where: str, depth: int) -> slice:
    return slice(*_items(listed(value, where, 3), where, depth))


def _complex(value: Json, where: str, depth: int) -> complex:
    real, imag = listed(value, where, 2)
    return complex(number(real, f"{where}[0]"), number(imag, f"{where}[1]"))


def _ellipsis(value: Json, where: str, depth: int) -> Any:
    if value is not True:
        raise wrong(where, f"expected true, found {kind_of(value)}")
    return Ellipsis


_READERS: Final[dict[str, Callable[[Json, str, int], Any]]] = {
    "array": lambda value, where, depth: array(value, where),
    "float": lambda value, where, depth: number(value, where),
    "complex": _complex,
    "tuple": lambda value, where, depth: tuple(_items(value, where, depth)),
    "list": _items,
    "slice": _slice,
    "dtype": lambda value, where, depth: dtype(value, where).numpy,
    "DType": lambda value, where, depth: dtype(value, where),
    "ellipsis": _ellipsis,
}


class StoredSite(Site):
    """A line of code as a file tells of it; the code itself is somewhere else."""

    __slots__ = ("_filename", "_line", "_source")

    def __init__(self, filename: str, line: int, source: str) -> None:
        super().__init__(_NO_CODE, 0)
        self._filename = filename
        self._line = line
        self._source = source

    @property
    def filename(self) -> str:
        return self._filename

    @property
    def line(self) -> int:
        return self._line

    @property
    def source(self) -> str:
        return self._source

    def stored_names(self) -> tuple[str, ...]:
        return ()


_NO_CODE: Final[CodeType] = compile("", "<graph file>", "exec")


def site(value: Json, where: str) -> StoredSite:
    """["train.py", 12, "c = a + b"]"""
    filename, line, source = listed(value, where, 3)
    if type(line) is not int or not 0 <= line < 2**31:
        raise wrong(f"{where}[1]", f"{kind_of(line)} is no line")
    return StoredSite(string(filename, f"{where}[0]"), line, string(source, f"{where}[2]"))
