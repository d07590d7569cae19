"""The rules of inference_mode, by experiment: what its tensors may be used for, and what not."""

from __future__ import annotations

import copy
import pickle

import pytest

from parity.scenario import leaf, raised, same_as_torch


def made_inside(m, value=1.0):
    with m.inference_mode():
        return m.ones(2) * value


@same_as_torch
def test_what_is_an_inference_tensor(m):
    t = made_inside(m)
    tensors = [t[0], t.view(2, 1), t.detach(), t.data, t.clone(), t + 1]
    copies = [copy.copy(t), copy.deepcopy(t), pickle.loads(pickle.dumps(t))]
    return m.is_inference(t), t.requires_grad, [c.is_inference() for c in tensors + copies]


@same_as_torch
def test_what_is_refused_outside(m):
    t = made_inside(m)

    def turn_on():
        t.requires_grad = True

    def set_item():
        t[0] = 2.0

    return (
        raised(lambda: t._version),
        raised(t.requires_grad_),
        raised(turn_on),
        raised(set_item),
        raised(lambda: t.add_(1)),
        raised(lambda: t[0].add_(1)),
        raised(lambda: t.copy_(m.ones(2))),
        raised(t.zero_),
        raised(lambda: t.unsqueeze_(0)),
    )


USES = {
    "mul": lambda m, x, t: x * t,
    "mul of an interior tensor": lambda m, x, t: x.exp().mul(t),
    "matmul": lambda m, x, t: x @ t,
    "linear in it": lambda m, x, t: t.view(1, 2) @ x.view(2, 1),
    "add": lambda m, x, t: x + t,
    "sub": lambda m, x, t: t - x,
    "cat": lambda m, x, t: m.cat([x, t]),
    "stack": lambda m, x, t: m.stack([t, x]),
    "where on": lambda m, x, t: m.where(t > 0, x, t),
    "where in": lambda m, x, t: m.where(m.tensor([True, False]), x, t),
    "a clone": lambda m, x, t: x * t.clone(),
    "made of it": lambda m, x, t: x * (t + 1),
    "in place, added": lambda m, x, t: (x * 2).add_(t),
    "in place, saved": lambda m, x, t: (x * 2).mul_(t),
    "copied": lambda m, x, t: (x * 2).copy_(t),
    "set": lambda m, x, t: (x * 2).index_fill_(0, m.tensor([0]), t[0]),
}


@pytest.mark.parametrize("use", USES)
def test_uses_in_a_recorded_computation(use):
    @same_as_torch
    def test(m):
        x = leaf(m, 1.0, 2.0)
        used = []
        error = raised(lambda: used.append(USES[use](m, x, made_inside(m, 3.0))))
        return error, used

    test()


INDEX_USES = {
    "getitem": lambda m, x, i: x[i],
    "index_select": lambda m, x, i: x.index_select(0, i),
    "gather": lambda m, x, i: x.gather(0, i),
    "mask": lambda m, x, i: x[i > -1],
    "masked_fill": lambda m, x, i: x.masked_fill(i > -1, 0.0),
}


@pytest.mark.parametrize("use", INDEX_USES)
def test_indices_are_saved_too(use):
    @same_as_torch
    def test(m):
        x = leaf(m, 1.0)
        with m.inference_mode():
            index = m.tensor([0])
        used = []
        error = raised(lambda: used.append(INDEX_USES[use](m, x, index)))
        return error, [u.requires_grad for u in used]

    test()


@same_as_torch
def test_views_of_normal_tensors(m):
    n = m.ones(2)
    with m.inference_mode():
        v = n[:1]
        v.add_(1)
        inside = v.is_inference(), n.is_inference(), n._version
    v.add_(1)
    return inside, n, n._version


@same_as_torch
def test_a_view_of_a_leaf_cannot_follow_a_recorded_change(m):
    x = leaf(m, 1.0, 2.0)
    with m.inference_mode():
        v = x[:1]
        inside = v.is_inference(), v.is_leaf
    return inside, raised(lambda: v.mul_(2))


@same_as_torch
def test_normal_tensors_are_changed_inside(m):
    n, x = m.ones(2), leaf(m, 1.0, 2.0)
    y = x * 2
    z = y * y
    with m.inference_mode():
        n.mul_(3)
        y.add_(1)
        x.add_(1)
    return n, n.is_inference(), n._version, y._version, x, raised(z.sum().backward)


@same_as_torch
def test_leaves_made_inside(m):
    with m.inference_mode():
        t = m.tensor([1.0], requires_grad=True)
        u = t * 2
        inside = t.is_inference(), t.requires_grad, u.requires_grad, raised(u.sum().backward)
    (t + 1).sum().backward()
    return inside, (t * 2).requires_grad, t.grad


@same_as_torch
def test_backward_inside(m):
    x = leaf(m, 2.0)
    y = (x * x).sum()
    with m.inference_mode():
        y.backward()
    return x.grad


@same_as_torch
def test_data_brings_its_rules_along(m):
    x, t = m.ones(2), made_inside(m, 4.0)
    x.data = t
    u = made_inside(m)
    u.data = m.ones(2)
    return x, x.is_inference(), u.is_inference()


@same_as_torch
def test_modes_inside_each_other(m):
    seen = []

    def note():
        made = m.ones(1) + 1
        recorded = (leaf(m, 1.0) * 2).requires_grad
        modes = m.is_inference_mode_enabled(), m.is_grad_enabled()
        seen.append((modes, recorded, made.is_inference()))

    with m.inference_mode():
        with m.inference_mode(False):
            note()
        with m.enable_grad():
            note()
        with m.no_grad(), m.inference_mode(False):
            note()
    with m.no_grad():
        with m.inference_mode(False):
            note()
        with m.inference_mode(mode=True):
            note()
        note()
    return seen


@same_as_torch
def test_an_exception_ends_it(m):
    def fails():
        with m.inference_mode():
            raise KeyError

    return raised(fails).args, m.is_inference_mode_enabled(), m.is_grad_enabled()


@same_as_torch
def test_as_a_decorator(m):
    @m.inference_mode
    def bare():
        return m.is_inference_mode_enabled()

    @m.inference_mode()
    def called():
        return m.is_inference_mode_enabled()

    @m.inference_mode(False)
    def off():
        return m.is_inference_mode_enabled(), m.is_grad_enabled()

    with m.inference_mode():
        inside = off()
    return bare(), called(), off(), inside, m.is_inference_mode_enabled()
