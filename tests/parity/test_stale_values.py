"""What was saved and then overwritten: an error at backward where torch has one, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from parity.scenario import described, raised, same_as_torch


def vector(m, *, leaf=True):
    return m.tensor([0.5, -1.5, 2.0], requires_grad=leaf)


def result(m):
    """A leaf, and a tensor computed from it."""
    a = vector(m)
    return a, a * 1


OVERWRITES = {
    "in place": lambda m, x: x.mul_(2),
    "by an index": lambda m, x: x.__setitem__(0, 7.0),
    "by a mask": lambda m, x: x.__setitem__(x.detach() > 0, 7.0),
    "through a view": lambda m, x: x[1:].zero_(),
    "through a view made before": lambda m, x: x.view(-1)[:2].add_(1),
    "under no_grad": lambda m, x: without(m, lambda: x.add_(1)),
    "through detach": lambda m, x: x.detach().zero_(),
    "through a view of detach": lambda m, x: x.detach()[0].fill_(3),
    "through detach, by an index": lambda m, x: x.detach().__setitem__(slice(1), 0.0),
    "by augmented assignment": lambda m, x: x.__iadd__(1),
    "by copy_": lambda m, x: x.copy_(m.zeros(3)),
    "by a draw": lambda m, x: x.uniform_(),
    "through .data": lambda m, x: x.data.mul_(2),
    "through a view of .data": lambda m, x: x.data[0].fill_(9),
    "by increment_version": lambda m, x: m.autograd.graph.increment_version(x),
    "not at all": lambda m, x: x.detach(),
}

SAVERS = {
    "an input": lambda m, x: x.sin(),
    "both inputs": lambda m, x: x * x,
    "the output": lambda m, x: x.exp(),
    "nothing": lambda m, x: x * 2 + 1,
    "nothing of a view": lambda m, x: x[1:].neg(),
    "a view": lambda m, x: x[1:] * x[1:],
    "a mask": lambda m, x: m.where(x > 0, x, x * 2),
    "an index": lambda m, x: x[m.tensor([0, 0])],
    "a product": lambda m, x: x @ x,
    "in place": lambda m, x: (x + 0).sin_(),
    "in place, twice": lambda m, x: (x + 0).sin_().cos_(),
    "in place, its output": lambda m, x: (x + 0).sigmoid_(),
    "a constant": lambda m, x: x.detach() * m.ones(3, requires_grad=True) + x * 0,
}


def without(m: Any, call: Any) -> None:
    with m.no_grad():
        call()


@pytest.mark.parametrize("overwrite", OVERWRITES.values(), ids=OVERWRITES)
@pytest.mark.parametrize("save", SAVERS.values(), ids=SAVERS)
@pytest.mark.parametrize("what", ["the input", "the output"])
def test_overwritten(save, overwrite, what):
    """Raised by both or by neither; the same gradient if by neither."""

    def program(m: Any) -> Any:
        a, x = result(m)
        y = save(m, x)
        if y.ndim == 0 or tuple(y.shape) != (3,):
            y = y.sum() + x.detach() * 0  # something of three elements to write into
            y = y + 0 if what == "the input" else y
        overwrite(m, x if what == "the input" else y)
        failed = raised(lambda: m.autograd.grad(y.sum(), a, retain_graph=True))
        if isinstance(failed, Exception):
            return failed
        return m.autograd.grad(y.sum(), a)

    same_as_torch(program)()


@same_as_torch
def test_a_leaf_overwritten_under_no_grad(m):
    a = vector(m)
    y, z = a * a, a + a
    without(m, lambda: a.add_(1))
    return raised(y.sum().backward), raised(z.sum().backward), a.grad


@same_as_torch
def test_a_constant_overwritten(m):
    a, c = vector(m), vector(m, leaf=False)
    y, z, w = a * c, a + c, a * c[0]
    c[1] = 5.0
    return [raised(t.sum().backward) for t in (y, z, w)]


@same_as_torch
def test_indices_and_masks_overwritten(m):
    a = vector(m)
    index, mask = m.tensor([0, 1]), m.tensor([True, False, True])
    y, z, w = a[index], a.masked_fill(mask, 0.0), a.index_select(0, index)
    index[0] = 2
    mask[1] = True
    return [raised(t.sum().backward) for t in (y, z, w)]


@same_as_torch
def test_another_part_of_the_same_memory(m):
    """The whole memory has one version, in torch and here."""
    _, x = result(m)
    y = x[0] * x[0]
    x[1] = 0.0
    return raised(y.backward)


@same_as_torch
def test_overwritten_between_two_passes(m):
    a, x = result(m)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    x.add_(1)
    return raised(y.backward), a.grad


@same_as_torch
def test_a_saved_value_read_by_name(m):
    _, x = result(m)
    y = x.sin()
    before = y.grad_fn._saved_self.detach().clone()
    x.add_(1)
    return before, raised(lambda: y.grad_fn._saved_self)


def test_numpy_writes_are_not_seen():
    """torch's rule: a write through an array that shares the memory leaves no trace."""

    def program(m: Any) -> Any:
        a, x = result(m)
        y = x * x
        x.detach().numpy()[0] = 100.0
        return m.autograd.grad(y.sum(), a)[0], x._version

    import torch

    import wengert

    assert described(program(wengert)) == described(program(torch))
