"""no_grad and its kin, by experiment: nested, as decorators, in threads and coroutines."""

from __future__ import annotations

import asyncio
import threading
import warnings

import wengert
from parity.scenario import leaf, raised, same_as_torch


def recorded(m, x):
    return (x * 2).requires_grad


@same_as_torch
def test_no_grad(m):
    x = leaf(m, 2.0)
    with m.no_grad():
        y = x * x
        inside = m.is_grad_enabled()
    return y, inside, m.is_grad_enabled(), y.is_leaf


@same_as_torch
def test_modes_nest(m):
    x = leaf(m, 2.0)
    seen = []
    with m.no_grad():
        with m.enable_grad():
            seen.append(recorded(m, x))
            with m.no_grad():
                seen.append(recorded(m, x))
            seen.append(recorded(m, x))
        seen.append(recorded(m, x))
    seen.append(recorded(m, x))
    return seen


@same_as_torch
def test_set_grad_enabled(m):
    x = leaf(m, 2.0)
    seen = []
    with m.set_grad_enabled(False):
        seen.append(recorded(m, x))
        with m.set_grad_enabled(True):
            seen.append(recorded(m, x))
    m.set_grad_enabled(False)
    seen.append(recorded(m, x))
    m.set_grad_enabled(True)
    seen.append(recorded(m, x))
    return seen


@same_as_torch
def test_modes_end_with_an_exception(m):
    def fails():
        with m.no_grad():
            raise ValueError

    return raised(fails), m.is_grad_enabled()


@same_as_torch
def test_modes_as_decorators(m):
    x = leaf(m, 2.0)
    modes = [m.no_grad(), m.enable_grad(), m.set_grad_enabled(False), m.inference_mode()]
    m.set_grad_enabled(True)
    decorated = [mode(lambda: recorded(m, x)) for mode in modes]
    bare = m.no_grad(lambda: recorded(m, x))
    seen = [f() for f in decorated] + [bare()]
    with m.no_grad():
        return seen, [f() for f in decorated], m.is_grad_enabled()


@same_as_torch
def test_a_decorated_function_calls_itself(m):
    x = leaf(m, 2.0)

    @m.no_grad()
    def down(n):
        inner = down(n - 1) if n else []
        return [*inner, recorded(m, x)]

    return down(3), recorded(m, x)


@same_as_torch
def test_decorated_generators(m):
    x = leaf(m, 2.0)

    @m.no_grad()
    def numbers():
        got = yield recorded(m, x)
        yield got, recorded(m, x)
        return "the end"

    steps = numbers()
    seen = [next(steps), recorded(m, x), steps.send("sent"), recorded(m, x)]
    end = raised(lambda: next(steps))
    return seen, end, end.value


@same_as_torch
def test_an_exception_thrown_into_a_decorated_generator(m):
    x = leaf(m, 2.0)

    @m.no_grad()
    def numbers():
        try:
            yield 1
        except ValueError:
            yield recorded(m, x)

    steps = numbers()
    next(steps)
    return steps.throw(ValueError()), recorded(m, x)


def test_decorated_coroutines():
    """The mode holds inside the coroutine; torch decorates the call that makes it, no more."""
    x = wengert.tensor([2.0], requires_grad=True)

    @wengert.no_grad()
    async def inner():
        await asyncio.sleep(0)
        return recorded(wengert, x)

    async def both():
        return await asyncio.gather(inner(), asyncio.sleep(0, recorded(wengert, x)), inner())

    assert asyncio.run(both()) == [False, True, False]


def test_decorated_asynchronous_generators():
    """The mode holds while the generator runs, not while its consumer does."""
    x = wengert.tensor([2.0], requires_grad=True)

    @wengert.no_grad()
    async def numbers():
        for _ in range(2):
            await asyncio.sleep(0)
            yield recorded(wengert, x)

    async def consumed():
        return [(inside, recorded(wengert, x)) async for inside in numbers()]

    assert asyncio.run(consumed()) == [(False, True), (False, True)]


@same_as_torch
def test_a_decorated_class(m):
    def decorate():
        @m.no_grad()
        class Thing:
            def __init__(self):
                self.seen = m.is_grad_enabled()

        return Thing().seen

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        seen = decorate()
    return seen, [w.category.__name__ for w in caught]


@same_as_torch
def test_switches_are_bools(m):
    return [raised(lambda value=value: m.set_grad_enabled(value)) for value in ("x", None, 1)]


@same_as_torch
def test_multithreading_is_accepted(m):
    switch = m.autograd.set_multithreading_enabled
    with switch(False):
        inside = (leaf(m, 2.0) * 2).requires_grad
    switch(True)
    return (
        inside,
        switch(False)(lambda: 3)(),
        m.autograd.grad_mode.set_multithreading_enabled is switch,
    )


@same_as_torch
def test_a_mode_used_again(m):
    x = leaf(m, 2.0)
    mode = m.no_grad()
    seen = []
    for _ in range(2):
        with mode:
            seen.append(recorded(m, x))
    return seen, recorded(m, x)


@same_as_torch
def test_modes_are_of_one_thread(m):
    x = leaf(m, 2.0)
    seen = []
    with m.no_grad():
        thread = threading.Thread(target=lambda: seen.append(recorded(m, x)))
        thread.start()
        thread.join()
    return seen


@same_as_torch
def test_a_leaf_made_under_no_grad(m):
    with m.no_grad():
        x = leaf(m, 2.0)
    (x * x).backward()
    return x.requires_grad, x.grad


@same_as_torch
def test_inference_mode(m):
    x = leaf(m, 2.0)
    with m.inference_mode():
        y = x * x
        seen = [m.is_inference_mode_enabled(), m.is_grad_enabled(), y.requires_grad]
        with m.enable_grad():
            seen.append(recorded(m, x))
    with m.inference_mode(False):
        seen.append(recorded(m, x))
    return seen, m.is_inference_mode_enabled(), y.is_leaf


@same_as_torch
def test_inference_tensors_cannot_be_saved(m):
    x = leaf(m, 2.0)
    with m.inference_mode():
        y = m.tensor([3.0]) * 2
    return [
        raised(lambda: x * y),
        (x + y).requires_grad,
        (x * y.clone()).requires_grad,
        (m.tensor([1.0]) * y).requires_grad,
    ]


@same_as_torch
def test_backward_under_no_grad(m):
    x = leaf(m, 2.0)
    y = x * x
    with m.no_grad():
        y.backward()
    return x.grad
