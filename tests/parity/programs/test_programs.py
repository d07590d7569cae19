"""Random programs of operations, views and in-place writes come out as in torch.

2,000 in every run; `--hypothesis-profile=thorough` draws others.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parity.programs import blocks, further  # noqa: F401  # they enter kinds of statements
from parity.programs.judge import SHAPES, Program, judge
from parity.programs.statements import any_statement

N = int(os.environ.get("N", "2000"))
PROGRAMS = st.builds(
    Program,
    requires_grad=st.tuples(*(st.booleans() for _ in SHAPES)),
    statements=st.lists(any_statement(), min_size=10, max_size=20).map(tuple),
)


@settings(max_examples=2000, suppress_health_check=list(HealthCheck))
@given(PROGRAMS)
def test_programs(program):
    judge(program)
