"""What an audit found."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

from wengert.errors import Cause
from wengert.sites import Line, Site


class Fault(NamedTuple):
    """One thing that is wrong. rule: the check, in a word or two. where: the line, or ""."""

    rule: str
    what: str
    where: Line | Site | str
    remedy: str

    def __str__(self) -> str:
        lines = [f"{self.rule}: {self.what}", f"  at {self.where}" if self.where else ""]
        return "\n".join(line for line in [*lines, f"  {self.remedy}"] if line.strip())


class Audit:
    """What was checked of a Function. True if nothing is wrong; printed, it says all.

    faults: what is wrong. passed: the checks without a fault. skipped: what could not be checked,
    and why.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[Fault] = []
        self.passed: list[str] = []
        self.skipped: list[str] = []

    def __bool__(self) -> bool:
        return not self.faults

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What is wrong, and in which line, the first one to look at first."""
        return tuple(
            Cause(f"{fault.rule}: {fault.what}", fault.where or None)
            for fault in self.faults
            if not isinstance(fault.where, str) or not fault.where
        )

    def rules(self) -> set[str]:
        """The checks that found something."""
        return {fault.rule for fault in self.faults}

    def add(self, rule: str, what: str, where: Line | Site | str = "", remedy: str = "") -> None:
        """Note a fault; the same one only once."""
        fault = Fault(rule, what, where, remedy)
        if fault not in self.faults:
            self.faults.append(fault)

    def __repr__(self) -> str:
        count = len(self.faults)
        verdict = "no faults" if not count else f"{count} fault{'s' * (count != 1)}"
        parts = [f"audit of {self.name}: {verdict}", *map(str, self.faults)]
        if self.passed:
            passed = f"passed: {', '.join(self.passed)}"
            parts.append(textwrap.fill(passed, 100, subsequent_indent="  "))
        parts.extend(f"not checked: {why}" for why in self.skipped)
        return "\n".join(parts)
