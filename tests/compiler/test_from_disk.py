"""Programs that another process has compiled: nothing is planned or written anew."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.compiler import program as programs
from wengert.compiler.course import Course

pytest.importorskip("llvmlite")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("WENGERT_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def courses(monkeypatch):
    """The courses that are worked out."""
    made = []

    class Watched(Course):
        def __init__(self, *args):
            made.append(self)
            super().__init__(*args)

    monkeypatch.setattr(programs, "Course", Watched)
    return made


def step(x, w, b):
    def loss(w, b):
        hidden = wg.relu(x @ w + b)
        return (hidden * hidden * wg.arange(4.0)).sum()

    return wg.func.value_and_grad(loss, argnums=(0, 1))(w, b)


ARGUMENTS = (wg.arange(6.0).reshape(2, 3).clone(), wg.arange(12.0).reshape(3, 4) / 7, wg.ones(4))


def arrays_of(results):
    value, (dw, db) = results
    return [t.numpy() for t in (value, dw, db)]


def assert_equal(results, others):
    pairs = zip(arrays_of(results), arrays_of(others), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_found_again(courses):
    first = wg.compile(step)(*ARGUMENTS)
    assert len(courses) == 1
    second = wg.compile(step)
    for _ in range(4):
        assert_equal(second(*ARGUMENTS), first)

    assert len(courses) == 1


def test_other_graphs_threads_and_shapes_are_others(courses):
    wg.compile(step)(*ARGUMENTS)
    wg.compile(step, threads=1)(*ARGUMENTS)
    wg.compile(step)(*(t.double() for t in ARGUMENTS))
    wg.compile(step)(ARGUMENTS[0][:1].clone(), *ARGUMENTS[1:])
    wg.compile(lambda *args: step(*args)[0] * 2)(*ARGUMENTS)

    assert len(courses) == 5


def test_damage_is_repaired(courses, place):
    first = wg.compile(step)(*ARGUMENTS)
    for entry in wg.compile_cache.entries:
        file = wg.compile_cache.path / entry.key
        data = bytearray(file.read_bytes())
        data[-5] ^= 1
        file.write_bytes(data)

    assert_equal(wg.compile(step)(*ARGUMENTS), first)
    assert len(courses) == 2
    assert_equal(wg.compile(step)(*ARGUMENTS), first)
    assert len(courses) == 2


def test_questions_are_answered(courses):
    """What is not on disk is worked out when it is asked."""
    wg.compile(step)(*ARGUMENTS)
    again = wg.compile(step)
    again(*ARGUMENTS)
    assert len(courses) == 1

    assert again.report(*ARGUMENTS).coverage == 1
    assert "define" in again.llvm_ir(*ARGUMENTS)
    assert again.graph(*ARGUMENTS).nodes
    assert len(courses) == 2
    wg.compile(step, verify=True)(*ARGUMENTS)


def test_gradients_and_memory_that_is_given():
    w = ARGUMENTS[1].clone().requires_grad_()
    for _ in range(2):
        compiled = wg.compile(lambda x, w: (x @ w).relu().sum())
        w.grad = None
        compiled(ARGUMENTS[0], w).backward()
        expected = ARGUMENTS[0].sum(0)
        assert w.grad[:, 1].tolist() == expected.tolist()

    out = wg.zeros(2, 4)
    for _ in range(2):
        compiled = wg.compile(lambda x, w: x @ w)
        assert compiled(ARGUMENTS[0], ARGUMENTS[1], out=out) is out
        assert wg.allclose(out, ARGUMENTS[0] @ ARGUMENTS[1])


def test_an_index_out_of_range_is_refused():
    x = np.arange(4.0)
    for _ in range(2):
        compiled = wg.compile(lambda x, i: wg.gather(x, 0, i) * 2)
        assert compiled(x, np.array([3, 0])).tolist() == [6, 0]
        with pytest.raises(IndexError):
            compiled(x, np.array([4]))
