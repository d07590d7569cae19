"""Losses: what they mean, what they are at the ends of their domains, and what they refuse."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import wengert as wg
from wengert.errors import (
    ArgumentValueError,
    DimensionError,
    DTypeError,
    GradientError,
    ShapeError,
)
from wengert.nn import functional as F

RANDOM = np.random.default_rng(0)
REDUCTIONS = ["mean", "sum", "none"]


def logits(*shape):
    return wg.tensor(RANDOM.standard_normal(shape), requires_grad=True)


def close(got, expected, tolerance=1e-12):
    expected = expected.detach().numpy() if isinstance(expected, wg.Tensor) else expected
    np.testing.assert_allclose(got.detach().numpy(), expected, rtol=tolerance, atol=tolerance)


# cross_entropy


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(4, 3), (3,), (4, 3, 5), (2, 3, 2, 2)])
def test_cross_entropy_is_nll_loss_of_log_softmax(shape, reduction):
    x = logits(*shape)
    dim = min(len(shape), 2) - 1
    target = wg.tensor(RANDOM.integers(0, 3, shape[:dim] + shape[dim + 1 :]))
    weight = wg.tensor([0.5, 2.0, 1.0], dtype=wg.float64)

    for options in ({}, {"weight": weight}, {"ignore_index": 1}):
        loss = F.cross_entropy(x, target, reduction=reduction, **options)
        parts = F.nll_loss(x.log_softmax(dim), target, reduction=reduction, **options)
        seed = wg.ones_like(loss)
        close(loss, parts)
        close(wg.autograd.grad(loss, x, seed)[0], wg.autograd.grad(parts, x, seed)[0])


def test_the_slope_is_softmax_less_one():
    x = logits(2, 3)
    F.cross_entropy(x, wg.tensor([2, 0])).backward()

    onehot = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    close(x.grad, (x.softmax(1).detach().numpy() - onehot) / 2)


def test_large_logits_do_not_overflow():
    x = wg.tensor([[1000.0, 0.0], [-1000.0, 0.0]], requires_grad=True)
    loss = F.cross_entropy(x, wg.tensor([1, 0]))
    loss.backward()

    assert loss.item() == 1000
    assert x.grad.tolist() == [[0.5, -0.5], [-0.5, 0.5]]


def test_one_hot_probabilities_are_classes():
    x, target = logits(4, 3), wg.tensor([0, 2, 1, 1])

    for reduction in REDUCTIONS:
        hot = F.one_hot(target, 3).double()
        close(
            F.cross_entropy(x, hot, reduction=reduction),
            F.cross_entropy(x, target, reduction=reduction),
        )


def test_label_smoothing_mixes_with_the_uniform_distribution():
    x, target = logits(4, 3), wg.tensor([0, 2, 1, 1])
    mixed = F.one_hot(target, 3).double() * 0.7 + 0.1

    close(F.cross_entropy(x, target, label_smoothing=0.3), F.cross_entropy(x, mixed))


def test_ignored_targets_count_for_nothing():
    x = logits(3, 2)
    some = F.cross_entropy(x, wg.tensor([0, -100, 1]))

    close(some, F.cross_entropy(x[[0, 2]], wg.tensor([0, 1])))
    some.backward()
    assert x.grad[1].tolist() == [0.0, 0.0]


def test_nothing_but_ignored_targets():
    """The mean of nothing is NaN; its gradient is 0, as for each of the ignored rows."""
    x = logits(2, 2)
    target = wg.tensor([-100, -100])

    assert math.isnan(F.nll_loss(x, target).item())
    assert F.nll_loss(x, target, reduction="sum").item() == 0
    F.nll_loss(x, target).backward()
    assert x.grad.tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
@pytest.mark.parametrize(
    ("error", "target", "options", "says"),
    [
        (DimensionError, [0, 3], {}, "Target 3 is out of bounds"),
        (DimensionError, [0, -1], {}, "Target -1 is out of bounds"),
        (ArgumentValueError, [0, 1, 2], {}, "batch_size (2)"),
        (ShapeError, [[0], [1]], {}, "One class per row"),
        (DTypeError, [0.0, 1.0], {}, "target.to(wengert.int64)"),
        (ShapeError, [0, 1], {"weight": wg.ones(2)}, "all 3 classes"),
        (ArgumentValueError, [0, 1], {"reduction": "average"}, "'average'"),
        (GradientError, [0, 1], {"weight": wg.ones(3, requires_grad=True)}, "weight.detach()"),
    ],
)
def test_targets_that_are_wrong(loss, error, target, options, says):
    with pytest.raises(error) as caught:
        loss(wg.ones(2, 3), wg.tensor(target), **options)

    assert says in str(caught.value)


def test_a_weight_that_requires_grad_is_taken_without_a_graph():
    weight = wg.ones(3, requires_grad=True)
    with wg.no_grad():
        assert F.cross_entropy(wg.zeros(1, 3), wg.tensor([0]), weight).item() == pytest.approx(
            math.log(3)
        )


# Numbers


@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss])
def test_shapes_that_differ_are_warned_about(loss):
    with pytest.warns(UserWarning, match="rarely meant") as caught:
        assert loss(wg.ones(3, 1), wg.ones(3)).item() == 0

    assert caught[0].filename == __file__


def test_mean_is_divided_by_the_sum_of_weights():
    x, y, w = wg.tensor([1.0, 2.0]), wg.tensor([0.0, 0.0]), wg.tensor([1.0, 3.0])

    assert F.mse_loss(x, y, weight=w).item() == 13 / 4
    assert F.l1_loss(x, y, weight=w).item() == 7 / 4
    assert F.huber_loss(x, y, weight=w).item() == (0.5 + 3 * 1.5) / 2


def test_slopes_at_the_corners():
    for loss, expected in (
        (F.l1_loss, [0.0, 1.0, -1.0]),
        (F.smooth_l1_loss, [0.0, 1.0, -1.0]),
        (F.huber_loss, [0.0, 1.0, -1.0]),
    ):
        x = wg.tensor([0.0, 1.0, -5.0], requires_grad=True)
        loss(x, wg.zeros(3), reduction="sum").backward()
        assert x.grad.tolist() == expected


# Probabilities


def test_logarithms_are_no_less_than_minus_100():
    x = wg.tensor([0.0, 0.0, 1.0, 1.0], requires_grad=True)
    loss = F.binary_cross_entropy(x, wg.tensor([0.0, 1.0, 0.0, 1.0]), reduction="none")

    assert loss.tolist() == [0.0, 100.0, 100.0, 0.0]
    loss.sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_logits_are_probabilities_through_sigmoid(reduction):
    x, y = logits(4), wg.tensor(RANDOM.uniform(0.1, 0.9, 4))
    weight = wg.tensor(RANDOM.uniform(0.1, 2, 4))

    loss = F.binary_cross_entropy_with_logits(x, y, weight, reduction=reduction)
    close(loss, F.binary_cross_entropy(x.sigmoid(), y, weight, reduction=reduction))


def test_pos_weight_multiplies_the_loss_of_positives():
    x, ones = logits(3), wg.ones(3, dtype=wg.float64)
    plain = F.binary_cross_entropy_with_logits(x, ones)

    close(F.binary_cross_entropy_with_logits(x, ones, pos_weight=3 * ones), 3 * plain)


def test_large_logits_have_finite_losses():
    x = wg.tensor([800.0, -800.0], requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(x, wg.tensor([0.0, 1.0]), reduction="none")
    loss.sum().backward()

    assert loss.tolist() == [800.0, 800.0]
    assert x.grad.tolist() == [1.0, -1.0]


def test_what_is_no_probability():
    with pytest.raises(ArgumentValueError, match="between 0 and 1"):
        F.binary_cross_entropy(wg.tensor([1.5]), wg.tensor([1.0]))
    with pytest.raises(ArgumentValueError, match="between 0 and 1"):
        F.binary_cross_entropy(wg.tensor([0.5]), wg.tensor([-1.0]))
    with pytest.raises(ArgumentValueError, match="between 0 and 1"):
        F.binary_cross_entropy(wg.tensor([math.nan]), wg.tensor([1.0]))


def test_the_divergence_of_a_distribution_from_itself_is_0():
    p = wg.tensor([[0.25, 0.75], [0.0, 1.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert F.kl_div(wg.tensor([[0.25, 0.75]]).log(), p[:1], reduction="batchmean").item() == 0
        assert F.kl_div(wg.zeros(1, 2), p[1:], reduction="sum").item() == 0
