"""Operations that only the tests have."""

from __future__ import annotations

import pytest

from wengert.core.registry import OPS
from wengert.ops.kinds import general


@pytest.fixture
def operation():
    """A function that registers test_<name>(x) = x with a pullback; removed after the test."""
    made = []

    def define(name, pullback):
        op = general(f"test_{name}", lambda x: x + 0, pullbacks=[pullback], no_torch="for tests")
        made.append(op.name)
        return op

    yield define
    for name in made:
        del OPS[name]
