"""Compiled functions under eager autograd: one node, with a compiled pullback."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.errors import FreedError, GradientError, StaleError, TraceError
from wengert.graphs.graph import Graph


def layers(x, w):
    h = (x @ w).tanh()
    return (h * h).sum(), h.argmax(), h.detach() * 2, x * 3


def inputs():
    x = wg.tensor(np.linspace(-1, 1, 6).reshape(2, 3))
    w = wg.tensor(np.linspace(-2, 1, 12).reshape(3, 4))
    return x.requires_grad_(), w.requires_grad_()


def test_one_node_is_recorded():
    x, w = inputs()
    loss, index, detached, other = wg.compile(layers)(x, w)

    assert loss.grad_fn.name() == "CompiledBackward0"
    assert [t.requires_grad for t in (index, detached, other)] == [False, False, True]
    assert loss.grad_fn is other.grad_fn


def test_history_goes_where_it_goes_eagerly():
    x, w = inputs()
    w.requires_grad_(False)
    weight_only = wg.compile(lambda x, w: (x * 2, w * 2))

    assert [t.requires_grad for t in weight_only(x, w)] == [True, False]
    with wg.no_grad():
        assert not wg.compile(layers)(x, w)[0].requires_grad


def gradients(function, order):
    """The gradients of all outputs, of these gradients, and so on."""
    x, w = inputs()
    loss, _, _, other = function(x, w)
    value = loss + (other * other).sum()
    found = []
    for _ in range(order):
        grads = wg.autograd.grad(value, (x, w), create_graph=True)
        found += grads
        value = sum((g * g).sum() for g in grads)
    return found


def test_gradients_of_gradients():
    for mine, other in zip(gradients(wg.compile(layers), 3), gradients(layers, 3), strict=True):
        wg.testing.assert_close(mine, other)


def recorded_in(compiled, *args):
    """How a call of a compiled function with these arguments is recorded."""
    program, _ = compiled._programs.found(args, {})
    (recording,) = program.recordings.values()
    return recording


def test_it_is_traced_once():
    traced = []

    def f(x):
        traced.append(1)
        return (x * x).sum()

    compiled = wg.compile(f)
    for n in range(3):
        x = wg.tensor([float(n), 1.0], requires_grad=True)
        compiled(x).backward()
        assert x.grad.tolist() == [2 * n, 2]

    assert traced == [1]


def test_products_are_not_computed_again():
    """They are kept; what is elementwise is computed again, in the kernels that need it."""
    x, w = inputs()
    compiled = wg.compile(lambda x, w: ((x @ w + 1).tanh() @ w.T).exp().sum())
    compiled(x, w).backward()
    recording = recorded_in(compiled, x, w)

    forward, backward = (
        [v.op.name for v in Graph(p.outputs).nodes if v.is_operation]
        for p in (recording._forward, recording._backward)
    )
    assert forward.count("matmul") == 2
    assert backward.count("matmul") == 4
    assert "tanh" in backward
    y, v = inputs()
    ((y @ v + 1).tanh() @ v.T).exp().sum().backward()
    wg.testing.assert_close((x.grad, w.grad), (y.grad, v.grad))


def test_what_the_pullback_does_not_need_may_be_overwritten():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    z = x * 2
    y = wg.compile(lambda z: z + 1)(z)
    with wg.no_grad():
        z.add_(1)

    y.sum().backward()

    assert x.grad.tolist() == [2, 2]


def test_residuals_go_through_the_hooks_of_what_is_saved():
    x, w = inputs()
    packed = []

    def pack(tensor):
        packed.append(tuple(tensor.shape))
        return tensor

    with wg.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = wg.compile(lambda x, w: (x @ w).tanh().sum())(x, w)
    loss.backward()

    assert (2, 4) in packed
    assert x.grad is not None


def test_what_a_pullback_closes_over_is_read_at_every_call():
    scale = wg.tensor([2.0])

    class Scaled(wg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.exp()

        @staticmethod
        def backward(ctx, ct):
            return ct * scale

    compiled = wg.compile(lambda x: Scaled.apply(x).sum())
    for n in (2, 3):
        scale.fill_(n)
        x = wg.ones(1, requires_grad=True)
        compiled(x).backward()
        assert x.grad.tolist() == [n]


def test_constants_of_derivatives_inside_stay_constants():
    f = wg.compile(lambda x: wg.func.grad(lambda x: (x * x * x).sum())(x).sum())
    x = wg.tensor([1.0, 2.0], requires_grad=True)

    f(x).backward()

    assert x.grad.tolist() == [6, 12]
    assert [len(p.hidden) for p in (recorded_in(f, x)._forward, recorded_in(f, x)._backward)] == [
        0, 0,
    ]  # fmt: skip


def test_a_pullback_that_cannot_be_traced_is_refused_when_it_is_asked():
    class Looks(wg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            return ct * 2 if ct.sum() > 0 else ct

    x = wg.ones(2, requires_grad=True)
    y = wg.compile(Looks.apply)(x)

    assert y.tolist() == [2, 2]
    with pytest.raises(TraceError, match=r"bool\(\)"):
        y.sum().backward()


def test_only_one_output_is_used():
    x, w = inputs()

    wg.compile(layers)(x, w)[3].sum().backward()

    assert x.grad.tolist() == [[3] * 3] * 2
    assert w.grad is None


def test_a_second_backward_is_refused():
    x, w = inputs()
    loss = wg.compile(layers)(x, w)[0]
    loss.backward()

    with pytest.raises(FreedError, match="retain_graph"):
        loss.backward()


def test_an_overwritten_input_is_refused():
    x, w = inputs()
    doubled = w * 2
    loss = wg.compile(layers)(x, doubled)[0]
    doubled.add_(1)

    with pytest.raises(StaleError):
        loss.backward()


def test_batched_gradients():
    x = wg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = wg.compile(lambda x: x**2)(x)

    (rows,) = wg.autograd.grad(y, x, wg.eye(3), is_grads_batched=True)

    assert rows.tolist() == [[2, 0, 0], [0, 4, 0], [0, 0, 6]]


def test_complex_numbers():
    def function(z):
        return (z * z.conj() * (1 + 2j)).real.sum()

    z = wg.tensor([1 + 1j, 2 - 1j], requires_grad=True)
    mine = wg.autograd.grad(wg.compile(function)(z), z)[0]

    wg.testing.assert_close(mine, wg.autograd.grad(function(z), z)[0])


def test_half_precision():
    x = wg.tensor([1.0, 2.0], dtype=wg.float16, requires_grad=True)

    wg.compile(lambda x: (x * x.exp()).sum())(x).backward()

    y = x.detach().requires_grad_()
    (y * y.exp()).sum().backward()
    wg.testing.assert_close(x.grad, y.grad)


def test_an_optimiser_step_is_seen():
    weight = wg.tensor([3.0], requires_grad=True)
    compiled = wg.compile(lambda x: ((weight * x - 6) ** 2).sum())
    x = wg.tensor([1.0])
    for _ in range(3):
        weight.grad = None
        compiled(x).backward()
        assert weight.grad.item() == 2 * (weight.item() - 6)
        with wg.no_grad():
            weight -= 0.25 * weight.grad


def test_the_recorded_graph_can_be_asked():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    y = wg.compile(lambda x: x**2)(x)
    graph = wg.graph(y * 3).verify()

    assert graph.derivative(y, x).diagonal().tolist() == [2, 4]
    assert "compiled(x)" in graph.listing()


def test_inputs_that_the_output_does_not_depend_on():
    """They have no gradient, as eagerly, and not one of zeros."""
    x, w = inputs()
    loss, other = wg.compile(lambda x, w: ((x * x).sum(), w * 2))(x, w)

    found = wg.autograd.grad(loss, (x, w), retain_graph=True, allow_unused=True)
    assert found[1] is None
    with pytest.raises(GradientError, match="was not used"):
        wg.autograd.grad(loss, (x, w), retain_graph=True)
    loss.backward(retain_graph=True)
    assert w.grad is None
    other.sum().backward()
    assert w.grad.tolist() == [[2] * 4] * 3


def test_an_output_that_is_a_part_of_the_input():
    x, _ = inputs()
    first, second = wg.compile(lambda x: (x[0], x[1] * 2))(x)

    first.sum().backward(retain_graph=True)
    second.sum().backward()

    assert x.grad.tolist() == [[1] * 3, [2] * 3]
