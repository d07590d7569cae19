"""Constants: leaves whose values are known, because the function made them of nothing.

An operation on constants runs once, when the program is made. Where all elements of a constant are
the same, an elementwise operation takes it as a number.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from wengert.compiler.rewrite.expansions import broadcasts, does_the_same
from wengert.compiler.rewrite.sweep import seen_operands
from wengert.compiler.rewrite.writer import Writer, rule
from wengert.compiler.tracing import new_node
from wengert.core.aval import aval_of, stand_in
from wengert.core.half import is_half
from wengert.core.node import Leaf, Node
from wengert.core.op import Op
from wengert.graphs.evaluate import evaluate_node
from wengert.graphs.trace import symbol
from wengert.ops.selection import where_op

MOST_BYTES: Final = 1 << 24
"""Of what is computed once and kept; larger results are computed at every call."""

SMALL_BYTES: Final = 1 << 16
"""Of what is compared to find out that it is there already."""


def is_constant(node: Node | None) -> bool:
    """Whether a node's value is known."""
    return type(node) is Leaf and node.value is not None


def constant(value: Any) -> Leaf:
    """A leaf that has a value, which nobody may write."""
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    leaf = symbol(aval_of(value))._node
    assert isinstance(leaf, Leaf)
    leaf.value = value
    return leaf


@rule(lambda op: True)
def folded(node: Node, writer: Writer) -> Any:
    """Run an operation on constants once, and one that looks at shapes only."""
    if not node.op.of_shapes:
        for source in node.inputs:
            if source is not None and (type(source) is not Leaf or source.value is None):
                return None
    avals = node.aval if isinstance(node.aval, tuple) else (node.aval,)
    if sum(a.nbytes for a in avals) > MOST_BYTES:
        return None
    pairs = zip(node.inputs, node.operands or (None,) * len(node.inputs), strict=True)
    try:
        value = evaluate_node(node, [n if s is None else _value(s) for s, n in pairs])
    except Exception:  # it is for the run to raise it
        return None
    several = isinstance(value, tuple)
    return tuple([_once(v, writer) for v in value]) if several else _once(value, writer)


def _value(source: Node) -> Any:
    """Of a constant; zeros where only the shape matters."""
    return source.value if is_constant(source) else stand_in(source.aval)


def _once(value: Any, writer: Writer) -> Leaf:
    """The constant; of small ones that are equal, the same."""
    array = np.asarray(value)
    if array.nbytes > SMALL_BYTES:
        return constant(value)
    key = (array.dtype.str, array.shape, array.tobytes())
    found = writer.constants.get(key)
    if found is None:
        found = writer.constants[key] = constant(value)
    return found


def takes_numbers(op: Op) -> bool:
    """Whether an operation does the same with a number as with a tensor that has one value.

    Without promotion it may do something else, as pow does.
    """
    return broadcasts(op) and (op.promotion != "none" or op is where_op)


@rule(takes_numbers)
def with_numbers(node: Node, writer: Writer) -> Any:
    """Let an elementwise operation take numbers for constants that have one value."""
    if not any(map(is_constant, node.inputs)):
        return None
    made = node
    for i, source in enumerate(node.inputs):
        number = the_number(source.value) if is_constant(source) else None
        if number is not None:
            other = _with_number(made, i, number)
            made = other if does_the_same(other, node) else made
    return None if made is node else writer.simplest(made)


def the_number(value: Any) -> Any:
    """What all elements of an array are, to the bit; None if they differ."""
    array = np.asarray(value)
    if array.dtype.kind not in "fbiu" or is_half(array.dtype) or not array.size:
        return None
    first = array[(0,) * array.ndim]
    if array.size > 1 and any(array.strides):
        bits = np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}")
        if (bits != bits.flat[0]).any():
            return None
    return first.item()


def _with_number(node: Node, i: int, number: Any) -> Node:
    inputs = (*node.inputs[:i], None, *node.inputs[i + 1 :])
    numbers = [None if isinstance(s, Node) else n for s, n in zip(inputs, seen_operands(node))]
    numbers[i] = number
    return new_node(node.op, inputs, numbers, node.attrs, node.aval, node.site)
