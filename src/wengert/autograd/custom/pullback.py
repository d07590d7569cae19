"""Calling a Function's backward, and checking what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.autograd.custom.node import FunctionNode, backward_of, place_of
from wengert.core.aval import Aval
from wengert.core.handles import _new
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import DTypeError, GradientError, ShapeError


def joint(node: Any, cotangents: Sequence[Any], wanted: Sequence[int]) -> list[Any]:
    """The cotangents of the wanted inputs, from those of the outputs: tensors, None for zero.

    What a sweep calls. cotangents: one per output that is a tensor, None where nothing depends on
    it. Raises GradientError, ShapeError or DTypeError for what no gradient can be.
    """
    if not isinstance(node, FunctionNode):
        from wengert.autograd.custom.again import joint_traced

        return joint_traced(node, cotangents, wanted)
    given = _materialised(node, cotangents)
    returned = _called(node, given)
    gradients = _per_argument(node, returned)
    op: Any = node.plan.op
    found = [gradients[op.layout.places[i]] for i in wanted]
    for i, gradient in zip(wanted, found, strict=True):
        if gradient is not None:
            _check(node, i, gradient)
        elif any(c is not None for c in cotangents):
            node.ctx._marks.withheld.add(i)
    return found


def _materialised(node: FunctionNode, cotangents: Sequence[Any]) -> list[Any]:
    """One cotangent per value that forward returned: zeros where there is none, if so wished."""
    given: list[Any] = [None] * node.returned
    avals = node.aval if isinstance(node.aval, tuple) else (node.aval,)
    zeros = node.ctx._marks.materialize
    for place, cotangent, aval in zip(node.places, cotangents, avals, strict=True):
        given[place] = _zeros(aval) if cotangent is None and zeros else cotangent
    return given


def _zeros(aval: Aval) -> Tensor:
    return _new(np.zeros(aval.shape, aval.dtype)[()], None)


def _called(node: FunctionNode, given: list[Any]) -> Any:
    op: Any = node.plan.op
    backward = backward_of(op.function)
    arguments = (given,) if op.function.boxed_grads_call else given
    try:
        return backward(node.ctx, *arguments)
    except Exception as error:
        at = f", applied at {node.site}" if node.site is not None else ""
        note = f"in the backward of {op.name}{at}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
        raise


def _per_argument(node: FunctionNode, returned: Any) -> Sequence[Any]:
    """What backward returned, one entry per argument of forward."""
    gradients = returned if isinstance(returned, tuple) else (returned,)
    op: Any = node.plan.op
    names = op.layout.names
    if len(gradients) < len(names) or any(g is not None for g in gradients[len(names) :]):
        raise GradientError(
            f"function {node.name()} returned an incorrect number of gradients (expected "
            f"{len(names)}, got {len(gradients)}){lines(node)}",
            f"One for each argument of forward, {', '.join(names)}; None for those that are no "
            "tensors or need none.",
            node.site,
        )
    for i, gradient in enumerate(gradients[: len(names)]):
        if gradient is not None and i not in op.layout.places:
            raise GradientError(
                f"function {node.name()} returned a gradient different than None at position "
                f"{i + 1}, but the corresponding forward input {names[i]} was no tensor"
                f"{lines(node)}",
                "Return None there.",
                node.site,
            )
        if gradient is not None and not isinstance(gradient, Tensor):
            raise GradientError(
                f"function {node.name()} returned a {type(gradient).__name__} as the gradient of "
                f"{names[i]}: expected a tensor or None{lines(node)}",
                "Make a tensor of it: wengert.tensor(...), or wengert.from_numpy(array).",
                node.site,
            )
    return gradients


def _check(node: FunctionNode, i: int, gradient: Tensor) -> None:
    """Raise where a gradient does not fit its input. Extra dimensions are summed over."""
    want, have = node.operand_aval(i), gradient._aval
    op: Any = node.plan.op
    name, index = op.layout.inputs[i], op.layout.places[i]
    if not _sums_to(have.shape, want.shape):
        raise ShapeError(
            f"Function {node.name()} returned an invalid gradient at index {index} - got "
            f"{list(have.shape)} but expected shape compatible with {list(want.shape)}, that of "
            f"{name}{lines(node)}",
            "A gradient has the shape of its input.",
            node.site,
        )
    if have.dtype.kind == "c" and want.dtype.kind != "c":
        raise DTypeError(
            f"Function {node.name()} returned an invalid gradient at index {index} - got a complex "
            f"one, {have}, for {name}, which is real: {want}{lines(node)}",
            "Return its real part: gradient.real.",
            node.site,
        )


def _sums_to(have: tuple[int, ...], want: tuple[int, ...]) -> bool:
    lead = len(have) - len(want)
    return lead >= 0 and all(w in (h, 1) for h, w in zip(have[lead:], want, strict=True))


def lines(node: Node) -> str:
    """Where the backward of a node's Function is, for errors."""
    op: Any = node.plan.op
    place = place_of(backward_of(op.function))
    if not place:
        return ""
    of = "\n  of what was applied" if node.site is not None else ""
    return f"\n  returned by the backward at {place}{of}"
