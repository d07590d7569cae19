"""No operation inside of vmap is a silent loop: the registry says how each one is mapped."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import wengert as wg
from wengert.core.registry import OPS
from wengert.errors import BatchingWarning
from wengert.func import vmap
from wengert.ops.kinds import general

FALLBACKS: set[str] = set()
"""The operations that are applied slice by slice. torch has a list of its own; this one is empty,
and so a subset of it."""


def is_draw(op):
    return {"key", "offset"} <= set(op.attributes)


def test_every_operation_has_a_rule():
    without = {name for name, op in OPS.items() if op.batch is None and op.kind != "elementwise"}

    assert {name for name in without if not is_draw(OPS[name])} == FALLBACKS


def test_every_draw_can_be_the_same_for_all_slices():
    assert {
        name for name, op in OPS.items() if is_draw(op) and "alike" not in op.attributes
    } == set()


def test_an_operation_without_a_rule_warns_and_is_right():
    odd = general("odd_one", lambda x: np.sort(x), pullbacks=[lambda ct: ct], no_torch="a test")
    try:
        x = wg.tensor([[2.0, 1.0], [4.0, 3.0]])
        with pytest.warns(BatchingWarning, match="odd_one has no batching rule"):
            found = vmap(odd)(x)
        assert found.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    finally:
        del OPS["odd_one"]


def test_what_has_a_rule_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vmap(lambda x: (x.sort()[0] @ x.softmax(0)).log())(wg.rand(3, 4) + 1)
