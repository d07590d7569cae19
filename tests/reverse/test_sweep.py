"""What a backward pass computes: what is needed, once, and all of it or nothing."""

from __future__ import annotations

import math

import pytest

import wengert as wg


def scalar(value):
    return wg.tensor(value, dtype=wg.float64, requires_grad=True)


class Counter:
    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1


def counting(operation, name):
    counter = Counter()

    def pullback(ct, x_aval):
        counter()
        return ct

    return operation(name, pullback), counter


# Only what is needed


def test_grad_runs_no_rule_that_leads_elsewhere(operation):
    wanted, to_x = counting(operation, "wanted")
    unwanted, to_y = counting(operation, "unwanted")
    x, y = scalar(2.0), scalar(3.0)
    loss = wanted(x) * unwanted(y)
    assert wg.autograd.grad(loss, x, retain_graph=True)[0].item() == 3
    assert (to_x.calls, to_y.calls) == (1, 0)
    loss.backward(inputs=[y])
    assert (to_x.calls, to_y.calls) == (1, 1)
    assert x.grad is None
    assert y.grad.item() == 2


def test_grad_of_an_interior_tensor_goes_no_further(operation):
    before, below = counting(operation, "below")
    x = scalar(2.0)
    h = before(x)
    assert wg.autograd.grad(h * h, h)[0].item() == 4
    assert below.calls == 0


def test_constants_need_no_rule(operation):
    op, counter = counting(operation, "constant")
    x = scalar(2.0)
    constant = op(wg.tensor(3.0))
    (x * constant).backward()
    assert not constant.requires_grad
    assert counter.calls == 0


def test_every_node_is_swept_once(operation):
    op, counter = counting(operation, "once")
    h = op(scalar(2.0))
    (h * h + h.exp() + h).backward()
    assert counter.calls == 1


def test_a_deep_diamond_takes_linear_time(operation):
    op, counter = counting(operation, "diamond")
    x = scalar(1.0)
    h = x
    for _ in range(50):
        h = op(h)
        h = h + h
    h.backward()
    assert counter.calls == 50
    assert x.grad.item() == 2.0**50


# Ctrl-C


def interrupted_once(operation):
    """An operation whose pullback is interrupted at its first call."""
    counter = Counter()

    def pullback(ct, x_aval):
        counter()
        if counter.calls == 1:
            raise KeyboardInterrupt
        return ct

    return operation("interrupted", pullback)


@pytest.mark.parametrize("create_graph", [False, True])
def test_an_interrupt_leaves_gradients_and_graph_as_they_were(operation, create_graph):
    op = interrupted_once(operation)
    x, y = scalar(2.0), scalar(3.0)
    (x * 10 + y * 10).backward()
    h = op(x * x)
    h.retain_grad()
    loss = h * y
    with pytest.raises(KeyboardInterrupt):
        loss.backward(create_graph=create_graph)
    assert (x.grad.item(), y.grad.item(), h.grad) == (10, 10, None)
    assert wg.is_grad_enabled()
    loss.backward(create_graph=create_graph)
    assert (x.grad.item(), y.grad.item(), h.grad.item()) == (10 + 12, 10 + 4, 3)


def test_an_interrupted_grad_can_be_called_again(operation):
    op = interrupted_once(operation)
    x = scalar(2.0)
    loss = op(x * x) * x
    with pytest.raises(KeyboardInterrupt):
        wg.autograd.grad(loss, x)
    assert wg.autograd.grad(loss, x)[0].item() == 12
    with pytest.raises(RuntimeError, match="freed"):
        wg.autograd.grad(loss, x)


# Higher derivatives


def derivatives(f, x, count):
    """f and its derivatives at x, each from a graph of the one before."""
    values = [f(x)]
    for _ in range(count):
        values += wg.autograd.grad(values[-1], x, create_graph=True)
    return [v.item() for v in values]


def test_derivatives_of_a_power():
    found = derivatives(lambda x: x**4, scalar(1.5), 5)
    assert found == pytest.approx([1.5**4, 4 * 1.5**3, 12 * 1.5**2, 24 * 1.5, 24, 0])


@pytest.mark.parametrize("exponent", [1, 2, 3, 2.0])
def test_one_derivative_beyond_the_last_is_zero(exponent):
    found = derivatives(lambda x: x**exponent, scalar(1.5), int(exponent) + 1)
    assert found[-2:] == [math.factorial(int(exponent)), 0]


def test_derivatives_of_a_composition():
    s, c = math.sin(0.7), math.cos(0.7)
    expected = [1, c, c * c - s, c**3 - 3 * s * c - c]
    found = derivatives(lambda x: x.sin().exp(), scalar(0.7), 3)
    assert found == pytest.approx([math.exp(s) * value for value in expected])


def test_mixed_second_derivatives_agree():
    x, y = scalar(0.3), scalar(0.8)
    f = (x * y).sin() * x.exp()
    by_x, by_y = wg.autograd.grad(f, (x, y), create_graph=True)
    (first,) = wg.autograd.grad(by_x, y, retain_graph=True)
    (second,) = wg.autograd.grad(by_y, x)
    assert first.item() == pytest.approx(second.item())
