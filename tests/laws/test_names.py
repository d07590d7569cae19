"""Laws of names: a function is the same as a method of Tensor and under NumPy's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import assume

from laws.cases import as_tensor, tensors_in
from laws.law import law
from sampling import calls, is_array, map_arrays
from wengert.core.registry import NUMPY
from wengert.core.tensor import Tensor
from wengert.ops.define import Function

AXIS = {"dim": "axis", "keepdim": "keepdims"}  # the keyword arguments that NumPy has, too


def is_no_method(function: Function) -> bool:
    """no method of Tensor."""
    return not function.method


@law("the method of Tensor does the same", unless=[is_no_method], one_in=50)
def test_method(function, data):
    args, kwargs = data.draw(calls(function), label="call")
    arrays = [i for i, arg in enumerate(args) if is_array(arg)]
    assume(arrays)
    args, kwargs = map_arrays(as_tensor, (args, kwargs))
    others = list(args)
    itself = others.pop(arrays[0])  # the first tensor, not always the first argument

    expected = tensors_in(function.call(*args, **kwargs))
    got = tensors_in(getattr(itself, function.name)(*others, **kwargs))

    same_bits(got, expected)


def names_of_arguments(function: Function) -> tuple[str, ...]:
    call = getattr(function.call, "__wrapped__", function.call)
    code = getattr(call, "__code__", None)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code else ()


def has_no_dim(function: Function) -> bool:
    """no argument named dim or keepdim."""
    return not {"dim", "keepdim"} & set(names_of_arguments(function))


@law("NumPy's names axis and keepdims are understood", unless=[has_no_dim], one_in=50)
def test_axis(function, data):
    args, kwargs = map_arrays(as_tensor, data.draw(calls(function), label="call"))
    renamed = {AXIS.get(name, name): value for name, value in kwargs.items()}

    expected = tensors_in(function.call(*args, **kwargs))

    same_bits(tensors_in(function.call(*args, **renamed)), expected)


def same_bits(got: list[Tensor], expected: list[Tensor]) -> None:
    assert [describe(t) for t in got] == [describe(t) for t in expected]


def describe(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.dtype, tensor.shape, np.asarray(tensor._data).tobytes()


def numpys_names(function: Function) -> list[Callable[..., Any]]:
    return [theirs for theirs, ours in NUMPY.items() if ours is function.call]


def has_no_numpy_name(function: Function) -> bool:
    """no name in NumPy."""
    return not numpys_names(function)


@law("NumPy's function of a tensor is NumPy's of its array", unless=[has_no_numpy_name], one_in=20)
def test_numpy(function, data):
    args, kwargs = data.draw(calls(function), label="call")
    kwargs = {AXIS[name]: value for name, value in kwargs.items() if name in AXIS}
    accepted = 0
    for theirs in numpys_names(function):
        try:
            with np.errstate(all="ignore"):
                expected = theirs(*args, **kwargs)
        except TypeError:
            continue  # an argument that NumPy's function does not have
        accepted += 1
        tensor_args, tensor_kwargs = map_arrays(as_tensor, (args, kwargs))
        as_numpy_says(theirs(*tensor_args, **tensor_kwargs), expected)
    assume(accepted)


def as_numpy_says(got: Any, expected: Any) -> None:
    """The same structure, shapes and values; dtypes are torch's where the two differ."""
    if isinstance(expected, (tuple, list)):
        assert isinstance(got, (tuple, list))
        assert len(got) == len(expected)
        for mine, other in zip(got, expected, strict=True):
            as_numpy_says(mine, other)
    else:
        value = got._data if isinstance(got, Tensor) else got
        assert np.shape(value) == np.shape(expected)
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12)
