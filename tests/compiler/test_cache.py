"""The cache on disk: what is in it is found again, and nothing is loaded that is not ours."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import wengert as wg
from wengert.compiler.backend import notices, stored
from wengert.compiler.backend.cache import Cache
from wengert.errors import CompileWarning

KEY, OTHER = b"k" * 32, b"o" * 32
posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have owners there")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    directory = tmp_path / "cache"
    monkeypatch.setenv("WENGERT_CACHE_DIR", str(directory))
    notices.forget()
    yield directory
    notices.forget()


@pytest.fixture
def file(place) -> Path:
    """An entry's file."""
    Cache().put(KEY, b"contents")
    return place / KEY.hex()


def test_what_is_put_is_got():
    cache = Cache()
    assert cache.get(KEY) is None
    cache.put(KEY, b"contents")

    assert Cache().get(KEY) == b"contents"
    assert cache.get(OTHER) is None


@posix
def test_nobody_else_can_write_it(file):
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_inspected_and_cleared(place):
    cache = Cache()
    assert (cache.path, cache.entries, cache.size) == (place, [], 0)
    cache.put(KEY, b"contents")
    cache.put(OTHER, b"more")
    (place / "notes.txt").write_text("not ours")
    os.utime(place / OTHER.hex(), (0, 0))

    assert [entry.key for entry in cache.entries] == [KEY.hex(), OTHER.hex()]
    assert cache.size == sum((place / key.hex()).stat().st_size for key in (KEY, OTHER))
    cache.clear()
    assert cache.entries == []
    assert [file.name for file in place.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("damage", [
    lambda data: data[:-1],
    lambda data: data[:10],
    lambda data: b"",
    lambda data: data[:-3] + b"xyz",
    lambda data: b"\x7fELF" + data,
])  # fmt: skip
def test_damaged_files_are_replaced(file, damage):
    file.write_bytes(damage(file.read_bytes()))
    cache = Cache()

    assert cache.get(KEY) is None
    cache.put(KEY, b"contents")
    assert cache.get(KEY) == b"contents"


def test_an_entry_under_another_name_is_foreign(file):
    file.rename(file.parent / OTHER.hex())

    assert Cache().get(OTHER) is None


@posix
def test_a_file_that_others_can_write_is_ignored(file):
    file.chmod(0o666)

    with pytest.warns(CompileWarning, match="others can write it.*is ignored"):
        assert Cache().get(KEY) is None
    assert Cache().get(KEY) is None  # said once
    Cache().put(KEY, b"ours")
    assert Cache().get(KEY) == b"ours"


@posix
def test_a_directory_that_others_can_write_is_ignored(file):
    file.parent.chmod(0o777)

    with pytest.warns(CompileWarning, match="others can write it.*chmod go-w"):
        assert Cache().get(KEY) is None
    Cache().put(OTHER, b"contents")
    assert not (file.parent / OTHER.hex()).exists()


@posix
def test_what_belongs_to_another_user_is_ignored(file, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)

    with pytest.warns(CompileWarning, match="belongs to another user"):
        assert Cache().get(KEY) is None


@posix
def test_links_are_not_followed(file, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)

    assert Cache().get(KEY) is None
    file.unlink()
    file.mkdir()
    assert Cache().get(KEY) is None


def test_without_write_access_it_is_said_once(place):
    place.write_text("a file where the directory should be")
    cache = Cache()

    with pytest.warns(CompileWarning, match="cannot be written.*WENGERT_CACHE_DIR"):
        cache.put(KEY, b"contents")
    cache.put(KEY, b"contents")
    assert cache.get(KEY) is None


def test_no_cache_is_wanted(monkeypatch):
    monkeypatch.setenv("WENGERT_CACHE_DIR", "")
    cache = Cache()
    cache.put(KEY, b"contents")

    assert (cache.path, cache.get(KEY), cache.entries) == (None, None, [])


def test_what_was_not_used_for_longest_goes(place):
    cache = Cache(limit=100_000)
    keys = [bytes([i]) * 32 for i in range(40)]
    for age, key in enumerate(keys):
        cache.put(key, b"x" * 10_000)
        if (place / key.hex()).exists():
            os.utime(place / key.hex(), (age, age))
        cache.get(keys[0])  # used, so it stays

    assert cache.size <= 300_000  # what is there is looked at now and then
    assert cache.get(keys[0]) is not None
    assert cache.get(keys[1]) is None
    assert cache.get(keys[-1]) is not None


def test_many_writers_and_readers():
    cache, seen = Cache(), []

    def work():
        for _ in range(50):
            cache.put(KEY, b"contents" * 1000)
            seen.append(cache.get(KEY))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) == {b"contents" * 1000}


def test_programs_and_their_facts():
    image = stored.Image((b"one", b"two"), ("run",), parallel=True, cached=True)
    facts = {"arena": 64, "outputs": [[0, [2, 3], "<f4"]], "name": "é"}
    stored.remember(KEY, facts, image)

    assert stored.recall(KEY) == (facts, image)
    assert stored.recall(OTHER) is None


COUNTED = """
import sys
sys.path.insert(0, {tests!r})
from wengert.compiler.backend import llvm
from compiler.counting import Counts, counter
compile, texts = llvm.Host.compile, []
llvm.Host.compile = lambda self, text, level: texts.append(text) or compile(self, text, level)
counts = Counts(8)
counter(8, steps=3).run(counts.table)
assert (counts.array == 3).all()
print(len(texts))
"""


def test_another_process_compiles_nothing():
    """Neither program nor pool nor tests; what is loaded there finds its symbols where they are."""
    pytest.importorskip("llvmlite")
    tests = str(Path(__file__).parent.parent)
    command = [sys.executable, "-c", COUNTED.format(tests=tests)]
    runs = [subprocess.run(command, capture_output=True, text=True, timeout=60) for _ in "ab"]

    assert [run.stderr for run in runs] == ["", ""]
    assert int(runs[0].stdout) > 1
    assert int(runs[1].stdout) == 0


def test_public():
    assert isinstance(wg.compile_cache, Cache)
