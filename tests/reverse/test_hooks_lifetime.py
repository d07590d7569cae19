"""What hooks keep alive, what they copy, and what is left of them."""

from __future__ import annotations

import tracemalloc
import weakref

import pytest

import wengert as wg
from wengert.core.hooks import WATCHED_NODES

pytestmark = pytest.mark.usefixtures("without_collector")


def test_nodes_with_hooks_go_with_their_tensors():
    before = len(WATCHED_NODES)
    x = wg.ones(3, requires_grad=True)
    y = x * 2
    nodes = [weakref.ref(y.grad_fn), weakref.ref(x._node)]
    handles = [y.register_hook(print), x.register_hook(print), y.grad_fn.register_prehook(print)]
    assert len(WATCHED_NODES) == before + 2
    del x, y
    assert [node() for node in nodes] == [None, None]
    assert len(WATCHED_NODES) == before
    for handle in handles:
        handle.remove()


def test_a_hook_for_several_keeps_none_of_them():
    a, b = wg.ones(3, requires_grad=True), wg.ones(3, requires_grad=True)
    nodes = [weakref.ref(a._node), weakref.ref(b._node)]
    handle = wg.autograd.graph.register_multi_grad_hook((a, b), lambda gradients: None)
    (a * b).sum().backward()
    del a, b
    assert [node() for node in nodes] == [None, None]
    handle.remove()


def test_saved_values_go_with_the_backward_pass():
    kept = []

    class Box:
        """What a pack hook may return."""

        def __init__(self, tensor):
            self.tensor = tensor.detach()
            kept.append(weakref.ref(self))

    x = wg.ones(1000, requires_grad=True)
    with wg.autograd.graph.saved_tensors_hooks(Box, lambda box: box.tensor):
        y = (x * x).sum()
    assert all(box() is not None for box in kept)
    y.backward()
    assert [box() for box in kept] == [None, None]


def test_a_step_inside_the_pass_needs_one_gradient_at_a_time():
    size = 100_000
    weights = [wg.ones(size, requires_grad=True) for _ in range(20)]

    def step(w):
        w.grad = None

    for w in weights:
        w.register_post_accumulate_grad_hook(step)
    loss = sum((w * 2).sum() for w in weights)
    tracemalloc.start()
    loss.backward()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * 4 * size


def test_a_gradient_that_nobody_else_holds_is_not_copied():
    w = wg.ones(100_000, requires_grad=True)
    w.register_post_accumulate_grad_hook(lambda w: None)
    loss = (w * 2).sum()
    tracemalloc.start()
    loss.backward()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * 4 * 100_000
