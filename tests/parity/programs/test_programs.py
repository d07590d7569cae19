"""Random programs of operations, views, in-place writes, transforms and hooks come out as in torch.

2,000 in every run, by seed, and some that Hypothesis draws, which makes shorter what it finds;
`--hypothesis-profile=thorough` draws others, and `python -m parity.programs` many.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis.vendor.pretty import pretty

from parity.programs.judge import judge
from parity.programs.program import PROGRAMS, program_of


@pytest.mark.parametrize("first", range(0, 2000, 100))
def test_programs(first):
    for seed in range(first, first + 100):
        program = program_of(seed)
        try:
            judge(program)
        except AssertionError as error:
            raise AssertionError(f"python -m parity.programs 1 {seed}") from error


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(PROGRAMS.strategy)
def test_programs_that_are_made_shorter(program):
    assume(judge(program))


def test_hypothesis_prints_a_program_as_it_is_written():
    assert all(pretty(program) == repr(program) for program in map(program_of, range(20)))
