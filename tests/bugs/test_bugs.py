"""The seeded bugs are well-formed; their answers are asked for elsewhere."""

from __future__ import annotations

from bugs.programs import PROGRAMS


def test_there_are_enough_bugs():
    assert len(PROGRAMS) >= 40
    assert all(program.cause and program.line for program in PROGRAMS)
