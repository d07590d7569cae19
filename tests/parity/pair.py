"""One call made by both, here and in torch: values, gradients and second gradients compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from hypothesis import assume

from laws.cases import Case, as_tensor, differentiable_in, gradients, tensors_in, weights
from parity.close import assert_close
from parity.theirs import (
    as_array,
    name_of,
    quiet,
    reference,
    structure,
    theirs_in,
    to_torch,
    translated,
)
from wengert.core.dtype import as_dtype, is_differentiable
from wengert.core.tensor import Tensor
from wengert.ops.define import Function
from wengert.ops.samples import Call


class Side:
    """What one of the two made of a call: leaves, result, and the differentiable outputs."""

    def __init__(self, leaves: list[Any], result: Any, outputs: list[Any]) -> None:
        self.leaves = leaves
        self.result = result
        self.outputs = outputs


def ours(function: Function, call: Call) -> Side:
    case = Case(function, call)
    leaves = case.leaves()
    result = case.call(leaves)
    return Side(leaves, result, differentiable_in(result))


def theirs(function: Function, call: Call, *, requires_grad: bool = True) -> Side:
    leaves: list[torch.Tensor] = []

    def moved(array: Any) -> torch.Tensor:
        tensor = to_torch(array, requires_grad=requires_grad)
        if is_differentiable(array.dtype):
            leaves.append(tensor)
        return tensor

    args, kwargs = translated(call, moved)
    with quiet():
        result = reference(function)(*args, **kwargs)
    outputs = [y for y in theirs_in(result) if y.dtype.is_floating_point or y.dtype.is_complex]
    return Side(leaves, result, outputs)


def both(function: Function, call: Call) -> tuple[Side, Side]:
    """Both sides, where torch takes the call."""
    try:
        other = theirs(function, call)
    except RuntimeError:  # no kernel for this dtype, or strides that a view inside cannot take
        assume(False)
    return ours(function, call), other


def same_values(function: Function, mine: Side, other: Side, *, signed_zero: bool = False) -> None:
    """The same structure, dtypes, shapes and values, and the same need of a gradient."""
    assert structure(mine.result) == structure(other.result)
    for y, z in zip(tensors_in(mine.result), theirs_in(other.result), strict=True):
        assert y.dtype.name == name_of(z.dtype)
        assert_close(function.name, y._data, as_array(z), signed_zero=signed_zero)
        assert y.requires_grad == z.requires_grad


def same_gradients(function: Function, mine: Side, other: Side) -> None:
    """Gradients of the weighted sum of the outputs for all leaves; None where torch has None."""
    by = seeds(mine.outputs, 1)
    found = gradients(mine.outputs, mine.leaves, by)
    expected = their_gradients_if_any(other.outputs, other.leaves, [to_torch(w) for w in by])
    assert [g is None for g in found] == [g is None for g in expected]
    same(function, found, expected)


def same_second(function: Function, mine: Side, other: Side) -> None:
    """Gradients of the weighted sum of the gradients, for the leaves and the cotangents."""
    by = seeds(mine.outputs, 2)
    mine_by = [as_tensor(w, requires_grad=True) for w in by]
    other_by = [to_torch(w, requires_grad=True) for w in by]
    first = gradients(mine.outputs, mine.leaves, mine_by, create_graph=True)
    first_theirs = their_gradients_if_any(other.outputs, other.leaves, other_by, create_graph=True)
    pairs = [(g, h) for g, h in zip(first, first_theirs, strict=True) if g is not None]
    again = seeds([g for g, _ in pairs], 3)
    found = gradients([g for g, _ in pairs], [*mine.leaves, *mine_by], again)
    expected = their_gradients_if_any(
        [h for _, h in pairs], [*other.leaves, *other_by], [to_torch(w) for w in again]
    )
    same(function, found, expected)


def seeds(outputs: list[Tensor], seed: int) -> list[Any]:
    """A weight for each element, in the output's dtype."""
    made = weights([y._data for y in outputs], seed)
    return [w.astype(y._data.dtype) for w, y in zip(made, outputs, strict=True)]


def their_gradients(
    outputs: list[Any], inputs: list[Any], by: list[Any], create_graph: bool = False
) -> list[Any]:
    kept = [(y, w) for y, w in zip(outputs, by, strict=True) if y.requires_grad]
    if not kept or not inputs:
        return [None] * len(inputs)
    with quiet():
        return list(
            torch.autograd.grad(
                [y for y, _ in kept], inputs, [w for _, w in kept], create_graph=create_graph,
                allow_unused=True,
            )
        )  # fmt: skip


def their_gradients_if_any(*args: Any, **kwargs: Any) -> list[Any]:
    """The same, where torch has this derivative, and has it for these strides."""
    try:
        return their_gradients(*args, **kwargs)
    except RuntimeError:
        assume(False)
        raise


def same(function: Function, found: list[Any], expected: list[Any]) -> None:
    """Equal gradients, None as good as zeros."""
    for mine, other in zip(found, expected, strict=True):
        if mine is None and other is None:
            continue
        shown = mine if mine is not None else other
        zeros = np.zeros(tuple(shown.shape), as_dtype(name_of(shown.dtype)).numpy)
        assert_close(
            function.name,
            zeros if mine is None else mine._data,
            zeros if other is None else as_array(other),
        )
