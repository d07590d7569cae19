"""The zip archive that a saved file is.

`wengert.json` says what there is (see structure.py), `tensors/0`, `tensors/1`, ... are the numbers,
little-endian, row by row, not compressed. Reading one executes nothing, and allocates nothing that
the file has not the bytes for.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import struct
import zipfile
from collections.abc import Iterator
from typing import IO, Any, Final

import numpy as np

from wengert.core.dtype import is_differentiable
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentValueError, FileFormatError
from wengert.ops.copying import given_name, rebuilt
from wengert.ops.structure import Encoder, decode, dtype_named

_INDEX: Final = "wengert.json"
_VERSION: Final = 1
_CHUNK: Final = 1 << 20
_DAMAGE: Final = (
    zipfile.BadZipFile, struct.error, ValueError, RuntimeError, OverflowError, EOFError, OSError,
)  # fmt: skip
_ENCRYPTED: Final = 1  # bit of the zip format's flags

# Write -------------------------------------------------------------------------------------------


class Parcel:
    """An object made ready for a file: everything that can go wrong with it has."""

    def __init__(self, obj: Any) -> None:
        encoder = Encoder()
        try:
            content = encoder.encode(obj)
            facts = [_facts(tensor) for tensor in encoder.tensors]
            index = {"format": "wengert", "version": _VERSION, "object": content, "tensors": facts}
            self._text = json.dumps(index, allow_nan=False)
        except RecursionError:
            raise ArgumentValueError(
                "the object is nested too deeply, or contains itself"
            ) from None
        self._tensors = encoder.tensors

    def write(self, file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(_INDEX), self._text)
            for i, tensor in enumerate(self._tensors):
                with archive.open(zipfile.ZipInfo(_entry(i)), "w", force_zip64=True) as entry:
                    entry.write(_bytes_of(tensor))


def _entry(i: int) -> str:
    return f"tensors/{i}"


def _facts(tensor: Tensor) -> dict[str, Any]:
    data = tensor._concrete("save()")
    return {
        "dtype": tensor.dtype.name,
        "shape": list(data.shape),
        "requires_grad": tensor.requires_grad,
        "name": given_name(tensor),
    }


def _bytes_of(tensor: Tensor) -> Any:
    data = np.asarray(tensor._data)
    return np.ascontiguousarray(data, data.dtype.newbyteorder("<")).reshape(-1).view(np.uint8).data


# Read --------------------------------------------------------------------------------------------


def read(file: IO[bytes]) -> Any:
    """The object in a file. Raises FileFormatError for files that are damaged, or none of ours."""
    with _explained():
        if not file.seekable():
            file = io.BytesIO(file.read())
        size = file.seek(0, os.SEEK_END)
        with zipfile.ZipFile(file) as archive:
            _check_archive(archive, size)
            index = _read_index(archive)
            tensors = [_read_tensor(archive, i, facts) for i, facts in enumerate(index["tensors"])]
            return decode(index["object"], tensors)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Whatever goes wrong in a damaged file, said in one way."""
    try:
        yield
    except FileFormatError:
        raise
    except RecursionError:
        raise FileFormatError("the file's content is nested too deeply") from None
    except _DAMAGE as error:
        what = f"the file is damaged, or was not written by wengert.save: {error}"
        raise FileFormatError(what) from error


def _check_archive(archive: zipfile.ZipFile, size: int) -> None:
    """Raise unless every entry is stored as it is, and has its own bytes of the file."""
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if _INDEX not in names:
        pickled = any(name.endswith("data.pkl") for name in names)
        raise FileFormatError(
            "the file was written by torch.save" if pickled else f"the file has no {_INDEX}",
            "It holds a pickle, which may execute anything. Load it with torch and hand over "
            "the arrays." if pickled else "Only files of wengert.save can be loaded.",
        )  # fmt: skip
    if len(names) != len(entries):
        raise FileFormatError("the file has two entries of one name")
    for entry in entries:
        stored = (
            entry.compress_type == zipfile.ZIP_STORED and entry.file_size == entry.compress_size
        )
        if not stored or entry.flag_bits & _ENCRYPTED:
            raise FileFormatError(f"{entry.filename} is compressed or encrypted")
    if sum(entry.file_size for entry in entries) > size:
        raise FileFormatError("the file claims to hold more bytes than it has")


def _read_index(archive: zipfile.ZipFile) -> dict[str, Any]:
    index = json.loads(archive.read(_INDEX), parse_constant=_refuse_constant)
    if not isinstance(index, dict) or index.get("format") != "wengert":
        raise FileFormatError(f"{_INDEX} is no index of wengert's")
    if index.get("version") != _VERSION:
        raise FileFormatError(
            f"the file has version {str(index.get('version'))[:20]} of the format; this wengert "
            f"reads version {_VERSION}"
        )
    if not isinstance(index.get("tensors"), list) or "object" not in index:
        raise FileFormatError(f"{_INDEX} lacks its tensors or its object")
    return index


def _refuse_constant(name: str) -> Any:
    raise FileFormatError(f"{name} is no JSON")


def _read_tensor(archive: zipfile.ZipFile, i: int, facts: Any) -> Tensor:
    """Tensor number i, allocated only if the file has as many bytes as its shape asks for."""
    shape, dtype, requires_grad, name = _checked(i, facts)
    try:
        entry = archive.getinfo(_entry(i))
    except KeyError:
        raise FileFormatError(f"the file has no numbers for tensor {i}") from None
    needed = math.prod(shape) * dtype.itemsize
    if needed != entry.file_size:
        raise FileFormatError(
            f"tensor {i}: {dtype} of shape {shape} takes {needed} bytes; the file has "
            f"{entry.file_size}"
        )
    array = np.empty(shape, dtype.newbyteorder("<"))
    _fill(array.reshape(-1).view(np.uint8), archive, entry)
    if dtype.kind == "b" and np.any(array.view(np.uint8) > 1):
        raise FileFormatError(f"tensor {i} is of booleans, and holds other bytes than 0 and 1")
    return rebuilt(Tensor, array.astype(dtype, copy=False)[()], requires_grad, name, {})


def _checked(i: int, facts: Any) -> tuple[tuple[int, ...], np.dtype[Any], bool, str | None]:
    """Shape, dtype, requires_grad and name, if they are what they should be."""
    if not isinstance(facts, dict):
        raise FileFormatError(f"tensor {i} is not described")
    shape, name = facts.get("shape"), facts.get("name")
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise FileFormatError(f"tensor {i} has no shape")
    if name is not None and not isinstance(name, str):
        raise FileFormatError(f"tensor {i} has a name that is no string")
    dtype = dtype_named(facts.get("dtype"))
    requires_grad = facts.get("requires_grad")
    if type(requires_grad) is not bool or (requires_grad and not is_differentiable(dtype.numpy)):
        raise FileFormatError(f"tensor {i}: requires_grad cannot be {str(requires_grad)[:20]}")
    return tuple(shape), dtype.numpy, requires_grad, name


def _fill(target: Any, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Read an entry to its end, where its check sum is compared."""
    done = 0
    with archive.open(entry) as source:
        while chunk := source.read(_CHUNK):
            target[done : done + len(chunk)] = np.frombuffer(chunk, np.uint8)
            done += len(chunk)
    if done != target.size:
        raise FileFormatError(f"{entry.filename} ends early")
