"""The rules of rewriting: what they leave out, what they must not, and that no bit changes."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from compiler.equal import assert_compiled
from compiler.programs import operations, outputs_of
from wengert.compiler.rewrite import simplified
from wengert.graphs.graph import Graph

SPECIAL = np.array([[0.0, -0.0, np.inf], [-np.inf, np.nan, 1.5]], np.float32)


def unchanged(function, *arrays):
    """Compiled, the function gives the same bits, but for operations that round otherwise."""
    tensors = [wg.tensor(a) for a in arrays]
    mine, other = wg.compile(function)(*tensors), function(*tensors)
    assert_compiled(function, mine, other, *tensors)


def left(function, *arrays):
    """The operations that are left of a function, which gives the same bits without them."""
    unchanged(function, *arrays)
    return operations(function, *map(wg.tensor, arrays))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.T.T, lambda x: x.permute(1, 0).permute(1, 0),
        lambda x: x.reshape(3, 2).view(2, 3),
        lambda x: x.unsqueeze(0).squeeze(0), lambda x: x[None, :, None].squeeze(2)[0],
        lambda x: x.neg().neg(),
        lambda x: x.clone().detach(), lambda x: x.double().float(), lambda x: x.expand(2, 3),
        lambda x: x.flatten().unflatten(0, (2, 3)), lambda x: x.transpose(0, 1).transpose(1, 0),
        lambda x: x ** 1, lambda x: x.T.mT, lambda x: x.movedim(0, 1).swapaxes(0, 1),
    ],
)  # fmt: skip
def test_what_undoes_itself_goes(function):
    assert left(lambda x: function(x).exp(), SPECIAL) == ["exp"]


def test_views_in_a_row_become_one():
    assert left(lambda x: x.reshape(6).reshape(3, 2).reshape(1, 6).exp(), SPECIAL) == [
        "view",
        "exp",
    ]
    assert left(lambda x: x[None].permute(1, 2, 0).permute(1, 0, 2), SPECIAL) == ["view", "permute"]
    assert left(lambda x: x.expand(1, 2, 3).expand(4, 2, 3) + x, SPECIAL) == ["expand", "add"]


def test_permutations_of_dimensions_of_length_one_are_another_shape():
    assert left(lambda x: x[:, None].permute(1, 0, 2).exp(), SPECIAL) == ["view", "exp"]


def test_a_transpose_after_a_reshape_stays():
    assert left(lambda x: x.reshape(3, 2).T.reshape(2, 3).exp(), SPECIAL).count("permute") == 1


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (lambda x: x.double().half(), ["to"]), (lambda x: x.double().long().float(), ["to"] * 3),
        (lambda x: x.half().float(), ["to", "to"]), (lambda x: (x > 0).float().int(), ["gt", "to"]),
        (lambda x: (x > 0).int().double().float(), ["gt", "to"]),
    ],
)  # fmt: skip
def test_casts(function, found):
    finite = np.nan_to_num(SPECIAL, posinf=3.7, neginf=-2.2)

    assert left(function, finite) == found


def test_integers_that_a_float_does_not_hold():
    large = np.array([2**24 + 1, 2**53 + 1, -7])

    assert left(lambda x: x.float().long(), large) == ["to", "to"]
    assert left(lambda x: x.double().long(), large) == ["to", "to"]
    assert left(lambda x: x.double().int(), large.astype(np.int32)) == []


@pytest.mark.parametrize(
    ("power", "found"),
    [
        (0, []),
        (2, ["square"]),
        (-1, ["reciprocal"]),
        (0.5, ["sqrt"]),
        (-0.5, ["rsqrt"]),
        (2.5, ["pow"]),
    ],
)
def test_powers(power, found):
    assert left(lambda x: x**power, SPECIAL) == found


def test_small_powers_are_products_within_two_ulp():
    x = wg.tensor(np.linspace(-3, 3, 999))
    for power in (3, 4):
        mine, other = wg.compile(lambda x, p=power: x**p)(x).numpy(), (x**power).numpy()
        np.testing.assert_array_max_ulp(mine, other, 2)
        assert "pow" not in operations(lambda x, p=power: x**p, x)


def test_powers_of_scalars_and_of_integers():
    unchanged(lambda x: x**0.5, np.array(-0.0))
    unchanged(lambda x: x**0.5, np.array(-np.inf))
    assert left(lambda x: x**2, np.array([3, -4])) == ["pow"]


def test_a_reduction_of_one_element_each():
    column = SPECIAL.reshape(6, 1)

    assert left(lambda x: x.sum(1), column) == ["add", "view"]  # the sum of -0 is 0
    assert left(lambda x: x.amax(1), column) == ["view"]
    assert left(lambda x: x.sum(0), SPECIAL[:1].copy()) == ["add", "view"]
    assert left(lambda x: x.sum(0), SPECIAL) == ["sum"]
    assert left(lambda x: x.sum(1), np.array([[True], [False]])) == ["to", "add", "view"]


def test_sums_and_products_of_the_same_in_another_order_are_one():
    assert left(lambda x, y: (x * y) + (y * x), SPECIAL, SPECIAL[::-1].copy()) == ["mul", "add"]
    assert left(lambda x, y: (x - y) * (y - x), SPECIAL, SPECIAL[::-1].copy()) == [
        "sub",
        "sub",
        "mul",
    ]
    assert left(lambda x: (2 * x) / (x * 2), SPECIAL) == ["mul", "div"]
    assert left(lambda x: (2 * x) / (x * 2.0), np.array([1, 2])) == ["mul", "mul", "div"]


def test_a_repeated_application_keeps_to_its_own_attributes():
    assert left(lambda x: x.sum(0) + x.amax(0) + x.sum(0), SPECIAL).count("sum") == 1
    assert left(lambda x: x.sum(0) + x.double().sum(0), SPECIAL).count("sum") == 2
    assert left(lambda x: x.sum(0).sum() + x.sum(1).sum(), SPECIAL).count("sum") == 4


@pytest.mark.parametrize("name", ["loss", "grad", "hessian"])
def test_simplifying_twice_is_simplifying_once(name):
    def loss(x):
        return ((x.T @ x).softmax(0).std(1) ** 3).sum() + x.mean()

    function = {"loss": loss, "grad": wg.func.grad(loss), "hessian": wg.func.hessian(loss)}[name]
    once = simplified(outputs_of(function, wg.ones(3, 2)))
    Graph(once).verify()

    twice = simplified(once)

    assert len(Graph(twice).nodes) == len(Graph(once).nodes)
