"""A source that shares memory with the target is read before anything is written.

torch refuses these; what they mean is clear, and so they do it.
"""

from __future__ import annotations

import pytest

import wengert as wg


def counted(recorded: bool) -> wg.Tensor:
    x = wg.arange(6.0)
    return x.requires_grad_() * 1 if recorded else x


WRITES = {
    "x[1:] = x[:-1]": (lambda x: x.__setitem__(slice(1, None), x[:-1]), [0, 0, 1, 2, 3, 4]),
    "x[:-1] = x[1:]": (lambda x: x.__setitem__(slice(-1), x[1:]), [1, 2, 3, 4, 5, 5]),
    "x[1:].copy_(x[:-1])": (lambda x: x[1:].copy_(x[:-1]), [0, 0, 1, 2, 3, 4]),
    "x[1:].add_(x[:-1])": (lambda x: x[1:].add_(x[:-1]), [0, 1, 3, 5, 7, 9]),
    "x += x[5]": (lambda x: x.add_(x[5]), [5, 6, 7, 8, 9, 10]),
    "x += x": (lambda x: x.add_(x), [0, 2, 4, 6, 8, 10]),
    "x *= x.flip(0)": (lambda x: x.mul_(x.flip(0)), [0, 4, 6, 6, 4, 0]),
    "x.copy_(x)": (lambda x: x.copy_(x), [0, 1, 2, 3, 4, 5]),
    "x[::2] = x[1::2]": (lambda x: x.__setitem__(slice(0, None, 2), x[1::2]), [1, 1, 3, 3, 5, 5]),
    "x[index] = x[:3]": (lambda x: x.__setitem__(wg.tensor([5, 0, 1]), x[:3]), [1, 2, 2, 3, 4, 0]),
}


@pytest.mark.parametrize("recorded", [False, True], ids=["plain", "recorded"])
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_read_before_it_is_written(write, recorded):
    x = counted(recorded)
    write[0](x)

    assert x.tolist() == write[1]


def test_the_gradient_is_that_of_a_shift():
    leaf = wg.arange(4.0).requires_grad_()
    x = leaf * 1
    x[1:] = x[:-1]
    (x * wg.tensor([1.0, 10.0, 100.0, 1000.0])).sum().backward()

    assert leaf.grad.tolist() == [11.0, 100.0, 1000.0, 0.0]


def test_a_square_in_place():
    """torch saves what x.mul_(x) overwrites, and raises in backward."""
    leaf = wg.tensor([3.0, 4.0], requires_grad=True)
    x = leaf * 1
    x.mul_(x)
    x.sum().backward()

    assert leaf.grad.tolist() == [6.0, 8.0]


def test_a_transposed_square():
    leaf = wg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    x = leaf * 1
    x.mul_(x.t())
    x.sum().backward()

    assert x.tolist() == [[1.0, 6.0], [6.0, 16.0]]
    assert leaf.grad.tolist() == [[2.0, 6.0], [4.0, 8.0]]
