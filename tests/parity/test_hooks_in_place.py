"""Hooks and retained gradients of what is changed in place, is a view, or gets other data."""

from __future__ import annotations

import pytest

import wengert as wg
from parity.scenario import leaf, noting, raised, same_as_torch

pytestmark = pytest.mark.filterwarnings("ignore:.*leaf Tensor is being accessed")


@same_as_torch
def test_a_view_follows_its_base(m):
    x, seen = leaf(m, 1.0, 2.0, 3.0), []
    y = x * 2
    v = y[1:]
    v.register_hook(noting(seen, "before"))
    v.retain_grad()
    y.mul_(2)
    (v * 1).sum().backward()
    return seen, v.grad, x.grad, v.retains_grad


@same_as_torch
def test_a_view_and_its_base_retain(m):
    x = leaf(m, 1.0, 2.0, 3.0)
    y = x * 2
    v = y[1:]
    v.retain_grad()
    y.retain_grad()
    v.mul_(2)
    (y.sum() + v.sum()).backward()
    return v.grad, y.grad, x.grad, v.retains_grad


def test_hooks_of_a_view_before_it_was_changed():
    """What the view was is an operand of the change, and its gradient passes: torch skips it."""
    x, seen = leaf(wg, 1.0, 2.0, 3.0), []
    y = x * 2
    v = y[1:]
    v.register_hook(lambda grad: seen.append(grad.tolist()))
    v.mul_(3)
    y.sum().backward()
    assert seen == [[3.0, 3.0]]
    assert x.grad.tolist() == [2.0, 6.0, 6.0]


@same_as_torch
def test_hooks_of_nodes_stay_with_their_nodes(m):
    x, seen = leaf(m, 1.0, 2.0), []
    y = x * 2
    y.grad_fn.register_hook(lambda i, o: seen.append("old"))
    y.exp_()
    y.grad_fn.register_hook(lambda i, o: seen.append("new"))
    y.sum().backward()
    return seen


@same_as_torch
def test_detached_tensors_have_no_hooks(m):
    x, seen = leaf(m, 1.0, 2.0), []
    y = x * 2
    y.register_hook(noting(seen, "y"))
    z = y * 3
    detached = y.detach()._backward_hooks
    y.detach_()
    z.sum().backward()
    return detached, seen, y.requires_grad


@same_as_torch
def test_a_leaf_that_is_written_or_gets_other_data_keeps_its_hooks(m):
    x = leaf(m, 1.0, 2.0)
    x.register_hook(lambda grad: grad * 2)
    with m.no_grad():
        x.add_(1)
    (x * x).sum().backward()
    first = x.grad.clone()
    x.data = m.tensor([5.0, 6.0])
    x.grad.zero_()
    (x * x).sum().backward()
    return first, x.grad


@same_as_torch
def test_retaining(m):
    x = leaf(m, 1.0, 2.0)
    y = x * 2
    handle = y.register_hook(lambda grad: grad * 3)
    y.retain_grad()
    y.retain_grad()
    y.sum().backward(retain_graph=True)
    first = y.grad.clone()
    y.sum().backward(retain_graph=True)
    second = y.grad.clone()
    y.grad = None
    handle.remove()
    y.sum().backward()
    x.retain_grad()
    return first, second, y.grad, x.retains_grad, raised(lambda: m.ones(1).retain_grad())


@same_as_torch
def test_hooks_that_set_the_gradient(m):
    x, y = leaf(m, 1.0, 2.0), leaf(m, 1.0)

    def sets(grad):
        x.grad = m.ones(2) * 100

    x.register_hook(sets)
    y.register_post_accumulate_grad_hook(lambda tensor: setattr(tensor, "grad", None))
    ((x * 2).sum() + y * 3).sum().backward()
    return x.grad, y.grad


@same_as_torch
def test_hooks_for_what_is_done_come_and_go_in_each_other(m):
    x, y, seen, handles = leaf(m, 1.0), leaf(m, 2.0), [], []

    def removes(tensor):
        seen.append("removes")
        for handle in handles:
            handle.remove()

    def adds(tensor):
        seen.append("adds")
        y.register_post_accumulate_grad_hook(noting(seen, "new"))

    handles.append(x.register_post_accumulate_grad_hook(removes))
    handles.append(x.register_post_accumulate_grad_hook(lambda tensor: seen.append("other")))
    y.register_post_accumulate_grad_hook(adds)
    for _ in range(2):
        (x * 2).sum().backward()
        (y * 2).sum().backward()
    return seen, y.grad


@same_as_torch
def test_outputs_that_are_given_twice_or_are_part_of_each_other(m):
    x, seen = leaf(m, 2.0), []
    y = x * 2
    z = y * 3
    y.register_hook(noting(seen, "y"))
    z.register_hook(noting(seen, "z"))
    m.autograd.backward([y, z, y], [m.ones(1)] * 3)
    return seen, x.grad


def test_the_hook_of_an_output_that_nothing_used_is_not_called():
    """torch calls it with None."""
    x, seen = leaf(wg, 3.0, 1.0, 2.0), []
    deviation, mean = wg.std_mean(x, 0)
    mean.register_hook(lambda grad: seen.append(grad))
    deviation.backward()
    assert seen == []
    assert x.grad is not None


@same_as_torch
def test_hooks_of_empty_and_of_half_tensors(m):
    x = m.zeros(0, requires_grad=True)
    y, seen = m.ones(2, dtype=m.float16, requires_grad=True), []
    x.register_hook(lambda grad: seen.append(tuple(grad.shape)))
    y.register_hook(lambda grad: seen.append(str(grad.dtype).rpartition(".")[2]))
    (x.sum() + (y.float() * 2).sum()).backward()
    return seen, tuple(x.grad.shape), y.grad.tolist()
