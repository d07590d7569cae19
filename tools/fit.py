"""Fit the polynomials of the compiler's own functions: python tools/fit.py [NAME ...].

Writes src/wengert/compiler/math/coefficients.py, and prints the largest relative error that each
polynomial causes, in units of half a last place. With names only those are fitted again. Needs
mpmath. Each is the minimax polynomial by Remez' exchange; its coefficients are rounded one after
the other, lowest degree first; after each of the first four the others are fitted anew.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import mpmath as mp

mp.mp.dps = 40
TARGET = Path(__file__).parent.parent / "src/wengert/compiler/math/coefficients.py"
GRID = 400
REFITTED = 4
Real = Callable[[mp.mpf], mp.mpf]


class Fit(NamedTuple):
    """What is fitted: `of` on an interval, with the weight that makes its error a relative one.

    what: the formula, for the reader. ends: the interval in float32 and in float64. degrees: of the
    polynomial in float32 and in float64; None where it is not needed.
    """

    what: str
    of: Real
    weight: Real
    ends: tuple[tuple[mp.mpf, mp.mpf], tuple[mp.mpf, mp.mpf]]
    degrees: tuple[int | None, int | None]


def both(low: mp.mpf, high: mp.mpf) -> tuple[tuple[mp.mpf, mp.mpf], tuple[mp.mpf, mp.mpf]]:
    """One interval for both precisions."""
    return (low, high), (low, high)


def series(function: Real, at_zero: mp.mpf) -> Real:
    """A function that is 0 / 0 at 0, with its limit there."""
    return lambda x: function(x) if abs(x) > mp.mpf("1e-15") else mp.mpf(at_zero)


def root(function: Real) -> Real:
    """A function of x as one of z = x^2."""
    return lambda z: function(mp.sqrt(z))


def erfcx(x: mp.mpf) -> mp.mpf:
    """exp(x^2) erfc(x)."""
    return mp.exp(x * x) * mp.erfc(x)


LN2, PI = mp.log(2), mp.pi
HALF = mp.mpf(1) / 2
SLACK = mp.mpf("1.0001")
CENTRE = 4


def from_t(t: mp.mpf) -> mp.mpf:
    """x of t = (x - 4) / (x + 4)."""
    return CENTRE * (1 + t) / (1 - t)


def to_t(x: float) -> mp.mpf:
    """The t of an x."""
    return (mp.mpf(x) - CENTRE) / (mp.mpf(x) + CENTRE)


FITS = {
    "EXP": Fit(
        "(exp(r) - 1 - r) / r^2, |r| <= log(2) / 2",
        series(lambda r: (mp.expm1(r) - r) / r**2, HALF),
        series(lambda r: r**2 / mp.expm1(r), 0),
        both(-LN2 / 2 * SLACK, LN2 / 2 * SLACK), (4, 10),
    ),
    "EXP2": Fit(
        "(2^r - 1) / r, |r| <= 1/2",
        series(lambda r: mp.expm1(r * LN2) / r, LN2),
        series(lambda r: r / mp.power(2, r), 0),
        both(-HALF * SLACK, HALF * SLACK), (5, 10),
    ),
    "LOG": Fit(
        "(log(1 + f) - f + f^2 / 2) / f^3, 1 + f from sqrt(1/2) to sqrt(2)",
        series(lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3, mp.mpf(1) / 3),
        series(lambda f: f**3 / mp.log1p(f), 0),
        both(mp.sqrt(HALF) - 1, mp.sqrt(2) - 1), (7, None),
    ),
    "ATANH": Fit(
        "(2 atanh(s) - 2 s) / s^3 in z = s^2, s up to (sqrt(2) - 1) / (sqrt(2) + 1)",
        series(root(lambda s: (2 * mp.atanh(s) - 2 * s) / s**3), mp.mpf(2) / 3),
        series(root(lambda s: s**3 / (2 * mp.atanh(s))), 0),
        both(mp.mpf(0), ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * SLACK), (None, 6),
    ),
    "ATANH_REST": Fit(
        "(2 atanh(s) - 2 s - 2/3 s^3) / s^5, the same",
        lambda z: mp.hyp2f1(1, mp.mpf(5) / 2, mp.mpf(7) / 2, z) * 2 / 5,
        root(lambda s: s**5 / (2 * mp.atanh(s)) if s else mp.mpf(0)),
        both(mp.mpf(0), ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * SLACK), (None, 7),
    ),
    "SINH": Fit(
        "(sinh(x) - x) / x^3 in z = x^2, x up to 1",
        series(root(lambda x: (mp.sinh(x) - x) / x**3), mp.mpf(1) / 6),
        series(root(lambda x: x**3 / mp.sinh(x)), 0),
        both(mp.mpf(0), mp.mpf(1)), (3, 6),
    ),
    "SIN": Fit(
        "(sin(r) - r) / r^3 in z = r^2, r up to pi / 4",
        series(root(lambda r: (mp.sin(r) - r) / r**3), -mp.mpf(1) / 6),
        series(root(lambda r: r**3 / mp.sin(r)), 0),
        both(mp.mpf(0), (PI / 4) ** 2 * SLACK), (3, 5),
    ),
    "COS": Fit(
        "(cos(r) - 1 + z / 2) / z^2 in z = r^2, r up to pi / 4",
        series(lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, mp.mpf(1) / 24),
        lambda z: z**2 / mp.cos(mp.sqrt(z)),
        both(mp.mpf(0), (PI / 4) ** 2 * SLACK), (2, 5),
    ),
    "ATAN": Fit(
        "(atan(x) - x) / x^3 in z = x^2, x up to 1",
        series(root(lambda x: (mp.atan(x) - x) / x**3), -mp.mpf(1) / 3),
        series(root(lambda x: x**3 / mp.atan(x)), 0),
        both(mp.mpf(0), mp.mpf(1)), (9, 20),
    ),
    "ASIN": Fit(
        "(asin(x) - x) / x^3 in z = x^2, x up to 1/2",
        series(root(lambda x: (mp.asin(x) - x) / x**3), mp.mpf(1) / 6),
        series(root(lambda x: x**3 / mp.asin(x)), 0),
        both(mp.mpf(0), HALF**2 * SLACK), (4, 12),
    ),
    "ERF": Fit(
        "erf(x) / x - 1 in z = x^2, x up to 1",
        series(root(lambda x: mp.erf(x) / x - 1), 2 / mp.sqrt(PI) - 1),
        root(lambda x: x / mp.erf(x) if x > mp.mpf("1e-15") else mp.sqrt(PI) / 2),
        both(mp.mpf(0), mp.mpf(1)), (6, 12),
    ),
    "ERFCX": Fit(
        "(1 + 2 x) exp(x^2) erfc(x) in t = (x - 4) / (x + 4), x from 0 to 10.2 and to 28",
        lambda t: (1 + 2 * from_t(t)) * erfcx(from_t(t)),
        lambda t: 1 / ((1 + 2 * from_t(t)) * erfcx(from_t(t))),
        ((mp.mpf(-1), to_t(10.2)), (mp.mpf(-1), to_t(28))), (11, 24),
    ),
}  # fmt: skip

TWO_OVER_PI_BITS = 1216

SPLITS = {
    "LN2_PARTS": ("log 2; the first part times an exponent is exact", LN2, (15, 24), (42, 53)),
    "LOG10_2_PARTS": ("log10 2, the same", mp.log10(2), (15, 24), (42, 53)),
    "LOG2_E": ("1 / log 2", 1 / LN2, (24, 24), (53, 53)),
    "LOG10_E": ("1 / log 10", 1 / mp.log(10), (24, 24), (53, 53)),
    "ROOT_2": ("sqrt(2)", mp.sqrt(2), (24, 24), (53, 53)),
    "TWO_THIRDS": ("2 / 3", mp.mpf(2) / 3, (24, 24), (53, 53)),
    "ROOT_8_OVER_PI": ("2 sqrt(2 / pi)", mp.sqrt(8 / PI), (24, 24), (53, 53)),
    "GELU_CUBE": ("0.044715", mp.mpf("0.044715"), (24, 24), (53, 53)),
    "HALF_PI": ("pi / 2", PI / 2, (24, 24, 24), (53, 53, 53)),
    "HALF_PI_PARTS": (
        "pi / 2; all parts but the last times a whole number up to 2^13 and 2^20 are exact",
        PI / 2, (11, 11, 11, 11, 24), (33, 33, 33, 53),
    ),
}  # fmt: skip
"""Numbers as sums of floats of few digits: what is written, the number, digits per part."""


def parts(x: mp.mpf, digits: tuple[int, ...]) -> list[float]:
    """A number as a sum of floats, each but the last cut off after some digits."""
    made = []
    for i, count in enumerate(digits):
        unit = mp.power(2, mp.floor(mp.log(abs(x), 2)) + 1 - count)
        part = (mp.nint if i == len(digits) - 1 or count in (24, 53) else mp.floor)(x / unit) * unit
        made.append(float(part))
        x -= part
    return made


def two_over_pi() -> list[int]:
    """The binary digits of 2 / pi after the point, as words of 64."""
    with mp.workdps(400):
        digits = int(mp.floor(2 / mp.pi * mp.power(2, TWO_OVER_PI_BITS)))
    count = TWO_OVER_PI_BITS // 64
    return [digits >> 64 * (count - 1 - i) & (2**64 - 1) for i in range(count)]


def rounded(x: mp.mpf, precision: int) -> mp.mpf:
    """x as a float32 (0) or a float64 (1)."""
    number = float(x)
    return mp.mpf(number if precision else struct.unpack("f", struct.pack("f", number))[0])


class Sampled:
    """A function on a grid of Chebyshev points, so that Remez evaluates it once."""

    def __init__(self, fit: Fit, ends: tuple[mp.mpf, mp.mpf]) -> None:
        low, high = ends
        angles = [PI * (GRID - i) / GRID for i in range(GRID + 1)]
        self.x = [(low + high) / 2 + (high - low) / 2 * mp.cos(a) for a in angles]
        self.x[0], self.x[-1] = low, high
        self.y = [fit.of(x) for x in self.x]
        self.w = [abs(fit.weight(x)) for x in self.x]

    def error(self, i: int, coefficients: list[mp.mpf]) -> mp.mpf:
        """The weighted error at a grid point."""
        return (self.y[i] - mp.polyval(coefficients[::-1], self.x[i])) * self.w[i]

    def minimax(self, fixed: list[mp.mpf], degree: int) -> list[mp.mpf]:
        """The best coefficients that go on from those that are fixed."""
        free = list(range(len(fixed), degree + 1))
        count = len(free) + 1
        usable = [i for i, w in enumerate(self.w) if w != 0]
        points = [usable[round(k * (len(usable) - 1) / (count - 1))] for k in range(count)]
        best, least = fixed, mp.inf
        for _ in range(40):
            coefficients = fixed + self._levelled(points, fixed, free)
            errors = [self.error(i, coefficients) for i in range(len(self.x))]
            worst = max(map(abs, errors))
            if worst < least:
                best, least = coefficients, worst
            found = extremes(errors, count)
            if found == points or len(found) < count:
                break
            points = found
        return best

    def _levelled(
        self, points: list[int], fixed: list[mp.mpf], free: list[int]
    ) -> list[mp.mpf]:  # fmt: skip
        """Coefficients whose errors at the points are equal, with alternating signs."""
        size = len(points)
        matrix, right = mp.matrix(size, size), mp.matrix(size, 1)
        for row, i in enumerate(points):
            x, w = self.x[i], self.w[i]
            for column, power in enumerate(free):
                matrix[row, column] = w * x**power
            matrix[row, size - 1] = (-1) ** row
            rest = self.y[i] - (mp.polyval(fixed[::-1], x) if fixed else 0)
            right[row] = w * rest
        return list(mp.lu_solve(matrix, right))[:-1]


def extremes(errors: list[mp.mpf], count: int) -> list[int]:
    """Where the error is largest between its changes of sign; `count` of these, in order."""
    best: list[int] = []
    for i, error in enumerate(errors):
        if error == 0:
            continue
        if best and (errors[best[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[best[-1]]):
                best[-1] = i
        else:
            best.append(i)
    while len(best) > count:
        best.pop(0 if abs(errors[best[0]]) < abs(errors[best[-1]]) else -1)
    return best


def fitted(name: str, precision: int, degree: int) -> list[float]:
    """The coefficients, lowest degree first."""
    fit = FITS[name]
    sampled = Sampled(fit, fit.ends[precision])
    done: list[mp.mpf] = []
    while len(done) <= degree:
        left = sampled.minimax(done, degree)[len(done) :]
        take = 1 if len(done) < REFITTED else len(left)
        done += [rounded(c, precision) for c in left[:take]]
    worst = max(abs(sampled.error(i, done)) for i in range(len(sampled.x)))
    print(f"{name:6} float{32 << precision}: {float(worst * 2 ** (53 if precision else 24)):.3f}")
    return [float(c) for c in done]


def read() -> dict[str, dict[str, list[float]]]:
    """The coefficients that are there."""
    scope: dict[str, Any] = {}
    if TARGET.exists():
        exec(TARGET.read_text(), scope)
    return {name: scope[name] for name in FITS if name in scope}


def written(tables: dict[str, dict[str, list[float]]]) -> str:
    """The module."""
    lines = [
        '"""Coefficients of polynomials, lowest degree first. Written by tools/fit.py."""', "",
        "from typing import Final", "",
    ]  # fmt: skip
    for name, table in tables.items():
        lines += [f"# {FITS[name].what}", f"{name}: Final = {{"]
        for type, coefficients in table.items():
            numbers = "".join(f"        {c!r},\n" for c in coefficients)
            lines.append(f'    "{type}": (\n{numbers}    ),')
        lines += ["}", ""]
    for name, (what, x, *digits) in SPLITS.items():
        single, double = (", ".join(map(repr, parts(x, d))) for d in digits)
        lines += [
            f"# {what}",
            f'{name}: Final = {{"float": ({single}),',
            f'    "double": ({double})}}',
        ]
    words = "".join(f"    0x{word:016X},\n" for word in two_over_pi())
    lines += [
        "# 2 / pi: its binary digits after the point",
        f"TWO_OVER_PI: Final = (\n{words})",
        "",
    ]
    return "\n".join(lines)


def main(names: list[str]) -> None:
    """Fit, and write the table."""
    tables = read()
    for name in names or FITS:
        wanted = zip(("float", "double"), (0, 1), FITS[name].degrees, strict=True)
        tables[name] = {t: fitted(name, p, d) for t, p, d in wanted if d is not None}
    TARGET.write_text(written({name: tables[name] for name in FITS if name in tables}))


if __name__ == "__main__":
    main(sys.argv[1:])
