"""Which operations have elementwise native code, and in which dtypes they compute."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.compiler.types import TYPES
from wengert.core.aval import Aval
from wengert.core.node import Node
from wengert.graphs.verify import promoted_operands


def can_lower(node: Node) -> bool:
    """Whether a node is elementwise, with a lowering that applies, on dtypes of native code."""
    op = node.op
    if op.lower is None:
        return False
    avals = [node.aval, *(s.aval for s in node.inputs if isinstance(s, Node))]
    if not all(isinstance(a, Aval) and a.dtype in TYPES for a in avals):
        return False
    if any(dtype not in TYPES for dtype in computed_in(node)):
        return False
    return op.lowers is None or op.lowers(node)


def computed_in(node: Node) -> list[np.dtype[Any]]:
    """Per input the dtype that the operation computes it in."""
    numbers = node.operands or (None,) * len(node.inputs)
    sources = zip(node.inputs, numbers, strict=True)
    seen = [s.aval if isinstance(s, Node) else number for s, number in sources]
    if node.op.promotion != "none":
        return [computed.dtype for computed in promoted_operands(node.op, seen)]
    # Such operations choose among floats, or ask about one.
    result: np.dtype[Any] = node.aval.dtype
    return [_own_dtype(s, result) for s in seen]


def _own_dtype(operand: Any, result: np.dtype[Any]) -> np.dtype[Any]:
    if isinstance(operand, Aval):
        keeps = operand.dtype.kind == "b" or result.kind == "b"
        return operand.dtype if keeps else result
    return np.dtype(np.bool_) if isinstance(operand, (bool, np.bool_)) else result
