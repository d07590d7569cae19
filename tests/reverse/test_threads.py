"""Many threads on shared leaves, and modes that belong to one thread or one task."""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import wengert as wg

THREADS = 8
TIMES = 200


@pytest.fixture
def impatient():
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("shape", [(), (5,)], ids=str)
@pytest.mark.usefixtures("impatient")
def test_no_gradient_is_lost(shape):
    x, y = wg.ones(shape, requires_grad=True), wg.ones(shape, requires_grad=True)

    def work(_):
        for _ in range(TIMES):
            (x * 2 + x * y).sum().backward()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    assert (x.grad == 3 * THREADS * TIMES).all()
    assert (y.grad == THREADS * TIMES).all()


@pytest.mark.usefixtures("impatient")
def test_threads_differentiate_one_retained_graph():
    x = wg.ones(4, requires_grad=True)
    loss = (x.exp() * x).sum()

    def work(_):
        return wg.autograd.grad(loss, x, retain_graph=True)[0].tolist()

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(work, range(10 * THREADS)))
    assert all(value == found[0] for value in found)


def test_modes_belong_to_a_thread():
    entered, leave = threading.Event(), threading.Event()

    def work():
        with wg.no_grad():
            entered.set()
            assert leave.wait(10)
            return wg.is_grad_enabled()

    with ThreadPoolExecutor(1) as pool:
        inside = pool.submit(work)
        assert entered.wait(10)
        assert wg.is_grad_enabled()
        assert (wg.ones(1, requires_grad=True) * 2).requires_grad
        leave.set()
        assert inside.result(10) is False


def test_modes_belong_to_a_task():
    seen = []

    async def without():
        with wg.no_grad():
            for _ in range(3):
                await asyncio.sleep(0)
                seen.append(("without", wg.is_grad_enabled()))

    async def plain():
        for _ in range(3):
            await asyncio.sleep(0)
            seen.append(("plain", wg.is_grad_enabled()))

    async def main():
        await asyncio.gather(without(), plain(), without())
        assert wg.is_grad_enabled()

    asyncio.run(main())
    assert set(seen) == {("without", False), ("plain", True)}
    assert len(seen) == 9
