"""Where a backward pass begins: the cotangents of its outputs, given or implied."""

from __future__ import annotations

from operator import add
from typing import Any, Final

import numpy as np

from wengert.core.handles import _new
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, Cause, GradientError
from wengert.modes import silently
from wengert.transform.conform import conform
from wengert.transform.reverse import check_seed

_float32: Final = np.float32
_float64: Final = np.float64


def seed_all(
    name: str, outputs: tuple[Tensor, ...], gradients: tuple[Any, ...], tensors: bool
) -> dict[Node, Any]:
    """Per output's node its cotangent, as an array or as a tensor."""
    if len(outputs) != len(gradients):
        raise GradientError(
            f"{name}: {len(outputs)} outputs but {len(gradients)} gradients",
            "One for each output, in its shape; None for a single number means 1.",
        )
    seeds: dict[Node, Any] = {}
    for output, gradient in zip(outputs, gradients, strict=True):
        node = output._node
        if node is None:
            raise nothing_to_differentiate(name, output)
        if gradient is None:
            gradient = implied(name, output)
        else:
            gradient = fitted(name, output, gradient, tensors)
        if tensors and not isinstance(gradient, Tensor):
            gradient = _new(gradient, None)
        seeds[node] = silently(add, seeds[node], gradient) if node in seeds else gradient
    return seeds


def implied(name: str, output: Tensor) -> Any:
    """The implicit cotangent 1 of an output of one element."""
    data = output._data
    if type(data) is _float32 or type(data) is _float64:
        return type(data)(1)
    if data.size != 1:
        raise GradientError(
            f"{name}: grad can be implicitly created only for scalar outputs; this one has "
            f"shape {tuple(data.shape)}",
            "Reduce it first, as in loss.sum(), or pass gradient= of the same shape.",
            causes=(Cause("not a scalar", output._node.site if output._node else None),),
        )
    if data.dtype.kind == "c":
        raise GradientError(
            f"{name}: grad can be implicitly created only for real scalar outputs, "
            f"not {output.dtype}",
            "Take its real part, .imag or .abs() first, or pass gradient=.",
        )
    if type(data) is not np.ndarray:  # a scalar of a half dtype
        return type(data)(1)
    one = data.copy()
    if data.ndim == 1:
        one[0] = 1  # half the time of fill(1)
    else:
        one.fill(1)
    return one if data.ndim else one[()]


def fitted(name: str, output: Tensor, gradient: Any, tensors: bool) -> Any:
    """The cotangent that a user gave for an output, as an array or as a tensor.

    Raises ArgumentError for what is no tensor, ShapeError or DTypeError for one that does not fit.
    """
    if not isinstance(gradient, Tensor):
        raise ArgumentError(
            f"{name}: gradients are tensors or None, not {type(gradient).__name__}",
            "Make a tensor of it first: wengert.tensor(...).",
        )
    aval = output._aval
    check_seed(aval, gradient._aval, name)
    if tensors:
        return conform(gradient, aval)
    return silently(conform, gradient._data, aval)


_NO_DERIVATIVE: Final = "Its result has no derivative: compute the loss without it."
_REMEDIES: Final = {
    "detach": "Leave out the detach, or call requires_grad_() on what it gives.",
    "no_grad": "Compute it outside of no_grad.",
    "inference_mode": "Compute it outside of inference_mode.",
}


def nothing_to_differentiate(name: str, output: Tensor) -> GradientError:
    """The error for an output without history: what cut it off, and where."""
    what = f"{name}: the tensor does not require grad and does not have a grad_fn"
    cuts = output._extra.cuts if output._extra is not None else ()
    if not cuts:
        return GradientError(
            what,
            "No input of it requires grad: create one with requires_grad=True. Plain numbers and "
            "arrays (.item(), float(), .numpy()) have no history.",
        )
    by = " or ".join(str(cut) for cut in cuts)
    remedies = dict.fromkeys(_REMEDIES.get(cut.by, _NO_DERIVATIVE) for cut in cuts)
    causes = tuple(Cause(f"cut by {cut.by}", cut.site) for cut in cuts)
    text = f"{what}: its history was cut by {by}"
    return GradientError(text, " ".join(remedies), causes=causes)
