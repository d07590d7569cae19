"""Writes in place inside of vmap, grad, jvp and dual numbers, by experiment."""

from __future__ import annotations

import pytest

from parity.scenario import raised
from parity.transforms import agrees_with_torch


def twice(m, x):
    return x.clone().sin_().sin_()


def row(m, x):
    y = x.clone()
    y[0].mul_(3)
    return y


def flat_of_a_transposed(m, x):
    y = x.t().contiguous()
    y.t().mul_(2)
    y.view(-1)[1:4].add_(1)
    return y


def flat_in_another_layout(m, x):
    y = x.t().clone()
    y.t().view(-1)[1:4].mul_(x.view(-1)[:3])
    return y


def view_after_base(m, x):
    y = x.clone()
    v = y[:, 1]
    y.mul_(x)
    v.add_(v * 2)
    return y + v.sum()


def index_tensor(m, x):
    y = x.clone()
    y[m.tensor([1, 0])] = x * 5
    return y


def column(m, x):
    y = x.clone()
    y[:, 1] = x[:, 0] * 2
    y[..., 2] = 0.5
    return y


def accumulated(m, x):
    total = m.zeros_like(x)
    for i in range(2):
        total[i] += x[i] * x[1 - i]
    return total


def copied(m, x):
    y = m.zeros_like(x)
    y.copy_(x * x)
    y[1].copy_(x[0])
    return y


def filled(m, x):
    y = x.clone()
    y[0].zero_()
    y[1, 2].fill_(4)
    y.masked_fill_(m.tensor([True, False, False]), 2.0)
    return y


def diagonal(m, x):
    y = x.clone()
    y.diagonal().mul_(3)
    return y


def saved_output(m, x):
    return x.clone().sigmoid_() * x


def clamped(m, x):
    return (x * 2).clamp_(-1, 1).add_(x, alpha=2)


PROGRAMS = [
    flat_in_another_layout,
    twice, row, flat_of_a_transposed, view_after_base, index_tensor, column, accumulated, copied,
    filled, diagonal, saved_output, clamped,
]  # fmt: skip
each_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)


def matrix(m):
    return m.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]], dtype=m.float64)


def batch(m):
    x = matrix(m)
    return m.stack([x, x * 2, x - 1])


@each_program
def test_under_vmap(program):
    agrees_with_torch(lambda m: m.func.vmap(lambda x: program(m, x))(batch(m)))()


@each_program
def test_under_vmap_along_the_last_axis(program):
    def run(m):
        moved = batch(m).movedim(0, 2)
        return m.func.vmap(lambda x: program(m, x), in_dims=2)(moved)

    agrees_with_torch(run)()


@each_program
def test_under_grad(program):
    agrees_with_torch(lambda m: m.func.grad(lambda x: (program(m, x) ** 2).sum())(matrix(m)))()


@each_program
def test_under_grad_twice(program):
    def run(m):
        first = m.func.grad(lambda x: (program(m, x) ** 3).sum())
        return m.func.grad(lambda x: (first(x) ** 2).sum())(matrix(m))

    agrees_with_torch(run)()


@each_program
def test_gradients_per_slice(program):
    def run(m):
        return m.func.vmap(m.func.grad(lambda x: (program(m, x) ** 2).sum()))(batch(m))

    agrees_with_torch(run)()


@each_program
def test_the_gradient_of_a_map(program):
    def run(m):
        def total(x):
            return (m.func.vmap(lambda one: program(m, one))(x) ** 2).sum()

        return m.func.grad(total)(batch(m))

    agrees_with_torch(run)()


@each_program
def test_under_jvp(program):
    def run(m):
        x = matrix(m)
        return m.func.jvp(lambda x: program(m, x), (x,), (x.cos(),))

    agrees_with_torch(run)()


@each_program
def test_with_dual_numbers(program):
    def run(m):
        x = matrix(m)
        with m.autograd.forward_ad.dual_level():
            dual = m.autograd.forward_ad.make_dual(x, x.cos())
            made = program(m, dual)
            return tuple(m.autograd.forward_ad.unpack_dual(made))

    agrees_with_torch(run)()


@each_program
def test_forward_over_reverse(program):
    def run(m):
        x = matrix(m)
        first = m.func.grad(lambda x: (program(m, x) ** 3).sum())
        return m.func.jvp(first, (x,), (x.cos(),))

    agrees_with_torch(run)()


@agrees_with_torch
def test_an_unmapped_target_takes_no_mapped_value(m):
    target, x = m.zeros(3, dtype=m.float64), batch(m)[0]

    def write(x):
        target.add_(x)
        return target

    def put(x):
        target[0] = x[0]
        return target

    return [raised(lambda f=f: m.func.vmap(f)(x)) for f in (write, put)], target


@agrees_with_torch
def test_a_mapped_target_takes_an_unmapped_value(m):
    def write(x):
        y = x.clone()
        y[0] = m.ones(3, dtype=m.float64)
        return y.mul_(m.tensor(2.0, dtype=m.float64))

    return m.func.vmap(write)(batch(m))


@agrees_with_torch
def test_the_argument_itself_is_written_into(m):
    x = batch(m)
    made = m.func.vmap(lambda one: one.mul_(2))(x)
    return made, x


@agrees_with_torch
def test_turns(m):
    def turned(x):
        y = x * 1
        v = y[0]
        y.t_()
        v.mul_(3)
        return y.unsqueeze_(0) * 2

    return (
        m.func.grad(lambda x: (turned(x) ** 2).sum())(matrix(m)),
        m.func.jvp(turned, (matrix(m),), (matrix(m).cos(),)),
    )


@agrees_with_torch
def test_an_unmapped_base_and_tangents_that_are_mapped_further_out(m):
    def write(x):
        y = m.zeros_like(x)
        y[0] = x[0] * x[1]
        y[:0].mul_(x[:0])
        return y

    scaled = m.func.vmap(lambda s: m.func.jacfwd(write)(matrix(m)[0] * s))
    return m.func.vmap(m.func.jacfwd(write))(matrix(m)), scaled(matrix(m)[:, 0])


def under_no_grad(m, x):
    y = x * 1
    v = y[0]
    with m.no_grad():
        y.mul_(x)
        w = y[:, 1:]
        w.add_(y[:, :1])
        y[1, 2] = 0.5
        u = v * 2
    return y * x, v, u


@agrees_with_torch
def test_writes_under_no_grad_in_forward_mode(m):
    def push(x):
        return m.func.jvp(lambda x: under_no_grad(m, x), (x,), (x.cos(),))

    return push(matrix(m)), m.func.jacfwd(lambda x: under_no_grad(m, x))(matrix(m))


@agrees_with_torch
def test_history_and_tangents_of_writes_under_no_grad(m):
    x = matrix(m).requires_grad_()
    output, tangent = m.func.jvp(lambda x: under_no_grad(m, x)[0], (x,), (x.cos(),))
    return [m.autograd.grad(y.sum(), x, retain_graph=True) for y in (output, tangent)]


@agrees_with_torch
def test_a_constant_stored_under_no_grad_ends_tangents_and_no_history(m):
    x = matrix(m).requires_grad_()

    def store(x):
        y = x * 1
        with m.no_grad():
            y.fill_(2)
        return y * 3

    output, tangent = m.func.jvp(store, (x,), (matrix(m),))
    return output, tangent.detach(), m.autograd.grad(output.sum(), x)
