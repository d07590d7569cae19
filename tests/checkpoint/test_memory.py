"""What a checkpointed computation keeps, and for how long."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import pytest

import wengert as wg
from wengert.utils.checkpoint import checkpoint, checkpoint_sequential

SIZE = 200_000
BYTES = 4 * SIZE


def block(x):
    for _ in range(4):
        x = x.sin().exp().tanh()
    return x


def plain(x, depth):
    for _ in range(depth):
        x = block(x)
    return x


def checkpointed(x, depth):
    for _ in range(depth):
        x = checkpoint(block, x)
    return x


@pytest.fixture
def live():
    """Bytes that a call leaves alive with its result, and the most that a backward adds."""

    def measured(function, *args):
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            result = function(*args)
            kept = tracemalloc.get_traced_memory()[0] - before
            tracemalloc.reset_peak()
            result.sum().backward()
            peak = tracemalloc.get_traced_memory()[1] - before
            del result
            left = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        return kept / BYTES, peak / BYTES, left / BYTES

    return measured


def test_a_checkpointed_chain_keeps_one_array_a_block(live):
    kept, peak, left = live(plain, wg.ones(SIZE, requires_grad=True), 8)
    assert kept > 8 * 4 * 2

    kept, less, left = live(checkpointed, wg.ones(SIZE, requires_grad=True), 8)
    assert kept < 8 * 1.2 + 1
    assert less < 8 + 12 + 6 < peak
    assert left < 1.5  # the gradient


def test_constants_made_inside_are_not_kept(live):
    def masked(x):
        for _ in range(8):
            x = x * wg.rand(SIZE)
        return x

    kept, *_ = live(masked, wg.ones(SIZE, requires_grad=True))
    assert kept > 8
    kept, *_ = live(lambda x: checkpoint(masked, x), wg.ones(SIZE, requires_grad=True))
    assert kept < 1.5


def test_inner_checkpoints_keep_nothing_inside_of_an_outer_one(live):
    def outer(x):
        return checkpoint(checkpointed, x, 8)

    kept, peak, _ = live(outer, wg.ones(SIZE, requires_grad=True))
    assert kept < 1.5
    assert peak < 8 + 12 + 6


def test_sequential(live):
    kept, *_ = live(
        lambda x: checkpoint_sequential([block] * 8, 8, x), wg.ones(SIZE, requires_grad=True)
    )
    assert kept < 7 * 1.2 + 1 + 9


def test_what_was_recomputed_goes_with_the_pass():
    x, w = (wg.ones(SIZE, requires_grad=True) for _ in range(2))
    y = checkpoint(lambda x, w: (block(x) * w).sin().sum(), x, w)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        wg.autograd.grad(y, w, retain_graph=True)
        assert tracemalloc.get_traced_memory()[0] - before < BYTES / 10
        wg.autograd.grad(y, w, retain_graph=True, create_graph=True)
        assert tracemalloc.get_traced_memory()[0] - before < BYTES / 10
    finally:
        tracemalloc.stop()


def test_a_backward_pass_lets_the_arguments_go():
    x = wg.ones(SIZE, requires_grad=True)
    h = x * 2
    kept = weakref.ref(h._data)
    y = checkpoint(block, h)
    del h
    assert kept() is not None
    y.sum().backward()
    assert kept() is None
    assert y.grad_fn is not None


def test_freed_by_reference_counting():
    x = wg.ones(SIZE, requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        function = Function()
        watched = weakref.ref(function)
        y = checkpoint(lambda x, f: checkpoint(f, x.cos()), x, function)
        y.sum().backward(retain_graph=True)
        del function
        assert watched() is not None
        del y
        assert watched() is None
    finally:
        gc.enable()


class Function:
    def __call__(self, x):
        return block(x)


def test_a_long_chain_of_checkpoints_is_walked_and_freed():
    x = wg.ones(2, requires_grad=True)
    h = x
    for _ in range(3000):
        h = checkpoint(lambda h: (h * 0.999).tanh(), h)
    h.sum().backward()
    assert x.grad is not None
