"""The Python examples in the Markdown files are tests: what the documentation shows happens.

The blocks of one file run in order and share their names, as in one session of the interpreter.
A block with `>>>` prompts must print what it shows; any other Python block must run.
"""

from doctest import ELLIPSIS
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parent.parent
# The pages in docs/questions have a test of their own: tests/test_questions_pages.py.
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

markdown = Sybil(parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS), SkipParser()])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # an example may save a picture

    for example in markdown.parse(page).examples():
        example.evaluate()
