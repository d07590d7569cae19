"""What a graph keeps, for how long, and how it goes away."""

import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest

import wengert as wg
from wengert.core.node import SMALL

LARGE = 2 * SMALL // 4  # elements of a float32 array that is not kept


def large(requires_grad=False):
    return wg.tensor(np.full(LARGE, 0.5, np.float32), requires_grad=requires_grad)


def alive(tensor):
    """A callable that says whether the array behind a tensor is still there."""
    return weakref.ref(tensor._data)


def test_a_chain_of_additions_keeps_no_array():
    x = large(requires_grad=True)
    first = x + x
    seen = alive(first)
    total = first + x
    del first
    assert seen() is None
    total.sum().backward()
    assert x.grad[0].item() == 3


def test_a_product_keeps_its_factors_until_backward():
    x = large(requires_grad=True)
    h = x + 1
    seen = alive(h)
    loss = (h * h).sum()
    del h
    assert seen() is not None
    loss.backward()
    assert seen() is None


def test_retain_graph_keeps_them():
    x = large(requires_grad=True)
    h = x + 1
    seen = alive(h)
    loss = (h * h).sum()
    del h
    loss.backward(retain_graph=True)
    assert seen() is not None
    loss.backward()
    assert seen() is None


def test_constants_are_kept_until_backward_and_only_if_small_after_it():
    x = large(requires_grad=True)
    constant = large()
    seen = alive(constant)
    loss = (x + constant).sum() * wg.tensor(2.0)
    del constant
    assert seen() is not None
    loss.backward()
    assert seen() is None
    assert wg.graph(loss).outputs[0].value.item() == loss.item()


def test_small_values_stay_and_can_be_asked():
    x = wg.tensor([3.0], requires_grad=True)
    y = (x * x) * x
    y.backward()
    assert wg.graph(y).derivative(y, x).item() == 27


def test_only_what_the_wanted_derivative_needs_is_kept():
    x = large(requires_grad=True)
    mask = large()
    product = x * mask
    assert product.grad_fn.operands[0] is None
    assert product.grad_fn.operands[1] is mask._data


def test_keeping_losses_keeps_no_arrays():
    w = large(requires_grad=True)
    losses = []
    seen = []
    for _ in range(5):
        h = w * 2
        h = h.exp()
        seen.append(alive(h))
        loss = h.sum()
        del h
        loss.backward()
        losses.append(loss)
    assert [ref() for ref in seen] == [None] * 5


def test_a_running_total_keeps_no_arrays():
    w = large(requires_grad=True)
    total = wg.zeros(())
    seen = []
    for _ in range(5):
        h = w.exp()
        seen.append(alive(h))
        loss = h.sum()
        del h
        loss.backward()
        total = total + loss
    assert [ref() for ref in seen] == [None] * 5


def test_graphs_have_no_cycles():
    gc.collect()
    gc.disable()
    try:
        x = wg.tensor([2.0], requires_grad=True)
        h = x * x
        h.retain_grad()
        loss = (h.exp() + h).sum()
        loss.backward()
        node = weakref.ref(h.grad_fn)
        del h, loss
        assert node() is None
    finally:
        gc.enable()


def test_a_graph_does_not_keep_its_leaf_handle_alive():
    x = wg.tensor([2.0], requires_grad=True)
    y = x * 3
    handle = weakref.ref(x)
    del x
    assert handle() is None
    y.backward()
    leaf, _ = y.grad_fn.next_functions[0]
    assert leaf.variable.grad.item() == 3


def test_variable_outlives_its_handle():
    x = wg.tensor([2.0], requires_grad=True)
    y = x * 3
    leaf, _ = y.grad_fn.next_functions[0]
    assert leaf.variable is x
    del x
    again = leaf.variable
    assert again.item() == 2
    assert leaf.variable is again


CHAIN = """
import sys, threading
import wengert as wg

def work():
    x = wg.tensor(1.0, requires_grad=True)
    with wg.large_graph():
        h = x
        for _ in range(150_000):
            h = h * 1.0
            h = h + 0.0
        h.backward()
        graph = wg.graph(h)
        order = graph.order()
        assert len(order) == 300_001, len(order)
        assert x.grad.item() == 1.0
        del graph, order, h
    print("done")

assert sys.getrecursionlimit() == 1000
threading.stack_size(8 * 1024 * 1024)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


def test_a_long_chain_needs_no_recursion():
    done = subprocess.run(
        [sys.executable, "-c", CHAIN], capture_output=True, text=True, check=False
    )
    assert done.stdout == "done\n", done.stderr


def test_large_graph_restores_the_collector():
    before = gc.get_threshold()
    with wg.large_graph(), wg.large_graph():
        assert gc.get_threshold()[0] == 0
    assert gc.get_threshold() == before
    with pytest.raises(ValueError, match="boom"), wg.large_graph():
        raise ValueError("boom")
    assert gc.get_threshold() == before
