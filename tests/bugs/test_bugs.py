"""The answers name the cause of each seeded bug first, and its line."""

from __future__ import annotations

import pytest

from bugs.programs import PROGRAMS, Program


def test_there_are_enough_bugs():
    assert len(PROGRAMS) >= 40


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_the_cause_is_named_first(program: Program):
    answer = program.answer()

    first = answer.causes[0]
    assert program.cause in first.what
    assert (first.site.filename, first.site.line) == (str(program.path), program.line)
    assert f"{program.path.name}:{program.line}" in str(answer)
