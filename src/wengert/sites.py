"""Where in the user's code something happened: source sites, interned and cheap.

A site is a code object and an instruction offset. Capturing one costs about 100 ns, because all
that happens is a dictionary look-up; the file, the line and the variable that the instruction
stores into are worked out only when somebody asks.
"""

from __future__ import annotations

import contextlib
import dis
import linecache
import os
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from functools import lru_cache
from types import CodeType, FrameType
from typing import Final, NamedTuple

import numpy as np

_PACKAGE: Final = os.path.dirname(os.path.abspath(__file__)) + os.sep
# Frames in these files are never the user's line: contextlib's stand between ours, and NumPy's and
# scipy's between ours and the line that calls np.sum([x, y]).
_NUMPY: Final = os.path.dirname(np.__file__) + os.sep
_SCIPY: Final = os.path.join(os.path.dirname(os.path.dirname(_NUMPY)), "scipy") + os.sep
_LIBRARY: Final = os.path.dirname(contextlib.__file__) + os.sep
_NAMES: Final = ("contextlib.py", "copy.py", "copyreg.py")
_OURS: Final = (_PACKAGE, _NUMPY, _SCIPY, *(_LIBRARY + name for name in _NAMES))
_getframe = sys._getframe


class Site:
    """One instruction of somebody's code. Captured twice, it is the same Site."""

    __slots__ = ("code", "internal", "offset")

    def __init__(self, code: CodeType, offset: int) -> None:
        self.code = code
        self.offset = offset
        self.internal = is_ours(code)

    @property
    def filename(self) -> str:
        return self.code.co_filename

    @property
    def line(self) -> int:
        """The line number, 1-based; 0 where the code object does not say."""
        for start, stop, line in self.code.co_lines():
            if start <= self.offset < stop and line is not None:
                return line
        return 0

    @property
    def source(self) -> str:
        """The text of the line, or "" where it cannot be read."""
        return linecache.getline(self.filename, self.line).strip()

    def __str__(self) -> str:
        """`train.py:41    h = norm(h).detach()`"""
        place = f"{os.path.basename(self.filename)}:{self.line}"
        return f"{place}    {self.source}" if self.source else place

    def __repr__(self) -> str:
        return f"Site({os.path.basename(self.filename)}:{self.line})"

    def stored_names(self) -> tuple[str, ...]:
        """The variables that the instruction's result goes into: `c = a + b` gives ("c",).

        Empty where the result is used inside a larger expression. Several targets
        (`p, q = f(x)`) come in order.
        """
        found: list[str] = []
        wanted = 0
        for step in instructions_after(self.code, self.offset):
            if step.opname == "UNPACK_SEQUENCE" and not found and not wanted:
                wanted = step.arg or 0
            elif step.opname.startswith("STORE_") and isinstance(step.argval, (str, tuple)):
                found.extend(_stores(step))
                if not wanted or len(found) >= wanted:
                    break
            elif step.opname == "LOAD_FAST" and not found and not wanted and _is_self(step):
                continue
            elif step.opname != "COPY":
                break
        return tuple(found[: wanted or 1])


def instructions_after(code: CodeType, offset: int) -> Iterator[dis.Instruction]:
    """What comes after an offset, in order."""
    steps = _instructions(code)
    return (steps[place] for place in range(_place(steps, offset), len(steps)))


def instructions_up_to(code: CodeType, offset: int) -> Iterator[dis.Instruction]:
    """What stands at an offset, and then what comes before it, backwards."""
    steps = _instructions(code)
    return (steps[place] for place in range(_place(steps, offset) - 1, -1, -1))


@lru_cache(maxsize=16)
def _instructions(code: CodeType) -> list[dis.Instruction]:
    """All that code does; kept for a while, as the sites of a graph lie in few code objects."""
    skipped = ("CACHE", "EXTENDED_ARG", "NOP")
    return [step for step in dis.get_instructions(code) if step.opname not in skipped]


def _place(steps: Sequence[dis.Instruction], offset: int) -> int:
    """Where in a list of instructions those after an offset begin."""
    return bisect_right(steps, offset, key=lambda step: step.offset)


def _is_self(step: dis.Instruction) -> bool:
    is_self: bool = step.argval == "self"
    return is_self


def _stores(step: dis.Instruction) -> list[str]:
    """The names one store instruction writes; 3.13 fuses a store with the next load or store."""
    if isinstance(step.argval, tuple):
        names = [str(name) for name in step.argval]
        return names if step.opname == "STORE_FAST_STORE_FAST" else names[:1]
    if step.opname == "STORE_ATTR":
        return [f"self.{step.argval}"]
    return [] if step.opname == "STORE_SUBSCR" else [str(step.argval)]


class Line(NamedTuple):
    """A line of somebody's code that is known by its number, such as that of a definition."""

    filename: str
    line: int

    @property
    def source(self) -> str:
        """The text of the line, or "" where it cannot be read."""
        return linecache.getline(self.filename, self.line).strip()

    def __str__(self) -> str:
        """As a site is written: `train.py:41    def backward(ctx, grad):`"""
        place = f"{os.path.basename(self.filename)}:{self.line}"
        return f"{place}    {self.source}" if self.source else place


_SITES: dict[int, Site] = {}
# What fast ways ask first: site_at(id(frame.f_code) + frame.f_lasti) is here(frame), if that was
# asked before. Bound once, because Python would make the method anew at each call.
site_at: Final = _SITES.get


ASKED: Final[ContextVar[Site | None]] = ContextVar("wengert_asked", default=None)
"""While our own rules record what they compute: the user's line that asked for it."""


def here(frame: FrameType | None) -> Site | None:
    """The site of the innermost frame, from `frame` outwards, that is not wengert's own."""
    asked = ASKED.get()
    if asked is not None:
        return asked
    while frame is not None:
        code = frame.f_code
        # Unique: the instructions lie inside the code object, so this is an address within it.
        key = id(code) + frame.f_lasti
        site = _SITES.get(key)
        if site is None:
            # The table keeps the code object alive, so its id stays its own.
            site = _SITES[key] = Site(code, frame.f_lasti)
        if not site.internal:
            return site
        frame = frame.f_back
    return None


EXITS: Final[dict[Site, str]] = {}
"""The lines in which values left for plain numbers and arrays, which have no history, and how.

One entry a line of code, however often it runs. It is what `why` can offer where nothing is proven.
"""


def note_exit(by: str) -> None:
    """Note that the user's line took a value out of its tensor."""
    site = user_site()
    if site is not None:
        EXITS[site] = by


def is_ours(code: CodeType) -> bool:
    """Whether a code object is wengert's own, and not the user's."""
    return code.co_filename.startswith(_OURS)


def user_site() -> Site | None:
    """The user's line that led here."""
    return here(_getframe(1))


def user_frame() -> FrameType | None:
    """The innermost frame that is not wengert's own."""
    frame: FrameType | None = _getframe(1)
    while frame is not None and is_ours(frame.f_code):
        frame = frame.f_back
    return frame
