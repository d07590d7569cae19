"""The chain of chain.py with a million operations: does it work, in what memory, at what speed."""

from __future__ import annotations

import contextlib
import gc
import importlib
import itertools
import os
import statistics
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import isolate
from benchmarks.chain import FACTOR, FIRST, expected, extend
from benchmarks.harness import SUBJECT, Options, Spread
from benchmarks.peers import check_agreement_of, importable
from benchmarks.report import Case, Claim, Row, at_most

STACK = 8 * 2**20

# The scope of wengert that lets the cyclic collector rest while a graph is built.
COLLECTOR_SCOPE = "large_graph"

ORDER = "asked for its order"
PHASES = ("built", "differentiated", ORDER, "freed")

Seconds = dict[str, list[float]]

NOTES = [
    "The chain of the case above, in a process with the default recursion limit and a stack of "
    "8 MB. Bytes are those that building adds to the resident set of a fresh process, or to what "
    "tracemalloc counts (which does not see torch's), over the operations.",
    f"Times are taken inside `with wengert.{COLLECTOR_SCOPE}():`, long and short chains in turn; "
    "the last row leaves the collector alone. torch has nothing to ask for an order, and needs "
    "no such scope.",
]


def scope_of(library: Any) -> Callable[[], contextlib.AbstractContextManager[object]]:
    """The scope that pauses the collector; torch's graph is none of the collector's business."""
    if library.__name__ != SUBJECT:
        return contextlib.nullcontext
    scope: Callable[[], contextlib.AbstractContextManager[object]]
    scope = getattr(library, COLLECTOR_SCOPE)
    return scope


def build(library: Any, length: int) -> tuple[Any, Any, Any]:
    """The two leaves and the end of the chain."""
    first = library.tensor(FIRST, requires_grad=True)
    x = library.tensor(FACTOR, requires_grad=True)
    return first, x, extend(first, x, length)


def live_through(library: Any, length: int) -> dict[str, float]:
    """Build, differentiate, ask, free: the seconds of each phase, per operation.

    Raises AssertionError when a gradient is not the one that `expected` carries along.
    """
    marks = [time.perf_counter()]
    first, x, h = build(library, length)
    marks.append(time.perf_counter())
    h.backward()
    marks.append(time.perf_counter())
    if library.__name__ == SUBJECT:
        count = len(library.graph(h).order())
        assert count >= length, f"the order has {count} nodes, the chain {length} operations"
    marks.append(time.perf_counter())
    del h
    marks.append(time.perf_counter())

    # A float32 chain of a million steps drifts from the double-precision one by some 1e-4.
    found = {"first": float(first.grad), "x": float(x.grad)}
    check_agreement_of(library.__name__, found, expected(length), rtol=1e-2)
    laps = itertools.pairwise(marks)
    return dict(zip(PHASES, ((end - start) / length for start, end in laps), strict=True))


