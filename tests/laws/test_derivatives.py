"""Laws of derivatives: each is held to finite differences, never to its own formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import assume

from laws.cases import (
    Case,
    as_arrays,
    as_tensor,
    differentiable_in,
    gradients,
    inner,
    turned,
    weighted,
    weights,
)
from laws.law import law, no_gradient
from laws.numeric import directional, some_coordinates, unit
from sampling import calls, map_arrays
from wengert.errors import DTypeError

Function = Callable[[list[Any]], np.ndarray]
COORDINATES = 10
PRECISION = 1e-6  # relative to the largest number in the comparison, or to 1


def drawn_case(function, data) -> Case:
    case = Case(function, data.draw(calls(function), label="call"))
    assume(case.at)
    return case


@law("the pullback agrees with finite differences", unless=[no_gradient])
def test_pullback(function, data):
    case = drawn_case(function, data)
    inputs = case.leaves()
    outputs = differentiable_in(case.call(inputs))
    by = weights([y._data for y in outputs], seed=1)

    found = as_arrays(gradients(outputs, inputs, by), case.at)

    agree(found, lambda at: weighted(case.values(at), by), case.at)


@law("<y_bar, J x_dot> = <J^T y_bar, x_dot>", unless=[no_gradient])
def test_adjoint(function, data):
    case = drawn_case(function, data)
    inputs = case.leaves()
    outputs = differentiable_in(case.call(inputs))
    y_bar = weights([y._data for y in outputs], seed=2)
    x_dot = weights(case.at, seed=3)

    x_bar = as_arrays(gradients(outputs, inputs, y_bar), case.at)

    agree_along(x_dot, x_bar, lambda at: weighted(case.values(at), y_bar), case.at)


@law("the same for complex inputs, where they are taken", unless=[no_gradient])
def test_complex(function, data):
    call = data.draw(calls(function), label="call")
    case = Case(function, map_arrays(turned, call))
    assume(case.at)
    inputs = case.leaves()
    try:
        outputs = differentiable_in(case.call(inputs))
    except (DTypeError, TypeError, UserWarning):
        return  # refused, or warned of
    y_bar = weights([y._data for y in outputs], seed=2)
    x_dot = weights(case.at, seed=3)

    x_bar = as_arrays(gradients(outputs, inputs, y_bar), case.at)

    assert [x.dtype for x in x_bar] == [x.dtype for x in case.at]
    agree_along(x_dot, x_bar, lambda at: weighted(case.values(at), y_bar), case.at)


@law("second derivatives agree with finite differences of the first", unless=[no_gradient])
def test_second(function, data):
    case = drawn_case(function, data)
    values = case.values()
    variables = [*case.at, *weights(values, seed=4)]  # the gradient depends on y_bar, too
    by = weights(case.at, seed=5)

    def first(at: list[Any], create_graph: bool) -> tuple[list[Any], list[Any]]:
        leaves = [as_tensor(x, requires_grad=True) for x in at]
        inputs, y_bar = leaves[: len(case.at)], leaves[len(case.at) :]
        outputs = differentiable_in(case.call(inputs))
        return leaves, gradients(outputs, inputs, y_bar, create_graph)

    leaves, grads = first(variables, create_graph=True)
    kept = [(g, w) for g, w in zip(grads, by, strict=True) if g is not None]
    found = gradients([g for g, _ in kept], leaves, [w for _, w in kept])

    agree(
        as_arrays(found, variables),
        lambda at: weighted(as_arrays(first(at, create_graph=False)[1], case.at), by),
        variables,
    )


def agree(found: list[np.ndarray], f: Function, at: list[Any]) -> None:
    """The gradient found is the one measured, in every coordinate where measuring is possible.

    At least one must be; where an array is empty there is nothing to measure.
    """
    coordinates = some_coordinates(at, COORDINATES)
    size = max([1.0, *(float(np.max(np.abs(g))) for g in found if g.size)])
    assume(np.isfinite(size))
    judged = 0
    for which, index in coordinates:
        direction = unit(at, which, index)
        measured, error = directional(f, at, direction)
        if judges(measured, error):
            judged += 1
            mine = inner(found[which], direction[which])
            assert abs(mine - measured) <= PRECISION * size + error, (
                f"input {which}, element {index}: gradient {mine}, measured {measured} "
                f"(give or take {error})"
            )
    assume(judged or not coordinates)


def agree_along(x_dot: list[Any], x_bar: list[Any], f: Function, at: list[Any]) -> None:
    """The derivative along a direction is the one measured; where that is possible."""
    pulled = sum(inner(a, b) for a, b in zip(x_bar, x_dot, strict=True))
    size = sum(inner(np.abs(a), np.abs(b)) for a, b in zip(x_bar, x_dot, strict=True))
    measured, error = directional(f, at, x_dot)
    assume(judges(measured, error))
    assert abs(measured - pulled) <= PRECISION * max(1, size) + error


def judges(measured: Any, error: Any) -> bool:
    """Whether finite differences say anything: not next to a kink or a jump, not at infinity."""
    return bool(np.isfinite(measured) and error <= 1e-3 * max(1.0, abs(measured)))
