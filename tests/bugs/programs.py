"""Short programs, each with one bug in its gradients, and what the answer must name first.

A program's docstring tells the story and ends with `cause: WHAT`; a comment `# cause` marks the
line. It leaves its question's answer in `answer`.
"""

from __future__ import annotations

import re
import runpy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "programs"
_CAUSE = re.compile(r"^cause: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Program:
    """One program, the cause that its answer must name first, and the line of it."""

    path: Path
    cause: str
    line: int

    @property
    def name(self) -> str:
        return self.path.stem

    def answer(self) -> Any:
        """Run it; the answer to the question that it asks."""
        return runpy.run_path(str(self.path))["answer"]


def read(path: Path) -> Program:
    text = path.read_text()
    (cause,) = _CAUSE.findall(text)
    (line,) = (n for n, line in enumerate(text.splitlines(), 1) if line.endswith("  # cause"))
    return Program(path, cause, line)


PROGRAMS = [read(path) for path in sorted(FOLDER.glob("*.py"))]
