"""A program run in torch and in wengert, and everything that can be seen of both compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import wengert
from parity.programs.program import Program
from parity.programs.world import World, forget_gradients, outcome
from parity.theirs import builtin_of

LARGEST = 1e30
"""Beyond it rounding decides what is infinite: such a run is not compared."""


def judge(program: Program) -> bool:
    """Compare errors, values, flags and gradients of two runs; False if they cannot be."""
    theirs = program.run(torch)
    mine = program.run(wengert, theirs.refused)
    same_errors(mine, theirs)
    if not all(bool((abs(v.tensor.detach()) < LARGEST).all()) for v in theirs.variables):
        return False
    same_tensors(mine, theirs)
    fit = [n for n in range(len(theirs.variables)) if same_pass(mine, theirs, n)]
    same_backward(mine, theirs, fit)
    same_log(mine, theirs)
    return True


def same_pass(mine: World, theirs: World, number: int) -> bool:
    """Compare the gradients of one variable; whether it has any, and no error."""
    logged = len(mine.log), len(theirs.log)
    found, expected = gradients(mine, number), gradients(theirs, number)
    if isinstance(expected, RuntimeError):
        # How far a pass comes that fails is each library's own affair.
        del mine.log[logged[0] :], theirs.log[logged[1] :]
        if theirs.second_order and isinstance(found, tuple):
            return False  # what the derivative of a derivative saves, too
    same_gradients(found, expected, number)
    return isinstance(expected, tuple)


def same_errors(mine: World, theirs: World) -> None:
    assert [place for place, _ in mine.errors] == [place for place, _ in theirs.errors], (
        f"\n  wengert: {mine.errors}\n  torch: {theirs.errors}"
    )
    for (_, error), (_, other) in zip(mine.errors, theirs.errors, strict=True):
        same_error(error, other)


def same_error(mine: Exception, theirs: Exception) -> None:
    assert isinstance(mine, builtin_of(theirs)), f"{mine!r}; torch raises {theirs!r}"


def same_log(mine: World, theirs: World) -> None:
    """What hooks were called with, in the order of the calls.

    The derivatives in a graph are made of other nodes in each library: then the order is its own,
    and so is whether there is a gradient of zeros or none, and whether a leaf can be reached.
    """
    if theirs.second_order:
        for number in range(len(theirs.handles)):
            alike_as_far(calls(mine, number), calls(theirs, number), number)
        return
    found, expected = [n for n, _ in mine.log], [n for n, _ in theirs.log]
    assert found == expected, f"hooks called: {found}, in torch {expected}"
    for (number, g), (_, h) in zip(mine.log, theirs.log, strict=True):
        close(g, h, f"hook {number}")


def calls(world: World, number: int) -> list[Any]:
    """What one hook was called with, without zeros."""
    found = [np.array(g.tolist()) for n, g in world.log if n == number]
    return [g for g in found if (abs(g) > 1e-9).any()]


def alike_as_far(mine: list[Any], theirs: list[Any], number: int) -> None:
    """Whether the calls of one are among those of the other, in order."""
    fewer, more = sorted((mine, theirs), key=len)
    rest = iter(more)
    for g in fewer:
        assert any(np.allclose(g, h, rtol=1e-9, atol=1e-9) for h in rest if g.shape == h.shape), (
            f"hook {number}: {mine}, in torch {theirs}"
        )


def same_tensors(mine: World, theirs: World) -> None:
    """Values, versions and flags of every variable."""
    for number, (v, w) in enumerate(zip(mine.variables, theirs.variables, strict=True)):
        close(v.tensor.detach(), w.tensor.detach(), f"variable {number}")
        seen, expected = flags(v.tensor), flags(w.tensor)
        assert seen == expected, f"variable {number}: {seen}, in torch {expected}"


def flags(tensor: Any) -> dict[str, Any]:
    """What the properties of a tensor say, errors included."""
    return {
        "requires_grad": tensor.requires_grad,
        "is_leaf": outcome(lambda: tensor.is_leaf),
        "has grad_fn": outcome(lambda: tensor.grad_fn is not None),
        "version": tensor._version,
        "is view": tensor._is_view(),
    }


def gradients(world: World, number: int) -> Any:
    """The gradients of one variable for all leaves, or the exception."""
    tensor = world.variables[number].tensor
    try:
        if not tensor.requires_grad:
            return None
        weight = world.m.cos(tensor.detach() * 0 + 1 + number)
        return world.m.autograd.grad(
            (tensor * weight).sum(), world.leaves, retain_graph=True, allow_unused=True
        )
    except RuntimeError as error:
        return error


def same_gradients(found: Any, expected: Any, number: int) -> None:
    if isinstance(expected, Exception) or isinstance(found, Exception):
        both = isinstance(expected, Exception) and isinstance(found, Exception)
        assert both, f"gradients of variable {number}: {found!r}, in torch {expected!r}"
        same_error(found, expected)
    elif expected is None or found is None:
        assert found is expected, f"gradients of variable {number}"
    else:
        for leaf, (g, h) in enumerate(zip(found, expected, strict=True)):
            same_or_zero(g, h, f"gradient of variable {number} for leaf {leaf}")


def same_or_zero(mine: Any, theirs: Any, what: str) -> None:
    """Equal, None as good as zeros."""
    if mine is None or theirs is None:
        there = theirs if mine is None else mine
        assert there is None or not there.detach().any(), f"{what}: {mine}, in torch {theirs}"
    else:
        close(mine.detach(), theirs.detach(), what)


def same_backward(mine: World, theirs: World, fit: list[int]) -> None:
    """What backward() of all that fit leaves in .grad, of leaves and of retained tensors."""
    if not fit:
        return
    for world in (mine, theirs):
        forget_gradients(world)
        total = sum(world.variables[n].tensor.sum() for n in fit)
        total.backward()
    for number, (v, w) in enumerate(zip(mine.variables, theirs.variables, strict=True)):
        # A derivative in the graph uses an output by way of the view that was written into in
        # torch, and of the operation here: what is retained at the view is less by that.
        retains = not theirs.second_order and w.tensor.retains_grad
        if outcome(lambda w=w, r=retains: w.tensor.is_leaf or r) is True:
            same_or_zero(v.tensor.grad, w.tensor.grad, f".grad of variable {number}")


def close(mine: Any, theirs: Any, what: str) -> None:
    found, expected = np.asarray(mine._data), theirs.numpy(force=True)
    assert found.shape == expected.shape, what
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=what)
