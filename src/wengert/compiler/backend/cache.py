"""Object code on disk, in the user's cache directory, by what it was made of.

An entry's name is a hash of all that its contents follow from, so no entry ever becomes wrong.
That proves what an entry is, not where it comes from: code is loaded only from files that belong to
this user and that nobody else can write. What is damaged, cut off or foreign is as good as absent,
and is replaced.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from wengert.compiler.backend.locks import LOCK
from wengert.compiler.backend.notices import say_once

MAGIC: Final = b"wengert compiled 1\n"
DIGEST: Final = hashlib.sha256

LIMIT: Final = 256 * 2**20
"""Bytes that the cache takes at most; what was not used for longest goes."""

SLOWER: Final = "compiled functions are compiled anew in each process"

_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
_TEMPORARY: Final = ".new-"


class Entry(NamedTuple):
    """A file of the cache. used: when it was last read or written, in seconds since 1970."""

    key: str
    nbytes: int
    used: float


class Cache:
    """Entries by keys of 32 bytes. path: the directory; None if there is none to be used.

    The environment's WENGERT_CACHE_DIR names another place; if it is empty, there is no cache.

    >>> import wengert as wg
    >>> wg.compile_cache
    <compile cache: ... entries, ... MB in ...>
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._lock = LOCK
        self._until_trimmed = 0
        self._writable = True

    @property
    def path(self) -> Path | None:
        """The directory; it need not be there yet."""
        return _directory()

    @property
    def entries(self) -> list[Entry]:
        """What is in it, used last first."""
        found = [entry for entry, _ in self._found()]
        return sorted(found, key=lambda entry: -entry.used)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(entry.nbytes for entry in self.entries)

    def clear(self) -> None:
        """Delete all entries, and nothing else that is there."""
        for _, file in self._found():
            file.unlink(missing_ok=True)

    def __repr__(self) -> str:
        where = self.path or "no directory"
        return (
            f"<compile cache: {len(self.entries)} entries, {self.size / 2**20:.1f} MB in {where}>"
        )

    # Reading and writing

    def get(self, key: bytes) -> bytes | None:
        """An entry's contents; None if there is none that is whole and ours."""
        directory = self.path
        if directory is None or not _is_safe(directory):
            return None
        file = directory / key.hex()
        contents = _read(file)
        if contents is None:
            return None
        head = MAGIC + key
        start = len(head) + DIGEST().digest_size
        payload = contents[start:]
        if contents[:start] != head + DIGEST(payload).digest():
            return None
        _touch(file)
        return payload

    def put(self, key: bytes, payload: bytes) -> None:
        """Write an entry; others see nothing of it or all of it."""
        directory = self.path
        if directory is None or not self._writable:
            return
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _is_safe(directory):
                _write(directory, key.hex(), MAGIC + key + DIGEST(payload).digest() + payload)
        except OSError as error:
            self._writable = False
            say_once(
                f"{SLOWER}: {directory} cannot be written: {error.strerror}",
                "WENGERT_CACHE_DIR names another directory; empty, it says that none is wanted.",
            )
            return
        self._trim()

    def _trim(self) -> None:
        """From time to time, delete what was used least recently, until a fifth is free."""
        with self._lock:
            self._until_trimmed -= 1
            if self._until_trimmed > 0:
                return
            self._until_trimmed = 20
        found = sorted(self._found(), key=lambda pair: pair[0].used)
        total = sum(entry.nbytes for entry, _ in found)
        if total <= self.limit:
            return
        for entry, file in found:
            if total <= self.limit * 4 // 5:
                break
            file.unlink(missing_ok=True)
            total -= entry.nbytes

    def _found(self) -> Iterator[tuple[Entry, Path]]:
        directory = self.path
        if directory is None or not directory.is_dir():
            return
        long_ago = time.time() - 3600
        for file in directory.iterdir():
            try:
                facts = file.lstat()
            except FileNotFoundError:  # another process deleted it
                continue
            if file.name.startswith(_TEMPORARY) and facts.st_mtime < long_ago:
                file.unlink(missing_ok=True)  # its writer was killed
            elif _is_key(file.name):
                yield Entry(file.name, facts.st_size, facts.st_mtime), file


def _directory() -> Path | None:
    said = os.environ.get("WENGERT_CACHE_DIR")
    if said is not None:
        return Path(said) if said else None
    try:
        home = Path.home()
    except RuntimeError:  # a user without a home
        return None
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "wengert" if base.is_absolute() else None


def _is_key(name: str) -> bool:
    return len(name) == 64 and set(name) <= set("0123456789abcdef")


def _is_ours(facts: os.stat_result) -> bool:
    """Whether a file or directory belongs to this user, and nobody else can write it."""
    if not hasattr(os, "geteuid"):  # Windows: the directory is in the user's profile
        return True
    return facts.st_uid == os.geteuid() and not facts.st_mode & _OTHERS


def _is_safe(directory: Path) -> bool:
    try:
        facts = directory.stat()
    except OSError:  # it is not there, or not to be seen
        return False
    if not stat.S_ISDIR(facts.st_mode):
        return False
    if _is_ours(facts):
        return True
    say_once(
        f"{SLOWER}: {directory} belongs to another user, or others can write it, so that code in "
        "there is not to be trusted",
        f"chmod go-w {directory}, or name another directory in WENGERT_CACHE_DIR.",
    )
    return False


def _read(file: Path) -> bytes | None:
    """The contents of a file of ours. What is asked is the file that was opened, no name."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(file, flags | getattr(os, "O_NONBLOCK", 0)), "rb") as opened:
            facts = os.fstat(opened.fileno())
            if stat.S_ISREG(facts.st_mode) and _is_ours(facts):
                return opened.read()
    except FileNotFoundError:
        return None
    except OSError:  # a link, a directory, or not to be read: as good as absent
        return None
    say_once(
        f"{SLOWER}, where a file of the cache belongs to another user or others can write it: "
        f"{file} is ignored"
    )
    return None


def _write(directory: Path, name: str, contents: bytes) -> None:
    temporary = directory / f"{_TEMPORARY}{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(temporary, flags, 0o600), "wb") as opened:
            opened.write(contents)
        os.replace(temporary, directory / name)
    finally:
        temporary.unlink(missing_ok=True)


def _touch(file: Path) -> None:
    """Note that an entry was used: entries that were not go first."""
    try:
        os.utime(file)
    except OSError:  # deleted meanwhile, or on a file system that is only read
        return


compile_cache = Cache()
