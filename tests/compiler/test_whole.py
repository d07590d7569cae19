"""Programs that are native from beginning to end, run on arrays: recorded calls, calls by name."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.compiler.whole import RUNS_BEFORE

pytest.importorskip("llvmlite")


def test_every_run_gives_the_same():
    compiled = wg.compile(lambda x, y: (x * y + 1, (x - y).sum(), x > y))
    x, y = np.linspace(-2, 2, 12).reshape(3, 4), np.float64(0.5)
    program = compiled._programs.of(compiled._parameters.call((x, y), {}))
    first = program.run([x, y])
    assert program.whole is not None

    for _ in range(RUNS_BEFORE + 2):
        again = program.run([x, y])
        assert all(map(np.array_equal, again, first))
        assert [type(a) for a in again] == [type(a) for a in first]
        assert not any(np.shares_memory(a, b) for a, b in zip(again, first, strict=True) if a.ndim)


def test_arrays_of_other_layouts():
    compiled = wg.compile(lambda x: x * 2 + 1)
    given = np.arange(12.0).reshape(3, 4)
    layouts = [given, given[::-1], np.asfortranarray(given), np.broadcast_to(1.0, (3, 4))]

    for _ in range(RUNS_BEFORE + 1):
        for array in layouts:
            assert np.array_equal(compiled(x=array), array * 2 + 1)


def test_recorded_calls():
    weight = wg.ones(3, requires_grad=True)
    compiled = wg.compile(lambda x: (x * weight).sum())
    for i in range(RUNS_BEFORE + 3):
        weight.grad = None
        loss = compiled(wg.full((3,), float(i)))
        loss.backward()
        assert loss.item() == 3 * i
        assert weight.grad.tolist() == [i] * 3


def test_refusals():
    compiled = wg.compile(lambda x, i: wg.gather(x, 0, i))
    x = np.arange(3.0)
    for _ in range(RUNS_BEFORE + 2):
        assert compiled(x=x, i=np.array([2])).tolist() == [2]
        with pytest.raises(IndexError):
            compiled(x=x, i=np.array([3]))
