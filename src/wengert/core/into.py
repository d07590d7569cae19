"""out=: a result written into a tensor that is there, which takes its shape. Never recorded."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from wengert.core import handles
from wengert.core.dtype import category
from wengert.core.memory import Memory
from wengert.core.node import next_sequence
from wengert.core.registry import OPERATORS
from wengert.core.tensor import Tensor
from wengert.core.view import View
from wengert.core.write import check_memory, writable
from wengert.errors import ArgumentError, BatchingError, DTypeError, GradientError
from wengert.modes import State, current
from wengert.sites import user_site


def into(
    name: str, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any],
    out: Any,
) -> Any:  # fmt: skip
    """function(*args, **kwargs), written into `out`: a tensor, or a tuple of them for several.

    An output of another shape is resized, with a warning unless it is empty. Raises GradientError
    where a gradient would be wanted, DTypeError where the output's dtype cannot hold the result,
    ArgumentError if `out` is no tensor, or if the result is a view, which needs no memory.
    """
    if out is None:
        return function(*args, **kwargs)
    outs = tuple(out) if isinstance(out, (tuple, list)) else (out,)
    for one in outs:
        if not isinstance(one, Tensor):
            raise ArgumentError(f"{name}: out must be a tensor, not {type(one).__name__}")
    state = current()
    given = _tensors((*args, *kwargs.values()))
    _refuse_transforms(name, (*given, *outs), state)
    result = function(*args, **kwargs)
    several = isinstance(result, tuple)
    results = result if isinstance(result, tuple) else (result,)
    if len(outs) != len(results) or isinstance(out, (tuple, list)) != several:
        raise ArgumentError(
            f"{name}: out must be {'a tuple of ' if several else ''}{len(results)} tensors, "
            f"not {len(outs)}"
        )
    for one, value in zip(outs, results, strict=True):
        _refuse_views(name, value, given)
        _fill(name, one, value, state)
    if not several:
        return out
    return type(result)(*outs) if hasattr(result, "_fields") else outs


def _tensors(value: Any) -> tuple[Tensor, ...]:
    """The tensors among arguments, lists of them included."""
    if isinstance(value, Tensor):
        return (value,)
    if isinstance(value, (tuple, list)):
        return tuple(tensor for part in value for tensor in _tensors(part))
    return ()


def _refuse_transforms(name: str, tensors: Sequence[Tensor], state: State) -> None:
    if any(tensor._level for tensor in tensors):
        raise BatchingError(
            f"{name}: out= is not possible with tensors of a transform", "Use the result."
        )
    if state.grad and any(tensor.requires_grad for tensor in tensors):
        raise GradientError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad",
            "Use the result, or call it under wengert.no_grad().",
        )


def _refuse_views(name: str, value: Any, given: Sequence[Tensor]) -> None:
    """Raise for what is no tensor, and for views of an argument, which need no memory."""
    if isinstance(value, View):
        known = {id(tensor._memory) for tensor in given}
        if id(value._memory) not in known:
            return
    elif isinstance(value, Tensor):
        return
    raise ArgumentError(
        f"{name}() got an unexpected keyword argument 'out'",
        "Its result has no memory of its own to write.",
    )


def _fill(name: str, out: Tensor, value: Tensor, state: State) -> None:
    if category(value._data.dtype) > category(out._data.dtype):
        raise DTypeError(
            f"{name}: result type {value.dtype} can't be cast to the desired output type "
            f"{out.dtype}",
            "Give an output of the result's dtype.",
        )
    memory = writable(name, out, state)
    if out._data.shape != value._data.shape:
        memory = _resize(out, value._data.shape)
    check_memory(name, out._data)
    np.copyto(out._data, value._data, casting="unsafe")
    memory.stamp(next_sequence(), name, user_site())


def _resize(out: Tensor, shape: tuple[int, ...]) -> Memory:
    if out._data.size:
        warnings.warn(
            f"An output with one or more elements was resized since it had shape "
            f"{list(out._data.shape)}, which does not match the required output shape "
            f"{list(shape)}. Give one of that shape, or an empty one.",
            UserWarning,
            stacklevel=5,
        )
    data = np.empty(shape, out._data.dtype)
    memory = Memory(data)
    handles.take_memory(out, data, memory)
    return memory


OPERATORS.into = into
