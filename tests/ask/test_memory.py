"""memory: what a graph keeps alive, who holds it, and what a backward pass will take."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

import wengert as wg
from wengert.ask.memory import in_bytes

LENGTH = 10_000
ARRAY = 4 * LENGTH


def leaf():
    return wg.linspace(0.1, 1.0, LENGTH).requires_grad_()


def test_shared_memory_counts_once():
    x = leaf()
    y = (x.view(100, 100) * x.view(LENGTH).view(100, 100)).sum()

    report = wg.graph(y).memory()

    assert report.total == ARRAY + 4
    assert [s.vertex.name for s in report.storages] == ["x", "y"]


def test_additions_keep_nothing():
    x = leaf()

    report = wg.graph((x + 1 + 2 + 3).sum()).memory()

    assert report.total == ARRAY + 4


def test_what_a_derivative_needs_is_kept_and_said():
    x = leaf()
    h = wg.exp(x)
    loss = (h * h).sum()

    report = wg.graph(loss).memory()

    kept = {s.vertex.name: list(s.reasons) for s in report.storages}
    assert kept["h"] == ["exp's derivative", "mul's derivative"]
    assert kept["x"] == ["input"]
    assert next(iter(report.by_node.values())) == ARRAY
    assert "h float32 10000" in str(report)


def test_by_line_and_by_scope():
    x = leaf()
    with wg.scope("encoder"):
        h = wg.exp(x).tanh()
    with wg.scope("decoder"):
        loss = h.sum()

    report = wg.graph(loss).memory()

    assert report.by_scope == {"encoder": 2 * ARRAY, "": ARRAY, "decoder": 4}
    (line,) = (site for site, nbytes in report.by_line.items() if nbytes == 2 * ARRAY)
    assert "h = wg.exp(x).tanh()" in line.source


def test_after_backward_large_values_are_gone():
    x = leaf()
    loss = wg.exp(x).sum()
    loss.backward()

    assert wg.graph(loss).memory().total == ARRAY + 4


def test_holders_are_named():
    losses = []
    for _ in range(3):
        losses.append(leaf().exp().sum())

    report = wg.graph(losses[-1]).memory()

    assert report.holders == ["losses[2] in test_holders_are_named()"]


def test_holders_in_attributes_and_closures():
    class Trainer:
        pass

    trainer = Trainer()
    trainer.last = leaf().exp().sum()
    graph = wg.graph(trainer.last)

    assert graph.memory().holders == ["trainer.last in test_holders_in_attributes_and_closures()"]

    def made():
        kept = trainer.last
        return lambda: kept

    closure = made()
    del trainer.last
    assert "closure" in graph.memory().holders[0]
    del closure
    assert graph.memory().holders == []
    assert "nothing but this graph" in str(graph.memory())


def test_a_hook_that_refers_to_its_own_tensor_is_a_cycle():
    x = leaf()
    y = x * 2
    y.register_hook(lambda grad: grad * y.detach())

    report = wg.graph(y).memory()

    assert len(report.cycles) == 1
    assert report.cycles[0].startswith("y -> hook")
    assert "A reference cycle: y -> hook" in str(report)


def test_a_hook_on_an_input_that_refers_to_a_result_is_a_cycle():
    x = leaf()
    h = x * 2
    y = h.exp()
    h.register_hook(lambda grad: y.detach())

    assert wg.graph(y).memory().cycles[0].endswith("-> y -> h")


def test_a_hook_that_refers_to_what_came_before_is_none():
    x = leaf()
    y = (x * 2).exp()
    y.register_hook(lambda grad: grad * x.detach())

    assert wg.graph(y).memory().cycles == []


def network(x):
    h = x
    for _ in range(4):
        h = wg.tanh(h * 1.5)
    return (h * h).sum()


def branches(x):
    return (x.exp() * x.sin() + x.cos()).sum()


def products(x):
    w = x.view(100, 100)
    return ((w @ w).relu() @ w).mean()


@pytest.mark.parametrize("model", [network, branches, products])
def test_the_peak_of_backward_is_predicted(model):
    x = leaf()
    model(x).backward()  # what is made once is made
    x.grad = None
    loss = model(x)
    predicted = wg.graph(loss).memory().backward_peak
    gc.collect()

    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    loss.backward(retain_graph=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert predicted == pytest.approx(peak - before, rel=0.35, abs=10_000)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (362_400, "362 kB"),
        (2**40, "1.1e+03 GB"),
    ],
)
def test_sizes_in_words(count, text):
    assert in_bytes(count) == text


def test_views_whose_history_is_refused_are_in_no_graph():
    x = wg.ones(4, requires_grad=True)
    loss = (x * 2).sum()
    base = x * 3
    first, second = base.split(2)
    with_history = base.add_(1)

    report = wg.graph(loss).memory()

    assert report.total > 0
    del first, second, with_history
