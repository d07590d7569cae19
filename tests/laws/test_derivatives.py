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
    weighted,
    weights,
)
from laws.law import law, no_gradient
from laws.numeric import directional, some_coordinates, unit
from sampling import calls

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

    pulled = sum(float(np.sum(a * b)) for a, b in zip(x_bar, x_dot, strict=True))
    size = sum(float(np.sum(np.abs(a * b))) for a, b in zip(x_bar, x_dot, strict=True))
    pushed, error = directional(lambda at: weighted(case.values(at), y_bar), case.at, x_dot)
    assume(judges(pushed, error, size))
    assert abs(pushed - pulled) <= PRECISION * max(1, size) + error


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


def agree(found: list[np.ndarray], f: Callable[[list[Any]], np.ndarray], at: list[Any]) -> None:
    """The gradient found is the one measured, in every coordinate where measuring is possible.

    At least one must be; where an array is empty there is nothing to measure.
    """
    coordinates = some_coordinates(at, COORDINATES)
    size = max([1.0, *(float(np.max(np.abs(g))) for g in found if g.size)])
    assume(np.isfinite(size))
    judged = 0
    for which, index in coordinates:
        measured, error = directional(f, at, unit(at, which, index))
        if judges(measured, error, size):
            judged += 1
            mine = found[which].reshape(-1)[index]
            assert abs(mine - measured) <= PRECISION * size + error, (
                f"input {which}, element {index}: gradient {mine}, measured {measured} "
                f"(give or take {error})"
            )
    assume(judged or not coordinates)


def judges(measured: Any, error: Any, size: float) -> bool:
    """Whether finite differences say anything: not next to a kink or a jump, not at infinity."""
    return bool(np.isfinite(measured) and error <= 1e-3 * max(1.0, size, abs(measured)))
