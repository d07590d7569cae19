"""Measure wengert against its peers and print, or write into the docs, what was found.

python -m benchmarks                    everything; some minutes on a quiet machine
python -m benchmarks --case chain       one case (may be repeated)
python -m benchmarks --write            also put the report into docs/benchmarks.md
python -m benchmarks --quick            seconds: shows that all works, the figures are noise
python -m benchmarks --subject torch    torch against itself: what the harness can resolve
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that `python benchmarks/run.py` finds the package as -m does

from benchmarks import (  # noqa: E402
    chain,
    founding,
    imports,
    machine,
    million,
    mlp,
    questions,
    transforms,
)
from benchmarks.harness import SUBJECT, Options  # noqa: E402
from benchmarks.isolate import ChildFailed  # noqa: E402
from benchmarks.report import Case, failed, render, write_between_markers  # noqa: E402

PAGE = ROOT / "docs" / "benchmarks.md"

CASES: dict[str, Callable[[Options], Case]] = {
    "founding": founding.vectors,
    "founding-0d": founding.scalars,
    "chain": chain.run,
    "million": million.run,
    "mlp": mlp.run,
    "hessian": transforms.hessian,
    "hvp": transforms.hvp,
    "per-sample": transforms.samples,
    "questions": questions.run,
    "import": imports.run,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases; the status is 1 if one could not be measured (a missed target is no error)."""
    chosen = parse(arguments)
    options = Options(chosen.subject, chosen.quick)
    heading = machine.describe(options, command(chosen))
    cases = [attempt(name, options) for name in chosen.case or CASES]
    text = render(cases, heading)
    print(text)
    if chosen.write:
        write_between_markers(PAGE, text)
    return 1 if any(case.error for case in cases) else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line. What goes into the docs is complete, and is about wengert."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--case", action="append", choices=CASES, help="only this one")
    parser.add_argument("--quick", action="store_true", help="a short run; its figures are noise")
    parser.add_argument("--write", action="store_true", help=f"write into docs/{PAGE.name}")
    parser.add_argument("--subject", default=SUBJECT, help="another module with torch's names")
    chosen = parser.parse_args(arguments)
    if chosen.write and (chosen.quick or chosen.case or chosen.subject != SUBJECT):
        parser.error("--write takes a whole run: without --quick, --case and --subject")
    return chosen


def command(chosen: argparse.Namespace) -> str:
    """The command that gives this report again."""
    words = ["python -m benchmarks"]
    words += [f"--case {name}" for name in chosen.case or ()]
    words += [f"--{flag}" for flag in ("quick", "write") if getattr(chosen, flag)]
    words += [f"--subject {chosen.subject}"] if chosen.subject != SUBJECT else []
    return " ".join(words)


def attempt(
    name: str, options: Options, cases: Mapping[str, Callable[[Options], Case]] = CASES
) -> Case:
    """Run one case; a failure becomes part of the report, so that the others still run."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    try:
        return cases[name](options)
    except ChildFailed as failure:
        print(failure, file=sys.stderr)
        return failed(name, str(failure))


if __name__ == "__main__":
    sys.exit(main())
