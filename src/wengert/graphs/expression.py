"""How vertices are written: "a + b", "c = a + b", Node(c = a + b, value 3, ...)."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.core.dtype import DType, dtype_of
from wengert.errors import WengertError

if TYPE_CHECKING:
    from wengert.core.op import Op
    from wengert.graphs.graph import Graph
    from wengert.graphs.vertex import Vertex

_CALL = 100
_CONSTANT_DIGITS = 6


def number(value: Any, digits: int = 4) -> str:
    """A number with a few significant digits: 2, 0.5, 1.234e-07."""
    value = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
    if isinstance(value, bool) or not isinstance(value, (int, float, complex)):
        return str(value)
    if isinstance(value, complex):
        return f"{value:.{digits}g}"
    if isinstance(value, int) and abs(value) < 10**9:
        return str(value)
    text = f"{value:.{digits}g}"
    return text[1:] if text == "-0" else text


def summary(value: Any) -> str:
    """An array in a few words: the number itself, a short vector, or shape and range."""
    array = np.asarray(value)
    if array.size == 1:
        return number(array.reshape(())[()])
    if 0 < array.size <= 4 and array.ndim == 1:
        return "[" + ", ".join(number(v) for v in array) + "]"
    shape = shape_text(array.shape)
    if array.size == 0:
        return f"{shape} empty"
    if array.dtype.kind not in "iufV":
        return f"{shape} {dtype_of(array.dtype).name}"
    odd = array.size - int(np.count_nonzero(np.isfinite(array)))
    if odd:
        return f"{shape} {odd} not finite"
    low, high = number(array.min(), 3), number(array.max(), 3)
    return f"{shape} {low} .. {high}" if low != high else f"{shape} all {low}"


def shape_text(shape: tuple[int, ...]) -> str:
    """(3, 4) as 3×4; a vector of 5 as 5; a scalar as ""."""
    return "×".join(str(length) for length in shape)


def expression_of(vertex: Vertex) -> str:
    """How a vertex is computed from the names of its inputs; "input" and "constant" otherwise."""
    if vertex.is_input:
        return "input"
    if vertex.is_constant:
        return "constant"
    op = vertex.op
    assert op is not None
    names = [_operand_text(o) for o in vertex.operands]
    text = ""
    if isinstance(op.symbol, str) and op.symbol:
        text = op.symbol.format(*(_bracketed(n, op.precedence) for n in names))
    elif callable(op.symbol):
        text = _by_function(op.symbol, names, vertex.attributes)
    index = vertex.output_index
    return (text or _call(vertex, public_name(op), names)) + ("" if index is None else f"[{index}]")


def _by_function(symbol: Any, names: list[str], attributes: dict[str, Any]) -> str:
    """What an operation's own function writes; a loaded graph may have attributes it cannot."""
    try:
        return str(symbol(names, attributes))
    except Exception:
        return ""


def _call(vertex: Vertex, name: str, names: list[str]) -> str:
    """sum(x, dim=1); optional inputs that were left out at the end are not shown."""
    assert vertex.op is not None
    while names and names[-1] == "None":
        names = names[:-1]
    return f"{name}({', '.join([*names, *_attributes(vertex.attributes)])})"


def public_name(op: Op) -> str:
    """What users call an operation: by the reference in torch if there is one, max for max_dim."""
    return op.torch.rpartition(".")[2] if op.torch else op.name


def _operand_text(operand: Any) -> str:
    """A vertex by its name, but constants of one element, and numbers, as they are."""
    from wengert.graphs.vertex import Vertex

    if not isinstance(operand, Vertex):
        return number(operand, _CONSTANT_DIGITS)
    if operand.is_constant and operand.aval.size == 1:
        try:
            return number(operand.value._data, _CONSTANT_DIGITS)
        except WengertError:  # overwritten since
            pass
    return operand.name


def _exact(operand: Any) -> str:
    return repr(operand.item() if isinstance(operand, np.generic) else operand)


def _bracketed(text: str, precedence: int) -> str:
    """A negative number inside an infix expression stands in brackets."""
    return f"({text})" if text.startswith("-") and precedence < _CALL else text


def _attributes(attributes: dict[str, Any]) -> list[str]:
    """The attributes worth showing: not None, not False, not our own book-keeping."""
    return [
        f"{name}={attribute_text(value)}"
        for name, value in attributes.items()
        if value is not None and value is not False and not name.startswith("_")
    ]


def attribute_text(value: Any) -> str:
    """An attribute as one would write it; a tuple of one as the one, arrays in a few words."""
    if isinstance(value, np.dtype):
        return dtype_of(value).name
    if isinstance(value, DType):
        return value.name
    if isinstance(value, tuple) and len(value) == 1:
        return attribute_text(value[0])
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(attribute_text(v) for v in value) + ")"
    if isinstance(value, slice):
        parts = (value.start, value.stop) + ((value.step,) if value.step is not None else ())
        return ":".join("" if part is None else str(part) for part in parts)
    if isinstance(value, (float, np.generic)):
        return number(value, _CONSTANT_DIGITS)
    if isinstance(value, np.ndarray):
        return summary(value)
    return "..." if value is Ellipsis else str(value)


def equation(vertex: Vertex) -> str:
    """`c = a + b`; just the name for inputs and constants."""
    return f"{vertex.name} = {vertex.expression}" if vertex.is_operation else vertex.name


def describe(vertex: Vertex) -> str:
    """Node(c = a + b, value 3, grad 2, train.py:12)"""
    parts = [equation(vertex)]
    try:
        parts.append(f"value {summary(vertex.value._data)}")
    except WengertError:
        parts.append(str(vertex.aval))
    if vertex.grad is not None:
        parts.append(f"grad {summary(vertex.grad._data)}")
    if vertex.site is not None:
        parts.append(f"{os.path.basename(vertex.site.filename)}:{vertex.site.line}")
    return f"Node({', '.join(parts)})"


def in_short(graph: Graph) -> str:
    """Graph(30001 nodes: 1 input, ...), the outputs, the most frequent operations."""
    sizes = [(len(graph.inputs), "input"), (len(graph.constants), "constant")]
    counts = Counter(v.op.name for v in graph if v.op is not None)
    sizes.append((counts.total(), "result"))
    parts = ", ".join(f"{count} {what}{'s' * (count != 1)}" for count, what in sizes)
    outputs = ", ".join(v.name for v in graph.outputs[:4]) + (", ..." * (len(graph.outputs) > 4))
    frequent = ", ".join(f"{count} {name}" for name, count in counts.most_common(6))
    return (
        f"Graph({len(graph)} nodes: {parts}; output {outputs})\n"
        f"  {frequent}{', ...' * (len(counts) > 6)}\n"
        "  Ask for a part: graph[name], .derivative(of, wrt), .paths(from, to); .listing() is all."
    )


def listing_line(vertex: Vertex) -> str:
    """One line of the graph's text form: `y: float32[2, 3] = mul(x, 2)`."""
    from wengert.graphs.vertex import Vertex

    head = f"{vertex.name}: {vertex.aval} ="
    if not vertex.is_operation:
        return f"{head} {vertex.expression}"
    names = [o.name if isinstance(o, Vertex) else _exact(o) for o in vertex.operands]
    index = vertex.output_index
    assert vertex.op is not None
    return f"{head} {_call(vertex, vertex.op.name, names)}" + (
        "" if index is None else f"[{index}]"
    )
