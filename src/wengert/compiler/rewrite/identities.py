"""Operations that pass a value on, to the bit.

x * 0, x - x and x / x stay: they are NaN where x is. x + 0 stays, as it makes 0 of -0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.compiler.rewrite.sweep import rebuilt, with_inputs
from wengert.core.cut import ALIAS, DETACH
from wengert.core.node import Node


def without_identities(outputs: Sequence[Node]) -> list[Node]:
    """Leave out what passes a value on: alias, detach, x * 1, x / 1, x - 0, x + -0."""
    return rebuilt(outputs, _passed_on)


def _passed_on(node: Node, inputs: tuple[Any, ...]) -> Node:
    if node.op in (ALIAS, DETACH):
        source: Node = inputs[0]
        return source
    for slot, neutral in enumerate(node.op.neutral):
        other = inputs[1 - slot]
        if neutral is None or inputs[slot] is not None or not isinstance(other, Node):
            continue
        assert node.operands is not None
        if _is_exactly(node.operands[slot], neutral) and other.aval == node.aval:
            return other
    return with_inputs(node, inputs)


def _is_exactly(number: Any, neutral: float) -> bool:
    """Whether a number is the neutral one, its sign included."""
    if not isinstance(number, (int, float, np.floating)) or isinstance(number, bool):
        return False
    return number == neutral and math.copysign(1, number) == math.copysign(1, neutral)