def measure(subject: str, lengths: list[int], repeats: int, paused: bool) -> dict[str, Seconds]:
    """Seconds per operation, by length and phase; the lengths take turns.

    A repeat of a short chain is the median of several, as they are quickly over.
    """
    library = importlib.import_module(subject)
    scope = scope_of(library) if paused else contextlib.nullcontext
    found: dict[str, Seconds] = {str(length): {p: [] for p in PHASES} for length in lengths}
    for _ in range(repeats):
        for length in lengths:
            gc.collect()
            times = min(20, max(lengths) // length)
            with scope():
                laps = [live_through(library, length) for _ in range(times)]
            for phase in PHASES:
                found[str(length)][phase].append(statistics.median(lap[phase] for lap in laps))
    return found


def resident_bytes(subject: str, length: int) -> float:
    """Bytes that an operation of the chain adds to the resident set."""
    library = importlib.import_module(subject)
    live_through(library, 1_000)
    gc.collect()
    before = _resident()
    with scope_of(library)():
        _chain = build(library, length)
        return (_resident() - before) / length


def _resident() -> int:
    """The resident set of this process in bytes (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def traced_bytes(subject: str, length: int) -> float:
    """Bytes that an operation of the chain adds to what Python's allocators gave out."""
    library = importlib.import_module(subject)
    live_through(library, 1_000)
    gc.collect()
    tracemalloc.start()
    with scope_of(library)():
        _chain = build(library, length)
        return tracemalloc.get_traced_memory()[0] / length


def run(options: Options) -> Case:
    """Times in one process for each library, memory in fresh ones."""
    long, short = (50_000, 5_000) if options.quick else (1_000_000, 10_000)
    repeats = 2 if options.quick else 5
    title = f"chain of {long:,} 0-d operations"
    case = Case("million", title, "us per operation", notes=list(NOTES))
    survive = (
        "built, differentiated, asked for its order, freed; default recursion limit, 8 MB stack"
    )
    try:
        times = _times(options.subject, [short, long], repeats)
    except isolate.ChildFailed as failure:
        case.claims.append(
            Claim(f"{title}: {survive}", "works", str(failure).split("\n")[-1], False)
        )
        return case
    case.claims.append(Claim(f"{title}: {survive}", "works", "works", True))
    case.claims.extend(_memory(title, options.subject, long, repeats))
    case.claims.append(_slowdown(title, times, short, long))
    case.rows.extend(_rows(SUBJECT, times))
    if importable(["torch"]):
        case.rows.extend(_rows("torch", _times("torch", [short, long], repeats)))
    alone = _times(options.subject, [long], 2, paused=False)
    case.rows.append(Row(f"{SUBJECT}, {long:,}, the collector left alone", total(alone, long)))
    return case


def _times(
    subject: str, lengths: list[int], repeats: int, paused: bool = True
) -> dict[str, Seconds]:
    found: dict[str, Seconds] = isolate.call(
        measure, stack=STACK, subject=subject, lengths=lengths, repeats=repeats, paused=paused
    )
    return found


def _memory(title: str, subject: str, length: int, repeats: int) -> list[Claim]:
    claims = [_bytes(title, subject, length, repeats, 330)]
    traced = isolate.call(traced_bytes, subject=subject, length=length)
    claims.append(
        at_most(f"{title}, memory, tracemalloc", Spread.of([traced]), None, "bytes a node")
    )
    if importable(["torch"]):
        claims.append(_bytes(f"{title}, torch", "torch", length, repeats, None))
    return claims


def _bytes(title: str, subject: str, length: int, repeats: int, limit: float | None) -> Claim:
    found = [isolate.call(resident_bytes, subject=subject, length=length) for _ in range(repeats)]
    return at_most(f"{title}, memory", Spread.of(found), limit, "bytes a node")


def totals(times: dict[str, Seconds], length: int) -> list[float]:
    """Seconds per operation of the whole life, per repeat."""
    return [sum(laps) for laps in zip(*times[str(length)].values(), strict=True)]


def total(times: dict[str, Seconds], length: int) -> Spread:
    """The whole life in microseconds per operation."""
    return Spread.of(totals(times, length), 1e6)


def _slowdown(title: str, times: dict[str, Seconds], short: int, long: int) -> Claim:
    pairs = zip(totals(times, long), totals(times, short), strict=True)
    slowdown = Spread.of([high / low for high, low in pairs])
    return at_most(f"{title}, time per node", slowdown, 1.6, f"x that at {short:,}")


def _rows(label: str, times: dict[str, Seconds]) -> list[Row]:
    rows = []
    for length, phases in times.items():
        rows.append(Row(f"{label}, {int(length):,}", total(times, int(length))))
        rows.extend(
            Row(f"{label}, {int(length):,}: {phase}", Spread.of(laps, 1e6))
            for phase, laps in phases.items()
            if label == SUBJECT or phase != ORDER
        )
    return rows
