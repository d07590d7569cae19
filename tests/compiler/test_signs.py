"""Signs move to where they cost nothing, and change no bit."""

from __future__ import annotations

import numpy as np
import pytest

from compiler.test_rules import SPECIAL, left

OTHER = np.array([[-0.0, 3.0, -np.inf], [2.0, -1.0, 0.0]], np.float32)


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (lambda x, y: x * -y, ["mul", "neg"]), (lambda x, y: -x * -y, ["mul"]),
        (lambda x, y: -x / y, ["div", "neg"]), (lambda x, y: -x / -y, ["div"]),
        (lambda x, y: x + -y, ["sub"]), (lambda x, y: -x + y, ["sub"]),
        (lambda x, y: x - -y, ["add"]), (lambda x, y: -x + -y, ["neg", "sub"]),
        (lambda x, y: x * y + x * -y, ["mul", "sub"]), (lambda x, y: -(2 * x) + y, ["mul", "add"]),
        (lambda x, y: (-x) * 0 + y, ["mul", "add"]), (lambda x, y: -(0.0 * x) + y, ["mul", "add"]),
        (lambda x, y: x * -1 + y, ["sub"]), (lambda x, y: x / -1 + y, ["sub"]),
        (lambda x, y: 1 - -y, ["add"]), (lambda x, y: -1 / x, ["div"]),
        (lambda x, y: -y + 1.5, ["sub"]), (lambda x, y: -x * x, ["mul", "neg"]),
    ],
)  # fmt: skip
def test_signs_that_move(function, found):
    assert left(function, SPECIAL, OTHER) == found
    assert left(function, OTHER, SPECIAL) == found
    left(function, OTHER, OTHER)


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (lambda x, y: -(x - y), ["sub", "neg"]), (lambda x, y: -x - y, ["neg", "sub"]),
        (lambda x, y: -(x + y), ["add", "neg"]), (lambda x, y: 0 - x, ["sub"]),
        (lambda x, y: (-x).sum(), ["neg", "sum"]),
    ],
)  # fmt: skip
def test_signs_that_stay(function, found):
    for first, second in ((SPECIAL, OTHER), (OTHER, SPECIAL), (OTHER, OTHER)):
        assert left(function, first, second) == found


def test_integers_keep_their_signs():
    lowest = np.array([np.iinfo(np.int32).min, -1, 0, 7], np.int32)

    assert left(lambda x: -x / 2, lowest) == ["neg", "div"]
    assert left(lambda x: x * -x, lowest) == ["neg", "mul"]
    assert left(lambda x: -x + 0.5, lowest) == ["neg", "add"]


def test_wider_results_keep_the_signs_of_narrow_numbers():
    wide = np.array([[1.5, -0.0, 3.0]])

    assert left(lambda x, y: x * -y, wide, SPECIAL) == ["neg", "mul"]
