"""What is missing or does not work is said once, and done without."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

import wengert as wg
from compiler.counting import Counts, counter
from wengert.compiler import native
from wengert.compiler.backend import layout as layouts
from wengert.compiler.backend import (
    llvm,
    notices,
    openblas,
    pool,
    processor,
    threads,
    works,
)
from wengert.compiler.loops.width import vector_bytes
from wengert.errors import CompileWarning

pytest.importorskip("llvmlite")

CACHED = (
    native.backend, llvm.started, processor.features, layouts.layout, openblas.openblas,
    vector_bytes,
)  # fmt: skip


@pytest.fixture(autouse=True)
def afresh():
    """As in a process that has compiled nothing."""
    for function in CACHED:
        function.cache_clear()
    notices.forget()
    yield
    for function in CACHED:
        function.cache_clear()
    notices.forget()


def step(x, w):
    return wg.func.value_and_grad(lambda x, w: ((x @ w) * (x @ w)).sum(), argnums=(0, 1))(x, w)


def assert_right(compiled):
    """The results of a step, often enough that every way to call it is taken."""
    x, w = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    for _ in range(5):
        value, (dx, dw) = compiled(x, w)
        assert value == ((x @ w) ** 2).sum()
        assert np.array_equal(dx, 2 * (x @ w) @ w.T)
        assert np.array_equal(dw, x.T @ (2 * (x @ w)))


def assert_said_once(match):
    """That there is one warning, and that the results are right."""
    compiled = wg.compile(step)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert_right(compiled)
        assert_right(wg.compile(step))
    ours = [str(w.message) for w in said if w.category is CompileWarning]
    assert len(ours) == 1, ours
    assert match in ours[0]
    return compiled.report(np.ones((2, 3)), np.ones((3, 4)))


def broken(*_args, **_kwargs):
    raise RuntimeError("it is broken")


def test_everything_is_there():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_right(wg.compile(step))


def test_no_llvmlite(monkeypatch):
    monkeypatch.setitem(sys.modules, "llvmlite", None)

    assert assert_said_once("llvmlite is not installed. For native code: pip install").native == 0


def test_llvm_that_does_not_start(monkeypatch):
    monkeypatch.setattr(llvm.Host, "__init__", broken)

    assert assert_said_once("LLVM cannot be started: it is broken").native == 0


@pytest.mark.parametrize("works_", [lambda host: False, broken])
def test_code_that_computes_wrongly(monkeypatch, works_):
    monkeypatch.setattr(works, "works", works_)

    assert assert_said_once("run without native code, by NumPy's functions").native == 0


def test_a_processor_that_llvm_does_not_know(monkeypatch):
    """Then its code is for all of them, and native nevertheless."""
    from llvmlite import binding

    monkeypatch.setattr(binding, "get_host_cpu_features", broken)

    report = assert_said_once("only what all processors of this kind have")
    assert report.native > 0


def test_no_openblas(monkeypatch):
    monkeypatch.setattr(openblas, "_found", lambda: None)

    assert assert_said_once("scipy-openblas32 is not installed").native > 0


def test_objects_that_cannot_be_read(monkeypatch):
    monkeypatch.setattr(layouts, "_objects_are_as_expected", lambda: False)

    assert assert_said_once("objects are laid out in another way").coverage > 0


def test_no_cache(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WENGERT_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(wg.compile_cache, "_writable", True)

    try:
        assert_said_once("cannot be written")
    finally:
        wg.compile_cache._writable = True


def test_no_threads(monkeypatch):
    """On systems other than Linux chunks run one after the other."""
    monkeypatch.setattr(threads.THREADS, "_pool", None)
    monkeypatch.setattr(pool.sys, "platform", "plan9")
    counts = Counts(7)

    with pytest.warns(CompileWarning, match="run on one thread: no threads on plan9"):
        program = counter(7, steps=3)
    program.run(counts.table)

    assert counts.array.tolist() == [3] * 7
