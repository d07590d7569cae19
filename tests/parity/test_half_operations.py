"""float16 and bfloat16: every public function is as good as torch's, or better.

What torch computes in a half dtype is rounded after each of its steps, in some functions after one
and in others after ten. So the judge is torch in float64, on the same numbers: a value is good if
it is torch's, if it is within two units of the last place of what is exact, or at least as near to
it as torch's own. Dtypes and structure are torch's.
"""

from __future__ import annotations

import contextlib
import functools
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from laws.cases import as_tensor, gradients, tensors_in
from laws.law import law, no_gradient
from parity.close import RELATIVE, assert_close
from parity.pair import ours, seeds, their_gradients, theirs
from parity.tangents import directions, our_tangents, their_tangents
from parity.test_complex_operations import has_no_floats
from parity.theirs import (
    as_array,
    cast,
    has_no_reference,
    name_of,
    quiet,
    structure,
    theirs_in,
    to_torch,
)
from sampling import Random, Sampler, calls, draw_call
from wengert.core.dtype import is_differentiable
from wengert.core.half import is_half
from wengert.ops.define import Function

HALVES = st.sampled_from(["float16", "bfloat16"])
UNLESS = [has_no_reference, has_no_floats]


@functools.cache
def torch_takes_none(function: Function) -> bool:
    """torch does not take it in half dtypes."""
    for seed in range(4):
        call = draw_call(Sampler(Random(seed)), function)
        for dtype in ("float16", "bfloat16"):
            with contextlib.suppress(RuntimeError, IndexError), quiet():
                theirs(function, cast(call, dtype))
                return False
    return True


class Trial:
    """One call in a half dtype: ours, torch's, and torch's on the same numbers in float64."""

    def __init__(self, function: Function, data: Any) -> None:
        rough = data.draw(st.booleans(), label="rough")
        call = data.draw(calls(function, rough=rough), label="call")
        self.call = cast(call, data.draw(HALVES, label="dtype"))
        self.exact_call = cast(self.call, "float64")
        self.function = function
        try:
            with quiet():
                self.other = tried(lambda: theirs(function, self.call))
                self.exact = tried(lambda: theirs(function, self.exact_call))
                self.mine = ours(function, self.call)
        except Lacking:
            assume(False)

    def by(self, seed: int) -> list[Any]:
        """Weights of the outputs, in their dtypes."""
        return seeds(self.mine.outputs, seed)


class Lacking(Exception):
    """torch has no such function or derivative for half dtypes; we may."""


def tried(call: Any) -> Any:
    """What torch gives. Raises Lacking where it raises."""
    try:
        return call()
    except (RuntimeError, IndexError):
        raise Lacking from None


def widened(by: list[Any]) -> list[Any]:
    return [to_torch(w.astype(np.float64) if is_half(w.dtype) else w) for w in by]


def judge(name: str, mine: Any, other: Any, exact: Any, units: int = 2) -> None:
    """Ours is torch's, or near enough to what is exact, or nearer to it than torch's."""
    mine, other, exact = np.asarray(mine), np.asarray(other), np.asarray(exact)
    assert mine.dtype == other.dtype
    assert mine.shape == other.shape
    try:
        assert_close(name, mine, other)
    except AssertionError:
        if not _is_better(mine, other, exact, units):
            raise


def _is_better(mine: Any, other: Any, exact: Any, units: int) -> bool:
    if not is_differentiable(mine.dtype):
        return np.array_equal(mine, exact)
    tolerance = RELATIVE[mine.dtype.name] * units / 2
    finite = np.abs(exact[np.isfinite(exact)])
    scale = np.abs(exact) + min(max(float(finite.max(initial=0)), 1), 1e6)
    off = np.abs(mine.astype(np.float64) - exact)
    theirs_off = np.nan_to_num(np.abs(other.astype(np.float64) - exact), nan=np.inf)
    unknown = np.isnan(exact) & np.isfinite(mine)  # sinc at 0: torch's second slope is NaN there
    return bool(np.all((off <= tolerance * scale) | (off <= theirs_off) | unknown))


def judged(
    trial: Trial, mine: list[Any], other: list[Any], exact: list[Any], units: int = 2
) -> None:
    """Each of several; None where torch has None, or zeros."""
    for m, o, e in zip(mine, other, exact, strict=True):
        assert m is not None or o is None or not as_array(o).any()
        if m is not None and o is not None and e is not None:
            judge(trial.function.name, m._data, as_array(o), as_array(e), units)


@law(
    "of half dtypes: values, dtypes and gradients as torch's or better",
    unless=[*UNLESS, torch_takes_none],
)
def test_torch_half(function, data):
    trial = Trial(function, data)
    mine, other, exact = trial.mine, trial.other, trial.exact
    if structure(mine.result) != structure(other.result):
        assert structure(mine.result) == structure(exact.result)  # a number, nearer than torch's
        return
    triples = (tensors_in(mine.result), theirs_in(other.result), theirs_in(exact.result))
    for m, o, e in zip(*triples, strict=True):
        assert m.dtype.name == name_of(o.dtype)
        assert m.requires_grad == o.requires_grad
        if e.shape == o.shape:
            judge(function.name, m._data, as_array(o), as_array(e))
    if function.differentiable:
        by = trial.by(1)
        found = gradients(mine.outputs, mine.leaves, by)
        with contextlib.suppress(Lacking):
            expected = tried(
                lambda: their_gradients(other.outputs, other.leaves, list(map(to_torch, by)))
            )
            judged(
                trial, found, expected, their_gradients(exact.outputs, exact.leaves, widened(by))
            )


@law(
    "of half dtypes: tangents and second gradients as torch's or better",
    unless=[*UNLESS, no_gradient, torch_takes_none],
)
def test_torch_half_again(function, data):
    trial = Trial(function, data)
    for same in (same_forward, same_second):
        with contextlib.suppress(Lacking):
            same(trial)


def same_forward(trial: Trial) -> None:
    along = directions(trial.call)
    wide = [t.astype(np.float64) for t in along]
    with quiet():
        other = tried(lambda: their_tangents(trial.function, trial.call, along))
        exact = tried(lambda: their_tangents(trial.function, trial.exact_call, wide))
        mine = our_tangents(trial.function, trial.call, along)
    for m, o, e in zip(mine, other, exact, strict=True):
        if m is not None and o is not None and e is not None:
            judge(trial.function.name, m, o, e)


def same_second(trial: Trial) -> None:
    """Gradients of the weighted sum of the gradients, for the leaves."""
    mine, other, exact = trial.mine, trial.other, trial.exact
    by = trial.by(2)
    ours_first = gradients(mine.outputs, mine.leaves, list(map(as_tensor, by)), create_graph=True)
    first = theirs_again(other.outputs, other.leaves, list(map(to_torch, by)))
    exact_first = theirs_again(exact.outputs, exact.leaves, widened(by))
    grads = zip(ours_first, first, exact_first, strict=True)
    kept = [three for three in grads if all(g is not None for g in three)]
    again = seeds([three[0] for three in kept], 3)

    judged(
        trial,
        gradients([three[0] for three in kept], mine.leaves, again),
        theirs_again([three[1] for three in kept], other.leaves, list(map(to_torch, again))),
        theirs_again([three[2] for three in kept], exact.leaves, widened(again)),
        units=16,  # made of saved results, which were rounded
    )


def theirs_again(outputs: list[Any], leaves: list[Any], by: list[Any]) -> list[Any]:
    return tried(lambda: their_gradients(outputs, leaves, by, create_graph=True))
