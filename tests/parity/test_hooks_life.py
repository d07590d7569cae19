"""Registering and removing hooks, in-place changes, errors, passes inside hooks, by experiment."""

from __future__ import annotations

import pytest

import wengert as wg
from parity.scenario import leaf, noting, raised, same_as_torch


@same_as_torch
def test_removal(m):
    x, seen = leaf(m, 2.0), []
    first = x.register_hook(noting(seen, 1))
    with x.register_hook(noting(seen, 2)) as second:
        x.sum().backward()
    x.sum().backward()
    first.remove()
    first.remove()
    second.remove()
    x.sum().backward()
    return seen, len(x._backward_hooks)


@same_as_torch
def test_removal_inside_a_hook(m):
    x, seen = leaf(m, 2.0), []
    y = x * 2
    handles = []

    def remover(grad):
        seen.append("remover")
        for handle in handles:
            handle.remove()

    handles.append(y.register_hook(remover))
    handles.append(y.register_hook(noting(seen, "other")))
    handles.append(y.grad_fn.register_prehook(noting(seen, "before")))
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    return seen


@same_as_torch
def test_registration_inside_a_hook(m):
    x, seen = leaf(m, 2.0), []
    y = x * 2

    def grows(grad):
        seen.append("grows")
        y.register_hook(noting(seen, "new"))
        x.register_hook(noting(seen, "leaf"))

    y.register_hook(grows)
    y.sum().backward(retain_graph=True)
    seen.append("-")
    y.sum().backward()
    return seen


@same_as_torch
def test_hooks_stay_with_the_value_before_an_in_place_change(m):
    x, seen = leaf(m, 1.0, 2.0), []
    y = x * 2
    y.retain_grad()
    y.register_hook(noting(seen, "before"))
    y.mul_(3)
    y.register_hook(noting(seen, "after"))
    y.sum().backward()
    return seen, y.grad, x.grad, y.retains_grad


@same_as_torch
def test_hooks_and_retain_grad_over_several_in_place_changes(m):
    x, seen = leaf(m, 1.0, 2.0), []
    y = x * 2
    y.register_hook(lambda grad: seen.append(("first", grad)) or grad * 2)
    y.retain_grad()
    y.add_(1)
    y.exp_()
    y.register_hook(lambda grad: seen.append(("second", grad)) or grad * 3)
    y.sum().backward()
    return seen, y.grad, x.grad


@same_as_torch
def test_a_retained_gradient_moves_on(m):
    x = leaf(m, 1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y.sum().backward(retain_graph=True)
    first = y.grad.clone()
    y.mul_(3)
    second = y.grad.clone()
    y.sum().backward()
    return first, second, y.grad, y.retains_grad


@same_as_torch
def test_hooks_of_a_view_and_its_base(m):
    x, seen = leaf(m, 1.0, 2.0), []
    y = x * 2
    v = y[:1]
    y.register_hook(noting(seen, "base before"))
    v.mul_(5)
    y.register_hook(noting(seen, "base after"))
    v.register_hook(noting(seen, "view after"))
    (y * v).sum().backward()
    return sorted(seen, key=lambda pair: pair[0]), x.grad


@same_as_torch
def test_hooks_survive_a_frozen_leaf(m):
    x, seen = leaf(m, 1.0), []
    x.register_hook(noting(seen, "x"))
    (x * 2).sum().backward()
    old = (x * 3).sum()
    x.requires_grad_(False)
    frozen = x.grad.clone()
    old.backward()
    kept = x.grad.clone()
    x.requires_grad_(True)
    (x * 2).sum().backward()
    return seen, frozen, kept, x.grad


@same_as_torch
def test_an_error_in_a_hook(m):
    x, seen = leaf(m, 1.0), []

    def fails(grad):
        raise KeyError("mine")

    y = x * 2
    handle = y.register_hook(fails)
    error = raised(y.sum().backward)
    handle.remove()
    y = x * 2
    y.sum().backward()
    return error.args, type(error).__name__, x.grad, seen


@same_as_torch
def test_an_error_after_another_leaf_is_complete(m):
    a, b = leaf(m, 1.0), leaf(m, 2.0)

    def fails(tensor):
        raise ValueError

    a.register_post_accumulate_grad_hook(fails)
    loss = (((a * 2) + b).exp()).sum() * 1.0
    error = raised(loss.backward)
    return error, a.grad, m.is_grad_enabled()


@same_as_torch
def test_where_hooks_cannot_be_registered(m):
    x = leaf(m, 1.0)
    y = m.ones(1)
    frozen = leaf(m, 1.0).requires_grad_(False)
    return (
        raised(lambda: y.register_hook(print)),
        raised(lambda: y.register_post_accumulate_grad_hook(print)),
        raised(lambda: (x * 2).register_post_accumulate_grad_hook(print)),
        raised(lambda: frozen.register_hook(print)),
        raised(lambda: x.detach().register_hook(print)),
    )


@same_as_torch
def test_backward_hooks_of_a_tensor(m):
    x = leaf(m, 1.0)
    none = x._backward_hooks, (x * 2)._backward_hooks
    handle = x.register_hook(print)
    one = list(x._backward_hooks.values()) == [print]
    handle.remove()
    return none, one, dict(x._backward_hooks)


@same_as_torch
def test_a_hook_starts_another_backward_pass(m):
    x, w, seen = leaf(m, 2.0), leaf(m, 3.0), []

    def inner(grad):
        with m.enable_grad():
            (w * grad.detach()).sum().backward()
        seen.append(w.grad)

    y = x * x
    y.register_hook(inner)
    y.sum().backward()
    return seen, x.grad, w.grad


@same_as_torch
def test_a_hook_writes_into_the_gradient_of_another_leaf(m):
    a, b = leaf(m, 2.0), leaf(m, 3.0)
    a.register_hook(lambda grad: setattr(b, "grad", grad.clone()))
    (a * 5).sum().backward()
    return a.grad, b.grad


def test_the_traceback_of_an_error_shows_the_hook():
    x = leaf(wg, 1.0, 2.0)

    def my_own_hook(gradient):
        raise KeyError("mine")

    y = x * 2
    y.register_hook(my_own_hook)
    with pytest.raises(KeyError) as caught:
        y.sum().backward()
    assert caught.traceback[-1].name == "my_own_hook"
    assert caught.value.args == ("mine",)


@pytest.mark.parametrize("create_graph", [False, True])
def test_after_an_error_in_a_hook_graph_and_gradients_can_be_used(create_graph):
    """torch has freed the part of the graph that ran by then."""
    x, w = leaf(wg, 2.0), leaf(wg, 3.0)
    fails = [True]

    def hook(gradient):
        if fails[0]:
            raise KeyError

    y = x * x
    y.register_hook(hook)
    z = (y * w).sum()
    with pytest.raises(KeyError):
        z.backward(create_graph=create_graph)
    assert wg.is_grad_enabled()
    assert x.grad is None
    assert w.grad.tolist() == [4.0]  # complete before the hook was called, as in torch

    fails[0] = False
    w.grad = None
    z.backward(create_graph=create_graph)
    assert (x.grad.tolist(), w.grad.tolist()) == ([12.0], [4.0])
