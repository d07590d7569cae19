"""Blocks of memory that are used again, and large results that are in them."""

from __future__ import annotations

import ctypes
import gc
import pickle

import numpy as np
import pytest

from compiler.entries import array, copier
from wengert.compiler.backend import memory
from wengert.compiler.backend.layout import layout
from wengert.compiler.backend.llvm import host
from wengert.compiler.backend.memory import KEPT, LARGE, empty
from wengert.compiler.backend.memory_text import GIVE, TAKE

pytest.importorskip("llvmlite")
pytestmark = pytest.mark.skipif(layout() is None, reason="objects are not to be read here")

MEGABYTE = 2**20


def take(nbytes: int) -> int:
    function = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_int64)
    return function(memory.symbols(host())[TAKE])(nbytes)


def give(address: int) -> None:
    ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(memory.symbols(host())[GIVE])(address)


def kept() -> int:
    return ctypes.c_int64.from_address(memory._blocks(host()).address("total")).value


def test_a_block_is_used_again():
    first = take(5 * MEGABYTE)
    assert first % 64 == 0
    give(first)

    assert take(5 * MEGABYTE) == first
    second = take(5 * MEGABYTE)
    assert second != first
    give(first)
    give(second)


def test_a_block_that_is_much_too_large_is_left_for_others():
    large = take(40 * MEGABYTE)
    give(large)
    small = take(1000)
    assert small != large
    give(small)
    assert take(39 * MEGABYTE) == large
    give(large)


def test_no_more_is_kept_than_the_limit():
    blocks = [take(60 * MEGABYTE) for _ in range(8)]
    for block in blocks:
        give(block)
        assert kept() <= KEPT

    give(take(2 * KEPT))  # a program's own block is kept, however large it is
    assert kept() == 2 * KEPT
    give(take(1000))
    assert kept() <= KEPT


def test_large_results_own_their_memory():
    x = np.arange(float(LARGE))
    (result,) = copier(array(x.shape))(x)

    assert result.flags.carray
    assert result.flags.owndata
    assert result.ctypes.data % 64 == 0
    assert np._core.multiarray.get_handler_name(result) == "wengert"
    assert np.array_equal(pickle.loads(pickle.dumps(result)), x)
    result.resize(2 * LARGE, refcheck=False)  # who measures coverage may refer to it
    assert np.array_equal(result[:LARGE], x)
    assert not result[LARGE:].any()
    result.resize(10, refcheck=False)
    assert np.array_equal(result, x[:10])


def test_memory_of_a_result_is_used_again():
    x = np.ones(LARGE)
    call = copier(array(x.shape))
    seen = {call(x)[0].ctypes.data for _ in range(10)}

    assert len(seen) <= 2


def test_a_view_keeps_it():
    x = np.ones(LARGE)
    call = copier(array(x.shape))
    view = call(x)[0][5:8]
    others = [call(x * i)[0] for i in range(3)]
    gc.collect()

    assert view.tolist() == [1, 1, 1]
    assert len(others) == 3


@pytest.mark.parametrize("shape", [(), (3,), (LARGE,), (300, 400), (0, LARGE)])
def test_empty(shape):
    made = empty(shape, np.dtype(np.float32))

    assert (made.shape, made.dtype) == (shape, np.float32)
    assert made.flags.carray
    assert made.flags.owndata
