"""Views and writes: what shares memory follows what is written into it, by experiment."""

from __future__ import annotations

import pytest

from parity.scenario import raised, same_as_torch


def matrix(m):
    return m.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], requires_grad=True)


def after(call):
    """The exception that a call raises, or what it returns."""
    try:
        return call()
    except Exception as error:
        return error


def gradient(m, y, x):
    return after(lambda: m.autograd.grad(y.sum(), x, retain_graph=True)[0])


VIEWS = {
    "row": lambda x: x[0],
    "column": lambda x: x[:, 1],
    "element": lambda x: x[1, 2],
    "slice": lambda x: x[:, ::2],
    "new axis": lambda x: x[None],
    "transposed": lambda x: x.t(),
    "flat": lambda x: x.view(-1),
    "turned and flat": lambda x: x.t().t().view(3, 2),
    "diagonal": lambda x: x.diagonal(),
    "narrowed": lambda x: x.narrow(1, 1, 2),
    "squeezed": lambda x: x[:1].squeeze(0),
    "of a view of a view": lambda x: x.t()[1:][0],
    "unfolded": lambda x: x.view(-1).unfold(0, 2, 2),
    "all of it": lambda x: x.view_as(x),
    "movedim": lambda x: x.movedim(0, 1),
    "select": lambda x: x.select(1, 2),
}

WRITES = {
    "mul_ by a number": lambda m, v: v.mul_(3),
    "mul_ by a history": lambda m, v: v.mul_(m.tensor(2.0, requires_grad=True)),
    "sigmoid_, which saves its output": lambda m, v: v.sigmoid_(),
    "zero_": lambda m, v: v.zero_(),
    "copy_": lambda m, v: v.copy_(m.full_like(v, 7)),
    "fill_ with a history": lambda m, v: v.fill_(m.tensor(2.0, requires_grad=True)),
    "twice": lambda m, v: v.sin_().cos_(),
    "+= itself": lambda m, v: v.add_(v),
    "[...] = ": lambda m, v: v.__setitem__(..., 0.5),
}


def pairs(test):
    test = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)(test)
    return pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)(test)


def each(view, write, program):
    same_as_torch(lambda m: program(m, view, lambda v: write(m, v)))()


@pairs
def test_a_view_is_written_into(view, write):
    def program(m, view, write):
        a = matrix(m)
        b = a * 1
        other = b[:, 1:]
        v = view(b)
        write(v)
        return [(t.detach(), t.requires_grad, gradient(m, t * t, a)) for t in (b, v, other)]

    each(view, write, program)


@pairs
def test_the_base_is_written_into(view, write):
    def program(m, view, write):
        a = matrix(m)
        b = a * 1
        v = view(b)
        write(b)
        return [(t.detach(), t.requires_grad, gradient(m, t * t, a)) for t in (b, v)]

    each(view, write, program)


@pairs
def test_a_plain_base_gets_a_history_through_a_view(view, write):
    def program(m, view, write):
        a = matrix(m)
        b = m.zeros(2, 3)
        v = view(b)
        v.add_(view(a))
        write(v)
        return [(t.detach(), t.requires_grad, gradient(m, t * t, a)) for t in (b, v)]

    each(view, write, program)


@pairs
def test_both_in_turn(view, write):
    def program(m, view, write):
        a = matrix(m)
        b = a * 1
        v = view(b)
        write(v)
        write(b)
        write(v)
        return [(t.detach(), gradient(m, t * t, a)) for t in (b, v)], b._version

    each(view, write, program)


@pairs
def test_second_gradients(view, write):
    def program(m, view, write):
        a = matrix(m)
        b = a * a
        v = view(b)
        write(v)
        total = (b * b).sum() + (v**3).sum()
        (first,) = m.autograd.grad(total, a, create_graph=True)
        return first.detach(), gradient(m, first * first, a)

    each(view, write, program)


@pairs
def test_under_no_grad(view, write):
    def program(m, view, write):
        a = matrix(m)
        b = a * 1
        v = view(b)
        with m.no_grad():
            write(v)
        return [(t.detach(), t.requires_grad, gradient(m, t * 2, a)) for t in (b, v)]

    each(view, write, program)


SEVERAL = {
    "unbind": lambda x: x.unbind()[0],
    "split": lambda x: x.split(1)[0],
    "split, of one": lambda x: x.split(2)[0],
    "chunk": lambda x: x.chunk(2)[0],
    "iteration": lambda x: next(iter(x)),
    "a view of one of several": lambda x: x.unbind()[1][1:],
}


