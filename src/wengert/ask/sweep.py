"""sweep: a graph at many values of some inputs, all at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.core.handles import _new
from wengert.core.node import Node
from wengert.core.record import apply
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, MissingValueError, ShapeError
from wengert.func import grad, vmap
from wengert.graphs.expression import number
from wengert.graphs.graph import Graph
from wengert.graphs.vertex import Vertex

_SHOWN = 12


class Sweep:
    """The outputs of a graph, and their derivatives, at many values of some inputs.

    inputs: per name the values, first axis along the sweep. outputs: per name what came out.
    derivatives: per input, of the sum of the output's elements; {} for a graph with several outputs
    or integer ones.
    """

    def __init__(
        self, inputs: dict[str, Tensor], outputs: dict[str, Tensor],
        derivatives: dict[str, Tensor],
    ) -> None:  # fmt: skip
        self.inputs = inputs
        self.outputs = outputs
        self.derivatives = derivatives

    def __getitem__(self, name: str) -> Tensor:
        """The values of an input or an output."""
        return (self.inputs | self.outputs)[name]

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def __str__(self) -> str:
        from wengert.ask.table import Table

        derivatives = {_slope(self, name): d for name, d in self.derivatives.items()}
        columns = self.inputs | self.outputs | derivatives
        rows = [
            tuple(_cell(column._data[i]) for column in columns.values())
            for i in range(min(len(self), _SHOWN))
        ]
        left_out = len(self) - len(rows)
        return str(Table(tuple(columns), rows, f"... and {left_out} more" if left_out else ""))

    __repr__ = __str__

    def plot(self, axes: Any = None) -> Any:
        """Draw the outputs, and dashed the derivatives, over the first input, with matplotlib.

        axes: where to; new ones if not given. Returns the axes. Raises ArgumentError where the
        sweep is not one of numbers, or matplotlib is not installed.
        """
        name, values = next(iter(self.inputs.items()))
        if values.ndim != 1 or any(output.ndim != 1 for output in self.outputs.values()):
            raise ArgumentError("plot: only numbers can be drawn over numbers", "Use .outputs.")
        if axes is None:
            try:
                from matplotlib import pyplot
            except ImportError:
                raise ArgumentError(
                    "plot needs matplotlib, which is not installed", "pip install matplotlib"
                ) from None
            axes = pyplot.subplots()[1]
        for label, output in self.outputs.items():
            axes.plot(values._data, output._data, label=label)
        if name in self.derivatives:
            slope = _slope(self, name)
            axes.plot(values._data, self.derivatives[name]._data, "--", label=slope)
        axes.set_xlabel(name)
        axes.legend()
        return axes


def _slope(sweep: Sweep, name: str) -> str:
    (output,) = sweep.outputs
    return f"d{output}/d{name}"


def _cell(value: Any) -> str:
    array = np.asarray(value)
    return number(array.reshape(())) if array.size == 1 else f"{array.shape}"


def sweep(graph: Graph, given: dict[str, Any]) -> Sweep:
    """Replay the graph through the batching rules, once for all values.

    given: per input values with a further first axis of one length. Raises ArgumentError for names
    of results, ShapeError where lengths or shapes do not fit.
    """
    if not given:
        raise ArgumentError("sweep needs an input to sweep over", "Like sweep(a=[1.0, 2.0]).")
    vertices = [graph[name] for name in given]
    stacked = [_stacked(v, given[name]) for v, name in zip(vertices, given, strict=True)]
    lengths = {name: len(s) for name, s in zip(given, stacked, strict=True)}
    if len(set(lengths.values())) > 1:
        raise ShapeError(f"sweep: all inputs need as many values as the others, not {lengths}")

    def outputs_at(*values: Tensor) -> tuple[Tensor, ...]:
        return _replayed(graph, vertices, values)

    found = vmap(outputs_at)(*stacked)
    names = [v.name for v in graph.outputs]
    outputs = dict(zip(names, found, strict=True))
    return Sweep(
        dict(zip(given, stacked, strict=True)), outputs,
        _derivatives(graph, dict(zip(given, stacked, strict=True)), outputs_at),
    )  # fmt: skip


def _derivatives(graph: Graph, inputs: dict[str, Tensor], outputs_at: Any) -> dict[str, Tensor]:
    differentiable = all(graph[name].is_differentiable for name in inputs)
    if len(graph.outputs) > 1 or not graph.outputs[0].is_differentiable or not differentiable:
        return {}
    along = tuple(range(len(inputs)))
    slopes = vmap(grad(lambda *values: outputs_at(*values)[0].sum(), argnums=along))
    return dict(zip(inputs, slopes(*inputs.values()), strict=True))


def _stacked(vertex: Vertex, values: Any) -> Tensor:
    """The values of one input, stacked; numbers fill an input of any shape."""
    if vertex.is_operation:
        raise ArgumentError(f"sweep: {vertex.name} is computed, not an input")
    aval = vertex.aval
    array = np.asarray(values._data if isinstance(values, Tensor) else values).astype(aval.dtype)
    if array.ndim == 0:
        raise ShapeError(f"sweep: {vertex.name} needs several values, not the number {values}")
    if array.ndim == 1 and aval.shape:
        array = array.reshape(len(array), *(1 for _ in aval.shape))
        array = np.broadcast_to(array, (len(array), *aval.shape))
    if array.shape[1:] != aval.shape:
        raise ShapeError(
            f"sweep: {vertex.name} has shape {aval.shape}; the values have {array.shape}",
            "Their first axis runs along the sweep, and the others are the input's.",
        )
    return _new(np.array(array), None)


def _replayed(
    graph: Graph, vertices: list[Vertex], values: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """The outputs, computed anew with tensors in the place of some inputs."""
    env: dict[Any, Any] = {}
    constants: dict[int, Tensor] = {}
    for vertex, value in zip(vertices, values, strict=True):
        if isinstance(vertex.key, Node):
            env[vertex.key] = value
        else:
            constants[id(vertex.key)] = value
    for node in graph.order():
        if node not in env:
            env[node] = _computed(graph, node, env, constants)
    return tuple(env[output.key] for output in graph.outputs)


def _computed(graph: Graph, node: Node, env: dict[Any, Any], constants: dict[int, Tensor]) -> Any:
    """The value of one node: of a leaf as it was, else its operation applied anew."""
    if not node.inputs:
        return _new(graph.values.of(node), None)
    operands = [
        env[source] if isinstance(source, Node)
        else constants.get(id(source), graph.values.constant(node, i))
        for i, source in enumerate(node.inputs)
    ]  # fmt: skip
    if node.op.kind == "projection":
        assert node.attrs is not None
        return operands[0][node.attrs["index"]]
    if node.op.kind == "opaque":
        raise MissingValueError(f"sweep: {node.op.name} cannot be computed again")
    return apply(node.op, tuple(operands), dict(node.attrs) if node.attrs else None)
