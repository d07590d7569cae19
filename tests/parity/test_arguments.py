"""What functions make of their arguments, as torch: dtypes, shared memory, grad_fn, errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import note

from laws.cases import as_tensor, gradients, tensors_in
from laws.law import law, no_gradient
from parity.close import assert_close
from parity.pair import both, seeds, their_gradients, their_gradients_if_any
from parity.theirs import (
    as_array,
    builtin_of,
    has_no_reference,
    quiet,
    reference,
    structure,
    theirs_in,
    to_torch,
    translated,
)
from sampling import arrays_in, calls, is_array, lay_out, map_arrays
from wengert.errors import DTypeError, FreedError
from wengert.ops.define import Function
from wengert.ops.samples import Call

DTYPES = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
    "complex64", "complex128",
]  # fmt: skip


@law("every dtype that torch takes gives torch's result", unless=[has_no_reference], one_in=20)
def test_torch_dtypes(function, data):
    call = data.draw(calls(function, rough=True), label="call")
    for dtype in DTYPES:
        cast = in_dtype(call, dtype)
        if has_ties(call) or not has_ties(cast):  # of equal elements torch takes any
            note(dtype)
            same_in_dtype(function, cast, dtype)


def same_in_dtype(function: Function, call: Call, dtype: str) -> None:
    try:
        with quiet():
            args, kwargs = translated(call)
            expected = reference(function)(*args, **kwargs)
    except (RuntimeError, TypeError, ValueError, IndexError):
        return  # torch does not take this dtype here
    if any(t.dtype == torch.complex32 for t in theirs_in(expected)):
        return  # we do not have this dtype
    try:
        args, kwargs = map_arrays(as_tensor, call)
        with quiet():
            result = function.call(*args, **kwargs)
    except DTypeError:
        assert dtype.startswith("complex"), f"{dtype} is not taken"
        return

    assert structure(result) == structure(expected)
    for mine, other in zip(tensors_in(result), theirs_in(expected), strict=True):
        assert_close(function.name, mine._data, as_array(other))


def in_dtype(call: Call, dtype: str) -> Call:
    """The call with its float arrays in another dtype; distinct values stay distinct in it."""
    unsigned = dtype in ("bool", "uint8")

    def changed(array: Any) -> Any:
        if array.dtype.kind != "f":
            return array
        made = (np.abs(array) if unsigned else array).astype(dtype)
        if len(np.unique(made)) < np.size(array) == len(np.unique(array)):
            ranks = np.argsort(np.argsort(array, axis=None)).reshape(array.shape)
            made = ranks.astype(dtype)  # sorting finds one order here, too
        return made

    return map_arrays(changed, call)


def has_ties(call: Call) -> bool:
    return any(len(np.unique(x)) < np.size(x) for x in arrays_in(call))


@law("results share memory exactly where torch's do", unless=[has_no_reference], one_in=20)
def test_torch_memory(function, data):
    call = map_arrays(without_reversal, data.draw(calls(function), label="call"))
    mine, other = both(function, call)

    results = zip(tensors_in(mine.result), theirs_in(other.result), strict=True)
    for y, z in ((y, z) for y, z in results if z.numel()):
        for leaf, their_leaf in zip(mine.leaves, other.leaves, strict=True):
            storages = z.untyped_storage(), their_leaf.untyped_storage()
            shared = len({s.data_ptr() for s in storages}) == 1
            # A 0-d tensor has no array before there is somebody to share it with.
            assert (y is leaf or np.may_share_memory(y._data, leaf._data)) == shared
            if shared:
                assert strides(y._data) == long_strides(z.shape, z.stride())


def without_reversal(array: Any) -> Any:
    """torch has no negative strides."""
    return array if all(s >= 0 for s in array.strides) else contiguous(array)


def contiguous(array: Any) -> Any:
    return lay_out(np.array(array), 0)


def strides(array: Any) -> list[int]:
    return long_strides(array.shape, [s // array.itemsize for s in array.strides])


def long_strides(shape: Any, steps: Any) -> list[int]:
    """The strides along sides longer than 1; along others they mean nothing."""
    return [step for side, step in zip(shape, steps, strict=True) if side > 1]


@law("grad_fn is called as in torch", unless=[has_no_reference, no_gradient])
def test_torch_names(function, data):
    call = map_arrays(contiguous, data.draw(calls(function), label="call"))
    mine, other = both(function, call)

    for y, z in zip(mine.outputs, other.outputs, strict=True):
        assert (y.grad_fn and y.grad_fn.name()) == (z.grad_fn and z.grad_fn.name())


@law("a second backward fails exactly where torch's does", unless=[has_no_reference, no_gradient],
     one_in=20)  # fmt: skip
def test_torch_freed(function, data):
    mine, other = both(function, data.draw(calls(function), label="call"))
    by = seeds(mine.outputs, 4)
    theirs_by = [to_torch(w) for w in by]

    gradients(mine.outputs, mine.leaves, by)
    their_gradients_if_any(other.outputs, other.leaves, theirs_by)
    try:
        their_gradients(other.outputs, other.leaves, theirs_by)
    except RuntimeError:
        with pytest.raises(FreedError):
            gradients(mine.outputs, mine.leaves, by)
    else:
        gradients(mine.outputs, mine.leaves, by)


@law("calls that torch refuses are refused, with errors of its kind", unless=[has_no_reference],
     one_in=20)  # fmt: skip
def test_torch_errors(function, data):
    call = data.draw(calls(function), label="call")
    for what, args, kwargs in spoilt(function, call):
        error = their_error(function, args, kwargs)
        if error is not None:
            assert refuses(function, args, kwargs, error), f"{what}: torch raises {error!r}"


def spoilt(function: Function, call: Call) -> Iterator[tuple[str, Any, Any]]:
    """Bad calls made from a good one, each with what is bad about it."""
    args, kwargs = call
    yield "no arguments", (), {}
    yield "an unknown argument", args, {**kwargs, "nonsense": 1}
    yield "too many arguments", (*args, *range(20)), kwargs
    for i, arg in enumerate(args):
        for bad in ("nonsense", object(), 77) if type(arg) is int else ("nonsense", object()):
            yield f"argument {i} is {bad!r}", (*args[:i], bad, *args[i + 1 :]), kwargs
    for name, value in kwargs.items():
        for bad in ("nonsense", object()):
            yield f"{name}={bad!r}", args, {**kwargs, name: bad}
        if name.startswith("dim") and isinstance(value, int):
            yield f"{name}=77", args, {**kwargs, name: 77}
    if len(arrays_in(call)) >= 2 and all(map(is_array, args)):
        shapes = [(2, 3), (4,), (5,)]
        changed = tuple(np.ones(shape) for shape, _ in zip(shapes, args, strict=False))
        yield f"shapes {shapes[: len(changed)]}", changed, kwargs


def their_error(function: Function, args: Any, kwargs: Any) -> Exception | None:
    try:
        with quiet():
            their_args, their_kwargs = translated((args, kwargs))
            reference(function)(*their_args, **their_kwargs)
    except Exception as error:
        return error
    return None


def refuses(function: Function, args: Any, kwargs: Any, like: Exception) -> bool:
    """Whether we raise what code that expects torch's exception would catch."""
    args, kwargs = map_arrays(as_tensor, (args, kwargs))
    try:
        function.call(*args, **kwargs)
    except builtin_of(like):
        return True
    return False
