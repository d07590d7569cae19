"""Measure compiled functions and print, or write into the docs, what was found.

python -m benchmarks.compiled                    everything; half an hour on a quiet machine
python -m benchmarks.compiled --case mlp         one case (may be repeated)
python -m benchmarks.compiled --write            also put the report into docs/benchmarks.md
python -m benchmarks.compiled --quick            minutes: shows that all works; figures are noise
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
from collections.abc import Callable, Sequence

from benchmarks import machine
from benchmarks.compiled import (
    compiling,
    elementwise,
    hessian,
    mixture,
    networks,
    scalars,
)
from benchmarks.harness import Options
from benchmarks.report import COMPILED, Case, render, write_between_markers
from benchmarks.run import PAGE, attempt

CASES: dict[str, Callable[[Options], Case]] = {
    "founding": scalars.floats,
    "founding-tensors": scalars.tensors,
    "scalars": scalars.graphs,
    "elementwise": elementwise.large,
    "elementwise-small": elementwise.small,
    "mlp": networks.mlp,
    "transformer": networks.transformer,
    "mixture": mixture.run,
    "hessian": hessian.run,
    "compiling": compiling.run,
}

LIBRARIES = ("llvmlite", "scipy-openblas32")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases; the status is 1 if one could not be measured."""
    chosen = parse(arguments)
    options = Options(quick=chosen.quick)
    heading = [*machine.describe(options, command(chosen)), _versions()]
    cases = [attempt(name, options, CASES) for name in chosen.case or CASES]
    text = render(cases, heading)
    print(text)
    if chosen.write:
        write_between_markers(PAGE, text, COMPILED)
    return 1 if any(case.error for case in cases) else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compiled",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--case", action="append", choices=CASES, help="only this one")
    parser.add_argument("--quick", action="store_true", help="a short run; its figures are noise")
    parser.add_argument("--write", action="store_true", help=f"write into docs/{PAGE.name}")
    chosen = parser.parse_args(arguments)
    if chosen.write and (chosen.quick or chosen.case):
        parser.error("--write takes a whole run: without --quick and --case")
    if chosen.write and COMPILED[0] not in PAGE.read_text(encoding="utf-8"):
        parser.error(f"{PAGE.name} lacks the line that says where the report goes: {COMPILED[0]}")
    return chosen


def command(chosen: argparse.Namespace) -> str:
    """The command that gives this report again."""
    words = ["python -m benchmarks.compiled"]
    words += [f"--case {name}" for name in chosen.case or ()]
    words += [f"--{flag}" for flag in ("quick", "write") if getattr(chosen, flag)]
    return " ".join(words)


def _versions() -> str:
    return "Compiled by " + ", ".join(f"{n} {importlib.metadata.version(n)}" for n in LIBRARIES)


if __name__ == "__main__":
    sys.exit(main())
