"""Forward mode on both sides: the tangents of a call's outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.autograd.forward_ad as their_mode

from laws.cases import Case, as_tensor, differentiable_in, weights
from parity.close import assert_close
from parity.theirs import as_array, quiet, reference, theirs_in, to_torch, translated
from sampling import arrays_in
from wengert.autograd import forward_ad
from wengert.core.dtype import is_differentiable
from wengert.ops.define import Function
from wengert.ops.samples import Call


def directions(call: Call) -> list[Any]:
    """A tangent for each floating-point or complex array of a call, in its dtype."""
    at = [x for x in arrays_in(call) if is_differentiable(x.dtype)]
    drawn = weights(at, seed=7)
    return [np.asarray(t).astype(x.dtype)[()] for t, x in zip(drawn, at, strict=True)]


def our_tangents(function: Function, call: Call, along: list[Any]) -> list[Any]:
    """The tangents of the outputs that can have one; None for those that have none."""
    case = Case(function, call)
    with forward_ad.dual_level():
        pairs = zip(case.at, along, strict=True)
        duals = [forward_ad.make_dual(as_tensor(x), as_tensor(t)) for x, t in pairs]
        outputs = differentiable_in(case.call(duals))
        tangents = [forward_ad.unpack_dual(y).tangent for y in outputs]
        return [None if t is None else np.asarray(t._data) for t in tangents]


def their_tangents(function: Function, call: Call, along: list[Any]) -> list[Any]:
    """The same of torch. Raises what torch raises."""
    given = iter(along)

    def moved(array: Any) -> torch.Tensor:
        tensor = to_torch(array)
        if not is_differentiable(array.dtype):
            return tensor
        return their_mode.make_dual(tensor, to_torch(next(given)))

    with their_mode.dual_level(), quiet():
        args, kwargs = translated(call, moved)
        outputs = theirs_in(reference(function)(*args, **kwargs))
        floats = [y for y in outputs if y.dtype.is_floating_point or y.dtype.is_complex]
        tangents = [their_mode.unpack_dual(y).tangent for y in floats]
        return [None if t is None else as_array(t).copy() for t in tangents]


def same_tangents(function: Function, call: Call) -> None:
    """Equal tangents, None as good as zeros; where torch has forward mode."""
    along = directions(call)
    try:
        expected = their_tangents(function, call, along)
    except (RuntimeError, NotImplementedError):
        return
    with quiet():
        found = our_tangents(function, call, along)
    for mine, other in zip(found, expected, strict=True):
        like = other if other is not None else mine
        if like is not None:
            zeros = np.zeros(like.shape, like.dtype)
            given = [zeros if t is None else t for t in (mine, other)]
            assert_close(function.name, *given)
