"""Answers in words, and what they blame."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from wengert.errors import Cause
from wengert.sites import Line, Site


class Answer:
    """An answer in words. causes: what it blames, the first one to look at first."""

    def __init__(self, text: str, causes: Iterable[Cause] = ()) -> None:
        self.text = "\n".join(_wrapped(line) for line in text.splitlines())
        self.causes = tuple(causes)

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


_WIDTH = 100
_OF_CODE = re.compile(r"\s*(x \S+ .*)?[^\s:]+:\d+    ")


def _wrapped(line: str) -> str:
    """Prose on several lines where it is too long; lines of code are left as they are."""
    if len(line) <= _WIDTH or _OF_CODE.match(line):
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line, _WIDTH, subsequent_indent=indent or "  ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def line(cause: Cause) -> str:
    """`  train.py:41    h = norm(h).detach()    [detach]`"""
    return f"  {place(cause.site)}    [{cause.what}]"


def lines(causes: Iterable[Cause]) -> str:
    """One below the other."""
    return "\n".join(line(cause) for cause in causes)


def place(site: Site | Line | None) -> str:
    """A line of code, or that none is known."""
    return str(site) if site is not None else "(no line)"
