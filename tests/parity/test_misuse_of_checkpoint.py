"""A table of misuse: checkpoints. Each row says what our error tells.

`torch` is what torch does: it raises, or it accepts and goes on with wrong numbers. Where two lines
are involved, both are among what is told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

import wengert as wg
from parity.scenario import leaf
from parity.theirs import builtin_of


class Row(NamedTuple):
    misuse: Callable[[Any], Any]
    told: tuple[str, ...]
    torch: str = "raises"


def checkpointed(m, function, *args, **options):
    """The gradient of a checkpointed call."""
    options = {"use_reentrant": False} | options
    y = m.utils.checkpoint.checkpoint(function, *args, **options)
    y.sum().backward()
    return y


def alternating(*steps, **options):
    """A checkpoint of a function that calls another one of these each time."""

    def misuse(m):
        rest = list(steps)
        checkpointed(m, lambda x: rest.pop(0)(x), leaf(m, 1.0, 2.0), **options)

    return misuse


def sines(x):
    h = x.sin()  # the first run
    return h.exp()


def cosines(x):
    h = x.cos()  # the second run
    return h.exp()


def only_one(x):
    return x.sin()  # and no more


def narrow(x):
    h = x[:1].sin()  # another shape
    return h.exp()


def wide(x):
    h = x.double().sin()  # another dtype
    return h.exp()


def noise(m):
    random = np.random.default_rng(0)

    def f(x):
        drawn = m.from_numpy(random.random(2).astype("float32"))
        return x * drawn  # saved here

    checkpointed(m, f, leaf(m, 1.0, 2.0))


def generator(m):
    g = m.Generator()

    def f(x):
        return x * m.rand(2, generator=g)  # saved here

    checkpointed(m, f, leaf(m, 1.0, 2.0))


def buffer(m):
    mean = m.zeros(2)

    def f(x):
        with m.no_grad():
            mean.add_(x.detach())  # changed here
        return (x - mean).exp()  # saved here

    checkpointed(m, f, leaf(m, 1.0, 2.0))


def weight_stepped(m):
    x, w = leaf(m, 1.0, 2.0), leaf(m, 3.0, 4.0)

    def f(x):
        return x * w  # saved here

    y = m.utils.checkpoint.checkpoint(f, x, use_reentrant=False)
    with m.no_grad():
        w.sub_(1)  # written here
    y.sum().backward()


def argument_overwritten(m):
    x = leaf(m, 1.0, 2.0)
    h = x * 2
    y = m.utils.checkpoint.checkpoint(sines, h, use_reentrant=False)  # given here
    with m.no_grad():
        h.zero_()  # written here
    y.sum().backward()


def saved_overwritten(m):
    def f(x):
        h = x.exp()  # saved here
        h.add_(1)  # written here
        return h * h

    checkpointed(m, f, leaf(m, 1.0, 2.0))


def twice(m):
    y = checkpointed(m, sines, leaf(m, 1.0, 2.0))  # freed here
    y.sum().backward()


def sequential(m, segments, **options):
    steps = [m.sin, m.exp, m.tanh]
    m.utils.checkpoint.checkpoint_sequential(
        steps, segments, leaf(m, 1.0), use_reentrant=False, **options
    )


ROWS = {
    "another operation": Row(
        alternating(sines, cosines), ("sin ->", "the first run", "cos ->", "the second run"),
        torch="accepts",
    ),
    "fewer operations": Row(
        alternating(sines, only_one), ("only in the forward run: exp", "2 and 1")
    ),
    "another shape": Row(
        alternating(sines, narrow), ("the first run", "another shape", "float32[1]")
    ),
    "another dtype": Row(
        alternating(sines, wide), ("the first run", "another dtype", "float64[2]")
    ),
    "more operations, all of them run": Row(
        alternating(only_one, sines, early_stop=False),
        ("only in the recomputation: exp", "1 and 2"),
    ),
    "numbers from numpy.random": Row(noise, ("other elements", "saved here"), torch="accepts"),
    "numbers from another generator": Row(
        generator, ("other elements", "saved here"), torch="accepts"
    ),
    "a buffer that is changed inside": Row(
        buffer, ("other elements", "saved here"), torch="accepts"
    ),
    "a weight that was changed since": Row(
        weight_stepped, ("saved here", "sub_", "written here"), torch="accepts"
    ),
    "an argument that was overwritten": Row(
        argument_overwritten, ("argument 0", "given here", "zero_", "written here")
    ),
    "a saved value that is overwritten inside": Row(
        saved_overwritten, ("exp ->", "saved here", "add_", "written here"), torch="accepts"
    ),
    "two backward passes": Row(twice, ("freed", "retain_graph=True")),
    "an unknown check": Row(
        alternating(sines, determinism_check="exact"), ("'default', 'none'", "'exact'")
    ),
    "no function": Row(lambda m: checkpointed(m, 3, leaf(m, 1.0)), ("of type int",)),
    "more segments than functions": Row(lambda m: sequential(m, 4), ("3 functions", "4 segments")),
    "a keyword that is none": Row(lambda m: sequential(m, 2, power=2), ("power",)),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_misuse(name):
    row = ROWS[name]
    theirs = failure(row.misuse, torch)
    assert (theirs is None) == (row.torch == "accepts"), f"{theirs!r}"

    error = failure(row.misuse, wg)

    assert isinstance(error, wg.WengertError), f"{error!r}"
    if row.torch == "raises" and not isinstance(theirs, AssertionError):
        assert isinstance(error, builtin_of(theirs))
    for fact in row.told:
        assert fact in str(error)


def failure(misuse, m):
    try:
        misuse(m)
    except Exception as error:
        return error
    return None
