"""Random programs with Functions in them: views, in-place writes and second derivatives between."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import wengert
from parity.functions import custom
from parity.theirs import builtin_of

PROGRAMS = 300
STEPS = 7


def functions(m: Any) -> dict[str, Any]:
    """One Function for each way of returning, saving and writing."""

    def square(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    def exp(ctx, x):
        y = (x * 0.1).exp()
        ctx.save_for_backward(y)
        return y

    def double_(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    def both(ctx, x):
        y, z = x * 2, x * x
        ctx.save_for_backward(x, y)
        return y, z

    def of_both(ctx, g, h):
        x, y = ctx.saved_tensors
        return g * 2 + h * y + x * 0

    return {
        "square": custom(m, square, lambda ctx, g: 2 * ctx.saved_tensors[0] * g),
        "exp": custom(m, exp, lambda ctx, g: 0.1 * ctx.saved_tensors[0] * g),
        "double_": custom(m, double_, lambda ctx, g: g * 2),
        "same": custom(m, lambda ctx, x: x, lambda ctx, g: g * 3),
        "both": custom(m, both, of_both),
        "half": custom(m, lambda ctx, x: x[:2], lambda ctx, g: m.cat([g * 5, g[:1] * 0])),
    }


def step(m: Any, made: dict[str, Any], tensors: list[Any], choose: random.Random) -> None:
    """One random operation on one of the tensors."""
    x = tensors[choose.randrange(len(tensors))]
    what = choose.choice([*made, "mul", "view", "write", "clone", "detach"])
    if what in made:
        outputs = made[what].apply(x)
        tensors.extend(outputs if isinstance(outputs, tuple) else [outputs])
    elif what == "mul":
        y = tensors[choose.randrange(len(tensors))]
        tensors.append(x * y if x.shape == y.shape else x * 1)
    elif what == "view":
        tensors.append(x[: choose.choice([2, 3])])
    elif what == "write":
        x.add_(1)
    elif what == "clone":
        tensors.append(x.clone())
    else:
        tensors.append(x.detach())


def program(m: Any, seed: int) -> list[Any]:
    """What a random program gives: values, or the error of a step; then the gradients."""
    choose = random.Random(seed)
    made = functions(m)
    leaf = m.tensor([0.5, -1.0, 2.0], dtype=m.float64, requires_grad=True)
    tensors = [leaf * 1]
    seen: list[Any] = []
    for _ in range(STEPS):
        before = choose.getstate()
        try:
            step(m, made, tensors, choose)
        except RuntimeError as error:
            seen.append(error)
            choose.setstate(before)
            choose.random()  # the same on both sides, whatever the step had drawn
    seen += [values(t) for t in tensors]
    return seen + attempt(lambda: derivatives(m, tensors, leaf))


def attempt(call: Any) -> list[Any]:
    try:
        return list(call())
    except RuntimeError as error:
        return [error]


def derivatives(m: Any, tensors: list[Any], leaf: Any) -> list[Any]:
    total = sum((t * t).sum() for t in tensors if t.requires_grad)
    (first,) = m.autograd.grad(total, leaf, create_graph=True)
    if not first.requires_grad:
        return [values(first)]
    (second,) = m.autograd.grad(first.sum(), leaf, allow_unused=True)
    return [values(first), None if second is None else values(second)]


def values(tensor: Any) -> Any:
    return np.array(tensor.detach().numpy()), tensor.requires_grad


@pytest.mark.parametrize("block", range(10))
def test_random_programs(block):
    first = 1000 + block * PROGRAMS // 10  # 1001: a view that cannot follow its base is written
    for seed in range(first, first + PROGRAMS // 10):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = program(torch, seed)
        mine = program(wengert, seed)
        assert len(mine) == len(theirs), (seed, mine, theirs)
        for a, b in zip(mine, theirs, strict=True):
            same(seed, a, b)


def same(seed: int, mine: Any, theirs: Any) -> None:
    if isinstance(theirs, Exception):
        assert isinstance(mine, builtin_of(theirs)), (seed, mine, theirs)
    elif isinstance(theirs, tuple):
        assert isinstance(mine, tuple), (seed, mine, theirs)
        np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-12, err_msg=str(seed))
        assert mine[1] == theirs[1], seed
    else:
        assert mine == theirs, seed
