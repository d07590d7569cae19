"""Arguments and results in all the shapes they may have, beyond what torch takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

import wengert as wg
from wengert.autograd import forward_ad
from wengert.func import grad, hessian, jacfwd, jacrev, jvp, linearize, vjp, vmap


@dataclass
class Layer:
    w: Any
    b: Any


def apply(layer, x):
    return (layer.w * x + layer.b).tanh()


def layer():
    return Layer(wg.tensor([1.0, 2.0]), wg.tensor([0.5, -0.5]))


def test_gradients_of_a_dataclass_are_one():
    x = wg.tensor([0.1, 0.2])

    found = grad(lambda p: apply(p, x).sum())(layer())

    slope = 1 - apply(layer(), x) ** 2
    assert isinstance(found, Layer)
    assert wg.allclose(found.w, slope * x)
    assert wg.allclose(found.b, slope)


def test_every_transform_takes_a_dataclass():
    x, p = wg.tensor([0.1, 0.2]), layer()

    value, tangent = jvp(lambda p: Layer(apply(p, x), x), (p,), (p,))
    output, pullback = vjp(lambda p: Layer(apply(p, x), p.w), p)
    (back,) = pullback(Layer(x, x))
    _, derivative = linearize(lambda p: apply(p, x), p)
    rows, columns = (jac(lambda p: Layer(apply(p, x), p.w.sum()))(p) for jac in (jacrev, jacfwd))

    assert wg.allclose(derivative(p), tangent.w)
    assert not tangent.b.any().item()
    assert wg.allclose(output.w, value.w)
    assert isinstance(back, Layer)
    assert wg.allclose(rows.w.w, columns.w.w)
    assert rows.b.w.tolist() == [1.0, 1.0]


def test_maps_over_a_dataclass():
    many = Layer(wg.tensor([[1.0, 2.0], [3.0, 4.0]]), wg.tensor([0.5, -0.5]))

    found = vmap(
        lambda p: Layer(p.w * p.b, p.b), in_dims=(Layer(0, None),), out_dims=Layer(1, None)
    )
    out = found(many)

    assert out.w.tolist() == [[0.5, 1.5], [-1.0, -2.0]]
    assert out.b.tolist() == [0.5, -0.5]


def test_aux_may_be_anything():
    value, aux = grad(lambda x: (x.sum(), {"n": 3, "s": "text", "y": x * 2}), has_aux=True)(
        wg.tensor([1.0, 2.0])
    )

    assert value.tolist() == [1.0, 1.0]
    assert (aux["n"], aux["s"], aux["y"].tolist()) == (3, "text", [2.0, 4.0])
    assert not aux["y"].requires_grad


@pytest.mark.parametrize("transform", [grad, jacrev, jacfwd, hessian])
def test_negative_argnums(transform):
    def f(x, y):
        return (x.sin() * y**2).sum()

    x, y = wg.tensor([1.0, 2.0]), wg.tensor([3.0, 4.0])

    assert wg.allclose(transform(f, -1)(x, y), transform(f, 1)(x, y))
    assert wg.allclose(transform(f, (-2,))(x, y)[0][0], transform(f, (0,))(x, y)[0][0])


def test_in_dims_may_be_a_list():
    assert vmap(lambda x, y: x * y, in_dims=[0, None])(wg.ones(2), wg.ones(())).tolist() == [1, 1]


def test_a_result_that_is_not_mapped_goes_where_it_is_told():
    y = wg.tensor([5.0, 6.0])

    assert vmap(lambda x: y, out_dims=1)(wg.zeros(3)).tolist() == [[5.0] * 3, [6.0] * 3]
    assert vmap(lambda x: (x, 7, "text"), out_dims=(0, None, None))(wg.zeros(1))[1:] == (7, "text")


def test_jvp_nests_inside_of_a_dual_level():
    with forward_ad.dual_level():
        x = forward_ad.make_dual(wg.tensor(2.0), wg.tensor(1.0))
        _, slope = jvp(lambda x: x**3, (x,), (wg.tensor(1.0),))
        primal, tangent = forward_ad.unpack_dual(slope)

    assert (primal.item(), tangent.item()) == (12.0, 12.0)


def test_the_function_of_jacfwd_runs_once_on_ordinary_tensors():
    seen = []

    def f(x):
        seen.append(x.sum().item() > 0)  # a value may be looked at
        return x * 2 if seen[-1] else -x

    assert jacfwd(f)(wg.tensor([1.0, 2.0])).tolist() == [[2.0, 0.0], [0.0, 2.0]]
    assert seen == [True]


def test_a_derivative_can_be_asked_for_again():
    x = wg.tensor([1.0, 2.0])
    output, pullback = vjp(lambda x: x**2, x)
    _, derivative = linearize(lambda x: x**2, x)

    for scale in (1.0, 2.0, 3.0):
        assert pullback(wg.ones(2) * scale)[0].tolist() == [2 * scale, 4 * scale]
        assert derivative(wg.ones(2) * scale).tolist() == [2 * scale, 4 * scale]
    assert output.tolist() == [1.0, 4.0]


def test_what_comes_out_owns_its_memory():
    x, t = wg.tensor([1.0, 2.0]), wg.tensor([3.0, 4.0])

    gradient = grad(lambda x: (x * t).sum())(x)
    gradient.zero_()
    columns = jacfwd(lambda x: x * 1)(x)
    columns.zero_()

    assert t.tolist() == [3.0, 4.0]
    assert x.tolist() == [1.0, 2.0]
