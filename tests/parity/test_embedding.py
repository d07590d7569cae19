"""Embedding beside torch: its options, which change the slope or the table."""

from __future__ import annotations

import pytest

from parity.scenario import leaf, raised, same_as_torch


def table(m, rows=4):
    return leaf(m, *[[float(i), 2.0 * i + 1] for i in range(rows)])


def gradient(m, indices, **options):
    weight = table(m)
    out = m.nn.functional.embedding(m.tensor(indices), weight, **options)
    (out * out).sum().backward()
    return out.detach(), weight.grad


CALLS = {
    "padding": ([1, 1, 2], {"padding_idx": 1}),
    "padding from the end": ([[3, 0], [3, 3]], {"padding_idx": -1}),
    "by frequency": ([1, 1, 2, 1], {"scale_grad_by_freq": True}),
    "both": ([[1, 1], [2, 0]], {"scale_grad_by_freq": True, "padding_idx": 2}),
    "one index": (3, {"padding_idx": 3}),
}


@pytest.mark.parametrize("name", CALLS)
def test_slopes(name):
    indices, options = CALLS[name]

    @same_as_torch
    def test(m):

        return gradient(m, indices, **options)

    test()


@same_as_torch
def test_second_derivatives(m):
    weight = table(m)
    out = m.nn.functional.embedding(m.tensor([1, 1, 2]), weight, padding_idx=2)
    (first,) = m.autograd.grad((out**3).sum(), weight, create_graph=True)
    return m.autograd.grad((first**2).sum(), weight)


@pytest.mark.parametrize("norm", [1.0, 2.0, float("inf")])
def test_long_rows_are_shortened_in_the_table(norm):
    @same_as_torch
    def test(m):
        weight = table(m)
        out = m.nn.functional.embedding(m.tensor([3, 1, 3]), weight, None, 2.0, norm)
        return out.detach(), weight.detach()

    test()


@same_as_torch
def test_refused(m):
    embed, weight = m.nn.functional.embedding, table(m)
    return (
        raised(lambda: embed(m.tensor([1, 7]), weight)),
        raised(lambda: embed(m.tensor([-1]), weight)),
        raised(lambda: embed(m.tensor([1.0]), weight)),
        raised(lambda: embed(m.tensor([True]), weight)),
        raised(lambda: embed(m.tensor([1]), weight[0])),
        raised(lambda: embed(m.tensor([1]), weight, padding_idx=4)),
        raised(lambda: embed([1, 2], weight)),
    )
