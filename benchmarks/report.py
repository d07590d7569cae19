"""What a case found, and the Markdown that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness import SUBJECT, Samples, Spread, figure, ratios

BEGIN = "<!-- benchmarks: begin (written by benchmarks/run.py --write) -->"
END = "<!-- benchmarks: end -->"
EAGER = BEGIN, END
COMPILED = (
    "<!-- compiled: begin (written by benchmarks/compiled/run.py --write) -->",
    "<!-- compiled: end -->",
)


@dataclass(frozen=True)
class Claim:
    """A figure to reach, and what was measured; reached is None where nothing was to be reached."""

    what: str
    target: str
    measured: str
    reached: bool | None


@dataclass(frozen=True)
class Row:
    """An absolute figure of one contestant, in the case's unit."""

    label: str
    spread: Spread


@dataclass(frozen=True)
class Case:
    """Everything that one case reports; `unit` is that of its rows."""

    name: str
    title: str
    unit: str
    claims: list[Claim] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: str = ""


def at_most(what: str, measured: Spread, limit: float | None, unit: str) -> Claim:
    """A claim that a median is not above a limit; `unit` reads like `x torch`."""
    if limit is None:
        return Claim(what, "", f"{measured} {unit}", None)
    return Claim(what, f"<= {figure(limit)} {unit}", f"{measured} {unit}", measured.median <= limit)


def against_peers(what: str, samples: Samples, limits: Mapping[str, float]) -> list[Claim]:
    """The ratio of the subject to every peer; those without a limit are shown, not claimed."""
    return [
        at_most(what, ratios(samples, SUBJECT, peer), limits.get(peer), f"x {peer}")
        for peer in samples
        if peer != SUBJECT
    ]


def failed(name: str, message: str) -> Case:
    """A case that could not be measured: it counts as missed, and says why."""
    reason = message.splitlines()[-1]
    claim = Claim(name, "to be measured", f"failed: {reason}", False)
    return Case(name, name, "", [claim], error=message)


def render(cases: Sequence[Case], heading: Sequence[str]) -> str:
    """The whole report: the machine and the command, the table of targets, then every case."""
    claims = [claim for case in cases for claim in case.claims if claim.target]
    parts = ["\n".join(f"- {line}" for line in heading), _targets(claims)]
    parts.extend(_section(case) for case in cases)
    return "\n\n".join(part for part in parts if part) + "\n"


def _targets(claims: Sequence[Claim]) -> str:
    rows = [(claim.what, claim.target, claim.measured, verdict(claim)) for claim in claims]
    return table(("what", "target", "measured: median (quartiles)", "verdict"), rows)


def verdict(claim: Claim) -> str:
    """`reached`, `missed`, or nothing."""
    if claim.reached is None:
        return ""
    return "reached" if claim.reached else "**missed**"


def _section(case: Case) -> str:
    parts = [f"### {case.title}"]
    if case.rows:
        rows = [(row.label, str(row.spread)) for row in case.rows]
        parts.append(table(("", f"{case.unit}: median (quartiles)"), rows))
    shown = [(claim.what, claim.measured) for claim in case.claims if not claim.target]
    if shown:
        parts.append(table(("beside the targets", "measured: median (quartiles)"), shown))
    parts.extend(case.notes)
    return "\n\n".join(parts)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_between_markers(page: Path, text: str, markers: tuple[str, str] = EAGER) -> None:
    """Replace what stands between the markers of a page.

    Raises ValueError when the page lacks a marker.
    """
    begin, end = markers
    content = page.read_text(encoding="utf-8")
    if begin not in content or end not in content:
        raise ValueError(f"{page.name} lacks the markers that say where the report goes: {begin}")
    before, rest = content.split(begin, 1)
    _, after = rest.split(end, 1)
    page.write_text(f"{before}{begin}\n\n{text}\n{end}{after}", encoding="utf-8")
