"""A recorded graph as a compiled function of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from wengert.compiler.arguments import Parameters
from wengert.compiler.interface import Compiled, Options
from wengert.compiler.replay import replayed
from wengert.compiler.report import Report
from wengert.core.aval import stand_in
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError
from wengert.func import value_and_grad
from wengert.graphs.graph import Graph
from wengert.graphs.replay import checked
from wengert.graphs.vertex import Vertex, identity


class CompiledGraph:
    """A recorded graph, compiled: called like the graph itself, `g(a=5.0, b=7.0)`.

    Inputs go by position, in the order of `graph.inputs`, or by name; constants by name. What is
    not given has the value of the recording.
    """

    def __init__(self, graph: Graph, wrt: str | Sequence[str], options: Options) -> None:
        self._graph = graph
        self._inputs = graph.inputs
        self._places = {v.name: v for v in (*self._inputs, *graph.constants)}
        function = _function(graph, self._places, wrt)
        parameters = Parameters(function, (), list(self._places))
        self._compiled = Compiled(function, parameters, options)

    def __call__(self, /, *inputs: Any, **named: Any) -> Any:
        """The outputs: one tensor, or a tuple of several; with their gradients if they are asked.

        Raises what `graph(...)` raises: ArgumentError, ShapeError, DTypeError, UnknownNameError for
        inputs that do not fit, MissingValueError and StaleError for values that are gone.
        """
        given = self._given(inputs, named)
        tensors = [
            _fitted(vertex, given[name]) if name in given else self._recorded(vertex)
            for name, vertex in self._places.items()
        ]
        return self._compiled(*tensors)

    def _given(self, inputs: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
        """The values that were given, by the names of their places."""
        if len(inputs) > len(self._inputs):
            known = ", ".join(v.name for v in self._inputs)
            raise ArgumentError(
                f"the compiled graph takes {len(self._inputs)} inputs by position, "
                f"not {len(inputs)}",
                f"In this order: {known}. Constants are given by name.",
            )
        given = {v.name: value for v, value in zip(self._inputs, inputs, strict=False)}
        for name, value in named.items():
            place = _place(self._graph, name)
            if place in given:
                raise ArgumentError(f"the compiled graph was given {place} twice")
            given[place] = value
        return given

    def _recorded(self, vertex: Vertex) -> Tensor:
        """What an input was when the graph was recorded."""
        return _new(self._graph.values.of(vertex.key), None)

    def __repr__(self) -> str:
        outputs = ", ".join(v.name for v in self._graph.outputs)
        return f"<compiled graph ({', '.join(self._places)}) -> {outputs}>"

    # Questions

    def _examples(self) -> Iterator[Tensor]:
        return (_new(stand_in(vertex.aval), None) for vertex in self._places.values())

    def report(self) -> Report:
        """What the program consists of."""
        return self._compiled.report(*self._examples())

    def graph(self) -> Graph:
        """The graph of the program, after rewriting."""
        return self._compiled.graph(*self._examples())

    def llvm_ir(self) -> str:
        """The program's native code, as LLVM's text before optimisation."""
        return self._compiled.llvm_ir(*self._examples())

    def assembly(self) -> str:
        """The program's machine code, as text."""
        return self._compiled.assembly(*self._examples())


def _function(
    graph: Graph, places: Mapping[str, Vertex], wrt: str | Sequence[str]
) -> Callable[..., Any]:
    """The graph as a function of its places, with the gradients by some of them."""
    keys = [identity(vertex.key) for vertex in places.values()]
    outputs: list[Any] = [vertex.key for vertex in graph.outputs]

    def recorded(*tensors: Any) -> Any:
        found = replayed(outputs, dict(zip(keys, tensors, strict=True)))
        return found[0] if len(found) == 1 else tuple(found)

    several = [wrt] if isinstance(wrt, str) else list(wrt)
    if not several:
        return recorded
    chosen = [list(places).index(_place(graph, name)) for name in several]
    return value_and_grad(recorded, argnums=chosen[0] if isinstance(wrt, str) else tuple(chosen))


def _place(graph: Graph, name: str) -> str:
    """The name that an input is listed under. Raises ArgumentError for what is no input."""
    vertex = graph[name]
    if vertex.is_operation:
        known = ", ".join(v.name for v in (*graph.inputs, *graph.constants))
        raise ArgumentError(f"{name} is computed, not an input", f"The inputs are: {known}.")
    return vertex.name


def _fitted(vertex: Vertex, value: Any) -> Tensor:
    """A value for an input, in its shape and dtype; a tensor keeps its history."""
    aval = vertex.aval
    if not isinstance(value, Tensor):
        array = checked(vertex, value)
        return _new(np.broadcast_to(array.astype(aval.dtype, copy=False), aval.shape)[()], None)
    if value._aval == aval:
        return value
    checked(vertex, value)
    made: Tensor = value.to(dtype=vertex.dtype).expand(*aval.shape)
    return made
