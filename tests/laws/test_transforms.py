"""Laws of the transforms: forward mode is the adjoint of reverse mode, and a map is a loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from laws.cases import (
    Case,
    as_arrays,
    as_tensor,
    differentiable_in,
    gradients,
    inner,
    tensors_in,
    turned,
    weights,
)
from laws.law import law, no_gradient
from sampling import Random, Sampler, arrays_in, calls, can_draw, draw_call, map_arrays
from wengert.core.tensor import Tensor
from wengert.errors import BatchingError, DTypeError
from wengert.func import jvp, vjp, vmap
from wengert.ops.define import Function

CLOSE = {"rtol": 1e-8, "atol": 1e-11}


def drawn_case(function: Function, data: Any) -> Case:
    case = Case(function, data.draw(calls(function), label="call"))
    assume(case.at)
    return case


@law("<y_bar, J x_dot> = <J^T y_bar, x_dot>, with J x_dot by forward mode", unless=[no_gradient])
def test_pushforward(function, data):
    agree_forward(drawn_case(function, data))


@law("the same for complex inputs, where they are taken", unless=[no_gradient])
def test_complex_pushforward(function, data):
    case = Case(function, map_arrays(turned, data.draw(calls(function), label="call")))
    assume(case.at)
    try:
        agree_forward(case)
    except (DTypeError, TypeError, UserWarning):
        return  # refused, or warned of


def agree_forward(case: Case) -> None:
    x_dot = weights(case.at, seed=3)
    found: list[Tensor] = []

    def outputs(*floats: Tensor) -> tuple[Tensor, ...]:
        found[:] = differentiable_in(case.call(list(floats)))
        return tuple(found)

    at = tuple(as_tensor(x) for x in case.at)
    values, tangents = jvp(outputs, at, tuple(as_tensor(np.asarray(t)[()]) for t in x_dot))
    y_bar = weights([v._data for v in values], seed=2)
    inputs = case.leaves()
    x_bar = as_arrays(gradients(differentiable_in(case.call(inputs)), inputs, y_bar), case.at)

    assert [t.shape for t in tangents] == [v.shape for v in values]
    assert [t.dtype for t in tangents] == [v.dtype for v in values]
    pushed = sum(inner(y, t._data) for y, t in zip(y_bar, tangents, strict=True))
    pulled = sum(inner(x, t) for x, t in zip(x_bar, x_dot, strict=True))
    np.testing.assert_allclose(pushed, pulled, rtol=1e-9, atol=1e-9)


class Mapped:
    """A call as a function of all its arrays, and several slices of some of them."""

    def __init__(self, function: Function, data: Any) -> None:
        self.function = function
        self.call = data.draw(calls(function), label="call")
        self.arrays = arrays_in(self.call)
        assume(self.arrays)
        choice = st.lists(st.booleans(), min_size=len(self.arrays), max_size=len(self.arrays))
        self.mapped = data.draw(choice.filter(any), label="mapped")
        axes = [data.draw(st.integers(0, x.ndim)) if m else None for x, m in self.pairs()]
        self.axes: tuple[int | None, ...] = tuple(axes)
        self.size = data.draw(st.integers(1, 3), label="size")

    def pairs(self) -> list[tuple[Any, bool]]:
        return list(zip(self.arrays, self.mapped, strict=True))

    def applied(self, *tensors: Tensor) -> list[Tensor]:
        """The tensors that the function returns for these arguments."""
        given = iter(tensors)
        args, kwargs = map_arrays(lambda _: next(given), self.call)
        return tensors_in(self.function.call(*args, **kwargs))

    def slices(self, i: int) -> list[Any]:
        """The arrays of slice i: as drawn, or turned round, which keeps them in the domain."""
        return [np.flip(x).copy()[()] if m and i % 2 else x for x, m in self.pairs()]

    def stacked(self) -> list[Tensor]:
        """The arguments of the map."""
        made = []
        for k, (x, axis) in enumerate(zip(self.arrays, self.axes, strict=True)):
            if axis is None:
                made.append(as_tensor(x))
            else:
                parts = [self.slices(i)[k] for i in range(self.size)]
                made.append(as_tensor(np.stack(parts, axis)))
        return made


def refused(check: Callable[[], None]) -> bool:
    """Whether a map says that slices have results of different shapes, or no values to look at."""
    try:
        check()
    except BatchingError as error:
        if "depends on the values" in str(error) or "needs the value" in str(error):
            return True
        raise
    return False


def no_arrays(function: Function) -> bool:
    """no arrays among its arguments."""
    return can_draw(function) and not arrays_in(draw_call(Sampler(Random(0)), function))


@law("a map is a loop: any subset of the arguments, any axis", unless=[no_arrays])
def test_map(function, data):
    case = Mapped(function, data)
    slices = [case.applied(*map(as_tensor, case.slices(i))) for i in range(case.size)]
    found: list[Tensor] = []

    def mapped() -> None:
        found[:] = vmap(case.applied, in_dims=case.axes)(*case.stacked())

    if refused(mapped):
        return
    wanted = [np.stack([np.asarray(t._data) for t in parts]) for parts in zip(*slices, strict=True)]
    assert [t._data.dtype for t in found] == [w.dtype for w in wanted]
    for t, w in zip(found, wanted, strict=True):
        np.testing.assert_allclose(np.asarray(t._data), w, **CLOSE)


@law("gradients inside and outside of a map are those of the loop", unless=[no_gradient])
def test_map_gradient(function, data):
    case = Mapped(function, data)
    floats = [k for k, x in enumerate(case.arrays) if x.dtype.kind in "fc"]
    assume(floats)

    def gradient(*tensors: Tensor) -> list[Tensor]:
        def outputs(*chosen: Tensor) -> list[Tensor]:
            given = list(tensors)
            for k, t in zip(floats, chosen, strict=True):
                given[k] = t
            return [t for t in case.applied(*given) if t._data.dtype.kind in "fc"]

        values, pullback = vjp(outputs, *(tensors[k] for k in floats))
        return list(pullback([v * 0 + 1 for v in values]))

    each = [gradient(*map(as_tensor, case.slices(i))) for i in range(case.size)]
    wanted = [np.stack([np.asarray(t._data) for t in parts]) for parts in zip(*each, strict=True)]
    inside: list[Tensor] = []

    def mapped() -> None:
        inside[:] = vmap(gradient, in_dims=case.axes)(*case.stacked())

    if refused(mapped):
        return
    for t, w in zip(inside, wanted, strict=True):
        np.testing.assert_allclose(np.asarray(t._data), w, **CLOSE)

    leaves = [as_tensor(t._data, requires_grad=k in floats) for k, t in enumerate(case.stacked())]
    outputs = differentiable_in(vmap(case.applied, in_dims=case.axes)(*leaves))
    ones = [np.ones(y.shape, y._data.dtype)[()] for y in outputs]
    outside = gradients(outputs, [leaves[k] for k in floats], ones)
    for k, g, w in zip(floats, outside, wanted, strict=True):
        axis = case.axes[k]
        whole = np.moveaxis(w, 0, axis) if axis is not None else w.sum(0)
        found = np.zeros(leaves[k].shape) if g is None else np.asarray(g._data)
        np.testing.assert_allclose(found, whole, **CLOSE)


@law("a map inside a map is a loop inside a loop", unless=[no_arrays])
def test_map_twice(function, data):
    case = Mapped(function, data)
    outer = tuple(0 if m else None for m in case.mapped)
    once: list[Tensor] = []

    def mapped() -> None:
        once[:] = vmap(case.applied, in_dims=case.axes)(*case.stacked())

    if refused(mapped):
        return
    twice = vmap(vmap(case.applied, in_dims=case.axes), in_dims=outer)(
        *(
            as_tensor(np.stack([t._data, np.flip(t._data, axis)])) if axis is not None else t
            for t, axis in zip(case.stacked(), case.axes, strict=True)
        )
    )
    for one, two in zip(once, twice, strict=True):
        np.testing.assert_allclose(np.asarray(two._data)[0], np.asarray(one._data), **CLOSE)
        np.testing.assert_allclose(np.asarray(two._data)[1], np.asarray(one._data)[::-1], **CLOSE)
