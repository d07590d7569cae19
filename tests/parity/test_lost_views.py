"""Views that cannot follow a write to their base: under no_grad, one may compute with them only."""

from __future__ import annotations

import pytest

import wengert
from parity.scenario import raised, same_as_torch


def out_of_a_function(m, x):
    class Flat(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.view(-1)

        @staticmethod
        def backward(ctx, g):
            return g

    return Flat.apply(x)


def without_history(m, x):
    with m.no_grad():
        return x.view(-1)


MADE = {
    "out of a Function": out_of_a_function,
    "a view of that": lambda m, x: out_of_a_function(m, x).view_as(x.view(-1)),
    "one of several": lambda m, x: x.unbind(0)[0],
    "under no_grad": without_history,
    "one that follows": lambda m, x: x.view(-1),
}

LOOKS = {
    "grad_fn": lambda m, v: v.grad_fn,
    "edge": lambda m, v: m.autograd.graph.get_gradient_edge(v),
    "multi-grad hook": lambda m, v: m.autograd.graph.register_multi_grad_hook((v,), print),
    "sum": lambda m, v: v + 1,
    "view": lambda m, v: v.view(-1),
    "detach": lambda m, v: v.detach(),
    "requires_grad": lambda m, v: v.requires_grad,
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
@pytest.mark.parametrize("recorded", [True, False])
def test_what_may_be_asked_under_no_grad(recorded, make, look):
    @same_as_torch
    def scenario(m):
        x = m.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True).clone()
        view = make(m, x)
        with m.set_grad_enabled(recorded):
            x.mul_(2)
        with m.no_grad():
            found = raised(lambda: look(m, view))
        return isinstance(found, RuntimeError)

    scenario()


# torch crashes here in a process that was forked, so it is not asked.
@pytest.mark.parametrize("method", [lambda v: v.register_hook(print), lambda v: v.retain_grad()])
def test_hooks_need_a_history(method):
    x = wengert.ones(2, 2, requires_grad=True).clone()
    row = x.unbind(0)[0]
    x.mul_(2)
    with wengert.no_grad(), pytest.raises(wengert.WengertError, match="multiple views"):
        method(row)
