"""The answers in docs/questions/ and README.md: each program there, and what it prints.

    .venv/bin/python tools/questions.py           writes what the programs print into the pages
    .venv/bin/python tools/questions.py --check   fails where a page shows anything else

A page has blocks of Python, each a program of its own, called train.py; the block of text behind it
is what it prints.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs" / "questions").glob("*.md"))
README = ROOT / "README.md"
_BODY = r"((?:(?!```).)*?)"
_PAIR = re.compile(rf"(```python\n){_BODY}(```\n\n```text\n){_BODY}(```\n)", re.DOTALL)


def printed(program: str) -> str:
    """What a program prints when it is run as train.py in a folder of its own."""
    output = io.StringIO()
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.py"
        path.write_text(program)
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(output):
                runpy.run_path(str(path), run_name="__main__")
        finally:
            os.chdir(before)
    return "\n".join(line.rstrip() for line in output.getvalue().splitlines()) + "\n"


def renewed(text: str) -> str:
    """A page with what its programs print now."""
    return _PAIR.sub(lambda m: m[1] + m[2] + m[3] + printed(m[2]) + m[5], text)


def main() -> int:
    stale = []
    for page in [*PAGES, README]:
        text = page.read_text()
        new = renewed(text)
        if new != text:
            stale.append(page.name)
            if "--check" not in sys.argv[1:]:
                page.write_text(new)
    if stale:
        print("stale:" if "--check" in sys.argv[1:] else "written:", *stale)
    return bool(stale) and "--check" in sys.argv[1:]


if __name__ == "__main__":
    sys.exit(main())
