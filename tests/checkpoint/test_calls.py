"""Calls of checkpoint: in-place rules, wrong arguments, what the errors say."""

from __future__ import annotations

import pytest

import wengert as wg
from wengert.errors import ArgumentError, ArgumentValueError, GradientError, StaleError
from wengert.utils.checkpoint import (
    checkpoint,
    checkpoint_sequential,
    noop_context_fn,
    set_checkpoint_early_stop,
)


@pytest.fixture
def x():
    return wg.tensor([0.5, 1.0], requires_grad=True)


@pytest.mark.parametrize("use_reentrant", [None, False, True])
def test_there_is_one_way_whatever_use_reentrant_says(x, use_reentrant):
    w = wg.tensor([2.0, 3.0], requires_grad=True)

    def f(x, *, power):
        return (x.exp() * w) ** power

    y = checkpoint(f, x, use_reentrant=use_reentrant, power=2)
    found = wg.autograd.grad(y.sum(), [x, w])
    expected = wg.autograd.grad(f(x, power=2).sum(), [x, w])
    assert all(map(wg.equal, found, expected))


def test_the_function_runs_once_a_pass(x):
    calls = []

    def f(x):
        calls.append(1)
        return x.sin().exp()

    y = checkpoint(f, x)
    assert len(calls) == 1
    y.sum().backward(retain_graph=True)
    assert len(calls) == 2
    y.sum().backward()
    assert len(calls) == 3


def test_a_function_that_catches_everything_is_stopped_all_the_same(x):
    after = []

    def f(x):
        try:
            return x.sin().exp()
        except Exception:
            after.append(1)
            raise

    checkpoint(f, x).sum().backward()
    assert not after


def test_a_saved_value_that_the_function_overwrites(x):
    def f(x):
        y = x.exp()
        y.add_(1)
        return y * y

    with pytest.raises(StaleError) as raised:
        f(x).sum().backward()
    assert "add_" in str(raised.value)
    with pytest.raises(StaleError) as raised:
        checkpoint(f, x).sum().backward()
    text = str(raised.value)
    assert "modified by an inplace operation: add_ at test_calls.py" in text
    assert "saved by exp -> float32[2] at test_calls.py" in text


def test_a_part_of_a_saved_value_that_is_overwritten(x):
    def f(x):
        y = x.exp()
        y[0] = 1
        return y * y

    with pytest.raises(StaleError):
        checkpoint(f, x).sum().backward()


def test_an_argument_that_was_overwritten_is_named(x):
    h = x * 2
    y = checkpoint(lambda a, h: (a * h).sin(), x, h=h)
    with wg.no_grad():
        h.zero_()
    with pytest.raises(StaleError) as raised:
        y.sum().backward()
    text = str(raised.value)
    assert "checkpoint: h is needed to run the function again" in text
    assert "zero_ at test_calls.py" in text
    assert "y = checkpoint(" in text


def test_an_argument_that_is_changed_after_a_copy_was_returned(x):
    h = x * 2
    y = checkpoint(lambda h: h.sin(), h.clone())
    h.zero_()
    y.sum().backward()
    assert wg.allclose(x.grad, (2 * (2 * x).cos()).detach())


def test_a_constant_that_requires_grad_later_is_still_a_constant(x):
    c = wg.tensor([3.0, 4.0])
    y = checkpoint(lambda x, c: (x * c).sin(), x, c)
    c.requires_grad_()
    y.sum().backward()
    assert c.grad is None
    assert wg.allclose(x.grad, (c * (x * c).cos()).detach())


def test_numbers_and_empty_tensors():
    s = wg.tensor(0.5, requires_grad=True)
    empty = wg.zeros((0, 3), requires_grad=True)
    y = checkpoint(lambda s, e: s.exp() * s + (e * s).exp().sum(), s, empty)
    y.backward()
    assert s.grad.item() == pytest.approx((0.5 + 1) * 2.718281828**0.5)
    assert empty.grad.shape == (0, 3)


def test_complex_half_and_integer_arguments():
    z = wg.tensor([1 + 2j, 3j], requires_grad=True)
    half = wg.tensor([1.0, 2.0], dtype=wg.float16, requires_grad=True)
    index = wg.tensor([1, 0])

    def f(z, half, index):
        return (z.exp() * half.exp()[index]).abs().sum()

    f(z, half, index).backward()
    expected = z.grad.clone(), half.grad.clone()
    z.grad = half.grad = None
    checkpoint(f, z, half, index).backward()
    assert wg.equal(z.grad, expected[0])
    assert wg.equal(half.grad, expected[1])


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: checkpoint(x, x), ArgumentError, "the function is of type Tensor"),
        (
            lambda x: checkpoint(wg.sin, x, determinism_check="loose"),
            ArgumentValueError,
            r"should be one of \['default', 'none'\], but got 'loose'",
        ),
        (
            lambda x: checkpoint(wg.sin, x, debug=True, context_fn=lambda: noop_context_fn()),
            ArgumentValueError,
            "debug=True is incompatible",
        ),
        (
            lambda x: checkpoint_sequential([wg.sin], 2, x),
            ArgumentValueError,
            "1 functions do not make 2 segments",
        ),
        (
            lambda x: checkpoint_sequential([wg.sin], 0, x),
            ArgumentValueError,
            "1 functions do not make 0 segments",
        ),
        (
            lambda x: checkpoint_sequential([wg.sin], 1, x, debug=True),
            ArgumentValueError,
            "unexpected keyword arguments: debug",
        ),
    ],
)
def test_wrong_arguments(x, call, error, text):
    with pytest.raises(error, match=text):
        call(x)


def test_a_context_that_swallows_an_exception(x):
    import contextlib

    def contexts():
        return contextlib.suppress(KeyError), contextlib.nullcontext()

    with pytest.raises(GradientError, match="suppressed an exception"):
        checkpoint(lambda x: {}[1], x, context_fn=contexts)


def test_modules_with_children(x):
    class Sequential:
        def children(self):
            return iter([wg.sin, wg.exp, wg.tanh])

    y = checkpoint_sequential(Sequential(), 2, x)
    (found,) = wg.autograd.grad(y.sum(), x)
    (expected,) = wg.autograd.grad(x.sin().exp().tanh().sum(), x)
    assert wg.equal(found, expected)


def test_early_stop_is_a_mode_of_the_thread(x):
    seen = []

    def f(x):
        y = x.sin().exp()
        y = y + 1
        seen.append("end")
        return y

    with set_checkpoint_early_stop(False):
        y = checkpoint(f, x)
    y.sum().backward()
    assert seen == ["end", "end"]
    checkpoint(f, x).sum().backward()
    assert seen == ["end", "end", "end"]
