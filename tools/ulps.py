"""Measure the errors of the compiler's own functions: python tools/ulps.py [COUNT [NAME ...]].

Prints the table of docs/numerics.md: per function the largest error in units of the last place, on
three times COUNT arguments (1,000,000; a hundredth of that where mpmath is the judge), for machines
with and without an instruction that multiplies and adds.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from compiler.exact import SLOW, TRUE, arguments, pairs
from compiler.functions import count_of, native, ulps


def worst(name: str, dtype: type, count: int, fused: bool) -> float:
    """The largest error of a function."""
    generator = np.random.default_rng(1)
    if count_of(name) == 2:
        given = pairs(name, dtype, count, generator)
    else:
        given = [arguments(dtype, count // 100 if name in SLOW else count, generator)]
    found = native(name, dtype, 16 if dtype == np.float32 else 8, fused)(*given)
    exact = TRUE[name](*(x.astype(np.longdouble) for x in given))
    return float(np.max(ulps(found, exact)))


def main(count: int, names: list[str]) -> None:
    """Print the table."""
    print("| function | float32 | float64 | float32, no fma | float64, no fma |")
    print("|---|---|---|---|---|")
    for name in names or TRUE:
        ways = [(dtype, fused) for fused in (True, False) for dtype in (np.float32, np.float64)]
        errors = [worst(name, dtype, count, fused) for dtype, fused in ways]
        print(f"| {name} | " + " | ".join(f"{error:.2f}" for error in errors) + " |", flush=True)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2:])
