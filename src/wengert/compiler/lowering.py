"""Which operations have elementwise native code, and in which dtypes they compute."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from wengert.compiler.types import TYPES
from wengert.core.aval import Aval
from wengert.core.node import Node
from wengert.graphs.verify import promoted_operands


def can_lower(node: Node) -> bool:
    """Whether a node is elementwise, with a lowering that applies, on dtypes of native code."""
    op = node.op
    if op.lower is None or not _is_native(node):
        return False
    if not all(_is_native(source) for source in node.inputs if isinstance(source, Node)):
        return False
    if any(dtype is not None and dtype not in TYPES for dtype in computed_in(node)):
        return False
    return op.lowers is None or op.lowers(node)


def _is_native(node: Node) -> bool:
    aval = node.aval
    return isinstance(aval, Aval) and aval.dtype in TYPES


def computed_in(node: Node) -> list[np.dtype[Any] | None]:
    """Per input the dtype that the operation computes it in; None where nothing was given.

    Programs repeat few combinations many thousand times, so each is worked out once.
    """
    numbers = node.operands or (None,) * len(node.inputs)
    sources = zip(node.inputs, numbers, strict=True)
    seen = [s.aval if isinstance(s, Node) else number for s, number in sources]
    result: np.dtype[Any] = node.aval.dtype
    kinds = tuple([(s.dtype, not s.shape) if isinstance(s, Aval) else type(s) for s in seen])
    key = node.op, result, kinds
    found = _COMPUTED_IN.get(key)
    if found is None:
        if node.op.promotion != "none":
            found = [getattr(c, "dtype", None) for c in promoted_operands(node.op, seen)]
        else:  # such operations choose among floats, or ask about one
            found = [_own_dtype(s, result) for s in seen]
        _COMPUTED_IN[key] = found
    return found


_COMPUTED_IN: Final[dict[Any, list[np.dtype[Any] | None]]] = {}


def _own_dtype(operand: Any, result: np.dtype[Any]) -> np.dtype[Any]:
    if isinstance(operand, Aval):
        keeps = operand.dtype.kind == "b" or result.kind == "b"
        return operand.dtype if keeps else result
    return np.dtype(np.bool_) if isinstance(operand, (bool, np.bool_)) else result