@pytest.mark.parametrize("take", SEVERAL.values(), ids=SEVERAL)
def test_views_that_come_in_several(take):
    @same_as_torch
    def program(m):
        a = matrix(m)
        b, c, d, e = a * 1, a * 1, a * 1, m.zeros(2, 3)
        v, w, x, y, z = take(b), take(c), take(d), take(e), take(a)
        c.mul_(2)
        with m.no_grad():
            d.mul_(2)
        y.mul_(2)
        return [
            raised(lambda: v.mul_(2)), b.detach(), raised(lambda: w + 1), w.requires_grad,
            w.detach(), raised(lambda: x + 1), e, raised(lambda: y.add_(take(a))),
            raised(lambda: z.mul_(2)),
        ]  # fmt: skip

    program()


@same_as_torch
def test_tensor_split_gives_ordinary_views(m):
    a = matrix(m)
    b = a * 1
    b.tensor_split(2)[0].mul_(3)
    return b.detach(), gradient(m, b, a)


@same_as_torch
def test_views_made_under_no_grad(m):
    a = matrix(m)
    b, c, d, e, f = a * 1, a * 1, m.zeros(2, 3), m.zeros(2, 3), a * 1
    with m.no_grad():
        v, w, x, y, z = b[0], c[0], d[0], e[0], f[0]
        z.mul_(2)
    c.mul_(2)
    y.add_(1)
    return [
        raised(lambda: v.mul_(2)), raised(lambda: w + 1), w.requires_grad, w.detach(),
        raised(lambda: x.add_(a[0])), e, raised(lambda: z + 1), f.detach(),
    ]  # fmt: skip


@same_as_torch
def test_views_of_leaves(m):
    a = matrix(m)
    b, c, d = m.zeros(2, 3), m.zeros(2, 3), m.zeros(2, 3)
    v, w, x = b[0].requires_grad_(), c[0], d[0].requires_grad_()
    c.requires_grad_()
    found = [
        raised(lambda: a.mul_(2)), raised(lambda: a[0].mul_(2)), raised(lambda: v.mul_(2)),
        raised(lambda: v[1:].mul_(2)), raised(lambda: w.add_(1)), raised(lambda: w.add_(a[0])),
        raised(lambda: a.zero_()), raised(lambda: a.__setitem__(0, 1.0)), a.detach(),
    ]  # fmt: skip
    d.add_(1)
    with m.no_grad():
        a[0].mul_(2)
    return [*found, x.is_leaf, x.requires_grad, d.requires_grad, a.detach(), a._version]


@same_as_torch
def test_a_view_of_what_was_detached_in_place(m):
    a = matrix(m)
    b = a * 1
    v = b[0]
    b.detach_()
    return b.requires_grad, v.requires_grad, raised(lambda: v.mul_(2)), raised(lambda: v.detach_())


@same_as_torch
def test_what_views_say_of_themselves(m):
    a = matrix(m)
    b = a * 1
    v, w, d, e = b[0], b[0][1:], b[0].detach(), b.data
    return [(t._is_view(), t._base is b, t._version) for t in (b, v, w, d, e, d[1:], b + 1)]


@same_as_torch
def test_versions_are_those_of_the_memory(m):
    a = matrix(m)
    b = a * 1
    v, d, e = b[0], b.detach(), b.data
    before = [t._version for t in (b, v, d, e)]
    v.mul_(2)
    d[0] = 1.0
    e.add_(1)
    after_all = [t._version for t in (b, v, d, e)]
    return before, after_all, b.data._version


@same_as_torch
def test_inference_mode(m):
    a = matrix(m)
    b = m.zeros(2, 3)
    with m.inference_mode():
        v = b[0]
        v.add_(1)
        made = m.zeros(3)
    v.add_(1)
    return b, raised(lambda: made.add_(1)), raised(lambda: v.add_(a[0])), v.is_inference()


@same_as_torch
def test_what_is_retained_goes_on_to_what_a_view_becomes(m):
    a = matrix(m)
    b = a * 1
    v = b[0]
    v.retain_grad()
    b.retain_grad()
    b.mul_(3)
    (v * v).sum().backward()
    return v.grad, b.grad, a.grad


@same_as_torch
def test_a_turned_base_and_its_views(m):
    a = matrix(m)
    x = a * 2
    v = x[0]
    x.t_()
    middle = x[:, 0]
    x.unsqueeze_(0)
    v.mul_(3)
    middle.add_(1)
    return x.detach(), v.detach(), middle.detach(), x._version, gradient(m, x * x, a)


@same_as_torch
def test_a_turned_view(m):
    a = matrix(m)
    x = a * 2
    v = x[0]
    v.unsqueeze_(0).t_()
    v.mul_(3)
    return x.detach(), v.detach(), v._base is x, gradient(m, x * x, a), gradient(m, v * v, a)


@same_as_torch
def test_turns_of_leaves_and_detached(m):
    a, b = matrix(m), matrix(m)
    d = b.detach()
    with m.no_grad():
        b.t_()
    return raised(lambda: a.t_()), a.shape == (2, 3), tuple(b.shape), tuple(d.shape), b.is_leaf
