"""What a run says at its end: per law, how many functions it ran for, and which it left out."""

from __future__ import annotations

import importlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from laws.law import LAWS, Law
from registry import distinct_functions


def load_laws(names: Iterable[str]) -> None:
    """Import the modules that define laws: with pytest-xdist only the workers have done so."""
    for path in sorted(Path(__file__).parent.parent.glob("*/test_*.py")):
        text = path.read_text(encoding="utf-8")
        if any(f"def test_{name}(function" in text for name in names if name not in LAWS):
            importlib.import_module(f"{path.parent.name}.{path.stem}")


def lines(reports: Iterable[Any]) -> Iterator[str]:
    """The summary, from the reports of all tests."""
    ran: Counter[str] = Counter()
    skipped: dict[str, list[str]] = defaultdict(list)
    for report in reports:
        name = dict(report.user_properties).get("law")
        if name is None:
            continue
        ran[name] += 1
        if hasattr(report, "wasxfail"):
            function = report.nodeid.rpartition("[")[2].rstrip("]")
            skipped[name].append(f"{function} ({report.wasxfail.removeprefix('reason: ')})")
    if not ran:
        return
    load_laws(ran)
    for name, law in LAWS.items():
        if name in ran:
            yield from _of_law(law, ran[name] - len(skipped[name]), skipped[name])


def _of_law(law: Law, ran: int, skipped: list[str]) -> Iterator[str]:
    yield f"{law.name}: {law.sentence}"
    yield f"    {ran} functions ran"
    others: dict[str, list[str]] = defaultdict(list)
    for function in distinct_functions():
        reason = law.why_not(function)
        if reason:
            others[reason].append(function.name)
    for reason, names in others.items():
        yield f"    {len(names)} out of its reach, {reason} {_some(names)}"
    if skipped:
        yield f"    {len(skipped)} skipped: {'; '.join(sorted(skipped))}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
