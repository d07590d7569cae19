"""Where two matched graphs first compute something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from wengert.ask.local import carries, pull
from wengert.ask.matching import Matching
from wengert.errors import Cause, WengertError
from wengert.graphs.expression import equation, number, summary
from wengert.graphs.vertex import Vertex

Tolerance = tuple[float | None, float | None]
_TOLERANCES = {"float64": (1e-7, 1e-7), "float32": (1.3e-6, 1e-5), "float16": (1e-3, 1e-5)}
"""rtol and atol by dtype, as in testing.assert_close; what is not listed must be equal."""


@dataclass(frozen=True)
class Divergence:
    """The first step at which two graphs disagree, though all that it depends on agrees.

    what: the value or the derivative that differs. ours and theirs: the step to blame.
    """

    what: str
    ours: Vertex
    theirs: Vertex
    our_value: Any
    their_value: Any

    @property
    def cause(self) -> Cause:
        op = self.theirs.op
        name = self.theirs.name if op is None else f"{op.name} ({self.theirs.name})"
        return Cause(name, self.site)

    @property
    def site(self) -> Any:
        """The line of the step; of a constant, the line that first uses it."""
        if self.theirs.site is not None:
            return self.theirs.site
        return next((v.site for v in self.theirs.consumers if v.site is not None), None)

    def __str__(self) -> str:
        where = f"\n  {self.site}" if self.site is not None else ""
        return (
            f"{self.what}: {_sizes(self.our_value, self.their_value)}\n"
            f"  in {equation(self.theirs)}{where}"
        )


def _sizes(ours: Any, theirs: Any) -> str:
    """0.5 against 0.25; of arrays the largest difference, and where it is."""
    a, b = np.asarray(ours), np.asarray(theirs)
    if a.size == 1 or a.shape != b.shape:
        return f"{summary(a)} against {summary(b)}"
    away = np.abs(a.astype(np.result_type(a, np.float64)) - b)
    away = np.where(np.isnan(away), np.inf, away)
    at = np.unravel_index(int(np.argmax(away)), a.shape)
    place = ", ".join(str(int(i)) for i in at)
    return f"{number(a[at])} against {number(b[at])} at [{place}], where they differ most"


def differ(ours: Any, theirs: Any, tolerance: Tolerance) -> bool:
    """Whether two arrays are further apart than they may be; NaN equals NaN."""
    a, b = np.asarray(ours), np.asarray(theirs)
    if a.shape != b.shape:
        return True
    kind = {"complex64": "float32", "complex128": "float64"}.get(str(a.dtype), str(a.dtype))
    rtol, atol = _TOLERANCES.get(kind, (0.0, 0.0))
    rtol = tolerance[0] if tolerance[0] is not None else rtol
    atol = tolerance[1] if tolerance[1] is not None else atol
    return not np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True)


def first_in_values(
    matching: Matching, tolerance: Tolerance, notes: list[str]
) -> Divergence | None:
    """The first matched step whose value differs; what cannot be had is noted, and left out."""
    missing: list[WengertError] = []
    found = None
    for ours, theirs in matching.pairs():
        try:
            a, b = ours.value._data, theirs.value._data
        except WengertError as error:
            missing.append(error)
            continue
        if differ(a, b, tolerance):
            found = Divergence(f"the value of {theirs.name}", ours, theirs, a, b)
            break
    if missing:
        notes.append(f"{len(missing)} values were not compared: {missing[0].what}")
    return found


def first_in_derivatives(
    matching: Matching, ours: dict[int, Any], theirs: dict[int, Any], tolerance: Tolerance
) -> Divergence | None:
    """The first matched step, going back, that hands on another derivative than it should.

    ours, theirs: the derivative of the output with respect to each vertex, by index.
    """
    for a, b in sorted(matching.of.items(), reverse=True):
        if a not in ours or b not in theirs or not differ(ours[a], theirs[b], tolerance):
            continue
        mine, other = Vertex(matching.ours, a), Vertex(matching.theirs, b)
        found = _guilty(matching, mine, other, (ours, theirs), tolerance)
        return found or Divergence(f"that of {other.name}", mine, other, ours[a], theirs[b])
    return None


def _guilty(
    matching: Matching, ours: Vertex, theirs: Vertex,
    adjoints: tuple[dict[int, Any], dict[int, Any]], tolerance: Tolerance,
) -> Divergence | None:  # fmt: skip
    """The use of a value whose rule gives another derivative, of those that match."""
    for user, slot in matching.ours.uses(ours.index):
        other = matching.of.get(user)
        if other is None or user not in adjoints[0] or other not in adjoints[1]:
            continue
        if not carries(matching.ours, user, slot) or not carries(matching.theirs, other, slot):
            continue
        mine, its = Vertex(matching.ours, user), Vertex(matching.theirs, other)
        a = pull(mine, slot, adjoints[0][user])
        b = pull(its, slot, adjoints[1][other])
        if differ(a, b, tolerance):
            what = f"what {its.name} hands back to {theirs.name}"
            return Divergence(what, mine, its, a, b)
    return None
