"""Which operations are a part of nests."""

from __future__ import annotations

from math import prod

from wengert.compiler.lowering import can_lower
from wengert.compiler.types import TYPES
from wengert.core.aval import Aval
from wengert.core.node import Node


def is_nested(node: Node) -> bool:
    """Whether a node is elementwise or a reduction, on dtypes that there is native code for."""
    return can_reduce(node) if node.op.reduces else can_lower(node)


def can_reduce(node: Node) -> bool:
    """Whether a reduction is one: over more than one element."""
    source = node.inputs[0]
    if len(node.inputs) != 1 or not isinstance(source, Node):
        return False
    if not isinstance(node.aval, Aval) or not isinstance(source.aval, Aval):
        return False
    if source.aval.dtype not in TYPES or node.aval.dtype not in TYPES:
        return False
    return prod(source.aval.shape[d] for d in reduced_axes(node)) != 1


def reduced_axes(node: Node) -> frozenset[int]:
    """Which axes of its operand a reduction runs over."""
    dim = (node.attrs or {}).get("dim")
    ndim = len(node.inputs[0].aval.shape)
    if dim is None:
        return frozenset(range(ndim))
    several = dim if isinstance(dim, tuple) else (dim,)
    return frozenset(d % ndim if ndim else 0 for d in several)
