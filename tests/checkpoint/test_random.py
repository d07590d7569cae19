"""Random numbers are the same in both runs, and nobody else notices."""

from __future__ import annotations

import threading

import pytest

import wengert as wg
from wengert.utils.checkpoint import checkpoint


def dropout(x):
    return (x * (wg.rand(8) > 0.5)).exp()


def gradient(function, x):
    (found,) = wg.autograd.grad(function(x).sum(), x)
    return found


def test_the_same_numbers_as_without():
    x = wg.ones(8, requires_grad=True)
    wg.manual_seed(1)
    expected = gradient(dropout, x)
    after = wg.rand(3)
    wg.manual_seed(1)
    found = gradient(lambda x: checkpoint(dropout, x), x)

    assert wg.equal(found, expected)
    assert wg.equal(wg.rand(3), after)


def test_nested_and_seeded_inside():
    def seeded(x):
        wg.manual_seed(5)
        return dropout(x) * dropout(x)

    x = wg.ones(8, requires_grad=True)
    for f in (seeded, lambda x: checkpoint(dropout, checkpoint(dropout, x))):
        wg.manual_seed(2)
        expected = gradient(f, x)
        wg.manual_seed(2)
        assert wg.equal(gradient(lambda x, f=f: checkpoint(f, x), x), expected)


def test_the_default_generator_is_not_touched_by_the_recomputation():
    x = wg.ones(8, requires_grad=True)
    y = checkpoint(lambda x: dropout(x) * dropout(x), x)
    before = wg.get_rng_state()
    y.sum().backward()
    assert wg.equal(wg.get_rng_state(), before)


def test_a_state_read_inside_is_that_of_the_run():
    seen = []

    def f(x):
        seen.append(wg.get_rng_state())
        seen.append(wg.default_generator.clone_state().initial_seed())
        return dropout(x)

    x = wg.ones(8, requires_grad=True)
    y = checkpoint(f, x)
    wg.rand(5)
    y.sum().backward()
    assert wg.equal(seen[0], seen[2])
    assert seen[1] == seen[3]


@pytest.mark.parametrize("by_keyword", [False, True])
def test_a_generator_that_is_an_argument(by_keyword):
    def f(x, g):
        return (x * wg.rand(8, generator=g)).exp()

    x = wg.ones(8, requires_grad=True)
    g = wg.Generator().manual_seed(3)
    expected = gradient(lambda x: f(x, g), x)
    g.manual_seed(3)
    y = checkpoint(f, x, g=g) if by_keyword else checkpoint(f, x, g)
    after = g.get_state()
    assert wg.equal(gradient(lambda x: y, x), expected)
    assert wg.equal(g.get_state(), after)


def test_other_threads_draw_undisturbed():
    x = wg.ones(8, requires_grad=True)
    drawn = threading.Event()
    wait = threading.Event()
    calls = []

    def f(x):
        calls.append(1)
        y = dropout(x)
        if len(calls) == 2:
            wait.set()
            assert drawn.wait(10)
        return y * 1

    y = checkpoint(f, x, early_stop=False)
    wg.manual_seed(4)
    expected = wg.rand(3)
    wg.manual_seed(4)
    found = []

    def other():
        assert wait.wait(10)
        found.append(wg.rand(3))
        drawn.set()

    thread = threading.Thread(target=other)
    thread.start()
    y.sum().backward()
    thread.join()
    assert wg.equal(found[0], expected)


def test_random_numbers_that_are_not_kept():
    x = wg.ones(1000, requires_grad=True)
    y = checkpoint(lambda x: x * wg.rand(1000), x, preserve_rng_state=False)
    assert not wg.equal(gradient(lambda x: y, x), y.detach())
