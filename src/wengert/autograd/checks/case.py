"""What is checked: a function, its inputs, and what it returns."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from wengert.core.handles import memory_of
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, GradcheckError, ShapeError

_MOST_ADDRESSES = 1_000_000
_DOUBLE = (np.dtype(np.float64), np.dtype(np.complex128))


class Settings(NamedTuple):
    """The arguments of gradcheck."""

    eps: float
    atol: float
    rtol: float
    nondet_tol: float
    undefined: bool
    batched: bool
    batched_forward: bool
    forward: bool
    backward: bool
    fast: bool
    masked: bool


class Case:
    """A function at its inputs.

    wanted: the indices of the inputs that require grad. outputs: what the function returned;
    differentiable: the indices of those that require grad. part: of a function made from another
    one, which part of its complex numbers it is about.
    """

    def __init__(self, func: Callable[..., Any], inputs: Sequence[Any], part: str = "") -> None:
        self.func = func
        self.inputs = tuple(inputs)
        self.part = part
        self.wanted = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
        self.outputs = as_outputs(func(*inputs))
        self.differentiable = [i for i, o in enumerate(self.outputs) if o.requires_grad]

    @property
    def targets(self) -> list[Tensor]:
        """The inputs that require grad."""
        return [self.inputs[i] for i in self.wanted]

    def values(self) -> list[Any]:
        """The outputs' values, now: a fresh run. They own their memory."""
        return [np.array(o._data) for o in as_outputs(self.func(*self.inputs))]


def as_tuple(value: Any) -> tuple[Any, ...]:
    """A tuple or a list as a tuple; anything else as a tuple of one."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def as_outputs(value: Any) -> tuple[Tensor, ...]:
    """What a function returned, as a tuple of tensors."""
    outputs = as_tuple(value)
    for i, output in enumerate(outputs):
        if not isinstance(output, Tensor):
            raise ArgumentError(
                f"gradcheck: output {i} of the function is a {type(output).__name__}, not a Tensor",
                "The function must return a tensor, or a tuple of tensors.",
            )
    return outputs


def check_inputs(inputs: Sequence[Any]) -> None:
    """Warn of single precision; raise where nothing can be checked, or nothing can be moved."""
    requires = [(i, x) for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not requires:
        raise ArgumentValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True",
            "Create one with requires_grad=True.",
        )
    for i, x in requires:
        if x._data.dtype not in _DOUBLE:
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or "
                f"complex, but {x.dtype}. This check will likely fail if all the inputs are not of "
                "double precision floating point or complex.",
                stacklevel=5,
            )
        _check_memory(i, np.asarray(x._data))


def _check_memory(i: int, data: Any) -> None:
    if data.size and any(s == 0 and n > 1 for s, n in zip(data.strides, data.shape, strict=True)):
        raise ShapeError(
            f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that "
            "are non-overlapping to be able to compute the numerical gradients correctly",
            "Call .contiguous() on the input before passing it to gradcheck.",
        )
    if _overlaps(data):
        raise ShapeError(
            f"The {i}th input has elements that share memory. gradcheck only supports inputs that "
            "are non-overlapping",
            "Call .clone() on the input before passing it to gradcheck.",
        )
    if isinstance(data, np.ndarray) and data.base is not None and not data.flags.writeable:
        raise ArgumentError(
            f"gradcheck moves its inputs in place, and the memory of input {i} is read-only",
            "Pass a clone().",
        )


def _overlaps(data: Any) -> bool:
    """Whether two elements have the same address; only arrays with odd strides are looked at."""
    if data.size < 2 or data.flags.c_contiguous or data.flags.f_contiguous:
        return False
    if data.size > _MOST_ADDRESSES:
        return False
    addresses = np.zeros(data.shape, np.int64)
    for axis, (stride, length) in enumerate(zip(data.strides, data.shape, strict=True)):
        shape = [1] * data.ndim
        shape[axis] = length
        addresses = addresses + (np.arange(length) * stride).reshape(shape)
    return bool(np.unique(addresses).size < data.size)


def movable(x: Tensor) -> Any:
    """The array of an input, to be written into: a 0-d tensor gets one."""
    memory_of(x)
    return x._data


def close(found: Any, expected: Any, rtol: float, atol: float) -> bool:
    """allclose as torch has it: |found - expected| <= atol + rtol |expected|, and no NaN."""
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(found - expected) <= atol + rtol * np.abs(expected)))


def check_unchanged(before: Sequence[Any], after: Sequence[Any], where: str) -> None:
    """Raise where the outputs have other shapes or dtypes at moved inputs."""
    for i, (a, b) in enumerate(zip(before, after, strict=False)):
        for what, one, other in (("shape", a.shape, b.shape), ("dtype", a.dtype, b.dtype)):
            if one != other:
                raise GradcheckError(
                    f"Expected `func` to return outputs with the same {what} when inputs are "
                    f"perturbed {where}, but output {i} has {what}s {one} and {other}"
                )
    if len(before) != len(after):
        raise GradcheckError(
            f"Expected `func` to return as many outputs when inputs are perturbed {where}, but "
            f"got {len(before)} and {len(after)}"
        )
