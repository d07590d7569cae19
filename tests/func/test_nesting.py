"""Transforms within transforms: each differentiates what it is told to, and nothing else."""

from __future__ import annotations

import pytest

import wengert as wg
from wengert.func import grad, hessian, jacfwd, jacrev, jvp, vmap


def one() -> wg.Tensor:
    return wg.tensor(1.0)


def test_an_inner_tangent_is_not_the_outer_one():
    inner = jvp(lambda y: y * wg.tensor(3.0), (one(),), (one(),))
    assert inner[1].item() == 3.0

    def outer(x):
        return x * jvp(lambda y: x + y, (one(),), (one(),))[1]

    assert jvp(outer, (wg.tensor(3.0),), (one(),))[1].item() == 1.0
    assert grad(outer)(wg.tensor(3.0)).item() == 1.0


@pytest.mark.parametrize("first", [jacfwd, jacrev])
@pytest.mark.parametrize("second", [jacfwd, jacrev])
@pytest.mark.parametrize("third", [jacfwd, jacrev])
def test_third_derivatives_in_every_order(first, second, third):
    x = wg.tensor([0.5, -1.0])

    found = third(second(first(lambda x: (x**3).prod())))(x)

    a, b = x.tolist()
    wanted = [
        [[6 * b**3, 18 * a * b**2], [18 * a * b**2, 18 * a**2 * b]],
        [[18 * a * b**2, 18 * a**2 * b], [18 * a**2 * b, 6 * a**3]],
    ]
    assert wg.allclose(found, wg.tensor(wanted))


def test_a_map_of_hessians_keeps_the_slices_apart():
    x = wg.tensor([[1.0, 2.0], [3.0, 4.0]])

    found = vmap(hessian(lambda x: (x**3).sum()))(x)

    assert found.tolist() == [[[6, 0], [0, 12]], [[18, 0], [0, 24]]]


def test_what_a_transform_returns_has_only_the_history_that_others_need():
    x = wg.tensor(2.0)
    w = wg.tensor(3.0, requires_grad=True)

    assert not grad(lambda x: x * x)(x).requires_grad
    assert not jvp(grad(lambda x: x**3), (x,), (one(),))[1].requires_grad
    assert not hessian(lambda x: x**3)(x).requires_grad
    through = grad(lambda x: x * x * w)(x)
    through.backward()
    assert w.grad.item() == 4.0


def test_a_write_into_a_part_is_differentiated_in_both_modes():
    def write(x):
        y = wg.zeros_like(x)
        y[0] = x[1] * x[1]
        y[1] += x[0]
        return y

    x = wg.tensor([3.0, 5.0])
    assert jacfwd(write)(x).tolist() == [[0.0, 10.0], [1.0, 0.0]]
    assert jacrev(write)(x).tolist() == [[0.0, 10.0], [1.0, 0.0]]
