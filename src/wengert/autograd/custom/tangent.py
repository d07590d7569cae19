"""Forward mode: a Function's jvp, at every level at which an argument has a tangent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.autograd.custom.call import Call, Returned
from wengert.autograd.custom.context import FunctionCtx
from wengert.autograd.custom.node import place_of
from wengert.core.dtype import is_differentiable
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.errors import GradientError, ShapeError
from wengert.modes import State, entered


def push(call: Call, ctx: FunctionCtx, outputs: Any, levels: Sequence[Any], state: State) -> None:
    """Give the outputs their tangents, the outermost level first.

    levels: those that see this application. The arithmetic of a level runs with it and all inner
    ones hidden, as for any operation.
    """
    returned = Returned(outputs)
    for level in levels:
        tangents = [level.tangent(a) if isinstance(a, Tensor) else None for a in call.args]
        if any(t is not None for t in tangents):
            with entered(level.below(state)):
                pushed = _called(call, ctx, tangents, returned)
            level.give(returned.values, pushed)


def _called(call: Call, ctx: FunctionCtx, tangents: list[Any], returned: Returned) -> list[Any]:
    """The tangents of all that forward returned; None for what has none."""
    marks = ctx._marks
    if marks.materialize:
        tangents = [_or_zeros(t, a) for t, a in zip(tangents, call.args, strict=True)]
    marks.pushing = True
    try:
        made = call.function.jvp(ctx, *tangents)
    finally:
        marks.pushing = False
    pushed = list(made) if isinstance(made, (tuple, list)) else [made]
    if len(pushed) != len(returned.values):
        raise GradientError(
            f"{call.name}'s jvp returned an invalid number of forward gradients (expected "
            f"{len(returned.values)} but got {len(pushed)}){_place(call)}",
            "One for each output; None for outputs that are no tensors.",
        )
    outputs = returned.values
    return [_fitting(call, t, o, i) for i, (t, o) in enumerate(zip(pushed, outputs, strict=True))]


def _or_zeros(tangent: Any, primal: Any) -> Any:
    if tangent is not None or not isinstance(primal, Tensor):
        return tangent
    if not is_differentiable(primal._data.dtype):
        return None
    return _new(np.zeros(primal._data.shape, primal._data.dtype)[()], None)


def _fitting(call: Call, tangent: Any, output: Any, i: int) -> Any:
    """One tangent, if it fits its output."""
    if tangent is None:
        return None
    if not isinstance(tangent, Tensor):
        raise GradientError(
            f"{call.name}'s jvp returned a {type(tangent).__name__} for output {i}: expected a "
            f"tensor or None{_place(call)}"
        )
    if not isinstance(output, Tensor) or not is_differentiable(output._data.dtype):
        raise GradientError(
            f"{call.name}'s jvp returned a tangent for output {i}, which is no tensor of floats"
            f"{_place(call)}",
            "Return None there.",
        )
    if tangent._data.shape != output._data.shape:
        raise ShapeError(
            f"{call.name}'s jvp returned a tangent of shape {list(tangent.shape)} for output {i} "
            f"of shape {list(output.shape)}{_place(call)}",
            "A tangent has the shape of its output.",
        )
    if tangent._data.dtype != output._data.dtype:
        return tangent.to(output._data.dtype)
    return tangent


def _place(call: Call) -> str:
    place = place_of(call.function.jvp)
    return f"\n  the jvp at {place}" if place else ""
