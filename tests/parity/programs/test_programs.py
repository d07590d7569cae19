"""Random programs of operations, views, in-place writes, transforms and hooks come out as in torch.

2,000 in every run; `--hypothesis-profile=thorough` draws others, and `python -m parity.programs`
many.
"""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings

from parity.programs.judge import judge
from parity.programs.program import PROGRAMS


@settings(max_examples=2000, suppress_health_check=list(HealthCheck))
@given(PROGRAMS.strategy)
def test_programs(program):
    assume(judge(program))
