"""Hooks, shared graphs and shared leaves in many threads at once."""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import wengert as wg

THREADS = 8
TIMES = 40


@pytest.fixture(autouse=True)
def impatient():
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def everywhere(work):
    """work(number of the thread) in all threads, which start together; their results."""
    start = threading.Barrier(THREADS)

    def begin(number):
        start.wait(10)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def test_a_hook_that_takes_the_gradient_takes_its_own():
    w, taken = wg.ones(3, requires_grad=True), []

    def take(tensor):
        taken.append(tensor.grad.sum().item())
        tensor.grad = None

    w.register_post_accumulate_grad_hook(take)
    everywhere(lambda number: [(w * (number + 1)).sum().backward() for _ in range(TIMES)])
    assert w.grad is None
    assert sorted(taken) == sorted(3.0 * (n + 1) for n in range(THREADS) for _ in range(TIMES))


def test_an_optimiser_inside_backward_loses_no_step():
    w = wg.zeros(2, dtype=wg.float64, requires_grad=True)

    def step(tensor):
        with wg.no_grad():
            tensor -= tensor.grad
        tensor.grad = None

    w.register_post_accumulate_grad_hook(step)
    everywhere(lambda number: [(w * number).sum().backward() for _ in range(TIMES)])
    assert w.tolist() == [-TIMES * sum(range(THREADS))] * 2


def test_hooks_run_in_the_thread_of_the_pass():
    w, seen = wg.ones(3, requires_grad=True), []

    def note(*_):
        seen.append(local.number)

    local = threading.local()
    w.register_hook(note)
    w.register_post_accumulate_grad_hook(note)

    def work(number):
        local.number = number
        for _ in range(TIMES):
            y = w * number
            y.register_hook(note)
            y.sum().backward()

    everywhere(work)
    assert sorted(seen) == sorted(n for n in range(THREADS) for _ in range(3 * TIMES))


def test_one_retained_graph_is_differentiated_by_all():
    x = wg.ones(4, requires_grad=True)
    y = x.exp()
    loss = (y * x).sum()
    once = wg.autograd.grad(loss, [x, y], retain_graph=True)
    y.retain_grad()
    everywhere(lambda _: [loss.backward(retain_graph=True) for _ in range(TIMES)])
    assert wg.allclose(x.grad, once[0] * (THREADS * TIMES), rtol=1e-4)
    assert wg.allclose(y.grad, once[1] * (THREADS * TIMES), rtol=1e-4)


def test_accumulation_with_a_graph_loses_nothing():
    x = wg.ones(2, dtype=wg.float64, requires_grad=True)
    everywhere(lambda _: [(x * x).sum().backward(create_graph=True) for _ in range(TIMES)])
    assert x.grad.tolist() == [2 * THREADS * TIMES] * 2
    (second,) = wg.autograd.grad(x.grad.sum(), x)
    assert second.tolist() == [2 * THREADS * TIMES] * 2


def test_passes_inside_hooks():
    x = wg.ones(2, dtype=wg.float64, requires_grad=True)
    w = wg.ones(2, dtype=wg.float64, requires_grad=True)

    def inner(gradient):
        with wg.enable_grad():
            (w * gradient).sum().backward()

    x.register_post_accumulate_grad_hook(lambda tensor: None)
    w.register_post_accumulate_grad_hook(lambda tensor: None)

    def work(_):
        for _ in range(TIMES):
            y = x * 3
            y.register_hook(inner)
            y.sum().backward()

    everywhere(work)
    assert x.grad.tolist() == [3 * THREADS * TIMES] * 2
    assert w.grad.tolist() == [THREADS * TIMES] * 2


def test_a_hook_for_several_counts_each_pass():
    a, b = wg.ones(2, requires_grad=True), wg.ones(2, requires_grad=True)

    def work(number):
        for _ in range(TIMES):
            (a * b).sum().backward() if number % 2 else (a * 2).sum().backward()

    wg.autograd.graph.register_multi_grad_hook((a, b), lambda g: counts.append(g[1] is None))
    counts = []
    everywhere(work)
    assert counts.count(True) == counts.count(False) == TIMES * THREADS // 2


def test_hooks_come_and_go_while_others_differentiate():
    x, seen = wg.ones(2, dtype=wg.float64, requires_grad=True), []

    def work(number):
        for _ in range(TIMES):
            if number % 2:
                with x.register_hook(lambda gradient: seen.append(1)):
                    pass
            else:
                (x * 2).sum().backward()

    everywhere(work)
    assert x.grad.tolist() == [2 * TIMES * THREADS // 2] * 2
    assert not x._backward_hooks


def test_all_hooks_that_are_registered_at_once_are_called():
    x, seen = wg.ones(2, requires_grad=True), []
    y = x * 2
    everywhere(lambda number: y.register_hook(lambda gradient: seen.append(number)))
    y.sum().backward()
    assert sorted(seen) == list(range(THREADS))


def test_aliases_that_are_made_at_once_share_their_memory():
    for _ in range(50):
        x = wg.ones(2, requires_grad=True)
        aliases = everywhere(lambda _, x=x: x.detach())
        y = x * x
        aliases[0].add_(1)
        assert all(alias._version == 1 for alias in aliases)
        with pytest.raises(RuntimeError, match="modified by an inplace"):
            y.sum().backward()


def test_saved_tensors_hooks_belong_to_a_thread():
    x = wg.ones(2, requires_grad=True)

    def work(number):
        seen = []
        with wg.autograd.graph.saved_tensors_hooks(lambda t: seen.append(number) or t, lambda t: t):
            for _ in range(TIMES):
                y = x * x
        y.sum().backward()
        return seen

    assert everywhere(work) == [[n] * (2 * TIMES) for n in range(THREADS)]


def test_an_error_in_one_thread_leaves_the_others_alone():
    x = wg.ones(2, dtype=wg.float64, requires_grad=True)

    def fails(gradient):
        raise KeyError

    def work(number):
        for _ in range(TIMES):
            y = x * 2
            if number % 2:
                y.register_hook(fails)
                with pytest.raises(KeyError):
                    y.sum().backward()
            else:
                y.sum().backward()

    everywhere(work)
    assert x.grad.tolist() == [2 * TIMES * THREADS // 2] * 2


def test_threads_that_share_a_context():
    """asyncio.to_thread runs in a copy of the context, and the state in it is the same object."""
    x = wg.ones(2, dtype=wg.float64, requires_grad=True)
    x.register_hook(lambda gradient: None)

    def work():
        for _ in range(TIMES):
            (x.exp() * 0 + x * 2).sum().backward()

    async def main():
        await asyncio.gather(*(asyncio.to_thread(work) for _ in range(THREADS)))

    asyncio.run(main())
    assert x.grad.tolist() == [2 * THREADS * TIMES] * 2


def test_a_hook_waits_for_a_pass_in_another_thread():
    w = wg.ones(2, requires_grad=True)

    def other():
        (w * 2).sum().backward()

    with ThreadPoolExecutor(1) as pool:
        y = w * 3
        y.register_hook(lambda gradient: pool.submit(other).result(10))
        y.sum().backward()
    assert w.grad.tolist() == [5.0, 5.0]
