"""How far a compiled value may be from the eager one: per operation, from its own facts.

- Native code that has the forward function's bits (Op.ulps is 0), and NumPy's: not at all.
- Other elementwise code: Op.ulps units of the last place, and as many for the eager function.
- Sums, products of matrices, and whatever adds up n terms t: (8 + 2 sqrt(n)) eps sum |t|, which is
  what blocks of some terms, added one after the other, and then pairs of blocks may be off. In
  float32 that is the distance from the sum in float64, as eager code may add one by one; in float64
  eager code is granted n eps for itself.
- Products of n factors: n units of the last place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from wengert.core.node import Node
from wengert.graphs.evaluate import evaluate_node, forward

ADDING: Final = ("linear", "multilinear")
"""The kinds of operations whose values are sums of terms: with all inputs 1 they count them."""


def reference(node: Node, operands: Sequence[Any]) -> Any:
    """What a compiled value is compared with: the eager one, long sums in double precision."""
    value = evaluate_node(node, list(operands))
    if not _is_float(value) or value.dtype.itemsize > 4 or _terms(node, operands) < 3:
        return value
    doubled = [_doubled(o) for o in operands]
    return np.asarray(evaluate_node(node, doubled))[()]


def tolerance(node: Node, operands: Sequence[Any], value: Any) -> Any:
    """How far from its reference a compiled value may be, per element; 0 means to the bit.

    operands: what the operation was given, as arrays and numbers. value: the eager result.
    """
    if not _is_float(value):
        return 0.0
    value = value.astype(node.aval.dtype)  # a reference may be in double precision
    if node.op.ulps:
        return 2 * node.op.ulps * np.maximum(last_place(value), _lost(node, operands, value))
    if node.op.lower is not None:
        return 0.0
    if node.op.reduces == "mul":
        return _terms(node, operands) * last_place(value)
    count = _terms(node, operands)
    if count < 3:
        return 0.0
    sizes = np.abs(forward(node.op, [_size(o) for o in operands], node.attrs))
    in_double = value.dtype.itemsize > 4 and value.dtype.kind != "c"
    factor = 8 + 2 * count**0.5 + (count if in_double else 0)
    return factor * np.finfo(value.dtype).eps * sizes


def _lost(node: Node, operands: Sequence[Any], value: Any) -> Any:
    """What the eager function itself may be off by: digits that cancel, or that underflow takes."""
    least = UNDERFLOW * float(np.finfo(value.dtype).smallest_normal)
    if not node.op.cancels:
        return least
    sizes = [np.abs(o) for o in operands if isinstance(o, (np.ndarray, np.generic))]
    taken = np.max(np.broadcast_arrays(*sizes, value), axis=0).astype(value.dtype)
    return np.maximum(last_place(np.maximum(taken, 1)), least)


UNDERFLOW: Final = 1024
"""exp(-x) overflows where exp(x) is not yet 0: x / (1 + exp(-x)) is -0 at -89, and here -2e-37."""


def last_place(value: Any) -> Any:
    """One unit of the last place of each element; 0 where it is not finite."""
    sizes = np.abs(value)
    kind = np.finfo(sizes.dtype)
    steps = np.maximum(sizes.astype(np.float64) * float(kind.eps), float(kind.smallest_subnormal))
    return np.where(np.isfinite(sizes), steps, 0.0)


def _is_float(value: Any) -> bool:
    return not isinstance(value, tuple) and value.dtype.kind in "fc"


def _terms(node: Node, operands: Sequence[Any]) -> int:
    """How many terms, or factors, an element consists of at most."""
    adds = node.op.kind in ADDING or node.op.reduces == "add"
    if node.op.lower is not None or node.op.view or not (adds or node.op.reduces == "mul"):
        return 1
    if node.op.reduces == "mul":
        factors: int = node.operand_aval(0).size // max(1, node.aval.size)
        return factors
    counted = forward(node.op, [_one(o) for o in operands], node.attrs)
    most: int = int(np.max(counted, initial=0))
    return most


def _is_number(operand: Any) -> bool:
    return operand is not None and np.asarray(operand).dtype.kind in "fc"


def _one(operand: Any) -> Any:
    return np.ones_like(operand, np.float64)[()] if _is_number(operand) else operand


def _size(operand: Any) -> Any:
    return np.abs(operand).astype(np.float64)[()] if _is_number(operand) else operand


def _doubled(operand: Any) -> Any:
    if not isinstance(operand, (np.ndarray, np.generic)) or not _is_number(operand):
        return operand
    return operand.astype(np.complex128 if operand.dtype.kind == "c" else np.float64)
