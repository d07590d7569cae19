"""saved_tensors_hooks and its kin, by experiment."""

from __future__ import annotations

import threading

from parity.scenario import leaf, same_as_torch


def hooks(m, pack, unpack=lambda kept: kept):
    return m.autograd.graph.saved_tensors_hooks(pack, unpack)


@same_as_torch
def test_what_is_packed_and_unpacked(m):
    x, y, seen = leaf(m, 1.0, 2.0), leaf(m, 3.0, 4.0), []

    def pack(t):
        seen.append((*t.tolist(), "pack", t.requires_grad, t is x, m.is_grad_enabled()))
        return t.detach()

    def unpack(t):
        seen.append((*t.tolist(), "unpack"))
        return t

    with hooks(m, pack, unpack):
        z = (x * y) * (x + 1)
    z.sum().backward()
    return sorted(map(list, seen)), x.grad, y.grad  # of one operation, which is first is not said


@same_as_torch
def test_outputs_and_numbers(m):
    x, seen = leaf(m, 0.5), []
    with hooks(m, lambda t: seen.append(t.detach()) or t.detach()):
        y = (x.exp() * 3 - 4).tanh()
    y.sum().backward()
    return seen, x.grad


@same_as_torch
def test_constants_that_are_saved(m):
    x, c, seen = leaf(m, 0.5), m.tensor([4.0]), []
    with hooks(m, lambda t: seen.append((t, t is c)) or t):
        y = x * c + c
    y.sum().backward()
    return seen, x.grad


@same_as_torch
def test_nothing_is_packed_without_a_gradient(m):
    x, seen = leaf(m, 0.5), []
    with hooks(m, lambda t: seen.append(1) or t):
        m.ones(2) * m.ones(2)
        with m.no_grad():
            x * x
        x + 1
    return seen


@same_as_torch
def test_the_innermost_pair_counts(m):
    x, seen = leaf(m, 0.5), []
    with hooks(m, lambda t: seen.append("outer") or t.detach()):
        x * x
        with hooks(m, lambda t: seen.append("inner") or t.detach()):
            y = x * x
        x * x
    y.sum().backward()
    return seen, x.grad


@same_as_torch
def test_anything_can_be_kept(m):
    x, store = leaf(m, 0.5, 2.0), {}

    def pack(t):
        store[len(store)] = t.detach().clone()
        return len(store) - 1

    with hooks(m, pack, lambda key: store[key]):
        y = (x * x).sin()
    y.sum().backward()
    return x.grad, len(store)


@same_as_torch
def test_unpacking_happens_in_every_pass(m):
    x, seen = leaf(m, 0.5), []
    with hooks(m, lambda t: t.detach(), lambda t: seen.append(m.is_grad_enabled()) or t):
        y = x * x
    y.sum().backward(retain_graph=True)
    m.autograd.grad(y.sum(), x, create_graph=True)
    return seen, x.grad


@same_as_torch
def test_second_derivatives_through_packed_values(m):
    x = leaf(m, 0.5, 2.0)
    with hooks(m, lambda t: t.detach().clone()):
        y = x**3 * x.exp()
    (first,) = m.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = m.autograd.grad(first.sum(), x)
    return (second > 0).all()


@same_as_torch
def test_changed_values_change_gradients(m):
    x = leaf(m, 1.0, 2.0)
    with hooks(m, lambda t: t.detach(), lambda t: t * 10):
        y = x * x
    y.sum().backward()
    return x.grad


@same_as_torch
def test_in_place_operations_pack(m):
    x, seen = leaf(m, 1.0, 2.0), []
    with hooks(m, lambda t: seen.append(t.detach().clone()) or t.detach().clone()):
        y = x * 1
        y.mul_(y)
        y.exp_()
    y.sum().backward()
    return seen, x.grad


@same_as_torch
def test_save_on_cpu(m):
    x = leaf(m, 1.0, 2.0)
    graph = m.autograd.graph
    with graph.save_on_cpu():
        y = x * x
    with graph.save_on_cpu(pin_memory=True):
        z = y * y
    z.sum().backward()
    return x.grad


@same_as_torch
def test_packed_results_of_several(m):
    x = m.arange(100.0).flip(0).requires_grad_()
    with hooks(m, lambda t: t.detach().clone()):
        y = x.cummax(0)[0] * x.sort()[0]
    (first,) = m.autograd.grad(y.sum(), x, create_graph=True)
    return first, m.autograd.grad((first * first).sum(), x)


@same_as_torch
def test_one_pair_entered_again(m):
    x, seen = leaf(m, 2.0), []
    pair = hooks(m, lambda t: seen.append(1) or t)
    with pair:
        with pair:
            x * x
        x * x
    x * x
    return seen


@same_as_torch
def test_hooks_of_one_thread(m):
    x, seen = leaf(m, 2.0), []
    with hooks(m, lambda t: seen.append(1) or t):
        thread = threading.Thread(target=lambda: x * x)
        thread.start()
        thread.join()
    return seen


@same_as_torch
def test_operations_inside_the_hooks_are_not_packed(m):
    x, seen = leaf(m, 2.0), []

    def pack(t):
        seen.append(t.requires_grad)
        return t * 2

    with hooks(m, pack, lambda t: t / 2):
        y = x * x
    y.sum().backward()
    return seen, x.grad


@same_as_torch
def test_nothing_is_lost_when_a_value_is_saved_twice(m):
    x, seen = leaf(m, 2.0, 3.0), []
    with hooks(m, lambda t: seen.append(1) or t):
        y = x.exp()
        z = y * y
    z.sum().backward()
    return len(seen), x.grad
