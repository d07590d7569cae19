"""`import wengert` against `import numpy`, in fresh interpreters, whose own time is deducted."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from functools import partial
from typing import Any

from benchmarks import isolate
from benchmarks.harness import SUBJECT, Options, Pace, Samples, Spread, interleave
from benchmarks.report import Case, Row, at_most

BARE, NUMPY = "the bare interpreter", "numpy"

NOTE = (
    "Wall time of `python -c 'import ...'` with compiled bytecode in place; the ratio is formed "
    "after the time of `python -c pass` in the same repeat is deducted from both. The rows "
    "include it."
)


def start(statement: str) -> None:
    """Run one statement in a fresh interpreter."""
    subprocess.run([sys.executable, "-P", "-c", statement], check=True)


def measure(subject: str, pace: dict[str, Any]) -> Samples:
    """Start the three interpreters in turn."""
    actions = {
        BARE: partial(start, "pass"),
        NUMPY: partial(start, "import numpy"),
        SUBJECT: partial(start, f"import {subject}"),
    }
    return interleave(actions, Pace(**pace))


def net_ratio(samples: Samples) -> Spread:
    """The cost of importing the subject over that of importing NumPy."""
    turns = zip(samples[SUBJECT], samples[NUMPY], samples[BARE], strict=True)
    return Spread.of([(mine - bare) / (numpy - bare) for mine, numpy, bare in turns])


def run(options: Options) -> Case:
    """One start per repeat."""
    pace = asdict(options.pace(repeats=21, block=0.001))
    samples = isolate.call(measure, subject=options.subject, pace=pace)
    claim = at_most(f"import {SUBJECT}", net_ratio(samples), 1.5, "x import numpy")
    rows = [Row(label, Spread.of(times, 1e3)) for label, times in samples.items()]
    return Case("import", f"import {SUBJECT}", "ms", [claim], rows, [NOTE])
