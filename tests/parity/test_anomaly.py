"""Anomaly detection, by experiment: what is an error, and what is said of it."""

from __future__ import annotations

import pytest

import wengert as wg
from parity.scenario import leaf, raised, same_as_torch
from wengert.errors import AnomalyError

pytestmark = [
    pytest.mark.filterwarnings("ignore:Anomaly Detection"),
    pytest.mark.filterwarnings("ignore:Error detected"),  # torch says there what our error says
    pytest.mark.filterwarnings("ignore:\n\nPrevious calculation"),
]


def zero_times_infinity(m):
    """The slope of sqrt at 0 is infinite, and its gradient here 0."""
    x = leaf(m, 0.0)
    return x, (x.sqrt() * 0).sum()


def told(error):
    """The facts that both tell: the operation, and which gradient."""
    return type(error).__name__ != "str", str(error).split(" output")[0]


@same_as_torch
def test_a_nan_names_the_operation(m):
    _, y = zero_times_infinity(m)
    with m.autograd.detect_anomaly():
        return told(raised(y.backward))


@same_as_torch
def test_grad_is_watched_too(m):
    x, y = zero_times_infinity(m)
    with m.autograd.detect_anomaly():
        return told(raised(lambda: m.autograd.grad(y, x)))


@same_as_torch
def test_nan_that_was_given(m):
    x = leaf(m, 1.0)
    with m.autograd.detect_anomaly():
        return told(raised(lambda: (x * 2).backward(m.tensor([float("nan")]))))


@same_as_torch
def test_which_gradient(m):
    x, y = leaf(m, 1.0), leaf(m, 2.0)
    with m.autograd.detect_anomaly():
        return told(raised(lambda: (x * (y * float("inf")) * 0).sum().backward()))


@same_as_torch
def test_second_derivatives(m):
    x = leaf(m, 0.0)
    with m.autograd.detect_anomaly():
        (first,) = m.autograd.grad((x**1.5).sum(), x, create_graph=True)
        return told(raised(lambda: m.autograd.grad((first * 0).sum(), x)))


@same_as_torch
def test_what_is_no_anomaly(m):
    x, y, z, c = leaf(m, float("nan")), leaf(m, 0.0), leaf(m, 0.0), leaf(m, 0.0)
    with m.autograd.detect_anomaly():
        (x * 2).sum().backward()
        y.sqrt().sum().backward()
        (c.detach().sqrt() * z * 0).sum().backward()
    return x.grad, y.grad, z.grad


@same_as_torch
def test_without_the_check(m):
    x, y = zero_times_infinity(m)
    with m.autograd.detect_anomaly(check_nan=False):
        y.backward()
    return x.grad


@same_as_torch
def test_on_and_off(m):
    seen = []

    def note():
        seen.append((m.is_anomaly_enabled(), m.is_anomaly_check_nan_enabled()))

    note()
    m.autograd.set_detect_anomaly(True)
    note()
    m.autograd.set_detect_anomaly(True, check_nan=False)
    note()
    m.autograd.set_detect_anomaly(False)
    note()
    with m.autograd.set_detect_anomaly(True):
        note()
        with m.autograd.set_detect_anomaly(False):
            note()
        note()
    note()
    with m.autograd.detect_anomaly():
        note()
    note()
    return seen


@same_as_torch
def test_an_error_in_a_hook_comes_through(m):
    x = leaf(m, 1.0)

    def fails(grad):
        raise KeyError("mine")

    y = x.exp()
    y.register_hook(fails)
    with m.autograd.detect_anomaly():
        return raised((y * 2).sum().backward).args


@same_as_torch
def test_hooks_and_gradients_are_the_same_under_it(m):
    x, seen = leaf(m, 1.0, 2.0), []
    y = x * x
    y.register_hook(lambda grad: seen.append(grad) or grad * 2)
    y.grad_fn.register_hook(lambda i, o: seen.append((i, o)))
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad))
    with m.autograd.detect_anomaly():
        y.sum().backward()
    return seen, x.grad


def message(call):
    with wg.autograd.detect_anomaly(), pytest.raises(AnomalyError) as caught:
        call()
    return str(caught.value)


def test_the_line_is_named_though_the_graph_was_recorded_before():
    x = wg.tensor([0.0], requires_grad=True)
    root = x.sqrt()
    y = (root * 0).sum()
    text = message(y.backward)
    assert "SqrtBackward0" in text
    assert "root = x.sqrt()" in text
    assert "test_anomaly.py" in text


def test_both_lines_are_named_of_a_second_derivative():
    x = wg.tensor([0.0], requires_grad=True)
    y = x**1.5
    with wg.autograd.detect_anomaly():
        (first,) = wg.autograd.grad(y.sum(), x, create_graph=True)
    text = message(lambda: wg.autograd.grad((first * 0).sum(), x))
    assert "create_graph=True)" in text
    assert "y = x**1.5" in text


def test_whose_nan_it_was():
    x = wg.tensor([1.0], requires_grad=True)
    text = message(lambda: (x * 2).backward(wg.tensor([float("nan")])))
    assert "was given has NaN already" in text


def test_an_error_of_a_rule_names_the_line():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    with wg.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: 5):
        z = y.exp()
    with wg.autograd.detect_anomaly(), pytest.raises(TypeError) as caught:
        z.sum().backward()
    assert any("z = y.exp()" in note for note in caught.value.__notes__)


def test_without_provenance_the_operation_is_named():
    with wg.provenance(False):
        x = wg.tensor([0.0], requires_grad=True)
        y = (x.sqrt() * 0).sum()
    assert "SqrtBackward0" in message(y.backward)


def test_it_belongs_to_one_thread():
    """In torch it is of the process."""
    from concurrent.futures import ThreadPoolExecutor

    with wg.autograd.detect_anomaly(), ThreadPoolExecutor(1) as pool:
        assert not pool.submit(wg.is_anomaly_enabled).result()
        assert wg.is_anomaly_enabled()
