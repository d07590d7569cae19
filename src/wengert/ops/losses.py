"""What losses share: reductions, shapes that should agree, weights that carry no gradient."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from wengert.core.aval import Aval
from wengert.core.cut import DETACH
from wengert.core.node import Leaf
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, GradientError
from wengert.modes import current, is_grad_enabled
from wengert.ops.arguments import array_of, shape_of
from wengert.ops.cast import to
from wengert.ops.expand import broadcast_to, common_shape
from wengert.ops.reduce import mean, sum_
from wengert.ops.samples import Call, Sampler

REDUCTIONS: Final = ("mean", "sum", "none")


def written(name: str, **usual: Any) -> Callable[[list[str], dict[str, Any]], str]:
    """How a loss is written: as a call, with those of its options that are not as usual."""
    usual = {"reduction": "mean", **usual}

    def text(names: list[str], attrs: dict[str, Any]) -> str:
        given = list(names)
        while given[-1] == "None":
            given.pop()
        options = [f"{k}={v}" for k, v in attrs.items() if k in usual and v != usual[k]]
        return f"{name}({', '.join([*given, *options])})"

    return text


def check_reduction(name: str, reduction: Any) -> str:
    """The reduction itself. Raises ArgumentValueError if there is no such."""
    if reduction not in REDUCTIONS:
        raise ArgumentValueError(
            f"{name}: {reduction!r} is not a valid value for reduction",
            'It is "mean", "sum" or "none".',
        )
    made: str = reduction
    return made


def reduced(losses: Any, reduction: str) -> Any:
    """The losses of all elements, as they are, summed or averaged. Arrays and tensors."""
    if reduction == "none":
        return losses
    return sum_(losses) if reduction == "sum" else mean(losses)


def reduced_aval(x: Aval, reduction: str) -> Aval:
    """The aval of a loss of elements of x."""
    return x if reduction == "none" else Aval((), x.dtype)


def per_element(ct: Any, x: Aval, reduction: str) -> Any:
    """The cotangent that reaches each element's loss; it broadcasts against x."""
    return ct / max(x.size, 1) if reduction == "mean" else ct


def together(name: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Input and target in one shape; they are broadcast with a warning, as in torch."""
    have, wanted = shape_of(input), shape_of(target)
    if have == wanted:
        return input, target
    shape = common_shape(name, have, wanted)
    warnings.warn(
        f"{name}: the target has shape {wanted} and the input {have}. They will be broadcast, "
        "which is rarely meant: every element meets every other. Reshape one of them.",
        UserWarning,
        stacklevel=4,  # past the public function and the wrapper that renames its arguments
    )
    return broadcast_to(input, shape), broadcast_to(target, shape)


def in_dtype(value: Any, dtype: np.dtype[Any]) -> Any:
    """A tensor in this dtype; itself if it has it, or if it is None."""
    if value is None or array_of(value).dtype == dtype:
        return value
    return to(value, dtype)


def check_weight(name: str, argument: str, weight: Any) -> None:
    """Raise GradientError for a weight that requires grad, which torch does not differentiate."""
    if weight is None:
        return
    if not hasattr(weight, "dtype"):
        raise ArgumentError(f"{name}: {argument} must be a tensor, not {type(weight).__name__}")
    if isinstance(weight, Tensor) and _wants_gradient(weight) and is_grad_enabled():
        raise GradientError(
            f"{name} is not differentiable with respect to {argument!r}. This input cannot have "
            "requires_grad=True",
            f"Pass {argument}.detach().",
        )


def _wants_gradient(weight: Tensor) -> bool:
    """Whether a weight requires grad; an argument of a function that is being compiled does not.

    Its tensor has a node all the same, as has what detach() gives there.
    """
    if not weight.requires_grad:
        return False
    node = weight._node
    compiling = weight._level == 1 and bool(current().started)
    return not (compiling and (node is None or isinstance(node, Leaf) or node.op is DETACH))


def pair_samples(s: Sampler) -> Call:
    """An input and a target of one shape, and a reduction."""
    shape = s.shape()
    return (s.array(shape), s.array(shape)), {"reduction": s.choice(REDUCTIONS)}
