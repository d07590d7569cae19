"""Native programs in the cache on disk: by their text, or by the graph that they compute."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wengert import version
from wengert.compiler.backend.cache import compile_cache
from wengert.compiler.backend.llvm import PASSES, Host


class Image(NamedTuple):
    """A native program as object code, which does not depend on where anything is in memory.

    parallel: whether it needs the pool. cached: whether it was in the cache.
    """

    objects: tuple[bytes, ...]
    exports: tuple[str, ...]
    parallel: bool
    cached: bool = False


def key_of(host: Host, *parts: Any) -> bytes:
    """The name of what is made of some parts, texts and numbers, on this machine."""
    digest = hashlib.sha256(repr(host.facts).encode())
    for part in parts:
        encoded = part if isinstance(part, bytes) else str(part).encode()
        digest.update(struct.pack("<Q", len(encoded)))
        digest.update(encoded)
    return digest.digest()


def compiled_text(host: Host, text: str, level: int) -> bytes:
    """The object code of a text, from the cache if it is there."""
    return found_or_compiled(host, text, level)[0]


def found_or_compiled(host: Host, text: str, level: int) -> tuple[bytes, bool]:
    """The same, and whether it was there."""
    key = key_of(host, "object", PASSES, level, text)
    found = compile_cache.get(key)
    if found is not None:
        return found, True
    made = host.compile(text, level)
    compile_cache.put(key, made)
    return made, False


def recall(key: bytes) -> tuple[Any, Image] | None:
    """What was remembered under a key: the facts, made of lists, dicts, texts and numbers."""
    payload = compile_cache.get(key)
    if payload is None:
        return None
    length = struct.unpack_from("<Q", payload)[0]
    head = json.loads(payload[8 : 8 + length])
    objects, start = [], 8 + length
    for size in head["sizes"]:
        objects.append(payload[start : start + size])
        start += size
    return head["facts"], Image(tuple(objects), tuple(head["exports"]), head["parallel"], True)


def remember(key: bytes, facts: Any, image: Image) -> None:
    """Write a program, with facts that JSON can express, under a key."""
    sizes = [len(data) for data in image.objects]
    head = json.dumps({
        "facts": facts, "sizes": sizes, "exports": image.exports, "parallel": image.parallel,
    }).encode()  # fmt: skip
    compile_cache.put(key, b"".join([struct.pack("<Q", len(head)), head, *image.objects]))


def program_key(host: Host, graph: bytes, *more: Any) -> bytes:
    """The name of the program of a graph: it depends on the compiler itself, too.

    graph: what key.graph_key says of it. more: other things that the program depends on.
    """
    return key_of(host, "program", compiler(), graph, *more)


@functools.cache
def compiler() -> str:
    """Which compiler this is: versions, and size and age of each of its files.

    So that one who works on wengert never runs what another state of it has written.
    """
    root = Path(version.__file__).parent
    digest = hashlib.sha256()
    for place, _, names in sorted(_walked(root)):
        for name in sorted(names):
            if name.endswith(".py"):
                facts = os.stat(os.path.join(place, name))
                said = f"{place[len(str(root)) :]}/{name} {facts.st_size} {facts.st_mtime_ns}\n"
                digest.update(said.encode())
    abi = sys.implementation.cache_tag, platform.machine(), np.__version__, sys.version
    return repr((version.__version__, abi, digest.hexdigest()))


def _walked(root: Path) -> Sequence[tuple[str, list[str], list[str]]]:
    return list(os.walk(root))
