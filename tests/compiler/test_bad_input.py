"""What compile says where it cannot do what the function does."""

from __future__ import annotations

import sys
from unittest import mock

import numpy as np
import pytest

import wengert as wg
from wengert.compiler.backend import llvm, notices
from wengert.compiler.native import backend
from wengert.errors import ArgumentError, CompileWarning, GradientError, TraceError


def test_a_branch_on_values_is_named_with_its_line():
    def absolute(x):
        if x > 0:
            return x
        return -x

    with pytest.raises(TraceError, match=r"(?s)bool\(\).*test_bad_input.*if x > 0.*where.*static"):
        wg.compile(absolute)(wg.tensor(1.0))


@pytest.mark.parametrize(
    "function",
    [lambda x: int(x) * x, lambda x: [x for _ in range(x.sum())], lambda x: x.tolist()],
    ids=["int", "range", "tolist"],
)
def test_python_values_are_refused(function):
    with pytest.raises(TraceError):
        wg.compile(function)(wg.tensor(1.0))


def test_random_numbers_are_refused():
    for draw in (lambda x: x + wg.randn(1), lambda x: wg.bernoulli(x)):
        with pytest.raises(TraceError, match="random"):
            wg.compile(draw)(wg.ones(1))


def test_writing_what_is_outside_is_refused():
    count = wg.zeros(1)

    with pytest.raises(TraceError, match="add_ writes a tensor from outside"):
        wg.compile(lambda x: x * count.add_(1))(wg.ones(1))


@pytest.mark.parametrize("write", [lambda x: x.add_(1), lambda x: x[:1].zero_()])
def test_writing_an_argument_is_refused(write):
    x = wg.ones(2)

    def under_no_grad(x):
        with wg.no_grad():
            return write(x) * 2

    with pytest.raises(GradientError, match=r"in place(?s:.*)Change a copy of the argument"):
        wg.compile(lambda x: write(x) * 2)(x)
    with pytest.raises(TraceError, match=r"no_grad(?s:.*)Compute a new tensor"):
        wg.compile(under_no_grad)(x)
    assert wg.compile(lambda x: write(x.clone()).sum())(x).item() in (0, 4)
    assert x.tolist() == [1, 1]


def test_writing_under_no_grad():
    """What has no history is written; what has one cannot be, as it would keep it."""

    def inside(x):
        with wg.no_grad():
            y = x * 2
            y[0] = 7
            return y.add_(1) * 3

    def between(x):
        y = x * 2
        with wg.no_grad():
            y.add_(1)
        return y

    x = wg.ones(2)
    assert wg.compile(inside)(x).tolist() == inside(x).tolist() == [24, 9]
    with pytest.raises(TraceError, match="add_ under no_grad writes a tensor whose history goes"):
        wg.compile(between)(x)


def test_arguments_that_are_no_data():
    with pytest.raises(ArgumentError, match="static='how'"):
        wg.compile(lambda x, how: x)(wg.ones(1), "text")
    with pytest.raises(ArgumentError, match="hashable"):
        wg.compile(lambda x, how: x, static="how")(wg.ones(1), [1])
    with pytest.raises(ArgumentError, match="names no parameter"):
        wg.compile(lambda x: x, static=3)


def test_without_llvmlite_numpy_computes():
    for cached in (backend, llvm.host):
        cached.cache_clear()
    notices.forget()
    try:
        with mock.patch.dict(sys.modules, {"llvmlite": None}):
            compiled = wg.compile(lambda x: x * 2 + 1)
            with pytest.warns(CompileWarning, match=r"pip install 'wengert\[compile\]'"):
                assert compiled(np.ones(2)).tolist() == [3, 3]
            assert compiled(np.ones(3)).tolist() == [3, 3, 3]  # said once
            assert compiled.report(np.ones(2)).native == 0
    finally:
        for cached in (backend, llvm.host):
            cached.cache_clear()
