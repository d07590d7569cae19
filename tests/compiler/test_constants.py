"""What a function makes of nothing is known when it is compiled; what is from outside is read."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from compiler.programs import operations, outputs_of
from compiler.test_rules import SPECIAL, left
from wengert.compiler.rewrite import rewritten
from wengert.core.node import Leaf
from wengert.graphs.graph import collect


def leaves(function, *args):
    """The leaves that a program reads."""
    return [n for n in collect(rewritten(outputs_of(function, *args))) if isinstance(n, Leaf)]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * wg.ones(()), lambda x: x * wg.ones(3), lambda x: x / wg.ones(2, 3),
        lambda x: x - wg.zeros(3), lambda x: x * wg.tensor(1.0), lambda x: x * wg.tensor([1.0] * 3),
        lambda x: x * (wg.zeros(3) + 1), lambda x: x * wg.ones(1).expand(2, 3),
        lambda x: x * wg.full((3,), 2.0).sqrt().square().round(),
        lambda x: x * wg.eye(3).sum(0), lambda x: wg.where(wg.ones(3) > 0, x, 0.0) * 1,
    ],
)  # fmt: skip
def test_neutral_constants_go(function):
    found = [name for name in left(lambda x: function(x).exp(), SPECIAL) if name != "mul"]

    assert found == ["exp"]


def test_a_constant_of_one_value_is_a_number():
    assert len(leaves(lambda x: x * wg.full((2, 3), 2.5), wg.ones(2, 3))) == 1
    assert len(leaves(lambda x: x * wg.tensor([2.5, 3.0, 1.0]), wg.ones(2, 3))) == 2


def test_a_number_that_would_change_shape_or_dtype_is_none():
    unchanged = lambda f, x: left(f, x)  # noqa: E731  # the same bits, shape and dtype
    unchanged(lambda x: x * wg.ones(2, 1, 3), SPECIAL)
    unchanged(lambda x: x * wg.ones(3, dtype=wg.float64), SPECIAL)
    unchanged(lambda x: x * wg.ones(3), np.arange(3))
    unchanged(lambda x: x * wg.tensor(2.0, dtype=wg.float64), SPECIAL)
    unchanged(lambda x: x ** wg.tensor([0.5, 0.5, 0.5]), SPECIAL)
    unchanged(lambda x: wg.where(x > 0, wg.ones(3, dtype=wg.float64), 0), SPECIAL)


def test_zero_and_minus_zero_are_two_constants():
    signs = wg.tensor([0.0, -0.0, 0.0])

    def function(x):
        return x + wg.tensor([0.0, -0.0, 0.0])

    assert left(function, SPECIAL) == ["add"]
    assert len(leaves(function, signs)) == 2


def test_operations_on_constants_run_once():
    def causal(x):
        mask = wg.triu(wg.ones(3, 3), 1) > 0
        return x.masked_fill(mask, -np.inf)

    assert "triu" not in operations(causal, wg.ones(3, 3))
    assert "gt" not in operations(causal, wg.ones(3, 3))
    found = wg.compile(causal)(wg.ones(3, 3))
    np.testing.assert_array_equal(found.numpy(), causal(wg.ones(3, 3)).numpy())


def test_a_result_that_is_a_constant():
    compiled = wg.compile(lambda x: (x, wg.arange(3) * 2))

    first = compiled(wg.ones(2))[1]
    first[0] = 7

    np.testing.assert_array_equal(compiled(wg.ones(2))[1].numpy(), [0, 2, 4])


def test_large_results_are_computed_at_every_call():
    def large(x):
        return x * (wg.arange(3.0)[:, None] * wg.ones(1, 2_000_000)).sum()

    assert "sum" not in operations(lambda x: x * wg.ones(4).sum(), wg.ones(2))
    assert "sum" in operations(large, wg.ones(2))


def test_tensors_from_outside_are_read_at_every_call():
    scale, shift = wg.tensor(2.0), wg.ones(3)
    compiled = wg.compile(lambda x: x * scale + shift)
    compiled(wg.ones(3))

    scale.fill_(5.0)
    shift[1] = 10.0

    np.testing.assert_array_equal(compiled(wg.ones(3)).numpy(), [6.0, 15.0, 6.0])


def test_arrays_from_outside_are_read_at_every_call():
    scale = np.ones(3, np.float32)
    compiled = wg.compile(lambda x: x * wg.from_numpy(scale))
    compiled(wg.ones(3))

    scale[:] = 4.0

    np.testing.assert_array_equal(compiled(wg.ones(3)).numpy(), [4.0, 4.0, 4.0])


def test_a_constant_is_not_what_becomes_of_its_tensor():
    kept = []

    def function(x):
        kept.append(wg.ones(3))
        return x * kept[-1]

    compiled = wg.compile(function)
    compiled(wg.ones(3))
    kept[0][:] = 9.0

    np.testing.assert_array_equal(compiled(wg.ones(3)).numpy(), [1.0, 1.0, 1.0])


def test_the_seed_of_a_gradient_is_a_number():
    assert operations(wg.func.grad(lambda a, b: (a + b) * (b + 1)), 1.0, 2.0) == ["add"]
    assert operations(wg.func.grad(lambda x: x.exp().sum()), wg.ones(3)) == ["exp"]
    assert len(leaves(wg.func.hessian(lambda x: (x**4).sum()), wg.ones(3))) <= 2


def test_failures_stay_for_the_run():
    def wrong(x):
        return x * wg.nn.functional.binary_cross_entropy(wg.full((2,), 2.0), wg.ones(2))

    with pytest.raises(wg.errors.ArgumentValueError):
        wg.compile(wrong)(wg.ones(2))


def test_gradients_and_replays_know_constants():
    compiled = wg.compile(lambda x: (x * wg.tensor([1.0, 2.0, 3.0])).sum())
    x = wg.ones(3, requires_grad=True)

    compiled(x).backward()

    np.testing.assert_array_equal(x.grad.numpy(), [1.0, 2.0, 3.0])
    found = wg.func.vmap(compiled)(wg.ones(2, 3))
    np.testing.assert_array_equal(found.numpy(), [6.0, 6.0])


def test_a_constant_may_be_written_before_it_is_used():
    def function(x):
        mask = wg.zeros(3)
        mask[0] = 1.0
        mask[2] = 5.0
        return x * mask

    x = wg.tensor([1.0, 2.0, 3.0])

    np.testing.assert_array_equal(wg.compile(function)(x).numpy(), [1.0, 0.0, 15.0])


def written_later(x):
    mask = wg.zeros(3)
    y = x * mask
    mask[1] = 1.0
    return y * mask


def written_through_a_view(x):
    mask = wg.zeros(3)
    part = mask[:2]
    y = x * mask
    part[0] = 1.0
    return y


def written_after_a_view_was_used(x):
    mask = wg.zeros(3)
    y = x * mask.view(3, 1)
    mask[1] = 1.0
    return y


@pytest.mark.parametrize(
    "function", [written_later, written_through_a_view, written_after_a_view_was_used]
)
def test_a_constant_that_is_written_after_it_was_used_is_refused(function):
    with pytest.raises(wg.errors.TraceError, match="was used before"):
        wg.compile(function)(wg.ones(3))
