"""Pages with answers show what their programs print, and the score is the tests'."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from bugs.programs import PROGRAMS

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from questions import PAGES, README, renewed  # noqa: E402  # a tool, not a module of the tests


@pytest.mark.parametrize(
    "page", [*PAGES, README], ids=lambda page: "/".join(page.parts[len(ROOT.parts) :])
)
def test_a_page_shows_what_its_programs_print(page: Path):
    text = page.read_text()

    assert renewed(text) == text, "run tools/questions.py"


def test_every_page_is_listed():
    listed = set(re.findall(r"\((\w[\w-]*)\.md\)", (PAGES[0].parent / "README.md").read_text()))

    assert listed == {page.stem for page in PAGES} - {"README"}


def test_the_score_counts_all_programs():
    text = (PAGES[0].parent / "README.md").read_text()

    assert f"| together | {len(PROGRAMS)} | {len(PROGRAMS)} |" in text
