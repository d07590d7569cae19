"""Tracing: the graph of a function from shapes and dtypes alone.

The same apply; the inputs carry an aval and no data. Their `_data` is one zero, broadcast to the
shape, so that shapes and dtypes are there; whatever would read a value raises TraceError.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.core.aval import Aval, aval_of, stand_in
from wengert.core.graph import infer
from wengert.core.names import Names
from wengert.core.node import Leaf, Node, project
from wengert.core.op import Op
from wengert.core.record import as_operand, promoted
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, TraceError
from wengert.modes import current
from wengert.sites import user_site


class Traced(Tensor):
    """A tensor that is being traced: shape, dtype and history, but no numbers."""

    __slots__ = ()

    def _concrete(self, what: str) -> Any:
        raise TraceError(
            f"{what} needs the value of a tensor that is being traced, and it has none",
            "Use wengert.where for a choice between values; make sizes and flags plain Python "
            "arguments; or record a run with numbers: wengert.graph(f(x)).",
        )

    def _apply(self, op: Op, args: Sequence[Any], attrs: dict[str, Any] | None) -> Any:
        return _record(op, args, attrs)

    def __repr__(self) -> str:
        return f"Traced({self._aval})"


def _symbol(aval: Aval, node: Node | None) -> Traced:
    made = Traced.__new__(Traced)
    made._data = stand_in(aval)
    made._node = node
    made._memory = None
    made._extra = None
    return made


def _record(op: Op, args: Sequence[Any], attrs: dict[str, Any] | None) -> Any:
    """Apply an operation to tensors of which some are traced: infer, and append the node."""
    sources: list[Any] = []
    operands: list[Any] = []
    seen: list[Any] = []
    mask = 0
    for i, a in enumerate(args):
        if isinstance(a, Tensor):
            sources.append(a._node if a._node is not None else a)
            operands.append(None if a._node is not None else a._data)
            seen.append(a._aval)
            mask |= (a._node is not None) << i
        else:
            value = a if a is None else as_operand(op, a)
            sources.append(None)
            operands.append(value)
            seen.append(value)
    avals = infer(op, seen, attrs or {})
    plan = op.plan(mask if op.differentiable else 0, _is_complex(op, seen), len(args))
    kept = tuple(operands) if any(o is not None for o in operands) else None
    site = user_site() if current().sites else None
    node = Node(plan, tuple(sources), kept, attrs or None, None, avals, site)
    if isinstance(avals, tuple):
        return tuple(_symbol(a, project(node, i, None, a)) for i, a in enumerate(avals))
    return _symbol(avals, node)


def _is_complex(op: Op, seen: Sequence[Any]) -> bool:
    stands = [stand_in(s) if isinstance(s, Aval) else s for s in seen]
    if op.promotion != "none":
        stands = promoted(op, stands)
    return any(getattr(s, "dtype", np.dtype(bool)).kind == "c" for s in stands)


def traced(
    function: Callable[..., Any], examples: Sequence[Any], names: dict[str, Any]
) -> tuple[list[Node], Names]:
    """The output nodes of function(*examples), and the names of its parameters.

    examples: tensors, arrays, numbers or Avals. Where all have values, the graph has, too.
    """
    parameters = _parameter_names(function, len(examples))
    inputs = [_input(e, p) for e, p in zip(examples, parameters, strict=True)]
    outputs = _tensors(function(*inputs))
    explicit = dict(zip(parameters, inputs, strict=True)) | names
    nodes = [_output_node(t) for t in outputs]
    _fill(inputs, examples)
    return nodes, Names(explicit)


def _input(example: Any, name: str) -> Traced:
    if not isinstance(example, (Tensor, Aval, np.ndarray, np.generic, int, float, complex)):
        raise ArgumentError(
            f"the example for {name} is a {type(example).__name__}",
            "Give a tensor, an array, a number, or wengert.Aval(shape, dtype).",
        )
    aval = example if isinstance(example, Aval) else _example_aval(example)
    symbol = _symbol(aval, None)
    symbol._node = Leaf(symbol, user_site())
    symbol._node._aval = aval
    symbol._node.value = None
    return symbol


def _example_aval(example: Any) -> Aval:
    if isinstance(example, Tensor):
        return example._aval
    if isinstance(example, (np.ndarray, np.generic)):
        return aval_of(example)
    from wengert.core.dtype import weak_dtype

    return Aval((), weak_dtype(example))


def _fill(inputs: Sequence[Traced], examples: Sequence[Any]) -> None:
    """Give the inputs the examples' values, so that questions about numbers have answers."""
    if any(isinstance(e, Aval) for e in examples):
        return
    for symbol, example in zip(inputs, examples, strict=True):
        data = example._data if isinstance(example, Tensor) else np.asarray(example)
        node = symbol._node
        assert node is not None
        node.value = np.array(data, symbol._aval.dtype)[()]


def _parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    try:
        known = [p.name for p in inspect.signature(function).parameters.values()
                 if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]  # fmt: skip
    except (TypeError, ValueError):
        known = []
    return known[:count] + [f"x{i}" for i in range(len(known), count)]


def _tensors(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _output_node(output: Any) -> Node:
    if not isinstance(output, Tensor) or output._node is None:
        raise TraceError(
            f"the function returned {type(output).__name__}, which does not depend on its inputs",
            "Return tensors that are computed from the arguments.",
        )
    return output._node


