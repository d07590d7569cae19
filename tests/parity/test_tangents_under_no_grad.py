"""Writes into views where only tangents pass: what reverse mode refuses is right, as in torch."""

from __future__ import annotations

import pytest

from parity.transforms import agrees_with_torch, grid


def jvp(m, function):
    x = grid(m, 3, 2)
    outputs, tangents = m.func.jvp(function, (x,), (x.cos(),))
    return [*outputs, *tangents]


def a_view_made_under_no_grad(m):
    def function(x):
        y = x.clone()
        v = y[::2]
        v.neg_()
        return v, y

    with m.no_grad():
        return jvp(m, function)


def a_base_of_a_view_made_under_no_grad(m):
    def function(x):
        y = x.clone()
        v = y[1]
        y.sin_()
        return v * 2, y

    with m.no_grad():
        return jvp(m, function)


def one_view_of_several(m):
    def function(x):
        y = x.clone()
        v, w, _ = y.unbind(0)
        v.square_()
        w.mul_(v)
        return v.clone(), w.clone(), y

    return jvp(m, function)


def one_view_of_several_and_an_operand_with_tangents(m):
    def function(x):
        y = m.zeros(3, 2, dtype=m.float64)
        v = y.unbind(0)[0]
        v.add_(x[0])
        return v.clone(), y.clone()

    return jvp(m, function)


@pytest.mark.parametrize(
    "scenario",
    [
        a_view_made_under_no_grad,
        a_base_of_a_view_made_under_no_grad,
        one_view_of_several,
        one_view_of_several_and_an_operand_with_tangents,
    ],
)
def test_tangents_pass(scenario):
    agrees_with_torch(scenario)()
