"""Our calls in torch's terms, and results of both side by side."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from sampling import is_array, map_arrays
from wengert.core.dtype import DType, as_dtype, bfloat16, is_differentiable, is_floating
from wengert.core.tensor import Tensor
from wengert.ops.define import Function


def has_no_reference(function: Function) -> bool:
    """no reference in torch, for a reason that the definition gives."""
    return function.torch is None


def reference(function: Function) -> Callable[..., Any]:
    """The function in torch that the definition names, dotted: "nn.functional.gelu"."""
    assert function.torch is not None
    return functools.reduce(getattr, function.torch.split("."), torch)


def to_torch(array: Any, requires_grad: bool = False) -> torch.Tensor:
    """A copy as torch's tensor, with the same strides where torch can have them."""
    array = np.asarray(array)
    strides = [s // array.itemsize for s in array.strides]
    plain = _plain(np.array(array, order="C"))
    made = plain
    if not array.flags.c_contiguous and all(s >= 0 for s in strides):
        made = torch.empty_strided(array.shape, strides, dtype=plain.dtype)
        made.copy_(plain)
    return made.requires_grad_(requires_grad and is_differentiable(array.dtype))


def _plain(array: np.ndarray) -> torch.Tensor:
    """torch's tensor on an array's memory; it reads no bfloat16 from NumPy, so bits are handed."""
    if array.dtype.name != "bfloat16":
        return torch.from_numpy(array)
    return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)


def translated(tree: Any, change: Callable[[Any], Any] = to_torch) -> Any:
    """Arguments for torch: arrays as tensors or what `change` makes of them, dtypes as its own."""
    if is_array(tree):
        return change(tree)
    if isinstance(tree, DType):
        return getattr(torch, tree.name)
    if isinstance(tree, (tuple, list)):
        return type(tree)(translated(branch, change) for branch in tree)
    if isinstance(tree, dict):
        return {name: translated(branch, change) for name, branch in tree.items()}
    return tree


def as_array(tensor: torch.Tensor) -> np.ndarray:
    """The values of torch's tensor, lazily conjugated, negated or zero ones worked out."""
    if tensor.dtype is torch.bfloat16:
        bits = tensor.detach().contiguous().view(torch.int16)
        return bits.numpy(force=True).view(bfloat16().numpy)
    return tensor.numpy(force=True)


def theirs_in(result: Any) -> list[torch.Tensor]:
    """torch's tensors in a result, in order."""
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, (tuple, list)) and not isinstance(result, torch.Size):
        return [tensor for part in result for tensor in theirs_in(part)]
    return []


def structure(result: Any) -> Any:
    """The nesting of a result; numbers and others as they are."""
    if isinstance(result, (Tensor, torch.Tensor)):
        return "tensor"
    if isinstance(result, (tuple, list)):
        return [structure(part) for part in result]
    return result


def cast(call: Any, dtype: str) -> Any:
    """The call with its float arrays in another dtype, memory layout kept."""

    def changed(array: Any) -> Any:
        return recast(array, as_dtype(dtype).numpy) if is_floating(array.dtype) else array

    return map_arrays(changed, call)


def recast(array: Any, dtype: np.dtype) -> Any:
    """The array in another dtype, with the same strides, counted in elements."""
    if not isinstance(array, np.ndarray) or not array.size:
        return array.astype(dtype)
    steps = [s // array.itemsize for s in array.strides]
    reach = [step * (side - 1) for step, side in zip(steps, array.shape, strict=True)]
    below = -sum(min(r, 0) for r in reach)
    above = sum(max(r, 0) for r in reach)
    memory = np.ones(below + above + 1, dtype)
    strides = [step * memory.itemsize for step in steps]
    made = np.lib.stride_tricks.as_strided(memory[below:], array.shape, strides)
    made[...] = array
    return made


def name_of(dtype: Any) -> str:
    """float32, of our dtype or torch's."""
    return str(dtype).rpartition(".")[2]


@contextmanager
def quiet() -> Iterator[None]:
    """torch's warnings are its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def builtin_of(error: Exception) -> type[Exception]:
    """What code that expects this exception of torch's would catch of ours."""
    builtin = next(c for c in type(error).__mro__ if c.__module__ == "builtins")
    # An attribute that a string lacks is how Python code says that it takes no string.
    meant = {NotImplementedError: RuntimeError, AttributeError: TypeError}
    return meant.get(builtin, builtin)
