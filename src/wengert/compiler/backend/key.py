"""What a graph computes, as bytes: equal for graphs that compute the same in the same way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wengert.core.aval import Aval
from wengert.core.dtype import DType
from wengert.core.node import Leaf, Node
from wengert.core.registry import OPS
from wengert.graphs.graph import collect


def graph_key(outputs: Sequence[Node], inputs: Sequence[Node]) -> bytes | None:
    """The operations with their attributes, numbers, shapes, dtypes, and how they are connected.

    None where the graph does not say what it computes: an operation that is not wengert's own, or
    an attribute that is none of the kinds that can be written down.
    """
    places = {leaf: f"i{i}" for i, leaf in enumerate(inputs)}
    written = [_aval(leaf.aval) for leaf in inputs]
    texts: dict[int, str] = {}  # of avals, by identity: most nodes share theirs
    try:
        for i, node in enumerate(node for node in collect(outputs) if node not in places):
            written.append(_node(node, places, texts))
            places[node] = str(i)
    except _NotWritten:
        return None
    written.append(" ".join(places[node] for node in outputs))
    return hashlib.sha256("\n".join(written).encode()).digest()


class _NotWritten(Exception):
    """Something that has no text which says all of it."""


def _node(node: Node, places: Mapping[Node, str], texts: dict[int, str]) -> str:
    op, operands, aval = node.op, node.operands, node.aval
    if isinstance(node, Leaf) and node.value is not None:  # a constant of the program
        return _value(node.value)
    if OPS.get(op.name) is not op and op.kind != "projection":
        raise _NotWritten
    if None in node.inputs:
        numbers = operands or (None,) * len(node.inputs)
        pairs = zip(node.inputs, numbers, strict=True)
        sources = [places[s] if s is not None else _value(n) for s, n in pairs]
    else:
        sources = [places[source] for source in node.inputs]
    text = texts.get(id(aval))
    if text is None:
        text = texts[id(aval)] = _aval(aval)
    attrs = _value(node.attrs) if node.attrs else ""
    return f"{op.name} {','.join(sources)} {attrs} {text}"


def _aval(aval: Any) -> str:
    if isinstance(aval, tuple):
        return f"({';'.join(map(_aval, aval))})"
    return f"{aval.dtype.str}{aval.shape}"


def _value(value: Any) -> str:
    """A number or an attribute. Texts of numbers say all of their bits, and their type."""
    if value is None or isinstance(value, (bool, int, float, complex, str, type(...))):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, (np.ndarray, np.generic)):
        if value.dtype.hasobject:
            raise _NotWritten
        digest = hashlib.sha256(value.tobytes()).hexdigest()
        return f"{type(value).__name__} {value.dtype.str}{value.shape} {digest}"
    if isinstance(value, (tuple, list)):
        return f"{type(value).__name__}({','.join(map(_value, value))})"
    if isinstance(value, dict):
        return f"{{{','.join(f'{_value(k)}:{_value(v)}' for k, v in value.items())}}}"
    if isinstance(value, slice):
        return f"slice({_value(value.start)},{_value(value.stop)},{_value(value.step)})"
    if isinstance(value, (np.dtype, DType)):
        return f"dtype {value!r}"
    if isinstance(value, Aval):
        return _aval(value)
    raise _NotWritten
