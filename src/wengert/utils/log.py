"""What a run of a checkpointed function did: the operations it recorded and what they saved.

The second run is held against it, step by step, so the first operation that differs is known.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import is_differentiable
from wengert.core.tensor import Tensor
from wengert.modes import silently
from wengert.sites import Site

_SAMPLES: Final = 8
"""Elements of each saved value that are noted: other random numbers differ in nearly all."""

_TOLERANCE: Final = 1e-3
"""Relative to the largest noted element: rounding that depends on memory layout passes."""


class Value:
    """A saved value in a few words: shape, dtype, some elements."""

    __slots__ = ("aval", "sample")

    def __init__(self, tensor: Tensor) -> None:
        data = np.asarray(tensor._data)
        self.aval = Aval(data.shape, data.dtype)
        self.sample = data.flat[:: -(-data.size // _SAMPLES) or 1]

    def is_like(self, other: Value) -> bool:
        """Whether the noted elements are the same, up to rounding."""
        mine, others = self.sample, other.sample
        if (mine == others).all():
            return True
        if not is_differentiable(mine.dtype):
            return False
        return bool(silently(_close, mine, others))

    def __str__(self) -> str:
        numbers = (x.item() for x in self.sample[:3])
        shown = ", ".join(str(x) if isinstance(x, (bool, int)) else f"{x:.6g}" for x in numbers)
        return f"{shown}, ..." if self.aval.size > 3 else shown


def _close(mine: Any, others: Any) -> Any:
    wide = np.complex128 if mine.dtype.kind == "c" else np.float64
    mine, others = mine.astype(wide), others.astype(wide)
    largest = np.max(np.abs(mine), initial=0.0, where=np.isfinite(mine))
    near = np.abs(mine - others) <= _TOLERANCE * largest
    return np.all(near | (mine == others) | (np.isnan(mine) & np.isnan(others)))


class Step:
    """One recorded operation: its name, line and output, and what it saved."""

    __slots__ = ("aval", "name", "saved", "site")

    def __init__(self, name: str, site: Site | None, aval: Any) -> None:
        self.name = name
        self.site = site
        self.aval = aval
        self.saved: list[Value] = []

    def __str__(self) -> str:
        avals = self.aval if isinstance(self.aval, tuple) else (self.aval,)
        text = f"{self.name} -> {', '.join(map(str, avals))}"
        return text if self.site is None else f"{text} at {self.site}"


class Log:
    """The steps of one run, in order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def begin(self, name: str, site: Site | None, aval: Any) -> Step:
        """The next operation; what is saved from now on is saved by it."""
        step = Step(name, site, aval)
        self.steps.append(step)
        return step

    def save(self, tensor: Tensor) -> Value:
        """The latest operation saves a value."""
        value = Value(tensor)
        self.steps[-1].saved.append(value)
        return value

    def __str__(self) -> str:
        return "\n".join(f"  {i}: {step}" for i, step in enumerate(self.steps, 1))


def difference(first: Log, second: Log, with_values: bool) -> str:
    """What the latest operation of the second run has that the first run's has not, or "".

    with_values: whether the elements of what was saved must be the same, too.
    """
    place = len(second.steps)
    if place > len(first.steps):
        return ""  # the number of saved values tells
    then, now = first.steps[place - 1], second.steps[-1]
    if (then.name, then.aval) != (now.name, now.aval):
        return _sides(f"operation {place} is another one", str(then), str(now))
    for i, (value, again) in enumerate(zip(then.saved, now.saved, strict=False), 1):
        which = f"value {i} that operation {place} saved"
        if value.aval != again.aval:
            what = f"{which} has different metadata than during the forward pass"
            return _sides(what, f"{value.aval}, by {then}", f"{again.aval}, by {now}")
        if with_values and not value.is_like(again):
            what = f"{which} has other elements"
            return _sides(what, f"{value}, by {then}", f"{again}, by {now}")
    return ""


def _sides(what: str, then: str, now: str) -> str:
    return f"{what}\n  in the forward run:   {then}\n  in the recomputation: {now}"
