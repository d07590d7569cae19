"""Every operation is reached: the laws hold for an operation only if some sample applies it."""

from __future__ import annotations

from contextlib import suppress

import pytest

from laws.applications import applications
from laws.cases import Case, differentiable_in, gradients, turned, weights
from laws.skips import SKIPS
from registry import distinct_functions
from sampling import Random, Sampler, can_draw, draw_call, map_arrays
from wengert.core.registry import OPS
from wengert.errors import WengertError

SURVEY = 12  # calls of each function


@pytest.fixture(scope="module")
def reached() -> set[str]:
    """The operations that samples of public functions, or their derivatives, apply."""
    names: set[str] = set()
    for function in filter(can_draw, distinct_functions()):
        for seed in range(SURVEY):
            call = draw_call(Sampler(Random(seed)), function)
            names |= applied_by(Case(function, call))
        names |= applied_by(Case(function, map_arrays(turned, call)))
    return names


def applied_by(case: Case) -> set[str]:
    """The operations that a call applies, and the gradient of its gradient."""
    with applications() as applied, suppress(WengertError, UserWarning):
        leaves = case.leaves()
        outputs = differentiable_in(case.call(leaves))
        by = weights([y._data for y in outputs], seed=0)
        gradients(outputs, leaves, by, create_graph=True)
    return {a.op.name for a in applied}


def test_every_operation_is_reached(reached):
    missed = {op.name for op in OPS.values() if op.differentiable} - reached

    assert missed == set(SKIPS.get("coverage", {}))


def test_every_function_can_be_drawn():
    """Functions whose calls cannot be drawn are named in the list of skips, with the reason."""
    undrawn = {f.name for f in distinct_functions() if not can_draw(f)}

    assert undrawn == set(SKIPS.get("samples", {}))
