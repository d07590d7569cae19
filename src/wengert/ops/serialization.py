"""save and load: tensors, and what is built of them, in a file that is safe to read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import IO, Any

from wengert.errors import ArgumentError
from wengert.ops.canonical import check_device
from wengert.ops.define import public


@public(torch="save", method=False, differentiable=False)
def save(obj: Any, f: Any) -> None:
    """Write an object to a file: tensors, numbers, strings, None; lists, tuples, dicts of them.

    f: a path, or a file opened for writing bytes. Of a tensor the numbers, requires_grad and the
    name are kept; a tensor that occurs twice is one tensor after loading, too. Raises
    ArgumentError, before the file is touched, for objects that a file cannot hold.

    >>> import io
    >>> import wengert as wg
    >>> file = io.BytesIO()
    >>> wg.save({"w": wg.tensor([1.0, 2.0]), "epoch": 3}, file)
    >>> wg.load(file)
    {'w': tensor([1., 2.]), 'epoch': 3}
    """
    from wengert.ops.archive import Parcel  # brings zipfile, which few programs need

    parcel = Parcel(obj)
    with _opened(f, "wb") as file:
        parcel.write(file)


@public(torch="load", method=False, differentiable=False)
def load(f: Any, map_location: Any = None, *, weights_only: bool = True) -> Any:
    """Read an object that `save` wrote. Safe on files from anywhere: nothing in them is executed.

    f: a path, or a file opened for reading bytes. map_location: None or "cpu". weights_only is
    accepted and means nothing here. Raises FileFormatError for files that are damaged, or none of
    ours.
    """
    check_device(map_location)
    from wengert.ops.archive import read

    with _opened(f, "rb") as file:
        return read(file)


@contextlib.contextmanager
def _opened(f: Any, mode: str) -> Iterator[IO[bytes]]:
    """A path opened and closed again; an open file from its start, as it is."""
    if isinstance(f, (str, os.PathLike)):
        with open(f, mode) as file:
            yield file
    elif hasattr(f, "write" if mode == "wb" else "read"):
        yield f
    else:
        raise ArgumentError(f"expected a path or an open file, not {type(f).__name__}")
