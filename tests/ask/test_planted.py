"""Wrong rules planted into a graph: each is named by check, and no sound operation is blamed."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from planting import planted
from wengert.core.registry import OPS
from wengert.core.rules import Select

R = np.random.default_rng(0)


def matrix(*shape: int) -> wg.Tensor:
    return wg.tensor(R.standard_normal(shape))


def rule(name: str, i: int = 0) -> object:
    return OPS[name].rules[i]


# A wrong operation, which of its inputs is wrong, and how it is applied to a matrix.
PLANTED = {
    "sign": (planted("sin", lambda x: -np.cos(x)), 0, lambda op, h: op(h)),
    "factor": (planted("square", lambda x: x), 0, lambda op, h: op(h)),
    "a factor that is almost right": (
        planted("exp", lambda out: 1.01 * out), 0,
        lambda op, h: op(h),
    ),
    "the output for the input": (
        planted("log", lambda out: 1 / out), 0,
        lambda op, h: op(h * h + 1),
    ),
    "the input for the output": (
        planted("tanh", lambda x: 1 - x * x), 0,
        lambda op, h: op(h),
    ),
    "a forgotten square": (planted("tanh", lambda out: 1 - out), 0, lambda op, h: op(h)),
    "a forgotten chain": (
        planted("reciprocal", lambda x: 1 / x), 0,
        lambda op, h: op(h * h + 1),
    ),
    "the other factor": (
        planted("mul", lambda x: x, lambda x: x), 0,
        lambda op, h: op(h, matrix(3, 3)),
    ),
    "a difference taken for a sum": (planted("sub", 1, 1), 1, lambda op, h: op(matrix(3, 3), h)),
    "a quotient's second input": (
        planted("div", lambda y: 1 / y, lambda x, y: -x / y), 1,
        lambda op, h: op(matrix(3, 3), h * h + 2),
    ),
    "an exponent off by one": (
        planted("pow", lambda x, y: y * x**y, None), 0, lambda op, h: op(h * h + 1, 3.0),
    ),
    "transposed": (
        planted("mm", lambda ct, y: ct @ y, rule("mm", 1)), 0, lambda op, h: op(h, matrix(3, 3)),
    ),
    "the left for the right": (
        planted("mm", rule("mm"), lambda ct, x: x @ ct), 1, lambda op, h: op(matrix(3, 3), h),
    ),
    "a broadcast that is summed twice": (
        planted("add", 1, 3), 1, lambda op, h: op(matrix(3, 3), h[0]),
    ),
    "a dropped term": (
        planted("square", lambda x: 2 * np.maximum(x, 0)), 0,
        lambda op, h: op(h),
    ),
    "a mean without its count": (
        planted("mean", lambda ct, x: np.broadcast_to(ct, x.shape)), 0,
        lambda op, h: op(h, dim=None, keepdim=False, dtype=None),
    ),
    "the mask turned round": (
        planted("relu", Select(lambda out: out == 0)), 0, lambda op, h: op(h),
    ),
    "the branches exchanged": (
        planted("where", None, Select(lambda condition: ~condition), rule("where", 2)), 1,
        lambda op, h: op(h > 0, h, matrix(3, 3)),
    ),
    "degrees for radians": (
        planted("cos", lambda x: -np.sin(np.deg2rad(x))), 0, lambda op, h: op(h),
    ),
    "zero": (planted("sigmoid", lambda out: 0 * out), 0, lambda op, h: op(h)),
    "not a number": (planted("sqrt", lambda out: out * np.nan), 0, lambda op, h: op(h * h + 1)),
    "infinite": (planted("sqrt", lambda out: np.inf * out), 0, lambda op, h: op(h * h + 1)),
    "right at one point only": (planted("exp", lambda x: 1 + 0 * x), 0, lambda op, h: op(h)),
}  # fmt: skip


@pytest.mark.parametrize("fault", PLANTED)
def test_the_wrong_rule_is_named_and_nothing_else(fault):
    op, slot, applied = PLANTED[fault]
    x = wg.tensor(R.standard_normal((3, 3)), requires_grad=True)
    before = wg.tanh(x * 2)
    y = applied(op, before)
    after = (y.sin() * 0.5 + before.mean()).sum()

    found = wg.graph(after).check()

    assert [(edge.consumer.name, edge.slot) for edge in found.wrong] == [("y", slot)]
    assert found.causes[0].what.startswith(f"{op.name} (input {slot} of y)")


def test_the_same_graph_with_sound_rules():
    for op, _, applied in PLANTED.values():
        x = wg.tensor(R.standard_normal((3, 3)), requires_grad=True)
        y = applied(OPS[op.name], wg.tanh(x * 2))
        assert wg.graph(y.sum()).check()
