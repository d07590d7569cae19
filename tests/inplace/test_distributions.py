"""Draws in place: quantiles are those of the distributions, and parameters are checked."""

from __future__ import annotations

import math

import numpy as np
import pytest

import wengert as wg
from wengert.errors import DTypeError, ShapeError

COUNT = 40_000
AT = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
NORMAL = np.array([-1.2815516, -0.6744898, 0.0, 0.6744898, 1.2815516])

CASES = {
    "exponential_": (lambda x: x.exponential_(2.0), -np.log(1 - AT) / 2),
    "cauchy_": (lambda x: x.cauchy_(1.0, 2.0), 1 + 2 * np.tan(math.pi * (AT - 0.5))),
    "log_normal_": (lambda x: x.log_normal_(0.5, 0.25), np.exp(0.5 + 0.25 * NORMAL)),
    "geometric_": (lambda x: x.geometric_(0.07), np.ceil(np.log(1 - AT) / math.log(0.93))),
}


@pytest.mark.parametrize("dtype", [wg.float32, wg.float64])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_quantiles(case, dtype):
    draw, expected = case
    wg.manual_seed(0)
    x = wg.zeros(COUNT, dtype=dtype)

    assert draw(x) is x
    # The deviation of a quantile of so many draws is below 2 % of the spread; 6 % is three of it.
    spread = expected[-1] - expected[0]
    np.testing.assert_allclose(np.quantile(x.numpy(), AT), expected, atol=0.06 * spread)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_same_seed_draws_the_same(case):
    drawn = []
    for _ in range(2):
        wg.manual_seed(3)
        drawn.append(case[0](wg.zeros(5)).tolist())

    assert drawn[0] == drawn[1]


def test_the_history_before_ends():
    x = wg.ones(3, requires_grad=True)
    (x * 2).exponential_().sum().backward()

    assert x.grad.tolist() == [0.0, 0.0, 0.0]


BAD = {
    "a rate of 0": (lambda x: x.exponential_(0.0), "exponential_ expects lambda > 0.0"),
    "a certain success": (lambda x: x.geometric_(1.0), "geometric_ expects p to be in (0, 1)"),
    "no width": (lambda x: x.cauchy_(0.0, -1.0), "cauchy_ expects sigma > 0.0"),
    "no deviation": (lambda x: x.log_normal_(0.0, 0.0), "log_normal_ expects standard deviation"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_bad_parameters(case):
    draw, text = case
    with pytest.raises(ShapeError) as caught:
        draw(wg.zeros(2))

    assert text in str(caught.value)


def test_integers_hold_no_fractions():
    with pytest.raises(DTypeError):
        wg.zeros(2, dtype=wg.int64).exponential_()
    wg.zeros(2, dtype=wg.int64).geometric_(0.5)
