"""Many random programs, by seed: `python -m parity.programs COUNT [SEED] [--cores N]` in tests/.

Program number i is that of seed SEED + i. The first that differs is made shorter and printed; to
run it again, `python -m parity.programs 1 ITS_SEED`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch

from parity.programs.judge import judge
from parity.programs.program import Program, program_of


def outcome(program: Program) -> str:
    """How a program came out: "" if as in torch, "left out" if it cannot be compared."""
    try:
        return "" if judge(program) else "left out"
    except Exception as error:
        return "".join(traceback.format_exception(error)[-1:]) or repr(error)


def outcome_of(seed: int) -> str:
    torch.set_num_threads(1)
    return outcome(program_of(seed))


def shorter(program: Program) -> Program:
    """The program without what it has the same problem without."""
    problem = outcome(program)[:40]
    tried = iter(parts_left_out(program))
    while (without := next(tried, None)) is not None:
        if outcome(without)[:40] == problem:
            program = without
            tried = iter(parts_left_out(program))
    return program


def parts_left_out(whole: Any) -> Iterator[Any]:
    """The program, or a statement with a body, without one statement, or with a part of one."""
    body = whole.statements
    for number in reversed(range(len(body))):
        before, one, after = body[:number], body[number], body[number + 1 :]
        if len(body) > 1:
            yield replace(whole, statements=before + after)
        if hasattr(one, "statements"):
            yield replace(whole, statements=before + one.statements + after)
            for part in parts_left_out(one):
                yield replace(whole, statements=(*before, part, *after))


def show(seed: int, problem: str) -> None:
    """The whole problem, and the shortest program that was found to have one."""
    program = shorter(program_of(seed))
    print(
        f"\nThe program of seed {seed} differs:\n{problem}\nrequires_grad={program.requires_grad}"
    )
    for statement in program.statements:
        print(f"    {statement}")
    print(outcome(program), flush=True)


def run(count: int, first: int, cores: int, shown: int) -> int:
    """Run so many programs; the number of those that differ."""
    differing = left_out = 0
    start = time.perf_counter()
    with multiprocessing.Pool(cores) as pool:
        seeds = range(first, first + count)
        for number, problem in enumerate(pool.imap(outcome_of, seeds, chunksize=50), 1):
            left_out += problem == "left out"
            if problem not in ("", "left out"):
                differing += 1
                if differing <= shown:
                    show(first + number - 1, problem)
            if number % 1000 == 0 or number == count:
                each = (time.perf_counter() - start) / number * 1e3
                print(
                    f"{number:,} programs, {differing:,} differ, {left_out:,} left out; "
                    f"{each:.1f} ms each",
                    flush=True,
                )
    return differing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--show", type=int, default=1, help="how many that differ are printed")
    chosen = parser.parse_args()
    sys.exit(run(chosen.count, chosen.seed, chosen.cores, chosen.show) > 0)


if __name__ == "__main__":
    main()
