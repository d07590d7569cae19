"""Signs move outwards, where products and sums absorb them; rounding is the same for both signs.

x * -y is -(x * y), and x + -y is x - y. So a slope and its negative are computed once. What is
between zeros stays: -(x - y) is no y - x, which is 0 and not -0 where they are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from wengert.compiler.rewrite.writer import Writer, rule
from wengert.core.half import is_half
from wengert.core.node import Node
from wengert.ops.arithmetic import add_op, div_op, mul, neg, sub_op

LARGEST: Final = 1 << 24
"""Integers up to here are floats of any width, so that the sign of 0 can be told."""


def _is_float(node: Node) -> bool:
    """Whether a node computes in the float dtype that its tensors have."""
    dtype = node.aval.dtype
    sources = [source for source in node.inputs if source is not None]
    is_one = dtype.kind == "f" and not is_half(dtype)
    return is_one and all(source.aval.dtype == dtype for source in sources)


def _inside(source: Node | None) -> Node | None:
    """What is negated, if anything is."""
    return source.inputs[0] if source is not None and source.plan.op is neg else None


@rule(lambda op: op is mul or op is div_op)
def signs_outwards(node: Node, writer: Writer) -> Any:
    """x * -y is -(x * y), likewise of quotients; x * -1 is -x."""
    x, y = node.inputs
    a, b = _inside(x), _inside(y)
    if a is None and b is None:
        return None if node.operands is None else _negated(node, node.operands, writer)
    if not _is_float(node):
        return None
    numbers = node.operands or (None, None)
    operands = [
        number if source is None else inner if inner is not None else source
        for source, inner, number in zip((x, y), (a, b), numbers, strict=True)
    ]
    made = writer.apply(node.op, *operands, at=node)
    return made if a is not None and b is not None else writer.apply(neg, made, at=node)


def _negated(node: Node, numbers: Sequence[Any], writer: Writer) -> Any:
    """-x for x * -1 and x / -1."""
    slot = 1 if node.inputs[1] is None else 0
    number, other = numbers[slot], node.inputs[1 - slot]
    is_minus_one = type(number) in (int, float) and number == -1
    if not is_minus_one or (node.op is div_op and slot == 0) or not _is_float(node):
        return None
    return writer.apply(neg, other, at=node) if other.aval == node.aval else None


@rule(lambda op: op is add_op or op is sub_op)
def sums_of_negatives(node: Node, writer: Writer) -> Any:
    """x + -y is x - y, and x - -y is x + y."""
    x, y = node.inputs
    numbers = node.operands or (None, None)
    a, b = _inside(x), _inside(y)
    if (b is None and (a is None or node.op is sub_op)) or not _is_float(node):
        return None
    if b is not None:
        other = add_op if node.op is sub_op else sub_op
        return writer.apply(other, numbers[0] if x is None else x, b, at=node)
    return writer.apply(sub_op, numbers[1] if y is None else y, a, at=node)


@rule(lambda op: op is neg)
def signs_into_numbers(node: Node, writer: Writer) -> Any:
    """-(2 * x) is -2 * x."""
    product = node.inputs[0]
    if product.op is not mul or product.operands is None or not _is_float(product):
        return None
    slot = 0 if product.inputs[0] is None else 1
    number = product.operands[slot]
    if type(number) not in (int, float) or (type(number) is int and abs(number) > LARGEST):
        return None
    return writer.apply(mul, product.inputs[1 - slot], -float(number), at=node)
