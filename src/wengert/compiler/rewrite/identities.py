"""Operations that pass a value on, to the bit.

x * 0, x - x and x / x stay: they are NaN where x is. x + 0 stays, as it makes 0 of -0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.compiler.rewrite.writer import Writer, rule
from wengert.core.node import Node


@rule(lambda op: bool(op.neutral))
def without_neutral(node: Node, _: Writer) -> Any:
    """Leave out x * 1, x / 1, x - 0, x + -0."""
    if node.operands is None:
        return None
    for slot, neutral in enumerate(node.op.neutral):
        other = node.inputs[1 - slot]
        if neutral is None or node.inputs[slot] is not None or other is None:
            continue
        if _is_exactly(node.operands[slot], neutral) and other.aval == node.aval:
            return other
    return None


def _is_exactly(number: Any, neutral: float) -> bool:
    """Whether a number is the neutral one, its sign included."""
    if not isinstance(number, (int, float, np.floating)) or isinstance(number, bool):
        return False
    return number == neutral and math.copysign(1, number) == math.copysign(1, neutral)


@rule(lambda op: op.undoes_itself)
def without_involutions(node: Node, _: Writer) -> Any:
    """Leave out what undoes itself: -(-x)."""
    source = node.inputs[0]
    inner = source.inputs[0] if source.op is node.op else None
    return inner if inner is not None and inner.aval == node.aval else None
