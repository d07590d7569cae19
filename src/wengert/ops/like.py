"""Tensors like another one: zeros_like(x) in its shape, x.new_zeros(2) in its dtype."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.core.dtype import NumpyDType
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError
from wengert.ops.about import expect_tensor
from wengert.ops.canonical import numpy_dtype
from wengert.ops.create import tensor
from wengert.ops.define import method, public
from wengert.ops.factories import (
    check_rest,
    empty,
    finished,
    full,
    number_from,
    number_in,
    ones,
    shape_from,
    zeros,
)
from wengert.ops.samples import Call, Sampler


def _like_samples(s: Sampler) -> Call:
    return (s.array(s.shape(min_side=0)),), {}


@public(
    torch="zeros_like", method=False, differentiable=False, samples=_like_samples,
)  # fmt: skip
def zeros_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    **rest: Any,
) -> Tensor:  # fmt: skip
    """Zeros of the shape of another tensor, in its dtype unless one is given."""
    return _like("zeros_like", np.zeros_like, input, dtype, device, requires_grad, rest)


@public(
    torch="ones_like", method=False, differentiable=False, samples=_like_samples,
)  # fmt: skip
def ones_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    **rest: Any,
) -> Tensor:  # fmt: skip
    """Ones of the shape of another tensor, in its dtype unless one is given."""
    return _like("ones_like", np.ones_like, input, dtype, device, requires_grad, rest)


@public(torch="empty_like", method=False, differentiable=False)
def empty_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    **rest: Any,
) -> Tensor:  # fmt: skip
    """Of the shape of another tensor; to be written before it is read."""
    return _like("empty_like", np.empty_like, input, dtype, device, requires_grad, rest)


def _full_like_samples(s: Sampler) -> Call:
    return (s.array(s.shape(min_side=0)), s.choice([s.number(-3, 3), s.integer(-3, 3)])), {}


@public(
    torch="full_like", method=False, differentiable=False, samples=_full_like_samples,
)  # fmt: skip
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, **rest: Any,
) -> Tensor:  # fmt: skip
    """One value in the shape of another tensor, in its dtype unless one is given."""
    own = expect_tensor("full_like", input)._data.dtype
    value = number_from("full_like", fill_value)
    scalar = number_in("full_like", value, numpy_dtype(dtype) or own)

    def make(like: Any, wanted: NumpyDType) -> Any:
        return np.full_like(like, scalar, wanted)

    return _like("full_like", make, input, dtype, device, requires_grad, rest)


def _like(
    name: str, make: Callable[..., Any], input: Tensor, dtype: Any, device: Any,
    requires_grad: bool, rest: dict[str, Any],
) -> Tensor:  # fmt: skip
    check_rest(name, rest)
    data = expect_tensor(name, input)._data
    wanted = numpy_dtype(dtype) or data.dtype

    def made(lengths: tuple[int, ...]) -> Tensor:
        whole = np.broadcast_to(data, (*lengths, *data.shape)) if lengths else data
        return finished(make(whole, wanted)[()], device, requires_grad)

    like: Tensor = input._around(made)
    return like


@method(Tensor)
def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with a copy of `data`, in this tensor's dtype unless one is given."""
    wanted = self.dtype if dtype is None else dtype
    return tensor(data, dtype=wanted, device=device, requires_grad=requires_grad)


@method(Tensor)
def new_zeros(self: Tensor, *size: Any, dtype: Any = None, **rest: Any) -> Tensor:
    """Zeros in this tensor's dtype unless one is given."""
    return _new_of(zeros, self, _size("new_zeros", size, rest), dtype, rest)


@method(Tensor)
def new_ones(self: Tensor, *size: Any, dtype: Any = None, **rest: Any) -> Tensor:
    """Ones in this tensor's dtype unless one is given."""
    return _new_of(ones, self, _size("new_ones", size, rest), dtype, rest)


@method(Tensor)
def new_empty(self: Tensor, *size: Any, dtype: Any = None, **rest: Any) -> Tensor:
    """A tensor to be written before it is read, in this tensor's dtype unless one is given."""
    return _new_of(empty, self, _size("new_empty", size, rest), dtype, rest)


@method(Tensor)
def new_full(self: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, **rest: Any) -> Tensor:
    """One value, in this tensor's dtype unless one is given."""
    if not hasattr(size, "__len__"):
        raise ArgumentError(f"new_full(): size is a tuple of ints, not {type(size).__name__}")
    filled = functools.partial(full, fill_value=fill_value)
    return _new_of(filled, self, shape_from("new_full", (tuple(size),), {}), dtype, rest)


def _size(name: str, size: tuple[Any, ...], rest: dict[str, Any]) -> tuple[int, ...]:
    """The shape, which may be among the keywords; the others are for who makes the tensor."""
    return shape_from(name, size, {"size": rest.pop("size")} if "size" in rest else {})


def _new_of(
    make: Callable[..., Tensor], like: Tensor, shape: tuple[int, ...], dtype: Any,
    rest: dict[str, Any],
) -> Tensor:  # fmt: skip
    """A tensor for the same slices as another one, of a shape of its own."""
    wanted = dtype or like.dtype
    made: Tensor = like._around(lambda lengths: make((*lengths, *shape), dtype=wanted, **rest))
    return made
