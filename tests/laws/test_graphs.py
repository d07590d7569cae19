"""Laws of graphs: what was recorded or traced is well formed, and computes the same again."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume

import wengert
from laws.applications import applications
from laws.cases import Case, as_tensor, differentiable_in
from laws.law import law, no_gradient
from sampling import calls
from wengert.core.aval import aval_of
from wengert.errors import TraceError


@law("the symbolic shape and dtype equal the computed ones", one_in=20)
def test_aval(function, data):
    case = Case(function, data.draw(calls(function), label="call"))
    with applications() as applied:
        case.call(case.leaves())

    for application in applied:
        try:
            predicted = application.predicted()
        except TraceError:
            continue  # the shape depends on the data, and the operation says so
        assert predicted == application.computed(), application.op


@law("the recorded graph is well formed, and gives what a call elsewhere gives",
     unless=[no_gradient], one_in=20)  # fmt: skip
def test_replay(function, data):
    case = Case(function, data.draw(calls(function), label="call"))
    names = {f"x{i}": leaf for i, leaf in enumerate(case.leaves())}
    outputs = history_of(case.call(list(names.values())))
    assume(outputs)

    graph = wengert.graph(*outputs, **names).verify()

    elsewhere = [x + 1e-4 for x in case.at]
    used = {vertex.name for vertex in graph.inputs}
    inputs = {name: x for name, x in zip(names, elsewhere, strict=True) if name in used}
    expected = history_of(case.call([as_tensor(x, requires_grad=True) for x in elsewhere]))
    same(graph(**inputs), expected)


@law("a traced function computes what the function does", unless=[no_gradient], one_in=20)
def test_trace(function, data):
    case = Case(function, data.draw(calls(function), label="call"))
    outputs = history_of(case.call(case.leaves()))
    assume(outputs)
    traced = wengert.graph(lambda *floats: history_of(case.call(list(floats))), *case.at)

    traced.verify()

    same(traced(), outputs)


def history_of(result: Any) -> list[Any]:
    """The outputs that have a history."""
    return [y for y in differentiable_in(result) if y.requires_grad]


def same(got: Any, expected: list[Any]) -> None:
    outputs = got if isinstance(got, tuple) else (got,)
    for mine, other in zip(outputs, expected, strict=True):
        assert aval_of(mine._data) == aval_of(other._data)
        np.testing.assert_allclose(mine._data, other._data, rtol=1e-12, atol=1e-12)
