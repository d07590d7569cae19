"""How vertices are written: "a + b", "c = a + b", Node(c = a + b, value 3, ...)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import DType, dtype_of
from wengert.errors import WengertError

if TYPE_CHECKING:
    from wengert.core.graph import Vertex

_CALL = 100
_SIGN = 13


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
    """An array in a few words: the number itself, or shape, range and mean."""
    array = np.asarray(value)
    if array.size == 1:
        return number(array.reshape(())[()])
    if array.size == 0:
        return f"{shape_text(array.shape)} empty"
    if 0 < array.size <= 4 and array.ndim == 1:
        return "[" + ", ".join(number(v) for v in array) + "]"
    if array.dtype.kind not in "iuf":
        return f"{shape_text(array.shape)} {dtype_of(array.dtype).name}"
    real = array.astype(np.float64)
    finite = real[np.isfinite(real)]
    if finite.size < real.size:
        return f"{shape_text(array.shape)} {real.size - finite.size} not finite"
    low, high = number(real.min(), 3), number(real.max(), 3)
    return f"{shape_text(array.shape)} {low} .. {high}"


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
    if callable(op.symbol):
        text: str = op.symbol(names, vertex.attributes)
    elif op.symbol:
        text = op.symbol.format(*(_bracketed(n, op.precedence) for n in names))
    else:
        text = f"{op.name}({', '.join([*names, *_attributes(vertex.attributes)])})"
    index = vertex.output_index
    return text if index is None else f"{text}[{index}]"


def _operand_text(operand: Any) -> str:
    from wengert.core.graph import Vertex

    if isinstance(operand, Vertex):
        if operand.is_constant and operand.aval.size == 1:
            return number(operand.value._data)
        return operand.name
    if isinstance(operand, Aval):
        return f"constant {shape_text(operand.shape)}"
    return number(operand)


def _bracketed(text: str, precedence: int) -> str:
    """A negative number inside an infix expression stands in brackets."""
    return f"({text})" if text.startswith("-") and precedence < _CALL else text


def _attributes(attributes: dict[str, Any]) -> list[str]:
    """The attributes worth showing: not None, not False."""
    return [
        f"{name}={attribute_text(value)}"
        for name, value in attributes.items()
        if value is not None and value is not False
    ]


def attribute_text(value: Any) -> str:
    if isinstance(value, np.dtype):
        return dtype_of(value).name
    if isinstance(value, DType):
        return value.name
    if isinstance(value, tuple) and len(value) == 1:
        return attribute_text(value[0])
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(attribute_text(v) for v in value) + ")"
    if isinstance(value, slice):
        return ":".join("" if part is None else str(part) for part in (value.start, value.stop))
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


def listing_line(vertex: Vertex) -> str:
    """One line of the graph's text form."""
    if not vertex.is_operation:
        return f"{vertex.name}: {vertex.aval} = {vertex.expression}"
    assert vertex.op is not None
    operands = [_operand_text(o) for o in vertex.operands]
    call = f"{vertex.op.name}({', '.join([*operands, *_attributes(vertex.attributes)])})"
    index = vertex.output_index
    return f"{vertex.name}: {vertex.aval} = {call}" + ("" if index is None else f"[{index}]")
