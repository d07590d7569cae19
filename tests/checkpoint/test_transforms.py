"""Checkpoints inside of transforms, in threads, and in graphs that are asked."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import wengert as wg
from wengert.func import grad, hessian, jacfwd, jacrev, jvp, vjp, vmap
from wengert.utils.checkpoint import checkpoint

W = wg.tensor(np.random.default_rng(0).standard_normal((3, 3)))


def plain(x):
    return ((x @ W).tanh() * x.exp()).sin()


def inside(x):
    return checkpoint(plain, x)


def nested(x):
    return checkpoint(lambda x: checkpoint(plain, x.cos()) * x, x)


def nested_plain(x):
    return plain(x.cos()) * x


TRANSFORMS = {
    "grad": lambda f, x: grad(lambda x: f(x).sum())(x),
    "vjp": lambda f, x: vjp(f, x)[1](x)[0],
    "jvp": lambda f, x: jvp(f, (x,), (x,))[1],
    "jacrev": lambda f, x: jacrev(f)(x),
    "jacfwd": lambda f, x: jacfwd(f)(x),
    "hessian": lambda f, x: hessian(lambda x: f(x).sum())(x),
    "reverse over forward": lambda f, x: jacrev(jacfwd(lambda x: f(x).sum()))(x),
    "reverse twice": lambda f, x: grad(lambda x: grad(lambda x: f(x).sum())(x).sum())(x),
    "grad of jvp by its tangent": lambda f, x: grad(lambda t: jvp(f, (x,), (t * t,))[1].sum())(x),
    "vmap of grad": lambda f, x: vmap(grad(lambda x: f(x).sum()))(wg.stack([x, x * 2])),
    "grad of vmap": lambda f, x: grad(lambda x: vmap(f)(x).sum())(wg.stack([x, x * 2])),
    "vmap of hessian": lambda f, x: vmap(hessian(lambda x: f(x).sum()))(wg.stack([x, x * 2])),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize(("with_it", "without"), [(inside, plain), (nested, nested_plain)])
def test_as_without(transform, with_it, without):
    x = wg.tensor([0.3, -0.7, 1.1], dtype=wg.float64)
    found, expected = (TRANSFORMS[transform](f, x) for f in (with_it, without))
    wg.testing.assert_close(found, expected)


def test_a_checkpoint_around_a_transform():
    x = wg.tensor([0.3, -0.7, 1.1], dtype=wg.float64, requires_grad=True)

    def f(x):
        return grad(lambda x: plain(x).sum())(x)

    found, expected = (wg.autograd.grad(g(x).sum(), x)[0] for g in (f, lambda x: checkpoint(f, x)))
    wg.testing.assert_close(found, expected)


def test_is_grads_batched():
    x = wg.tensor([0.3, -0.7, 1.1], dtype=wg.float64, requires_grad=True)
    rows = wg.eye(3, dtype=wg.float64)
    found, expected = (
        wg.autograd.grad(f(x), x, rows, is_grads_batched=True)[0] for f in (nested, nested_plain)
    )
    wg.testing.assert_close(found, expected)


def test_a_traced_function():
    x = wg.tensor([0.3, -0.7, 1.1], dtype=wg.float64)
    g = wg.graph(inside, x)
    assert len(g) == len(wg.graph(plain, x))
    wg.testing.assert_close(g(x=x), plain(x))


def test_questions_to_a_graph():
    x = wg.tensor([0.3, -0.7, 1.1], dtype=wg.float64, requires_grad=True)
    y = checkpoint(plain, x).sum()
    g = wg.graph(y)
    assert g.check()
    y.backward()
    wg.testing.assert_close(g.derivative(y, x), x.grad)


def test_saved_values_under_torchs_names():
    x = wg.tensor([0.3, -0.7, 1.1], requires_grad=True)
    y = checkpoint(lambda x: x.exp().sin(), x)
    wg.testing.assert_close(y.grad_fn._saved_self.detach(), x.detach().exp())


def test_a_gradient_edge_and_anomaly_mode():
    x = wg.tensor([0.3, -0.7, 1.1], requires_grad=True)
    y = checkpoint(lambda x: x.exp().sin(), x)
    with pytest.warns(UserWarning, match="Anomaly"), wg.autograd.detect_anomaly():
        y.sum().backward()
    wg.testing.assert_close(x.grad, (x.exp().cos() * x.exp()).detach())


def test_scopes_and_modes_of_the_first_run_hold_in_the_second():
    x = wg.tensor([0.3], requires_grad=True)
    seen = []

    def f(x):
        y = x.exp()
        seen.append((y.requires_grad, y.grad_fn.scope))
        return y.sin()

    with wg.scope("block"):
        y = checkpoint(f, x)
    with wg.no_grad():
        y.backward()
    assert seen == [(True, "block"), (True, "block")]


def test_many_threads_with_graphs_of_their_own():
    shared = wg.tensor([0.3, -0.7, 1.1], dtype=wg.float64, requires_grad=True)

    def work():
        for _ in range(20):
            nested(shared).sum().backward()

    in_threads([work] * 4)
    found = shared.grad.clone()
    shared.grad = None
    nested_plain(shared).sum().backward()
    wg.testing.assert_close(found, shared.grad * 80)


def test_one_graph_in_many_threads():
    x = wg.tensor([0.3, -0.7, 1.1], dtype=wg.float64, requires_grad=True)
    y = nested(x).sum()
    expected = wg.autograd.grad(nested_plain(x).sum(), x)[0]
    found = []

    def work():
        for _ in range(20):
            found.append(wg.autograd.grad(y, x, retain_graph=True)[0])

    in_threads([work] * 4)
    assert len(found) == 80
    for one in found:
        wg.testing.assert_close(one, expected)


def in_threads(works):
    failures = []

    def watched(work):
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=watched, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
